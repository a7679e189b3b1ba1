#include "daemon/sandbox/platform.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/net/http_date.hpp"
#include "daemon/net/page_mark.hpp"
#include "daemon/sandbox/control.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

person* bearer_of(world& state, const net::server_request& request)
{
    const auto header = find_header(request.headers, "Authorization");
    constexpr auto scheme = std::string_view{"Bearer "};
    return header.size() > scheme.size() && (header.starts_with(scheme) || header.starts_with("bearer "))
               ? state.by_token(header.substr(scheme.size()))
               : nullptr;
}

// The query without the token that some clients put there: the log keeps none.
std::string without_token(std::string target)
{
    constexpr auto name = std::string_view{"access_token="};
    for (auto at = target.find(name); at != std::string::npos; at = target.find(name, at + name.size())) {
        const auto value = at + name.size();
        target.replace(value, std::min(target.find('&', value), target.size()) - value, "...");
    }
    return target;
}

std::string address_without_port(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

std::vector<rate_rule::counts> kinds_of(const net::server_request& request)
{
    auto kinds = std::vector<rate_rule::counts>{};
    const auto posts = request.method == "POST";
    for (const auto* name : {"max_id", "min_id", "since_id", "page"})
        if (request.query.contains(name)) {
            kinds.push_back(rate_rule::counts::paged);
            break;
        }
    if (posts && (request.path == "/api/v1/media" || request.path == "/api/v2/media"))
        kinds.push_back(rate_rule::counts::media);
    if (request.method == "DELETE" && request.path.starts_with("/api/v1/statuses/"))
        kinds.push_back(rate_rule::counts::deletes);
    if (posts && request.path == "/api/v1/statuses")
        kinds.push_back(rate_rule::counts::posts);
    return kinds;
}

// As the real server's framework does for whatever it answers: an ETag of the bytes, and 304 when the client has them already.
void answer_briefly(const net::server_request& request, net::server_response& made)
{
    if (request.method != "GET" || made.status != 200 || !find_header(made.headers, "ETag").empty())
        return;
    auto etag = net::weak_etag(made.body);
    if (find_header(request.headers, "If-None-Match") == etag) {
        made.status = 304;
        made.body.clear();
        made.content_type.clear();
    }
    made.headers.emplace_back("ETag", std::move(etag));
}

void allow_other_origins(net::server_response& made)
{
    made.headers.emplace_back("Access-Control-Allow-Origin", "*");
    made.headers.emplace_back("Access-Control-Expose-Headers",
                              "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id");
}

net::server_response preflight()
{
    auto made = net::server_response{204, ""};
    made.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    made.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key");
    made.headers.emplace_back("Access-Control-Max-Age", "7200");
    return made;
}

// The same answer in a shape no client expects: lists become objects, texts numbers, numbers texts.
json misshape(const json& value, bool outermost = true)
{
    if (value.is_array()) {
        auto list = json::array();
        for (const auto& member : value)
            list.push_back(misshape(member, false));
        return outermost ? json{{"unexpected", std::move(list)}} : list;
    }
    if (value.is_object()) {
        auto object = json::object();
        for (const auto& [name, member] : value.items())
            object[name] = misshape(member, false);
        return object;
    }
    if (value.is_string())
        return 42;
    if (value.is_number())
        return "forty-two";
    return value.is_boolean() ? json::array({value}) : json(false);
}

void spoil(const fault& what, net::server_response& made)
{
    if (what.status) {
        made.status = *what.status;
        if (*what.status >= 400)
            made.body = to_text({{"error", *what.status == 429  ? "Too many requests"
                                           : *what.status < 500 ? "Refused"
                                                                : "There was a temporary problem"}});
    }
    if (what.body)
        made.body = *what.body;
    made.headers.insert(made.headers.end(), what.headers.begin(), what.headers.end());
    for (const auto& [name, value] : what.headers)
        if (name == "Content-Type" || name == "content-type")
            made.content_type = value;
    std::erase_if(made.headers, [](const auto& each) { return each.first == "Content-Type" || each.first == "content-type"; });
    if (what.wrong_type == fault::wrong::shape)
        made.body = to_text(misshape(json::parse(made.body, nullptr, false)));
    if (what.wrong_type == fault::wrong::page) {
        made.content_type = "text/html; charset=utf-8";
        made.body = "<!doctype html><html><body><h1>Please sign in to this network</h1></body></html>";
    }
    if (what.huge > made.body.size())
        made.body.append(what.huge - made.body.size(), ' ');
    made.cut_after = what.cut_after;
    made.no_answer = what.no_answer;
    if (!what.late)
        made.delay += what.delay;
}

}  // namespace

platform_parts::platform_parts(platform_settings settings, time_point now)
    : set(settings.set),
      state(set, now + settings.skew),
      limits(std::move(settings.limits)),
      plan(std::move(settings.plan)),
      log(settings.log_size),
      latency(settings.latency),
      skew(settings.skew)
{
}

platform::platform(platform_settings settings, time_point now) : parts_(std::move(settings), now) {}

person& platform::add_account(const std::string& name, const std::string& token, time_point now)
{
    return parts_.state.add_person(name, token, true, now + parts_.skew);
}

void platform::advance(time_point now)
{
    while (!late_.empty() && late_.begin()->first <= now) {
        const auto [at, request] = *late_.begin();
        late_.erase(late_.begin());
        parts_.state.advance(at + parts_.skew);
        act(request, routes_.match(request.method, request.path), bearer_of(parts_.state, request), at + parts_.skew);
    }
    parts_.state.advance(now + parts_.skew);
}

