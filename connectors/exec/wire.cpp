#include "connectors/exec/wire.hpp"

#include <algorithm>
#include <map>

#include "connectors/exec/capabilities.hpp"
#include "daemon/net/json_read.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::exec::wire {

namespace {

using nlohmann::json;

using net::flag_at;
using net::member;
using net::parse_json;
using net::text_at;
using net::time_at;

constexpr std::string_view blot = "[secret]";
constexpr std::size_t most_cursor = 64 << 10;  // bytes; it is kept, and told at each look

std::vector<std::string> texts_at(const json& object, std::string_view key)
{
    std::vector<std::string> all;
    if (const auto* value = member(object, key); value != nullptr && value->is_array())
        for (const auto& one : *value)
            if (one.is_string() && !one.get<std::string>().empty())
                all.push_back(one.get<std::string>());
    return all;
}

const json* list_at(const json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_array() ? value : nullptr;
}

problem not_promised(const settings& own, std::string_view doing, std::string_view what)
{
    return trouble(own, failure::bad_reply, doing, "the answer is not what the protocol promises: " + std::string{what});
}

std::optional<failure> failure_of(std::string_view word)
{
    for (auto kind : {failure::unreachable, failure::unknown_outcome, failure::auth_expired, failure::forbidden, failure::not_found,
                      failure::conflict, failure::rejected, failure::rate_limited, failure::bad_reply, failure::unsupported})
        if (word == to_string(kind))
            return kind;
    return std::nullopt;
}

std::optional<whereabouts> place_of(std::string_view word)
{
    for (auto where : {whereabouts::queued, whereabouts::parked, whereabouts::published, whereabouts::absent})
        if (word == to_string(where))
            return where;
    return std::nullopt;
}

post_id asked_id(const post_id& remote, const post_id& post) { return remote.empty() ? post : remote; }

std::optional<scheduled_post> post_of(const json& item)
{
    auto id = text_at(item, "id");
    auto due = time_at(item, "due");
    if (id.empty() || !due)
        return std::nullopt;
    scheduled_post post;
    post.id = post_id{id};
    post.due = *due;
    post.text = text_at(item, "text");
    post.language = text_at(item, "language");
    post.tags = texts_at(item, "tags");
    for (auto& tag : text::hashtags_in(post.text))
        if (std::ranges::find(post.tags, tag) == post.tags.end())
            post.tags.push_back(std::move(tag));
    post.categories = texts_at(item, "categories");
    post.labels = texts_at(item, "labels");
    post.links = texts_at(item, "links");
    for (auto& link : text::links_in(post.text))
        if (std::ranges::find(post.links, link) == post.links.end())
            post.links.push_back(std::move(link));
    post.url = text_at(item, "url");
    post.author = text_at(item, "author");
    post.version = text_at(item, "version");
    post.has_media = flag_at(item, "media");
    post.raw = std::make_shared<const std::string>(net::dump(item));
    return post;
}

}  // namespace

json hello(const settings& own)
{
    json made{{"protocol", protocol}, {"account", own.account}};
    if (!own.secret.empty())
        made["token"] = own.secret;
    return made;
}

json from_cursor(const std::string& cursor) { return {{"cursor", cursor.empty() ? json(nullptr) : json(cursor)}}; }

json since(time_point from, const std::string& cursor)
{
    auto made = from_cursor(cursor);
    made["since"] = format_utc(from);
    return made;
}

json hold(const hold_post& call)
{
    json made{{"post", asked_id(call.remote, call.post).value}, {"rung", to_string(call.by)}};
    if (call.by == rung::postpone)
        made["until"] = format_utc(call.until);
    return made;
}

json read(const read_posts& call)
{
    auto ids = json::array();
    for (const auto& one : call.wanted)
        ids.push_back(asked_id(one.remote, one.post).value);
    return {{"posts", std::move(ids)}};
}

json release(const release_post& call, time_point now)
{
    json made{{"post", asked_id(call.remote, call.post).value},
              {"rung", to_string(call.by)},
              {"at", format_utc(call.at)},
              {"now", format_utc(now)},
              {"look_first", call.look_first}};
    if (call.text)
        made["text"] = *call.text;
    return made;
}

json publish(const publish_summary& call)
{
    json made{{"text", call.words.text},
              {"language", call.words.language},
              {"key", call.key},
              {"look_first", call.look_first},
              {"look_only", call.look_only}};
    if (!call.in_reply_to.empty())
        made["in_reply_to"] = call.in_reply_to.value;
    return made;
}

json edit(const edit_summary& call)
{
    return {{"post", call.remote.value}, {"text", call.words.text}, {"language", call.words.language}};
}

json about(const post_id& id) { return {{"post", id.value}}; }

