// A Bluesky server (PDS) with its AppView in memory: one account, its posts, its profile with the one pin. Without AppView every
// app.bsky.* call is answered 502.
#include "tests/contract/platform.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"
#include "tests/contract/bluesky_notices.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto home = "http://127.0.0.1:2583";
constexpr auto app_password = "abcd-efgh-ijkl-mnop";
constexpr auto own_handle = "acme.test";
constexpr auto own_did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
constexpr auto post_type = "app.bsky.feed.post";
constexpr auto profile_type = "app.bsky.actor.profile";
constexpr std::string_view tid_alphabet = "234567abcdefghijklmnopqrstuvwxyz";

struct query_call {
    std::string nsid;
    std::map<std::string, std::string> query;
};

query_call parts_of(const http_request& asked)
{
    query_call made;
    auto path = asked.url.find("/xrpc/");
    auto question = asked.url.find('?');
    if (path == std::string::npos)
        return made;
    made.nsid = asked.url.substr(path + 6, question == std::string::npos ? question : question - path - 6);
    while (question != std::string::npos) {
        auto end = asked.url.find('&', question + 1);
        auto pair = asked.url.substr(question + 1, end == std::string::npos ? end : end - question - 1);
        auto equals = pair.find('=');
        if (equals != std::string::npos)
            made.query[pair.substr(0, equals)] = net::percent_decode(pair.substr(equals + 1)).value_or("");
        question = end;
    }
    return made;
}

// Stands for the hash of a record's content.
std::string cid_of(const json& record)
{
    auto hash = std::hash<std::string>{}(record.dump());
    std::string cid = "bafyrei";
    for (int digit = 0; digit < 52; ++digit, hash = hash * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL)
        cid += tid_alphabet[hash >> 59];
    return cid;
}

std::string tid_at(time_point at, unsigned clock)
{
    auto value = static_cast<std::uint64_t>(at.time_since_epoch().count()) * 1000 << 10 | (clock & 1023);
    std::string tid(13, '2');
    for (auto digit = tid.rbegin(); digit != tid.rend(); ++digit, value >>= 5)
        *digit = tid_alphabet[value & 31];
    return tid;
}

http_response answer(int status, const json& body)
{
    http_response made;
    made.status = status;
    made.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    made.body = body.dump();
    return made;
}

http_response refusal(int status, const std::string& name, const std::string& message)
{
    return answer(status, {{"error", name}, {"message", message}});
}

std::string text_in(const json& object, const char* name)
{
    auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// What the lexicon of a post asks for; empty when it is one.
std::string fault_of_post(const json& record)
{
    auto text = text_in(record, "text");
    if (text_in(record, "$type") != post_type || !parse_rfc3339(text_in(record, "createdAt")))
        return "$type and createdAt are required";
    if (text.size() > 3000 || text::graphemes(text) > 300)
        return "grapheme too big (maximum 300) at $.record.text";
    if (record.contains("reply"))
        for (const auto* place : {"root", "parent"})
            if (!text_in(record["reply"].value(place, json()), "uri").starts_with("at://")
                || text_in(record["reply"][place], "cid").empty())
                return std::string{"Expected a strong reference at $.record.reply."} + place;
    for (const auto& language : record.value("langs", json::array()))
        if (!text::language_tag(language.get<std::string>()))
            return "no language tag at $.record.langs";
    for (const auto& facet : record.value("facets", json::array())) {
        auto begin = facet.at("index").at("byteStart").get<std::size_t>();
        auto end = facet.at("index").at("byteEnd").get<std::size_t>();
        if (begin >= end || end > text.size())
            return "a facet lies outside of the text";
        // No byte of a character stands alone.
        if ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80
            || (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80))
            return "a facet cuts a character";
    }
    return {};
}

