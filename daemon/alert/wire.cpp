#include "daemon/alert/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::alert {

using nlohmann::json;

namespace {

constexpr std::size_t most_excerpt = 200;
constexpr milliseconds most_wait{std::chrono::hours{1}};  // longer than that a page does not wait for anybody's word

const std::array<wire, 13> wires{webhook_wire(),     alertmanager_wire(), pagerduty_wire(), opsgenie_wire(), ntfy_wire(),
                                 gotify_wire(),      slack_wire(),        discord_wire(),   teams_wire(),    goalert_wire(),
                                 grafana_irm_wire(), pushover_wire(),     twilio_wire()};

failure failure_of_status(int status)
{
    switch (status) {
    case 401: return failure::auth_expired;
    case 403: return failure::forbidden;
    case 404:
    case 410: return failure::not_found;
    case 429: return failure::rate_limited;
    case 408:
    case 425: return failure::unknown_outcome;
    default: return status >= 300 && status < 500 ? failure::rejected : failure::unknown_outcome;
    }
}

// Seconds, or a date, which is read by the sender's own clock.
std::optional<milliseconds> retry_after(const http_response& answer)
{
    auto said = find_header(answer.headers, "Retry-After");
    long whole = 0;
    auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), whole);
    if (error == std::errc{} && whole >= 0)
        return std::clamp<milliseconds>(std::chrono::seconds{std::min(whole, 86'400L)}, milliseconds{1'000}, most_wait);
    auto until = net::parse_http_date(said);
    auto now = net::parse_http_date(find_header(answer.headers, "Date"));
    if (!until || !now)
        return std::nullopt;
    return std::clamp<milliseconds>(*until - *now, milliseconds{1'000}, most_wait);
}

}  // namespace

std::span<const wire> all_wires() { return wires; }

const wire* find_wire(std::string_view kind)
{
    for (const auto& one : wires)
        if (one.kind == kind)
            return &one;
    return nullptr;
}

std::string excerpt(std::string_view body) { return cut(one_line(body.substr(0, most_excerpt * 2)), most_excerpt); }

result<std::string> read_status(const http_response& answer)
{
    auto said = std::to_string(answer.status) + (answer.body.empty() ? "" : " " + excerpt(answer.body));
    if (answer.status >= 200 && answer.status < 300)
        return said;
    problem wrong{failure_of_status(answer.status), "answered " + said, {}};
    if (answer.status == 429 || answer.status == 503)
        wrong.retry_after = retry_after(answer);
    return wrong;
}

result<std::string> read_api_status(const http_response& answer)
{
    auto said = read_status(answer);
    auto begin = answer.body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    if (said && begin != std::string::npos && answer.body[begin] == '<')
        return problem{failure::bad_reply,
                       "answered " + std::to_string(answer.status)
                           + " with a page for browsers, as a proxy or a sign-in does: " + excerpt(answer.body),
                       {}};
    return said;
}

std::string dump(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

http_request post_json(const receiver_settings& to, const std::string& url, const json& body)
{
    http_request made{"POST", url};
    made.headers.emplace_back("Content-Type", "application/json");
    made.body = dump(body);
    made.publishes = true;
    made.timeout = to.timeout;
    made.most_body = 64u << 10;
    return made;
}

http_request post_form(const receiver_settings& to, const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& fields)
{
    http_request made{"POST", url};
    made.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    for (const auto& [name, value] : fields) {
        made.body += (made.body.empty() ? "" : "&") + name + "=";
        made.body += net::percent_encode(value);
    }
    made.publishes = true;
    made.timeout = to.timeout;
    made.most_body = 64u << 10;
    return made;
}

}  // namespace halfmast::alert