std::string line_of(std::uint64_t id, std::string_view verb, json members)
{
    members["id"] = id;
    members["verb"] = verb;
    return net::dump(members) + "\n";
}

std::optional<answer> read_line(const settings& own, std::string_view line)
{
    auto value = parse_json(line);
    const auto* id = value ? member(*value, "id") : nullptr;
    if (id == nullptr || !id->is_number_unsigned())
        return std::nullopt;
    answer made;
    made.id = id->get<std::uint64_t>();
    if (const auto* given = member(*value, "result"); given != nullptr && given->is_object()) {
        made.given = *given;
        return made;
    }
    const auto* refused = member(*value, "problem");
    auto kind = refused != nullptr ? failure_of(text_at(*refused, "kind")) : std::nullopt;
    if (!kind)
        return std::nullopt;
    auto detail = shown(own, text_at(*refused, "detail"));
    made.trouble = problem{*kind, detail.empty() ? "the program gives no reason" : detail, {}};
    if (auto wait = parse_duration(text_at(*refused, "retry_after")))
        made.trouble->retry_after = std::min<milliseconds>(*wait, std::chrono::hours{24});
    return made;
}

result<offer> read_offer(const settings& own, const json& given)
{
    const auto* version = member(given, "protocol");
    if (version == nullptr || !version->is_number_integer())
        return not_promised(own, "start", "hello without a protocol number");
    offer made;
    made.protocol = version->get<int>();
    made.name = shown(own, text_at(given, "name"), 80);
    for (const auto& word : texts_at(given, "rungs"))
        if (auto kind = parse_rung(word))
            made.rungs.push_back(*kind);
    made.publishes = flag_at(given, "publishes");
    made.edits = flag_at(given, "edits");
    made.replies = flag_at(given, "replies");
    made.pins = flag_at(given, "pins");
    made.feed = flag_at(given, "feed");
    made.mentions = flag_at(given, "mentions");
    made.release_text = flag_at(given, "release_text");
    return made;
}

result<page<scheduled_post>> read_list(const settings& own, const json& given)
{
    constexpr std::string_view doing = "list the scheduled posts";
    const auto* items = list_at(given, "posts");
    if (items == nullptr)
        return not_promised(own, doing, "no posts");
    page<scheduled_post> read;
    read.next = text_at(given, "next");
    for (const auto& item : *items) {
        auto post = post_of(item);
        if (!post)
            return not_promised(own, doing, "a post without id, or without a due time such as 2026-03-01T14:30:00Z");
        read.items.push_back(std::move(*post));
    }
    return read;
}

result<std::vector<post_reading>> read_readings(const settings& own, const read_posts& asked, const json& given)
{
    constexpr std::string_view doing = "read posts back";
    const auto* items = list_at(given, "posts");
    if (items == nullptr)
        return not_promised(own, doing, "no posts");
    std::map<std::string, post_reading> found;
    for (const auto& item : *items) {
        auto id = text_at(item, "id");
        auto where = place_of(text_at(item, "where"));
        if (id.empty() || !where)
            return not_promised(own, doing, "a post without id, or without a where of queued, parked, published or absent");
        auto due = time_at(item, "due");
        if (*where == whereabouts::queued && !due)
            return not_promised(own, doing, "a queued post without a due time");
        post_reading reading;
        reading.where = *where;
        reading.due = due.value_or(time_point{});
        reading.version = text_at(item, "version");
        reading.url = text_at(item, "url");
        if (const auto* says = member(item, "text"); says != nullptr && says->is_string())
            reading.text = text_at(item, "text");
        found[id] = std::move(reading);
    }
    std::vector<post_reading> readings;
    for (const auto& one : asked.wanted) {
        auto seen = found.find(asked_id(one.remote, one.post).value);
        if (seen == found.end())
            continue;  // not answered: left open, never called held
        auto reading = seen->second;
        reading.post = one.post;
        readings.push_back(std::move(reading));
    }
    return readings;
}

std::optional<std::string> read_text(const post_id& asked, const json& given)
{
    const auto* items = list_at(given, "posts");
    if (items != nullptr)
        for (const auto& item : *items)
            if (const auto* text = member(item, "text"); text != nullptr && text->is_string() && text_at(item, "id") == asked.value)
                return text->get<std::string>();
    return std::nullopt;
}

result<receipt> read_receipt(const settings& own, std::string_view doing, const json& given)
{
    auto id = text_at(given, "id");
    if (id.empty())
        return not_promised(own, doing, "no id");
    return receipt{post_id{id}, text_at(given, "url")};
}

