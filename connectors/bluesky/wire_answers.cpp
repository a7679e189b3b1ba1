// The other half of wire.hpp: what is answered.
#include <algorithm>

#include "connectors/bluesky/wire.hpp"
#include "connectors/bluesky/wire_json.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::bluesky::wire {

namespace {

constexpr milliseconds longest_wait{3'600'000};  // a window that ends later than this is a mistake of somebody's

problem bad_reply(const settings& own, std::string_view what, std::string_view why)
{
    return {failure::bad_reply, own.name() + ": " + std::string{what} + ": " + std::string{why}, {}};
}

// The platform's own words, short and on one line.
std::string reason_in(const json& body)
{
    auto why = text_at(body, "error");
    if (auto more = text_at(body, "message"); !more.empty() && more != why)
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
    for (const auto* name : {"Retry-After", "RateLimit-Reset"})
        if (auto wait = net::wait_of(find_header(reply.headers, name), now, longest_wait))
            return std::max(*wait, milliseconds{1'000});
    return std::nullopt;
}

struct meaning {
    failure kind;
    std::string advice;
};

constexpr auto new_password =
    "the credential is refused; make a new app password (Settings, Privacy and security, App passwords) and put it where"
    " 'password' points";

// The protocol says most things with 400 and a name.
std::optional<meaning> meaning_of_name(std::string_view name, std::string_view message)
{
    if (name == "ExpiredToken" || name == "InvalidToken" || name == "AuthMissing" || name == "AuthenticationRequired")
        return meaning{failure::auth_expired, new_password};
    if (name == "AuthFactorTokenRequired")
        return meaning{failure::auth_expired,
                       "the server wants a second factor: 'password' must be an app password, not the account's own"};
    if (name == "AccountTakedown" || name == "RepoTakendown")
        return meaning{failure::forbidden,
                       "the account was taken down by its server; appeal there, and publish and pin elsewhere meanwhile"};
    if (name == "AccountDeactivated" || name == "RepoDeactivated")
        return meaning{failure::forbidden, "the account is deactivated; activate it again in its settings"};
    if (name == "AccountSuspended" || name == "RepoSuspended")
        return meaning{failure::forbidden, "the account is suspended by its server; appeal there"};
    if (name == "InvalidRequest" && message.starts_with("Could not find repo"))
        return meaning{failure::forbidden,
                       "the server does not show this account: deactivated, taken down, or moved to another server"};
    if (name == "RecordNotFound" || (name == "InvalidRequest" && message == "Profile not found"))
        return meaning{failure::not_found, "no such record (any more)"};
    if (name == "InvalidSwap")
        return meaning{failure::conflict, "somebody else changed it first"};
    if (name == "RateLimitExceeded")
        return meaning{failure::rate_limited, "too many calls"};
    if (name == "MethodNotImplemented")
        return meaning{failure::unsupported, "this server has no such call"};
    return std::nullopt;
}

meaning meaning_of_status(int status)
{
    switch (status) {
    case 401: return {failure::auth_expired, new_password};
    case 403: return {failure::forbidden, "not allowed; an app password must be able to write posts and the profile"};
    case 404:
    case 410: return {failure::not_found, "no such record (any more), or no such server; is 'url' the account's own server?"};
    case 405:
    case 501: return {failure::unsupported, "this server has no such call"};
    case 408: return {failure::unknown_outcome, "the server gave up waiting"};
    case 409:
    case 412: return {failure::conflict, "somebody else changed it first"};
    case 429: return {failure::rate_limited, "too many calls"};
    default: break;
    }
    if (status >= 500)
        return {failure::unknown_outcome, "trouble at the server"};
    if (status >= 400)
        return {failure::rejected, "refused"};
    return {failure::bad_reply, "answered with a redirect; 'url' must be the server's own address"};
}

// Not JSON itself: a JSON value can be made of a problem, and result<T> could not tell them apart.
struct document {
    json root;
};

// The JSON object of a 2xx, or what is wrong with it.
result<document> body_of(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (auto wrong = trouble(own, what, reply, now))
        return *wrong;
    auto body = parse(reply.body);
    if (!body.is_object()) {
        std::string type{find_header(reply.headers, "Content-Type").substr(0, 60)};
        return bad_reply(own, what,
                         "the answer is no JSON object (" + (type.empty() ? "no type" : type) + ", "
                             + std::to_string(reply.body.size()) + " bytes); is 'url' the account's own server?");
    }
    return document{std::move(body)};
}

std::string name_in(const http_response& reply)
{
    return reply.status >= 400 ? text_at(parse(reply.body), "error") : std::string{};
}

bool is_uri(std::string_view given)
{
    return given.starts_with("at://") && given.size() < 2'000 && given.find_first_of(" \t\r\n#?") == std::string_view::npos;
}

bool is_cid(std::string_view given)
{
    return !given.empty() && given.size() < 200 && std::ranges::all_of(given, [](unsigned char c) { return std::isalnum(c) != 0; });
}

std::optional<record_ref> ref_in(const json& object)
{
    record_ref made{text_at(object, "uri"), text_at(object, "cid")};
    return is_uri(made.uri) && is_cid(made.cid) ? std::optional{made} : std::nullopt;
}

// Whatever stands there. A plain text is what some other programs wrote in 2024; it has no hash.
std::optional<record_ref> pinned_in(const json& record)
{
    const auto& pinned = member(record, "pinnedPost");
    if (pinned.is_string() && is_uri(pinned.get<std::string>()))
        return record_ref{pinned.get<std::string>(), {}};
    record_ref made{text_at(pinned, "uri"), text_at(pinned, "cid")};
    if (!is_uri(made.uri))
        return std::nullopt;
    if (!is_cid(made.cid))
        made.cid.clear();
    return made;
}

void add_once(std::vector<std::string>& links, std::string link)
{
    bool absolute = link.starts_with("https://") || link.starts_with("http://");
    if (absolute && std::ranges::find(links, link) == links.end())
        links.push_back(std::move(link));
}

// Facets know the whole address where the text shows a short one; a bare address in the text is a link to a reader all the same.
std::vector<std::string> links_of(const json& record)
{
    std::vector<std::string> links;
    for (const auto& facet : list(record, "facets"))
        for (const auto& feature : list(facet, "features"))
            add_once(links, text_at(feature, "uri"));
    for (const auto* at : {"external", "media"}) {
        const auto& embed = member(member(record, "embed"), at);
        add_once(links, text_at(embed, "uri"));
        add_once(links, text_at(member(embed, "external"), "uri"));
    }
    for (auto& link : text::links_in(text_at(record, "text")))
        add_once(links, std::move(link));
    return links;
}

shown_post shown(const std::string& did, const record_ref& ref, const json& record, time_point at)
{
    shown_post made;
    made.shown.id = id_of(did, ref);
    made.shown.at = made.sorted_by = at;
    made.shown.text = text_at(record, "text");
    made.shown.links = links_of(record);
    made.shown.url = url_of(did, ref.uri);
    return made;
}

// One entry of the AppView's feed; false when it cannot be told which post it is, or when it went out.
bool to_feed_post(const std::string& did, const json& entry, shown_post& made)
{
    const auto& post = member(entry, "post");
    auto ref = ref_in(post);
    auto indexed = time_at(post, "indexedAt");
    auto created = time_at(member(post, "record"), "createdAt");
    if (!ref || (!indexed && !created))
        return false;
    // The AppView's own order: a post cannot date itself ahead.
    auto at = std::min(created.value_or(*(indexed ? indexed : created)), indexed.value_or(*(created ? created : indexed)));
    made = shown(did, *ref, member(post, "record"), at);
    made.ours = !rkey_in(did, ref->uri).empty() && !text_at(member(entry, "reason"), "$type").ends_with("#reasonRepost");
    // A repost stands where it was passed on, not where it was written.
    if (!made.ours)
        made.sorted_by = time_at(member(entry, "reason"), "indexedAt").value_or(at);
    return true;
}

// One record of the repository, whose order is that of its keys: the time in the key, which the author's program chose.
bool to_posted(const std::string& did, const json& entry, time_point now, shown_post& made)
{
    auto ref = ref_in(entry);
    if (!ref)
        return false;
    auto keyed = time_in(rkey_in(did, ref->uri));
    auto created = time_at(member(entry, "value"), "createdAt");
    made = shown(did, *ref, member(entry, "value"), std::min(created ? *created : keyed.value_or(now), now));
    made.sorted_by = keyed.value_or(made.shown.at);
    made.ours = !rkey_in(did, ref->uri).empty();
    return true;
}

}  // namespace

time_point moment_of(const http_response& reply, time_point now)
{
    return net::parse_http_date(find_header(reply.headers, "Date")).value_or(now);
}

bool is_token_refused(const http_response& reply)
{
    if (reply.status != 400 && reply.status != 401)
        return false;
    auto name = name_in(reply);
    if (name == "ExpiredToken" || name == "InvalidToken")
        return true;
    return reply.status == 401 && !name.starts_with("Account") && name != "AuthFactorTokenRequired";
}

bool is_swap_refused(const http_response& reply) { return name_in(reply) == "InvalidSwap"; }

std::optional<problem> trouble(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (reply.status >= 200 && reply.status < 300)
        return std::nullopt;
    auto body = parse(reply.body);
    auto named = reply.status >= 400 && reply.status < 500 ? meaning_of_name(text_at(body, "error"), text_at(body, "message"))
                                                           : std::nullopt;
    auto [kind, advice] = named.value_or(meaning_of_status(reply.status));
    problem made{kind, own.name() + ": " + std::string{what} + ": " + advice + " (" + std::to_string(reply.status) + ")", {}};
    if (auto why = reason_in(body); !why.empty())
        made.detail += ": " + why;
    if (kind == failure::rate_limited || reply.status == 503)
        made.retry_after = wait_of(reply, now);
    return made;
}

result<session> read_session(const settings& own, std::string_view what, const http_response& reply, time_point now, bool tokens)
{
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    session made;
    made.did = text_at(body->root, "did");
    made.handle = text_at(body->root, "handle");
    made.access = text_at(body->root, "accessJwt");
    made.refresh = text_at(body->root, "refreshJwt");
    made.active = member(body->root, "active") != false;
    made.status = text_at(body->root, "status");
    for (const auto& service : list(member(body->root, "didDoc"), "service"))
        if (text_at(service, "type") == "AtprotoPersonalDataServer")
            made.server = text_at(service, "serviceEndpoint");
    if (!made.did.starts_with("did:"))
        return bad_reply(own, what, "the answer names no account");
    // They go into a header line.
    auto is_token = [](const std::string& token) {
        return !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; });
    };
    if (tokens && (!is_token(made.access) || !is_token(made.refresh)))
        return bad_reply(own, what, "the answer holds no tokens");
    return made;
}