std::optional<time_point> platform::next_event() const
{
    auto next = parts_.state.next_event();
    if (next)
        *next -= parts_.skew;
    if (!late_.empty())
        next = next ? std::min(*next, late_.begin()->first) : late_.begin()->first;
    return next;
}

bool platform::within_limits(const net::server_request& request, const person* who, time_point at, http_headers& headers)
{
    if (!request.path.starts_with("/api/"))
        return true;
    const auto key = who != nullptr ? "token:" + who->name : "address:" + address_without_port(request.remote);
    const auto verdict = parts_.limits.take(key, kinds_of(request), at);
    if (!verdict.limited)
        return true;
    // The platform writes microseconds here.
    auto reset = iso(verdict.reset);
    reset.replace(reset.size() - 1, 1, "000Z");
    headers.emplace_back("X-RateLimit-Limit", std::to_string(verdict.limit));
    headers.emplace_back("X-RateLimit-Remaining", std::to_string(verdict.remaining));
    headers.emplace_back("X-RateLimit-Reset", reset);
    return verdict.allowed;
}

net::server_response platform::act(const net::server_request& request, const matched_route& where, person* who, time_point at)
{
    if (where.found == nullptr)
        return refuse(404, "Not Found");
    // As the real server does: a token it knows and refuses gets less than no token at all, but for the instance's own page.
    if (who != nullptr && who->revoked && request.path.starts_with("/api/") && request.path.find("/instance") == std::string::npos)
        return refuse(401, "The access token was revoked");
    if (where.found->who == needs::user && who == nullptr)
        return refuse(401, "The access token is invalid");
    auto from = call{parts_.state, parts_.set, request, parameters::read(request), where.parts, who, at, parts_.base};
    if (from.params.malformed())
        return refuse(400, "Error occurred while parsing request parameters");
    return where.found->run(from);
}

net::server_response platform::act_with(const striking_fault& struck, const net::server_request& request,
                                        const matched_route& where, person* who, time_point now)
{
    const auto& what = struck.what;
    const auto at = now + parts_.skew;
    auto made = net::server_response{};
    const auto refuses = what.status && *what.status >= 400;
    if (what.late || (!struck.effect && !refuses && !what.no_answer)) {
        // What would it have answered? Do it, look, and undo it.
        parts_.state.begin();
        made = act(request, where, who, at);
        parts_.state.rollback();
        if (what.late)
            late_.emplace(now + what.delay, request);
    } else if (struck.effect) {
        made = act(request, where, who, at);
    }
    spoil(what, made);
    return made;
}

// Between what the client saw and what it asks now, somebody else was there.
void platform::act_as_others(const striking_fault& struck, time_point now)
{
    for (const auto& each : struck.what.meanwhile) {
        auto asked = net::server_request{};
        asked.method = "POST";
        asked.path = "/control/" + each.endpoint;
        asked.body = each.body;
        const auto done = control(parts_, asked, now);
        if (done.status != 200)
            parts_.plan.note_trouble(struck.rule, each.endpoint + ": " + done.body);
        parts_.state.advance(now + parts_.skew);  // what it made due goes out before the call is looked at
    }
}

net::server_response platform::serve(const net::server_request& request, time_point now)
{
    if (request.method == "OPTIONS")
        return preflight();
    const auto where = routes_.match(request.method, request.path);
    auto* who = bearer_of(parts_.state, request);
    auto entry = logged_call{now + parts_.skew,
                             request.method,
                             without_token(request.target),
                             where.found == nullptr ? "other" : where.found->method + " " + where.found->pattern,
                             0,
                             who == nullptr ? "-" : who->name,
                             {},
                             false};
    auto headers = http_headers{};
    auto made = net::server_response{};
    if (!within_limits(request, who, now + parts_.skew, headers)) {
        made = refuse(429, "Too many requests");
    } else if (const auto struck = parts_.plan.strike(entry.account, request.method, request.path)) {
        entry.fault = struck->rule;
        act_as_others(*struck, now);
        made = act_with(*struck, request, where, who, now);
    } else {
        made = act(request, where, who, now + parts_.skew);
        answer_briefly(request, made);
    }
    // What a fault says of the limits stands: a made-up 429 must not show calls left.
    for (auto& [name, value] : headers)
        if (find_header(made.headers, name).empty())
            made.headers.emplace_back(name, std::move(value));
    made.delay += parts_.latency;
    entry.status = made.no_answer ? 0 : made.status;
    entry.cut = made.cut_after.has_value();
    parts_.log.add(std::move(entry));
    return made;
}

net::server_response platform::handle(const net::server_request& request, time_point now)
{
    advance(now);
    if (request.path == "/control" || request.path.starts_with("/control/")) {
        auto made = control(parts_, request, now);
        advance(now);  // a seed may be due already, the clock may have jumped
        return made;
    }
    auto made = serve(request, now);
    // Clients learn from it how far their clock is from the platform's.
    if (find_header(made.headers, "Date").empty())
        made.headers.emplace_back("Date", net::format_http_date(now + parts_.skew));
    allow_other_origins(made);
    return made;
}

std::string platform::introduction() const
{
    auto accounts = json::array();
    for (const auto key : parts_.state.everybody())
        if (const auto& who = parts_.state.owner_of(key); who.local)
            accounts.push_back({{"name", who.name}, {"token", who.token}, {"id", std::to_string(who.key)}});
    return to_text(
        {{"sandbox", "mastodon"}, {"url", parts_.base}, {"accounts", std::move(accounts)}, {"control", parts_.base + "/control"}});
}

std::string platform::state_document(time_point now) const { return show_state(parts_, now, {}, false); }

}  // namespace halfmast::sandbox