result<std::vector<post_id>> read_pins(const settings& own, const json& given)
{
    if (list_at(given, "posts") == nullptr)
        return not_promised(own, "read the pins", "no posts");
    std::vector<post_id> all;
    for (auto& id : texts_at(given, "posts"))
        all.push_back(post_id{std::move(id)});
    return all;
}

result<page<publication>> read_feed(const settings& own, const json& given)
{
    constexpr std::string_view doing = "read the public posts";
    const auto* items = list_at(given, "posts");
    if (items == nullptr)
        return not_promised(own, doing, "no posts");
    page<publication> read;
    read.next = text_at(given, "next");
    for (const auto& item : *items) {
        auto id = text_at(item, "id");
        auto at = time_at(item, "at");
        if (id.empty() || !at)
            return not_promised(own, doing, "a post without id, or without the time it went out");
        publication post;
        post.id = post_id{id};
        post.at = *at;
        post.text = text_at(item, "text");
        post.links = texts_at(item, "links");
        for (auto& link : text::links_in(post.text))
            if (std::ranges::find(post.links, link) == post.links.end())
                post.links.push_back(std::move(link));
        post.url = text_at(item, "url");
        read.items.push_back(std::move(post));
    }
    return read;
}

result<mention_look> read_mentions(const settings& own, const json& given)
{
    constexpr std::string_view doing = "read mentions";
    const auto* items = list_at(given, "posts");
    if (items == nullptr)
        return not_promised(own, doing, "no posts");
    mention_look seen;
    seen.cursor = text_at(given, "cursor");
    if (seen.cursor.empty() || seen.cursor.size() > most_cursor)
        return not_promised(own, doing,
                            "no cursor for the next look, or one of more than " + std::to_string(most_cursor) + " bytes");
    seen.more = flag_at(given, "more");
    for (const auto& item : *items) {
        mention made;
        made.id = post_id{text_at(item, "id")};
        auto at = time_at(item, "at");
        if (made.id.empty() || !at)
            return not_promised(own, doing, "a post without id, or without the time it was written");
        made.at = *at;
        made.text = text_at(item, "text");
        made.language = text_at(item, "language");
        made.by = text_at(item, "by");
        made.url = text_at(item, "url");
        made.in_reply_to = post_id{text_at(item, "in_reply_to")};
        seen.posts.push_back(std::move(made));
    }
    std::ranges::stable_sort(seen.posts, {}, &mention::at);
    return seen;
}

std::vector<check_line> read_checks(const json& given)
{
    std::vector<check_line> lines;
    if (const auto* items = list_at(given, "lines"))
        for (const auto& item : *items)
            if (auto what = text_at(item, "what"); !what.empty()) {
                auto of = parse_ability(text_at(item, "ability")).value_or(ability::credential);
                lines.emplace_back(of, what, flag_at(item, "ok"), flag_at(item, "ok") ? "" : text_at(item, "detail"));
                lines.back().by = parse_rung(text_at(item, "rung"));
                lines.back().ends = time_at(item, "ends");
            }
    return lines;
}

std::string missing_in(const offer& given, const settings& own)
{
    if (given.protocol != protocol)
        return "it speaks protocol " + std::to_string(given.protocol) + ", and this halfmast speaks " + std::to_string(protocol);
    std::string missing;
    auto want = [&](bool wanted, bool has, std::string_view what) {
        if (wanted && !has)
            missing += (missing.empty() ? "" : ", ") + std::string{what};
    };
    for (const auto& offer : own.rungs)
        want(true, std::ranges::find(given.rungs, offer.kind) != given.rungs.end(),
             "the rung " + std::string{to_string(offer.kind)});
    want(own.publishes, given.publishes, "publishes");
    want(own.edits, given.edits, "edits");
    want(own.replies, given.replies, "replies");
    want(own.pins, given.pins, "pins");
    want(own.feed, given.feed, "feed");
    want(own.mentions, given.mentions, "mentions");
    want(own.release_text, given.release_text, "release_text");
    return missing.empty() ? "" : "the settings promise what it does not offer: " + missing;
}

std::string shown(const settings& own, std::string_view text, std::size_t most)
{
    std::string plain{text};
    if (!own.secret.empty())
        for (auto at = plain.find(own.secret); at != std::string::npos; at = plain.find(own.secret, at + blot.size()))
            plain.replace(at, own.secret.size(), blot);
    std::ranges::replace_if(
        plain, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    if (plain.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(plain[most]) & 0xC0) == 0x80)
            --most;
        plain = plain.substr(0, most) + "…";
    }
    return plain;
}

problem trouble(const settings& own, failure kind, std::string_view doing, std::string_view why)
{
    return {kind, own.account + " (exec): cannot " + std::string{doing} + " with " + own.program + ": " + std::string{why}, {}};
}

}  // namespace halfmast::exec::wire