std::optional<problem> inactive(const settings& own, const session& who)
{
    if (who.active)
        return std::nullopt;
    auto named = who.status == "takendown"     ? "AccountTakedown"
                 : who.status == "suspended"   ? "AccountSuspended"
                 : who.status == "deactivated" ? "AccountDeactivated"
                                               : "";
    auto known = meaning_of_name(named, {});
    auto why = known ? known->advice : "the account is not active; its server says: '" + who.status.substr(0, 60) + "'";
    std::ranges::replace_if(
        why, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return problem{failure::forbidden, own.name() + ": use the account: " + why, {}};
}

result<std::string> read_did(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "find out who is mentioned";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto did = text_at(body->root, "did");
    if (!did.starts_with("did:"))
        return bad_reply(own, what, "the answer names no account");
    return did;
}

result<profile> read_profile(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (name_in(reply) == "RecordNotFound")
        return profile{{}, "{}", {}};
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    profile made;
    made.cid = text_at(body->root, "cid");
    const auto& record = member(body->root, "value");
    // Nothing may be written over a profile that was not understood.
    if (!is_cid(made.cid) || !record.is_object())
        return bad_reply(own, what, "the answer is no profile record");
    made.raw = dump(record);
    made.pinned = pinned_in(record);
    return made;
}

result<record_ref> read_written(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto ref = ref_in(body->root);
    if (!ref)
        return bad_reply(own, what, "the answer does not name what was written");
    return *ref;
}

result<std::optional<record_ref>> read_post(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (name_in(reply) == "RecordNotFound")
        return std::optional<record_ref>{};
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    auto ref = ref_in(body->root);
    if (!ref || !member(body->root, "value").is_object())
        return bad_reply(own, what, "the answer is no post");
    return ref;
}

result<std::optional<thread>> read_thread(const settings& own, std::string_view what, const http_response& reply, time_point now,
                                          bool viewed)
{
    if (!viewed && name_in(reply) == "RecordNotFound")
        return std::optional<thread>{};
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    const auto& posts = list(body->root, "posts");
    if (viewed && !member(body->root, "posts").is_array())
        return bad_reply(own, what, "the answer is no list of posts");
    if (viewed && posts.empty())
        return std::optional<thread>{};
    const auto& post = viewed ? posts.front() : body->root;
    const auto& record = member(post, viewed ? "record" : "value");
    auto parent = ref_in(post);
    if (!parent || !record.is_object())
        return bad_reply(own, what, "the answer is no post");
    // A post that answers another one names the first of its thread; any other post is the first itself.
    auto root = ref_in(member(member(record, "reply"), "root"));
    return std::optional{thread{root.value_or(*parent), *parent}};
}

result<page<shown_post>> read_feed(const settings& own, const std::string& did, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read the account's posts";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    if (!member(body->root, "feed").is_array())
        return bad_reply(own, what, "the answer is no feed");
    page<shown_post> made;
    for (const auto& entry : list(body->root, "feed"))
        if (!to_feed_post(did, entry, made.items.emplace_back()))
            return bad_reply(own, what, "an entry has no address or no date");
    made.next = made.items.empty() ? std::string{} : text_at(body->root, "cursor");
    return made;
}

result<page<shown_post>> read_posts(const settings& own, const std::string& did, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "list the account's posts";
    auto body = body_of(own, what, reply, now);
    if (!body)
        return body.error();
    if (!member(body->root, "records").is_array())
        return bad_reply(own, what, "the answer is no list of records");
    page<shown_post> made;
    for (const auto& entry : list(body->root, "records"))
        if (!to_posted(did, entry, moment_of(reply, now), made.items.emplace_back()))
            return bad_reply(own, what, "an entry has no address");
    made.next = made.items.empty() ? std::string{} : text_at(body->root, "cursor");
    return made;
}

}  // namespace halfmast::bluesky::wire
