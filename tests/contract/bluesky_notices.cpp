#include "tests/contract/bluesky_notices.hpp"

#include <algorithm>

namespace halfmast::contract {

namespace {

using nlohmann::json;

constexpr auto muted = "muted.test";
constexpr auto root = "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3jzfcijpj2z2a";

// Letters and digits that stand for a hash of it.
std::string hash_of(const std::string& text, std::size_t length)
{
    constexpr std::string_view digits = "234567abcdefghijklmnopqrstuvwxyz";
    auto hash = std::hash<std::string>{}(text);
    std::string made;
    for (; made.size() < length; hash = hash * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL)
        made += digits[hash >> 59];
    return made;
}

std::string version_of(const json& record) { return "bafyrei" + hash_of(record.dump(), 52); }

}  // namespace

post_id bluesky_notices::add(const std::string& reason, const std::string& did, const std::string& by, const std::string& text,
                             time_point at)
{
    notice made;
    made.reason = reason;
    made.did = did;
    made.handle = by + ".test";
    auto collection = reason == "like" ? "app.bsky.feed.like" : "app.bsky.feed.post";
    made.uri = "at://" + did + "/" + collection + "/" + hash_of(std::to_string(++keys_), 13);
    made.record = {{"$type", collection}, {"createdAt", format_utc(at)}};
    if (!text.empty())
        made.record.update({{"text", text}, {"langs", {"en"}}});
    if (reason == "reply")
        made.record["reply"] = {{"root", {{"uri", root}, {"cid", "bafyreiroot"}}},
                                {"parent", {{"uri", root}, {"cid", "bafyreiroot"}}}};
    made.at = at;
    post_id id{made.uri + "#" + version_of(made.record)};
    all_.push_back(std::move(made));
    return id;
}

post_id bluesky_notices::say(const std::string& text, const std::string& by, time_point at)
{
    constexpr const char* reasons[] = {"mention", "reply", "quote"};
    auto did = "did:plc:" + hash_of(by, 24);
    add("like", did, by, "", at);
    if (++said_ % 20 == 0)
        add("mention", "did:plc:" + hash_of("muted", 24), "muted", "from somebody muted", at);
    return add(reasons[said_ % 3], did, by, text, at);
}

std::vector<bluesky_notices::notice>::iterator bluesky_notices::find(const post_id& id)
{
    auto found = std::ranges::find(all_, id.value.substr(0, id.value.find('#')), &notice::uri);
    if (found == all_.end())
        throw std::logic_error("nobody said " + id.value);
    return found;
}

void bluesky_notices::edit(const post_id& id, const std::string& text) { find(id)->record["text"] = text; }

void bluesky_notices::remove(const post_id& id) { all_.erase(find(id)); }

json bluesky_notices::view(const std::string& uri) const
{
    auto found = std::ranges::find(all_, uri, &notice::uri);
    if (found == all_.end())
        return nullptr;
    return {{"uri", found->uri},
            {"cid", version_of(found->record)},
            {"author", {{"did", found->did}, {"handle", found->handle}}},
            {"record", found->record},
            {"indexedAt", format_utc(found->at)}};
}

http_response bluesky_notices::page(const std::map<std::string, std::string>& query) const
{
    http_response made;
    made.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    auto limit = query.contains("limit") ? std::stoul(query.at("limit")) : 50;
    if (limit < 1 || limit > 100) {
        made.status = 400;
        made.body = R"({"error":"InvalidRequest","message":"limit cannot be greater than 100"})";
        return made;
    }
    std::vector<std::pair<std::string, const notice*>> places;
    for (const auto& one : all_) {
        auto place = std::to_string(one.at.time_since_epoch().count()) + "::" + version_of(one.uri);
        if (!query.contains("cursor") || place < query.at("cursor"))
            places.emplace_back(std::move(place), &one);
    }
    std::ranges::sort(places, std::ranges::greater{}, [](const auto& one) { return one.first; });
    places.resize(std::min<std::size_t>(places.size(), limit));
    json body{{"notifications", json::array()}, {"priority", false}, {"seenAt", "2024-01-01T00:00:00.000Z"}};
    for (const auto& [place, one] : places) {
        body["cursor"] = place;
        if (one->handle != muted)
            body["notifications"].push_back({{"uri", one->uri},
                                             {"cid", version_of(one->record)},
                                             {"author", {{"did", one->did}, {"handle", one->handle}}},
                                             {"reason", one->reason},
                                             {"record", one->record},
                                             {"isRead", false},
                                             {"indexedAt", format_utc(one->at)}});
    }
    made.status = 200;
    made.body = body.dump();
    return made;
}

}  // namespace halfmast::contract
