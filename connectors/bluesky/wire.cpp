#include "connectors/bluesky/wire.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "connectors/bluesky/wire_json.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::bluesky::wire {

namespace {

constexpr std::string_view tid_digits = "234567abcdefghijklmnopqrstuvwxyz";  // sort as the numbers do
constexpr std::size_t tid_length = 13;
constexpr int clock_bits = 10;
constexpr std::size_t most_tag_bytes = 640;
constexpr std::size_t most_tag_characters = 64;
constexpr std::size_t most_mentions = 5;        // each is asked for before the summary goes out ...
constexpr milliseconds mention_timeout{3'000};  // ... and none may hold it up

http_request request(const settings& own, std::string method, std::string_view nsid, const std::string& query = {})
{
    http_request made{std::move(method), own.url + "/xrpc/" + std::string{nsid} + (query.empty() ? "" : "?" + query)};
    made.headers.emplace_back("Accept", "application/json");
    return made;
}

void put_json(http_request& into, const json& body)
{
    into.headers.emplace_back("Content-Type", "application/json");
    into.body = dump(body);
}

std::string of_record(const std::string& did, std::string_view collection, const std::string& rkey)
{
    return "repo=" + net::percent_encode(did) + "&collection=" + std::string{collection} + "&rkey=" + net::percent_encode(rkey);
}

std::string with_cursor(std::string query, const std::string& cursor)
{
    return cursor.empty() ? query : query + "&cursor=" + net::percent_encode(cursor);
}

// The same in every build and on every machine, for it names a record for good.
std::uint64_t fnv1a(std::string_view bytes)
{
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (unsigned char byte : bytes)
        hash = (hash ^ byte) * 1'099'511'628'211ULL;
    return hash;
}

std::string tid_of(std::uint64_t microseconds, std::uint64_t clock)
{
    auto value = microseconds << clock_bits | (clock & ((1U << clock_bits) - 1));
    std::string tid(tid_length, tid_digits.front());
    for (auto at = tid.rbegin(); at != tid.rend(); ++at, value >>= 5)
        *at = tid_digits[value & 31];
    return tid;
}

// Bytes of the text that mean more than they show.
struct facet {
    text::span where;
    json feature;
};

bool is_before_mention(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '(' || c == '[' || c == '"'; }

// Each '@' with a handle behind it; the span begins at the '@'.
std::vector<text::span> mention_spans(std::string_view text)
{
    std::vector<text::span> found;
    for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
        if (at > 0 && !is_before_mention(text[at - 1]))
            continue;
        auto end = at + 1;
        while (end < text.size()
               && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-' || text[end] == '.'))
            ++end;
        while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-'))
            --end;
        auto handle = text.substr(at + 1, end - at - 1);
        auto dot = handle.rfind('.');
        bool fits = dot != std::string_view::npos && dot > 0 && handle.find("..") == std::string_view::npos
                    && std::isalpha(static_cast<unsigned char>(handle[dot + 1])) != 0;
        if (fits)
            found.push_back({at, end});
    }
    return found;
}

json facets_of(const std::string& text, const std::map<std::string, std::string>& mentioned)
{
    std::vector<facet> all;
    // Facets must not overlap: "#https://shop.example" is a link.
    auto is_free = [&](const text::span& where) {
        return std::ranges::none_of(all,
                                    [&](const facet& one) { return where.begin < one.where.end && one.where.begin < where.end; });
    };
    for (const auto& where : text::link_spans(text))
        all.push_back(
            {where, {{"$type", "app.bsky.richtext.facet#link"}, {"uri", text.substr(where.begin, where.end - where.begin)}}});
    for (const auto& where : text::hashtag_spans(text)) {
        auto tag = text.substr(where.begin, where.end - where.begin);
        tag.erase(0, tag.front() == '#' ? 1 : 3);  // the wide one has three bytes
        if (is_free(where) && tag.size() <= most_tag_bytes && text::graphemes(tag) <= most_tag_characters)
            all.push_back({where, {{"$type", "app.bsky.richtext.facet#tag"}, {"tag", tag}}});
    }
    for (const auto& where : mention_spans(text))
        if (auto who = mentioned.find(text.substr(where.begin + 1, where.end - where.begin - 1));
            who != mentioned.end() && is_free(where))
            all.push_back({where, {{"$type", "app.bsky.richtext.facet#mention"}, {"did", who->second}}});
    std::ranges::sort(all, {}, [](const facet& one) { return one.where.begin; });
    auto list = json::array();
    for (auto& one : all)
        list.push_back({{"index", {{"byteStart", one.where.begin}, {"byteEnd", one.where.end}}},
                        {"features", json::array({std::move(one.feature)})}});
    return list;
}

// The text as it will stand in the record: facets count its bytes.
std::string as_sent(const std::string& text)
{
    auto sent = json::parse(dump(json(text)), nullptr, false);
    return sent.is_string() ? sent.get<std::string>() : std::string{};
}

http_request put_record(const settings& own, const std::string& did, std::string_view collection, const std::string& rkey,
                        const json& record, const std::string& swap)
{
    auto made = request(own, "POST", "com.atproto.repo.putRecord");
    // null: there must be none yet.
    put_json(made, {{"repo", did},
                    {"collection", collection},
                    {"rkey", rkey},
                    {"record", record},
                    {"swapRecord", swap.empty() ? json() : json(swap)}});
    return made;
}

}  // namespace

// --- ids ---

std::string rkey_in(const std::string& did, const std::string& uri)
{
    auto ours = "at://" + did + "/" + std::string{post_collection} + "/";
    if (!uri.starts_with(ours) || uri.find_first_of("/#?", ours.size()) != std::string::npos)
        return {};
    return uri.substr(ours.size());
}

post_id id_of(const std::string& did, const record_ref& post)
{
    auto rkey = rkey_in(did, post.uri);
    return post_id{(rkey.empty() ? post.uri : rkey) + (post.cid.empty() ? "" : "#" + post.cid)};
}

std::optional<record_ref> ref_of(const std::string& did, const post_id& id)
{
    auto hash = id.value.find('#');
    auto name = id.value.substr(0, hash);
    auto cid = hash == std::string::npos ? std::string{} : id.value.substr(hash + 1);
    if (name.empty())
        return std::nullopt;
    if (name.starts_with("at://"))
        return record_ref{name, cid};
    if (name.find('/') != std::string::npos)
        return std::nullopt;
    return record_ref{"at://" + did + "/" + std::string{post_collection} + "/" + name, cid};
}

std::string rkey_of(const std::string& key)
{
    auto hash = fnv1a(key);
    // The key ends with the second of the raise, and perhaps with the number of an edition or a reply, so the post lies in the repository
    // where it belongs by time. Without one: anywhere in 2023 or 2024, for a key must give the same name whenever it is asked.
    constexpr std::int64_t year_2020 = 1'577'836'800, year_2100 = 4'102'444'800, anywhere = 1'672'531'200, two_years = 63'072'000;
    auto second = anywhere + static_cast<std::int64_t>((hash >> 24) % two_years);
    std::string_view rest = key;
    for (int part = 0; part < 2; ++part) {
        auto dash = rest.rfind('-');
        if (dash == std::string_view::npos)
            break;
        auto raised = whole_number(rest.substr(dash + 1));
        if (raised && *raised >= year_2020 && *raised < year_2100) {
            second = *raised;
            break;
        }
        rest = rest.substr(0, dash);
    }
    return tid_of(static_cast<std::uint64_t>(second) * 1'000'000 + hash % 1'000'000, hash >> 54);
}

std::optional<time_point> time_in(std::string_view rkey)
{
    if (rkey.size() != tid_length || tid_digits.find(rkey.front()) >= 16)
        return std::nullopt;
    std::uint64_t value = 0;
    for (char digit : rkey) {
        auto worth = tid_digits.find(digit);
        if (worth == std::string_view::npos)
            return std::nullopt;
        value = value << 5 | worth;
    }
    return time_point{milliseconds{static_cast<std::int64_t>((value >> clock_bits) / 1000)}};
}

std::string url_of(const std::string& did, const std::string& uri)
{
    auto rkey = rkey_in(did, uri);
    return rkey.empty() ? std::string{} : "https://bsky.app/profile/" + did + "/post/" + rkey;
}

// --- what is asked ---

void sign(http_request& request, const std::string& token) { request.headers.emplace_back("Authorization", "Bearer " + token); }

http_request create_session(const settings& own)
{
    auto made = request(own, "POST", "com.atproto.server.createSession");
    put_json(made, {{"identifier", own.handle}, {"password", own.password}});
    return made;
}

http_request refresh_session(const settings& own) { return request(own, "POST", "com.atproto.server.refreshSession"); }

http_request get_session(const settings& own) { return request(own, "GET", "com.atproto.server.getSession"); }

http_request resolve_handle(const settings& own, const std::string& handle)
{
    auto made = request(own, "GET", "com.atproto.identity.resolveHandle", "handle=" + net::percent_encode(handle));
    made.timeout = mention_timeout;
    return made;
}

http_request get_profile(const settings& own, const std::string& did)
{
    return request(own, "GET", "com.atproto.repo.getRecord", of_record(did, profile_collection, "self"));
}

result<http_request> put_profile(const settings& own, const std::string& did, const profile& before,
                                 const std::optional<record_ref>& pinned)
{
    auto record = parse(before.raw);
    if (!record.is_object())
        return problem{
            failure::bad_reply, own.name() + ": write the profile: what was read of it is no record, so nothing is written", {}};
    if (!record.contains("$type"))
        record["$type"] = profile_collection;
    if (pinned)
        record["pinnedPost"] = {{"uri", pinned->uri}, {"cid", pinned->cid}};
    else
        record.erase("pinnedPost");
    return put_record(own, did, profile_collection, "self", record, before.cid);
}

http_request get_post(const settings& own, const std::string& did, const std::string& rkey)
{
    return request(own, "GET", "com.atproto.repo.getRecord", of_record(did, post_collection, rkey));
}

http_request view_post(const settings& own, const std::string& uri)
{
    return request(own, "GET", "app.bsky.feed.getPosts", "uris=" + net::percent_encode(uri));
}

http_request put_post(const settings& own, const std::string& did, const std::string& rkey, const statement& words,
                      const std::map<std::string, std::string>& mentioned, time_point created, const std::optional<thread>& in)
{
    auto text = as_sent(words.text);
    auto at = format_utc(created);
    json record{{"$type", post_collection}, {"text", text}, {"createdAt", at}};
    if (!words.language.empty())
        record["langs"] = json::array({words.language});
    if (auto facets = facets_of(text, mentioned); !facets.empty())
        record["facets"] = std::move(facets);
    if (in)
        record["reply"] = {{"root", {{"uri", in->root.uri}, {"cid", in->root.cid}}},
                           {"parent", {{"uri", in->parent.uri}, {"cid", in->parent.cid}}}};
    auto made = put_record(own, did, post_collection, rkey, record, {});
    made.publishes = true;
    return made;
}

http_request author_feed(const settings& own, const std::string& did, const std::string& cursor)
{
    auto query = "actor=" + net::percent_encode(did) + "&filter=posts_with_replies&includePins=false&limit=100";
    return request(own, "GET", "app.bsky.feed.getAuthorFeed", with_cursor(std::move(query), cursor));
}

http_request list_posts(const settings& own, const std::string& did, const std::string& cursor)
{
    auto query = "repo=" + net::percent_encode(did) + "&collection=" + std::string{post_collection} + "&limit=100";
    return request(own, "GET", "com.atproto.repo.listRecords", with_cursor(std::move(query), cursor));
}

std::vector<std::string> handles_in(std::string_view text)
{
    std::vector<std::string> handles;
    for (const auto& [begin, end] : mention_spans(text)) {
        std::string handle{text.substr(begin + 1, end - begin - 1)};
        if (handles.size() < most_mentions && std::ranges::find(handles, handle) == handles.end())
            handles.push_back(std::move(handle));
    }
    return handles;
}

std::string too_long(const std::string& text)
{
    if (auto many = text::graphemes(text); many > static_cast<std::size_t>(text_limit))
        return "it has " + std::to_string(many) + " characters, and Bluesky takes " + std::to_string(text_limit);
    if (text.size() > most_bytes)
        return "it has " + std::to_string(text.size()) + " bytes, and Bluesky takes " + std::to_string(most_bytes);
    return {};
}

}  // namespace halfmast::bluesky::wire
