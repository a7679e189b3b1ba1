// The daemon as a whole: status, probes, doctor, audit; and what all handlers share.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

constexpr int usual_page = 100;
constexpr int most_page = 1000;

template <class Number>
std::optional<Number> positive(const std::string& text)
{
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1)
        return std::nullopt;
    return value;
}

}  // namespace

net::server_response json(int status, const document& body)
{
    net::server_response made{status, dump(body)};
    return made;
}

std::string query(const call& asked, const char* name)
{
    auto found = asked.request.query.find(name);
    return found == asked.request.query.end() ? std::string{} : found->second;
}

std::optional<trouble> unknown_member(const call& asked, std::initializer_list<std::string_view> known)
{
    for (const auto& [name, value] : asked.request.query)
        if (std::ranges::find(known, std::string_view{name}) == known.end()) {
            text::nearest search{name};
            for (auto one : known)
                search.offer(one);
            return bad_request("unknown query member '" + name + "'." + search.question());
        }
    return std::nullopt;
}

bool flag(const call& asked, const char* name)
{
    auto value = query(asked, name);
    return value == "1" || value == "true";
}

response status(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"all"}))
        co_return to_response(*wrong);
    co_return json(200, status_message(asked.daemon, flag(asked, "all")));
}

response livez(const call&)
{
    document body;
    body["schema"] = "halfmast.health/1";
    body["ok"] = true;
    co_return json(200, body);
}

response readyz(const call& asked)
{
    auto reasons = asked.daemon.degraded();
    document body;
    body["schema"] = "halfmast.health/1";
    body["ok"] = reasons.empty();
    body["degraded"] = reasons;
    co_return json(reasons.empty() ? 200 : 503, body);
}

response doctor(const call& asked)
{
    auto reports = co_await asked.daemon.doctor();
    auto message = doctor_message(reports, asked.daemon.degraded());
    message["duty"] = duty_members(asked.daemon.known(), asked.daemon.rules().pages, asked.daemon.now());
    co_return json(200, message);
}

response audit(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"target", "before", "limit"}))
        co_return to_response(*wrong);
    int limit = usual_page;
    if (auto text = query(asked, "limit"); !text.empty()) {
        auto number = positive<int>(text);
        if (!number || *number > most_page)
            co_return to_response(
                bad_request("limit must be a number from 1 to " + std::to_string(most_page) + "; '" + text + "' is not"));
        limit = *number;
    }
    std::int64_t before = 0;
    if (auto text = query(asked, "before"); !text.empty()) {
        auto number = positive<std::int64_t>(text);
        if (!number)
            co_return to_response(bad_request("before must be the number of a record; '" + text + "' is not"));
        before = *number;
    }
    auto target = query(asked, "target");
    auto found = co_await asked.daemon.history(std::move(target), before, limit);
    if (!found)
        co_return to_response(from_problem(found.error()));
    co_return json(200, audit_message(*found, limit));
}

}  // namespace halfmast::api::handlers
