#include "daemon/api/routes.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/marks.hpp"

namespace halfmast::api {

namespace {

constexpr std::size_t longest_key = 200;  // bytes of an Idempotency-Key

constexpr std::array table{
    route{"GET", "/status", may::read, handlers::status},
    route{"GET", "/livez", may::nothing, handlers::livez},
    route{"GET", "/readyz", may::nothing, handlers::readyz},
    route{"GET", "/doctor", may::read, handlers::doctor},
    route{"GET", "/audit", may::read, handlers::audit},
    route{"GET", "/audit/state", may::read, handlers::audit_state},
    route{"POST", "/audit/verify", may::audit, handlers::verify_audit},
    route{"GET", "/settings/check", may::audit, handlers::check_settings},
    route{"GET", "/plan", may::read, handlers::plan},
    route{"POST", "/crises", may::raise, handlers::raise},
    route{"POST", "/crises/preview", may::raise, handlers::preview},
    route{"GET", "/crises/{crisis}", may::read, handlers::show_crisis},
    route{"POST", "/crises/{crisis}/lower", may::lower, handlers::lower},
    route{"POST", "/crises/{crisis}/approve", may::say, handlers::approve},
    route{"POST", "/crises/{crisis}/statements", may::say, handlers::say},
    route{"POST", "/crises/{crisis}/statements/preview", may::say, handlers::preview_statement},
    route{"POST", "/crises/{crisis}/statements/undo", may::say, handlers::undo},
    route{"POST", "/crises/{crisis}/owner", may::raise, handlers::change_owner},
    route{"POST", "/crises/{crisis}/replies", may::say, handlers::ask_reply},
    route{"GET", "/crises/{crisis}/replies", may::read, handlers::list_replies},
    route{"POST", "/replies/{reply}/approve", may::say, handlers::approve_reply},
    route{"POST", "/replies/{reply}/drop", may::say, handlers::drop_reply},
    route{"GET", "/tasks", may::read, handlers::list_tasks},
    route{"POST", "/tasks/{task}/done", may::acknowledge, handlers::finish_task},
    route{"GET", "/pages", may::read, handlers::list_pages},
    route{"POST", "/pages/acknowledge", may::acknowledge, handlers::acknowledge_page},
    route{"POST", "/pages/test", may::acknowledge, handlers::test_pages},
    route{"GET", "/proposals", may::read, handlers::list_proposals},
    route{"POST", "/proposals/{proposal}/accept", may::raise, handlers::accept_proposal},
    route{"POST", "/proposals/{proposal}/dismiss", may::raise, handlers::dismiss_proposal},
    route{"GET", "/metrics", may::read, handlers::metrics},
    route{"GET", "/session", may::nothing, handlers::show_session},
    route{"POST", "/session", may::nothing, handlers::sign_in},
    route{"DELETE", "/session", may::nothing, handlers::sign_out},
    route{"GET", "/sessions", may::read, handlers::list_sessions},             // one's own; of everybody with administer
    route{"DELETE", "/sessions/{session}", may::read, handlers::end_session},  // likewise
    route{"POST", "/sessions/end", may::read, handlers::end_sessions},         // likewise
    route{"GET", "/tokens", may::audit, handlers::list_tokens},
    route{"POST", "/tokens", may::administer, handlers::make_token},
    route{"DELETE", "/tokens/{token}", may::administer, handlers::revoke_token},
    route{"POST", "/login-links", may::read, handlers::make_link},
    route{"GET", "/login/{secret}", may::nothing, handlers::show_link},
    route{"POST", "/login/{secret}", may::nothing, handlers::use_link},
    route{"GET", "/auth/oidc/start", may::nothing, handlers::provider_start},
    route{"GET", "/auth/oidc/callback", may::nothing, handlers::provider_return},
    route{"GET", "/posts", may::read, handlers::list},
    route{"GET", "/posts/{account}/{post}", may::read, handlers::show_post},
    route{"GET", "/posts/{account}/{post}/why", may::read, handlers::why},
    route{"POST", "/posts/{account}/{post}/hold", may::hold, handlers::hold},
    route{"POST", "/posts/{account}/{post}/release", may::release, handlers::release},
    route{"POST", "/posts/{account}/{post}/keep", may::review, handlers::keep},
    route{"POST", "/posts/{account}/{post}/judge", may::review, handlers::judge},
    route{"POST", "/posts/{account}/{post}/note", may::review, handlers::note},
    route{"POST", "/posts/bulk", may::hold, handlers::bulk},  // and what its act needs for one post
    route{"GET", "/asks", may::read, handlers::list_asks},
    route{"POST", "/asks/{ask}/second", may::hold, handlers::second},  // and what it is about: release or lower
    route{"POST", "/asks/{ask}/drop", may::hold, handlers::drop_ask},
    route{"GET", "/events", may::read, handlers::events},
    route{"GET", "/openapi.json", may::nothing, handlers::openapi},
};

std::string_view next_part(std::string_view& path)
{
    if (!path.empty() && path.front() == '/')
        path.remove_prefix(1);
    auto end = path.find('/');
    auto part = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    return part;
}

// The decoded parts in braces, or nullopt when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path)
{
    std::vector<std::string> parts;
    while (!pattern.empty() && !path.empty()) {
        auto wanted = next_part(pattern);
        auto given = next_part(path);
        if (wanted.starts_with('{')) {
            auto decoded = net::percent_decode(given);
            if (!decoded || decoded->empty())
                return std::nullopt;
            parts.push_back(std::move(*decoded));
        } else if (wanted != given) {
            return std::nullopt;
        }
    }
    if (!pattern.empty() || !path.empty())
        return std::nullopt;
    return parts;
}

// Below the prefix; the two probes, the figures and what browsers open to sign in also without it.
std::optional<std::string_view> below_prefix(std::string_view path)
{
    constexpr std::string_view prefix = "/api/v1";
    if (path == "/livez" || path == "/readyz" || path == "/metrics" || path.starts_with("/login/") || path.starts_with("/auth/"))
        return path;
    if (!path.starts_with(prefix))
        return std::nullopt;
    path.remove_prefix(prefix.size());
    return path;
}

// A body that a browser's form could send without asking anybody is refused.
bool is_json(const net::server_request& request)
{
    auto type = find_header(request.headers, "Content-Type");
    return request.body.empty() || type.empty() || type.starts_with("application/json");
}

std::string detail_of(const net::server_response& given)
{
    auto body = nlohmann::json::parse(given.body, nullptr, false);
    return body.is_object() ? body.value("detail", "") : std::string{};
}

}  // namespace

std::span<const route> routes() { return table; }

net::request_handler api::handler()
{
    return [this](net::server_request request) { return answer_safely(std::move(request)); };
}

// What an answer shows is for whoever asked, now: no cache keeps it, no browser takes it for something else.
asio::awaitable<net::server_response> api::answer_safely(net::server_request request)
{
    auto given = co_await answer(std::move(request));
    if (find_header(given.headers, "Cache-Control").empty())
        given.headers.emplace_back("Cache-Control", "no-store");
    given.headers.emplace_back("X-Content-Type-Options", "nosniff");
    co_return given;
}

asio::awaitable<net::server_response> api::answer(net::server_request request)
{
    auto seen = door_.look(request);
    if (seen.refused) {
        if (seen.refused->status == 403)
            door_.turned_away(request, seen.who, seen.refused->detail);
        co_return to_response(*seen.refused);
    }
    auto path = below_prefix(request.path);
    const route* found = nullptr;
    std::string allowed;
    call asked{daemon_, request, seen.who.by, {}, seen.who.roles, door_, seen.who};
    for (const auto& candidate : table) {
        auto parts = path ? match(candidate.pattern, *path) : std::nullopt;
        if (!parts)
            continue;
        if (candidate.method == request.method) {
            found = &candidate;
            asked.parts = std::move(*parts);
            break;
        }
        allowed += (allowed.empty() ? "" : ", ") + std::string{candidate.method};
    }
    if (found == nullptr && !allowed.empty()) {
        trouble wrong{405, 1, "method", "That method is not served here",
                      request.method + " is not served here; " + allowed + " is"};
        auto response = to_response(wrong);
        response.headers.emplace_back("Allow", allowed);
        co_return response;
    }
    if (found == nullptr)
        co_return to_response(trouble{404, 1, "route", "There is no such page", "nothing is served at " + request.path});
    if (auto refused = refuse(seen.who, found->needs)) {
        if (refused->status == 403)
            door_.turned_away(request, seen.who, refused->detail);
        co_return to_response(*refused);
    }
    if (!is_json(request)) {
        trouble wrong{415, 2, "media-type", "That kind of body is not read here", "the body must be application/json"};
        co_return to_response(wrong);
    }
    auto running = answer_once(asked, *found);
    auto given = co_await std::move(running);
    if (given.status == 403
        && found->needs != may::nothing)  // a handler knew more: a right that hangs on what it is about, or who was first
        door_.turned_away(request, seen.who, detail_of(given));
    co_return given;
}

// A request that comes twice under one key is done once.
asio::awaitable<net::server_response> api::answer_once(const call& asked, const route& found)
{
    std::string key{find_header(asked.request.headers, "Idempotency-Key")};
    bool may_be_kept =
        found.method != "GET" && found.needs != may::nothing && found.needs != may::administer && found.pattern != "/login-links";
    if (key.empty() || !may_be_kept) {  // what holds a secret is said once
        auto running = answer_marked(asked, found);
        co_return co_await std::move(running);
    }
    if (key.size() > longest_key)
        co_return to_response(bad_request("Idempotency-Key is longer than " + std::to_string(longest_key) + " bytes"));
    auto wanted = key;
    auto looking = replays_.begin(asked.by, std::move(wanted), replays::fingerprint(asked.request), daemon_.now());
    auto seen = co_await std::move(looking);
    if (seen.what == replays::found::other)
        co_return to_response(trouble{422, 2, "idempotency-key", "That key was used for another request",
                                      "Idempotency-Key '" + key + "' came with another request before; take a new one for each"});
    if (seen.what == replays::found::same) {
        seen.answer->headers.emplace_back("Idempotency-Replayed", "true");
        co_return *seen.answer;
    }
    auto running = answer_marked(asked, found);
    auto given = co_await std::move(running);
    // Nothing was done, and another time or another sign-in of the same person may be answered otherwise.
    if (given.status >= 500 || given.status == 429 || given.status == 401 || given.status == 403)
        replays_.forget(asked.by, key);
    else
        replays_.keep(asked.by, key, given);
    co_return given;
}

// What carries a mark is changed by one request at a time, and only as the person saw it. Holding waits for nobody.
asio::awaitable<net::server_response> api::answer_marked(const call& asked, const route& found)
{
    bool changes = found.method != "GET" && !found.pattern.ends_with("/preview");
    auto name = changes ? name_of(found.pattern, asked.parts) : std::string{};
    auto gate = found.needs == may::hold ? std::string{} : name;
    struct leaving {
        replays& from;
        std::string name;
        ~leaving() { from.leave(name); }
    };
    auto wanted = gate;
    auto entering = replays_.enter(std::move(wanted));
    co_await std::move(entering);
    leaving at_end{replays_, gate};
    auto seen = find_header(asked.request.headers, "If-Match");
    if (!name.empty() && !seen.empty())
        if (auto mark = mark_of(daemon_.known(), found.pattern, asked.parts); mark && !matches(seen, *mark)) {
            auto asking = stale(daemon_, name, *mark);
            auto why = co_await std::move(asking);
            co_return to_response(why);
        }
    auto running = answer_route(asked, found);
    auto given = co_await std::move(running);
    if (given.status < 300)
        if (auto mark = mark_of(daemon_.known(), found.pattern, asked.parts))
            given.headers.emplace_back("ETag", '"' + *mark + '"');
    co_return given;
}

// The room's door: nothing thrown in here reaches the server.
asio::awaitable<net::server_response> api::answer_route(const call& asked, const route& found)
{
    std::string thrown;
    try {
        co_return co_await found.run(asked);
    } catch (const std::exception& error) {
        thrown = error.what();
    }
    // What went wrong inside is nothing to whoever is outside.
    daemon_.note_mistake("answering " + std::string{found.method} + " " + std::string{found.pattern} + ": " + thrown);
    trouble internal{500, 1, "internal", "The daemon made a mistake",
                     std::string{found.method} + " " + std::string{found.pattern} + " was not answered; the daemon's log says why"};
    co_return to_response(internal);
}

}  // namespace halfmast::api
