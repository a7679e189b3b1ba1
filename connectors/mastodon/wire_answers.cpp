// The other half of wire.hpp: what is answered.
#include <algorithm>

#include "connectors/mastodon/wire.hpp"
#include "connectors/mastodon/wire_json.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::mastodon::wire {

namespace {

constexpr milliseconds longest_wait{3'600'000};  // a window that ends later than this is a mistake of somebody's
constexpr milliseconds due_slack{60'000};

problem bad_reply(const settings& own, std::string_view what, std::string_view why)
{
    return {failure::bad_reply, own.name() + ": " + std::string{what} + ": " + std::string{why}, {}};
}

// The platform's own words, short and on one line.
std::string reason_in(const http_response& reply)
{
    auto body = parse(reply.body);
    auto why = text_at(body, "error");
    if (auto more = text_at(body, "error_description"); !more.empty())
        why += (why.empty() ? "" : ": ") + more;
    constexpr std::size_t most = 300;
    if (why.size() > most) {
        auto end = most;
        while (end > 0 && (static_cast<unsigned char>(why[end]) & 0xC0) == 0x80)
            --end;
        why.resize(end);
        why += "...";
    }
    std::ranges::replace_if(
        why, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return why;
}

std::optional<milliseconds> wait_of(const http_response& reply, time_point now)
{
    now = moment_of(reply, now);
    for (const auto* name : {"Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"})
        if (auto wait = net::wait_of(find_header(reply.headers, name), now, longest_wait))
            return std::max(*wait, milliseconds{1'000});
    return std::nullopt;
}

struct meaning {
    failure kind;
    const char* advice;
};

meaning meaning_of(int status)
{
    switch (status) {
    case 401:
        return {failure::auth_expired,
                "token refused (401); renew it in the account's Preferences, Development, and put it where 'token' points"};
    case 403:
        return {failure::forbidden,
                "not allowed (403); the token needs read:statuses read:accounts write:statuses write:accounts write:media,"
                " and the account must not be limited"};
    case 404:
    case 410: return {failure::not_found, "no such post (any more), or not this account's"};
    case 405:
    case 501: return {failure::unsupported, "this instance has no such call"};
    case 408: return {failure::unknown_outcome, "the server gave up waiting (408)"};
    case 409:
    case 412: return {failure::conflict, "somebody else changed it first"};
    case 429: return {failure::rate_limited, "too many calls (429)"};
    default: break;
    }
    if (status >= 500)
        return {failure::unknown_outcome, "trouble at the server"};
    if (status >= 400)
        return {failure::rejected, "refused"};
    return {failure::bad_reply, "answered with a redirect; 'url' must be the instance's own address"};
}

// Not JSON itself: a JSON value can be made of a problem, and result<T> could not tell them apart.
struct document {
    json root;
};

// The JSON of a 2xx, or what is wrong with it.
result<document> body_of(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (auto wrong = trouble(own, what, reply, now))
        return *wrong;
    auto body = parse(reply.body);
    if (body.is_discarded())
        return no_json(own, what, reply);
    return document{std::move(body)};
}

// --- pages ---

std::string next_page(const http_response& reply, std::string_view path, const json& list, std::string_view first)
{
    return next_after(reply, path, list.size(), list.empty() ? std::string{} : as_id(member(list.back(), "id")), first);
}

// --- posts ---

void add_line(std::string& all, const std::string& line)
{
    if (!line.empty())
        all += (all.empty() ? "" : "\n") + line;
}

// A poll of params has texts, one of a status objects with a title.
void add_options(std::string& all, const json& poll)
{
    const auto& options = member(poll, "options");
    for (const auto& option : options.is_array() ? options : json::array())
        add_line(all, option.is_string() ? option.get<std::string>() : text_at(option, "title"));
}

// False when it has no id: such an element cannot be held, so it must not pass for read.
bool to_scheduled(const settings& own, const json& element, scheduled_post& post)
{
    post.id.value = as_id(member(element, "id"));
    if (post.id.empty())
        return false;
    const auto& params = member(element, "params");
    // Without a readable date it may go out at any moment: the epoch has passed.
    post.due = time_at(element, "scheduled_at").value_or(time_point{});
    post.text = text_of_params(params);
    post.language = text_at(params, "language");
    post.tags = text::hashtags_in(post.text);
    post.links = text::links_in(post.text);
    post.url = own.url + "/";  // the platform's own pages show no queue
    auto filled = [](const json& list) { return list.is_array() && !list.empty(); };
    post.has_media = filled(member(params, "media_ids")) || filled(member(element, "media_attachments"));
    post.raw = std::make_shared<const std::string>(dump(element));
    return true;
}

// "@alice" of another host stands without it in the shown text; the queue's text names it.
void restore_hosts(std::string& shown, const json& mentions)
{
    for (const auto& mention : mentions.is_array() ? mentions : json::array()) {
        auto whole = "@" + text_at(mention, "acct");
        auto host = whole.find('@', 1);
        if (host == std::string::npos)
            continue;
        auto name = whole.substr(0, host);
        auto is_part_of_name = [](char c) { return c == '@' || c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
        for (auto at = shown.find(name); at != std::string::npos; at = shown.find(name, at)) {
            bool alone = at + name.size() >= shown.size() || !is_part_of_name(shown[at + name.size()]);
            if (alone)
                shown.replace(at, name.size(), whole);
            at += alone ? whole.size() : name.size();
        }
    }
}

}  // namespace

bool to_status(const json& element, status& made)
{
    auto& shown = made.shown;
    shown.id.value = as_id(member(element, "id"));
    auto at = time_at(element, "created_at");
    if (shown.id.empty() || !at)
        return false;
    shown.at = *at;
    auto html = text_at(element, "content");
    add_line(shown.text, text_at(element, "spoiler_text"));
    add_line(shown.text, text::from_html(html));
    add_options(shown.text, member(element, "poll"));
    restore_hosts(shown.text, member(element, "mentions"));
    shown.links = text::links_in_html(html);
    // Links the server put behind mentions and hashtags are not the author's.
    std::erase_if(shown.links, [&](const std::string& link) {
        auto is_it = [&](const json& list) {
            return list.is_array() && std::ranges::any_of(list, [&](const json& one) { return text_at(one, "url") == link; });
        };
        return is_it(member(element, "mentions")) || is_it(member(element, "tags"));
    });
    shown.url = text_at(element, "url");
    if (shown.url.empty())
        shown.url = text_at(element, "uri");
    made.pinned = member(element, "pinned") == true;
    made.reblog = member(element, "reblog").is_object();
    made.in_reply_to.value = as_id(member(element, "in_reply_to_id"));
    made.visibility = text_at(element, "visibility");
    made.author = as_id(member(member(element, "account"), "id"));
    made.address = text_at(member(element, "account"), "acct");
    const auto& attached = member(element, "media_attachments");
    for (const auto& file : attached.is_array() ? attached : json::array())
        if (auto id = as_id(member(file, "id")); !id.empty())
            made.media.push_back(std::move(id));
    return true;
}

problem no_json(const settings& own, std::string_view what, const http_response& reply)
{
    std::string type{find_header(reply.headers, "Content-Type").substr(0, 60)};
    return bad_reply(own, what,
                     "the answer is not JSON (" + (type.empty() ? "no type" : type) + ", " + std::to_string(reply.body.size())
                         + " bytes); is 'url' the instance itself?");
}

std::string text_of_params(const json& params)
{
    std::string all;
    add_line(all, text_at(params, "spoiler_text"));
    add_line(all, text_at(params, "text"));
    add_options(all, member(params, "poll"));
    return all;
}

attachment to_attachment(const json& element)
{
    attachment made;
    made.id = as_id(member(element, "id"));
    made.type = text_at(element, "type");
    made.url = text_at(element, "url");
    made.description = text_at(element, "description");
    made.content_type = text_at(element, "content_type");  // our own addition, see keep()
    const auto& focus = member(member(element, "meta"), "focus");
    made.focused = focus.is_object();
    made.focus_x = number(focus, "x");
    made.focus_y = number(focus, "y");
    return made;
}

time_point moment_of(const http_response& reply, time_point now)
{
    return net::parse_http_date(find_header(reply.headers, "Date")).value_or(now);
}

std::optional<problem> trouble(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (reply.status >= 200 && reply.status < 300)
        return std::nullopt;
    auto [kind, advice] = meaning_of(reply.status);
    problem made{kind, own.name() + ": " + std::string{what} + ": " + advice, {}};
    if (made.detail.find(std::to_string(reply.status)) == std::string::npos)
        made.detail += " (" + std::to_string(reply.status) + ")";
    if (auto why = reason_in(reply); !why.empty())
        made.detail += ": " + why;
    if (reply.status == 429 || reply.status == 503)
        made.retry_after = wait_of(reply, now);
    return made;
}

result<page<scheduled_post>> read_scheduled_page(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "list scheduled posts";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    if (!body->root.is_array())
        return bad_reply(own, what, "the answer is not a list");
    page<scheduled_post> made;
    for (const auto& element : body->root)
        if (!to_scheduled(own, element, made.items.emplace_back()))
            return bad_reply(own, what, "an entry has no id, so it could not be held");
    made.next = next_page(reply, scheduled_list, body->root, "");
    return made;
}

result<scheduled_post> read_scheduled(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    scheduled_post post;
    if (!member(body->root, "params").is_object() || !to_scheduled(own, body->root, post))
        return bad_reply(own, what, "the answer is not a scheduled post");
    return post;
}

result<page<status>> read_statuses(const settings& own, const http_response& reply, time_point now, std::string_view first)
{
    constexpr std::string_view what = "read the account's posts";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    if (!body->root.is_array())
        return bad_reply(own, what, "the answer is not a list");
    page<status> made;
    for (const auto& element : body->root)
        if (!to_status(element, made.items.emplace_back()))
            return bad_reply(own, what, "an entry has no id or no date");
    made.next = next_page(reply, "/statuses", body->root, first);
    return made;
}

result<status> read_status(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    status made;
    if (!to_status(body->root, made))
        return bad_reply(own, what, "the answer is not a post");
    return made;
}

result<std::string> read_account_id(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read the account";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto id = as_id(member(body->root, "id"));
    if (id.empty())
        return bad_reply(own, what, "the answer names no account");
    return id;
}

namespace {

// Of the element's JSON, which the list of posts and the single post show alike; nothing when it is no scheduled post.
std::optional<stored_post> to_stored(const json& root)
{
    const auto& params = member(root, "params");
    if (!params.is_object())
        return std::nullopt;
    stored_post made;
    made.raw = dump(root);
    std::vector<attachment> described;
    const auto& attached = member(root, "media_attachments");
    for (const auto& one : attached.is_array() ? attached : json::array())
        described.push_back(to_attachment(one));
    // The order of the post is that of its ids; the descriptions may stand in another.
    const auto& ids = member(params, "media_ids");
    for (const auto& element : ids.is_array() ? ids : json::array()) {
        auto id = as_id(element);
        auto found = std::ranges::find(described, id, &attachment::id);
        if (found == described.end()) {
            made.unseen_media.push_back(id);
            found = described.insert(described.end(), attachment{});
            found->id = id;
        }
        made.media.push_back(std::move(*found));
        described.erase(found);
    }
    std::ranges::move(described, std::back_inserter(made.media));
    return made;
}

}  // namespace

result<stored_post> read_stored(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "store a scheduled post";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto made = to_stored(body->root);
    if (!made)
        return bad_reply(own, what, "the answer is not a scheduled post");
    return std::move(*made);
}

std::optional<stored_post> stored_in(std::string_view raw) { return to_stored(parse(raw)); }

result<attachment> read_attachment(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read an attachment";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto made = to_attachment(body->root);
    if (made.id.empty())
        return bad_reply(own, what, "the answer is no attachment");
    return made;
}

result<std::string> read_download(const settings& own, const attachment& file, const http_response& reply, time_point now)
{
    auto what = "fetch attachment " + file.id;
    if (auto wrong = trouble(own, what, reply, now)) {
        // The post is there; what is missing is a part of it. "Not found" would be taken for the post.
        if (wrong->kind == failure::not_found)
            wrong->kind = failure::rejected;
        return *wrong;
    }
    auto type = find_header(reply.headers, "Content-Type");
    if (reply.body.empty() || reply.status != 200 || type.starts_with("text/html"))
        return bad_reply(own, what, "a page or nothing came instead of the file");
    return reply.body;
}

result<receipt> read_recreated(const settings& own, const http_response& reply, time_point at, time_point now)
{
    constexpr std::string_view what = "recreate a post";
    auto body = body_of(own, what, reply, now);
    if (!body) {
        auto wrong = body.error();
        // A parent that is gone, not the post itself: nobody has to look for it.
        if (wrong.kind == failure::not_found) {
            wrong.kind = failure::rejected;
            wrong.detail =
                own.name() + ": " + std::string{what} + ": the post it answers or quotes is gone (404): " + reason_in(reply);
        }
        return wrong;
    }
    scheduled_post post;
    if (member(body->root, "params").is_object() && to_scheduled(own, body->root, post)) {
        if (post.due < at - due_slack || post.due > at + due_slack)
            return problem{failure::unknown_outcome,
                           own.name() + ": " + std::string{what} + ": it is scheduled for " + format_utc(post.due) + " instead of "
                               + format_utc(at),
                           {}};
        return receipt{post.id, post.url};
    }
    // A public post: the server took the time for one that has passed. Its id is what a read-back has to find.
    status out;
    if (to_status(body->root, out))
        return receipt{out.shown.id, out.shown.url};
    return problem{failure::unknown_outcome,
                   own.name() + ": " + std::string{what} + ": the answer is neither a scheduled post nor a public one",
                   {}};
}

result<instance> read_instance(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read what the instance says about itself";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    instance made;
    made.version = text_at(body->root, "version").substr(0, 80);
    if (made.version.empty())
        return bad_reply(own, what, "the answer names no version");
    const auto& configuration = member(body->root, "configuration");
    made.most_pins = whole(member(member(configuration, "accounts"), "max_pinned_statuses"));
    made.text_limit = whole(member(member(configuration, "statuses"), "max_characters"));
    if (!made.text_limit)
        made.text_limit = whole(member(body->root, "max_toot_chars"));  // Pleroma
    return made;
}

std::string read_scopes(const http_response& reply)
{
    if (reply.status != 200)
        return {};
    auto body = parse(reply.body);
    const auto& scopes = member(body, "scopes");
    std::string all;
    for (const auto& scope : scopes.is_array() ? scopes : json::array())
        if (scope.is_string())
            all += (all.empty() ? "" : " ") + scope.get<std::string>();
    return all;
}

}  // namespace halfmast::mastodon::wire