class bluesky_fake final : public fake_platform {
public:
    bluesky_fake(time_point now, bool with_appview) : appview_(with_appview), now_(now)
    {
        profile_ = {{"$type", profile_type},
                    {"displayName", "Acme"},
                    {"description", "Kettles \xE2\x98\x95"},
                    {"avatar",
                     {{"$type", "blob"},
                      {"ref", {{"$link", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}}},
                      {"mimeType", "image/png"},
                      {"size", 760}}},
                    {"createdAt", "2023-05-01T10:00:00.000Z"},
                    {"example.acme.theme", {{"colour", nullptr}, {"layers", {1, 9'007'199'254'740'991, true}}}}};
        passed_on_ = now;
    }

    std::string connector() const override { return "bluesky"; }
    std::map<std::string, std::string> settings() const override
    {
        return {{"url", home}, {"handle", own_handle}, {"password", app_password}};
    }
    bool has(feature what) const override
    {
        if (what == feature::mentions)
            return appview_;
        return what == feature::language || what == feature::rate_limit_reset || what == feature::credential_check
               || what == feature::threads;
    }
    std::string reset_header() const override { return "RateLimit-Reset"; }

    call_kind kind_of(const http_request& request) const override
    {
        auto [nsid, query] = parts_of(request);
        auto get = [&, &query = query](const char* name) { return query.contains(name) ? query.at(name) : std::string{}; };
        if (nsid == "com.atproto.repo.putRecord") {
            auto body = json::parse(request.body, nullptr, false);
            if (text_in(body, "collection") == post_type)
                return call_kind::publishes;
            return body.is_object() && body.contains("record") && body["record"].contains("pinnedPost") ? call_kind::pins
                                                                                                        : call_kind::unpins;
        }
        if (nsid == "com.atproto.repo.createRecord")
            return call_kind::publishes;
        if (nsid == "com.atproto.repo.getRecord")
            return get("collection") == profile_type ? call_kind::reads_pins : call_kind::reads;
        if (nsid == "app.bsky.notification.listNotifications")
            return call_kind::reads_mentions;
        if (nsid == "app.bsky.feed.getAuthorFeed" || nsid == "com.atproto.repo.listRecords")
            return call_kind::reads_feed;
        return call_kind::other;
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        now_ = std::max(now_, now);
        auto [nsid, query] = parts_of(request);
        auto body = json::parse(request.body, nullptr, false);
        if (nsid == "com.atproto.server.createSession")
            return create_session(body);
        if (nsid == "com.atproto.identity.resolveHandle")
            return query["handle"] == "status.example" ? answer(200, {{"did", "did:web:status.example"}})
                                                       : refusal(400, "HandleNotFound", "Unable to resolve handle");
        if (nsid == "com.atproto.repo.getRecord")
            return get_record(query);
        if (nsid == "com.atproto.repo.listRecords")
            return list_records(query);
        if (nsid == "com.atproto.server.refreshSession")
            return refresh_session(bearer(request));
        if (auto refused = wrong_token(bearer(request)))
            return *refused;
        if (nsid == "com.atproto.server.getSession")
            return answer(200, {{"did", own_did}, {"handle", own_handle}, {"active", true}, {"didDoc", did_document()}});
        if (nsid == "com.atproto.repo.putRecord")
            return put_record(body, carry_out);
        if (nsid.starts_with("app.bsky.") && !appview_)
            return refusal(502, "UpstreamFailure", "Upstream service unreachable");
        if (nsid == "app.bsky.feed.getPosts") {
            auto seen = notices_.view(query["uris"]);
            return answer(200, {{"posts", seen.is_null() ? json::array() : json::array({seen})}});
        }
        if (nsid == "app.bsky.feed.getAuthorFeed")
            return author_feed(query);
        if (nsid == "app.bsky.notification.listNotifications")
            return notices_.page(query);
        return refusal(501, "MethodNotImplemented", "Method Not Implemented");
    }

    void advance(time_point now) override { now_ = std::max(now_, now); }

    post_id schedule(const new_post&, time_point) override { throw std::logic_error("Bluesky has no queue"); }
    void remove(const post_id&, time_point) override { throw std::logic_error("Bluesky has no queue"); }

    post_id publish(const std::string& text, bool pinned, time_point at) override
    {
        now_ = std::max(now_, at);
        auto rkey = tid_at(at, ++clock_);
        json record{{"$type", post_type}, {"text", text}, {"createdAt", format_utc(at)}};
        posts_[rkey] = {record, at};
        if (pinned)
            profile_["pinnedPost"] = {{"uri", uri_of(rkey)}, {"cid", cid_of(record)}};
        return id_of(rkey);
    }

    post_id mention(const std::string& text, const std::string& by, time_point at) override
    {
        now_ = std::max(now_, at);
        return notices_.say(text, by, at);
    }
    void edit_mention(const post_id& id, const std::string& text) override { notices_.edit(id, text); }
    void remove_mention(const post_id& id) override { notices_.remove(id); }
    void answer_mention(const post_id&, const std::string& text, time_point at) override
    {
        notices_.add("reply", own_did, "acme", text, at);
    }

    standing_post look(const post_id& id) override
    {
        standing_post seen;
        auto found = posts_.find(id.value.substr(0, id.value.find('#')));
        if (found == posts_.end())
            return seen;
        seen.where = whereabouts::published;
        seen.as = id_of(found->first);
        seen.text = text_in(found->second.record, "text");
        return seen;
    }

    std::size_t queued() const override { return 0; }

    std::vector<public_post> published() const override
    {
        std::vector<public_post> all;
        for (const auto& [rkey, one] : posts_) {
            auto langs = one.record.value("langs", json::array());
            all.push_back({id_of(rkey), text_in(one.record, "text"), langs.empty() ? "" : langs[0].get<std::string>(), one.indexed,
                           answered_in(one.record)});
        }
        std::ranges::stable_sort(all, {}, &public_post::at);
        return all;
    }

    std::vector<post_id> pinned() const override
    {
        std::vector<post_id> all;
        if (profile_.contains("pinnedPost")) {
            auto uri = text_in(profile_.at("pinnedPost"), "uri");
            all.push_back(post_id{uri.substr(uri.rfind('/') + 1) + "#" + text_in(profile_.at("pinnedPost"), "cid")});
        }
        return all;
    }

private:
    struct posted {
        json record;
        time_point indexed;
    };
    struct token {
        time_point ends;
        std::string next;  // of a refresh token that was used
    };

    static std::string uri_of(const std::string& rkey) { return std::string{"at://"} + own_did + "/" + post_type + "/" + rkey; }
    // The id that the connector gives to what a record answers; its thread's first post has to be there too.
    static post_id answered_in(const json& record)
    {
        if (!record.contains("reply"))
            return {};
        const auto& parent = record["reply"]["parent"];
        auto uri = text_in(parent, "uri");
        auto ours = uri_of("");
        return post_id{(uri.starts_with(ours) ? uri.substr(ours.size()) : uri) + "#" + text_in(parent, "cid")};
    }
    post_id id_of(const std::string& rkey) const { return post_id{rkey + "#" + cid_of(posts_.at(rkey).record)}; }

    static std::string bearer(const http_request& request)
    {
        auto given = find_header(request.headers, "Authorization");
        return given.starts_with("Bearer ") ? std::string{given.substr(7)} : std::string{};
    }

    static json did_document()
    {
        json server{{"id", "#atproto_pds"}, {"type", "AtprotoPersonalDataServer"}, {"serviceEndpoint", home}};
        return {{"id", own_did}, {"service", json::array({server})}};
    }

    json fresh_session()
    {
        auto number = std::to_string(++sessions_);
        access_["access-" + number] = {now_ + 2h, {}};
        refresh_["refresh-" + number] = {now_ + 24h * 90, {}};
        return {{"accessJwt", "access-" + number},
                {"refreshJwt", "refresh-" + number},
                {"did", own_did},
                {"handle", own_handle},
                {"active", true},
                {"didDoc", did_document()}};
    }

    http_response create_session(const json& body)
    {
        bool known = text_in(body, "identifier") == own_handle && text_in(body, "password") == app_password;
        return known ? answer(200, fresh_session()) : refusal(401, "AuthenticationRequired", "Invalid identifier or password");
    }

    // A used token gives the same successor for two hours more.
    http_response refresh_session(const std::string& given)
    {
        auto found = refresh_.find(given);
        if (found == refresh_.end())
            return refusal(400, "InvalidToken", "Token could not be verified");
        if (found->second.ends <= now_)
            return refusal(400, "ExpiredToken", "Token has expired");
        if (!found->second.next.empty()) {
            auto number = found->second.next;
            access_["access-" + number].ends = now_ + 2h;
            return answer(
                200,
                {{"accessJwt", "access-" + number}, {"refreshJwt", "refresh-" + number}, {"did", own_did}, {"handle", own_handle}});
        }
        found->second.ends = std::min(found->second.ends, now_ + 2h);
        auto made = fresh_session();
        refresh_[given].next = std::to_string(sessions_);
        return answer(200, made);
    }

    std::optional<http_response> wrong_token(const std::string& given) const
    {
        if (given.empty())
            return refusal(401, "AuthMissing", "Authentication Required");
        auto found = access_.find(given);
        if (found == access_.end())
            return refusal(400, "InvalidToken", "Token could not be verified");
        return found->second.ends <= now_ ? std::optional{refusal(400, "ExpiredToken", "Token has expired")} : std::nullopt;
    }

    http_response get_record(std::map<std::string, std::string>& query) const
    {
        auto uri = "at://" + query["repo"] + "/" + query["collection"] + "/" + query["rkey"];
        if (query["repo"] != own_did)
            return refusal(400, "InvalidRequest", "Could not find repo: " + query["repo"]);
        auto found = posts_.find(query["rkey"]);
        const json* record = query["collection"] == profile_type && profile_.is_object() ? &profile_
                             : query["collection"] == post_type && found != posts_.end() ? &found->second.record
                                                                                         : nullptr;
        if (record == nullptr)
            return refusal(400, "RecordNotFound", "Could not locate record: " + uri);
        return answer(200, {{"uri", uri}, {"cid", cid_of(*record)}, {"value", *record}});
    }

    // The newest keys first.
    http_response list_records(std::map<std::string, std::string>& query) const
    {
        if (query["repo"] != own_did || query["collection"] != post_type)
            return refusal(400, "InvalidRequest", "Could not find repo: " + query["repo"]);
        auto limit = query.contains("limit") ? std::stoul(query["limit"]) : 50;
        if (limit < 1 || limit > 100)
            return refusal(400, "InvalidRequest", "limit cannot be greater than 100");
        json body{{"records", json::array()}};
        for (auto one = posts_.rbegin(); one != posts_.rend() && body["records"].size() < limit; ++one)
            if (!query.contains("cursor") || one->first < query["cursor"]) {
                body["records"].push_back(
                    {{"uri", uri_of(one->first)}, {"cid", cid_of(one->second.record)}, {"value", one->second.record}});
                body["cursor"] = one->first;
            }
        return answer(200, body);
    }

    http_response put_record(const json& body, bool carry_out)
    {
        auto collection = text_in(body, "collection");
        auto rkey = text_in(body, "rkey");
        if (text_in(body, "repo") != own_did || !body.contains("record") || !body["record"].is_object())
            return refusal(400, "InvalidRequest", "Input must have the property \"record\"");
        const auto& record = body["record"];
        bool is_post = collection == post_type;
        if (!is_post && (collection != profile_type || rkey != "self"))
            return refusal(400, "InvalidRequest", "record-key or collection unknown here");
        if (is_post
            && (rkey.size() != 13 || rkey.find_first_not_of(tid_alphabet) != std::string::npos || tid_alphabet.find(rkey[0]) > 15))
            return refusal(400, "InvalidRequest", "Invalid TID");
        bool odd_pin = !is_post && record.contains("pinnedPost") && !record["pinnedPost"].is_object();
        auto fault = is_post   ? fault_of_post(record)
                     : odd_pin ? std::string{"Expected object value type at $.record.pinnedPost"}
                               : std::string{};
        if (!fault.empty())
            return refusal(400, "InvalidRequest", "Invalid " + collection + " record: " + fault);
        auto found = posts_.find(rkey);
        json before = is_post ? (found == posts_.end() ? json() : found->second.record) : profile_;
        json written{{"uri", "at://" + std::string{own_did} + "/" + collection + "/" + rkey},
                     {"cid", cid_of(record)},
                     {"validationStatus", "valid"}};
        if (before == record)
            return answer(200, written);  // nothing changed, whatever the swap says
        auto is = before.is_null() ? json() : json(cid_of(before));
        if (body.contains("swapRecord") && body["swapRecord"] != is)
            return refusal(400, "InvalidSwap", "Record was at " + (is.is_null() ? std::string{"null"} : is.get<std::string>()));
        if (carry_out && is_post)
            posts_[rkey] = {record, now_};
        else if (carry_out)
            profile_ = record;
        written["commit"] = {{"cid", cid_of(written)}, {"rev", tid_at(now_, 1)}};
        return answer(200, written);
    }

    http_response author_feed(std::map<std::string, std::string>& query) const
    {
        if (query["actor"] != own_did)
            return refusal(400, "InvalidRequest", "Profile not found");
        auto limit = query.contains("limit") ? std::stoul(query["limit"]) : 50;
        if (limit < 1 || limit > 100)
            return refusal(400, "InvalidRequest", "limit cannot be greater than 100");
        std::vector<std::pair<time_point, json>> all;
        for (const auto& [rkey, one] : posts_)
            all.emplace_back(std::min(one.indexed, parse_rfc3339(text_in(one.record, "createdAt")).value()), entry_of(rkey, one));
        // Somebody else's post, passed on by the account.
        json theirs{{"post",
                     {{"uri", "at://did:plc:44ybard66vv44zksje25o7dz/app.bsky.feed.post/3jzfcijpj2z2a"},
                      {"cid", cid_of("theirs")},
                      {"author", {{"did", "did:plc:44ybard66vv44zksje25o7dz"}, {"handle", "friend.test"}}},
                      {"record", {{"$type", post_type}, {"text", "Big sale elsewhere"}, {"createdAt", "2024-01-01T00:00:00Z"}}},
                      {"indexedAt", "2024-01-01T00:00:00Z"}}},
                    {"reason", {{"$type", "app.bsky.feed.defs#reasonRepost"}, {"indexedAt", format_utc(passed_on_)}}}};
        all.emplace_back(passed_on_, theirs);
        std::ranges::stable_sort(all, std::ranges::greater{}, [](const auto& one) { return one.first; });
        auto skip = query.contains("cursor") ? std::stoul(query["cursor"]) : 0;
        json body{{"feed", json::array()}};
        for (auto at = skip; at < all.size() && body["feed"].size() < limit; ++at)
            body["feed"].push_back(all[at].second);
        if (skip + limit < all.size())
            body["cursor"] = std::to_string(skip + limit);
        return answer(200, body);
    }

    static json entry_of(const std::string& rkey, const posted& one)
    {
        return {{"post",
                 {{"uri", uri_of(rkey)},
                  {"cid", cid_of(one.record)},
                  {"author", {{"did", own_did}, {"handle", own_handle}}},
                  {"record", one.record},
                  {"replyCount", 0},
                  {"indexedAt", format_utc(one.indexed)}}}};
    }

    bool appview_;
    time_point now_;
    time_point passed_on_;
    unsigned clock_ = 0;
    unsigned sessions_ = 0;
    std::map<std::string, posted> posts_;  // by rkey
    bluesky_notices notices_;
    json profile_;
    std::map<std::string, token> access_;
    std::map<std::string, token> refresh_;
};

}  // namespace

std::vector<maker> bluesky_fakes()
{
    return {{"bluesky", [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<bluesky_fake>(now, true); }},
            {"bluesky, without AppView",
             [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<bluesky_fake>(now, false); }}};
}

}  // namespace halfmast::contract
