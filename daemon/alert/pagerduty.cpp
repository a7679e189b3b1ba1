// PagerDuty Events API v2. Idempotent by dedup_key: a letter that comes twice adds to the open alert.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_pagerduty_summary = 1'024;
constexpr std::size_t most_dedup_key = 255;

std::string_view pagerduty_severity(page_level level)
{
    switch (level) {
    case page_level::minor: return "warning";
    case page_level::major: return "error";
    case page_level::critical: return "critical";
    }
    return "error";
}

json pagerduty_payload(const page_letter& letter)
{
    json details{{"todo", letter.todo}, {"count", letter.count}, {"page", letter.group}, {"since", format_utc(letter.since)}};
    if (!letter.more.empty())
        details["more"] = letter.more;
    if (!letter.owner.empty())
        details["owner"] = letter.owner.value;
    json payload{{"summary", cut(one_line(marked_what(letter)), most_pagerduty_summary)},
                 {"source", "halfmast"},
                 {"severity", letter.test ? "info" : pagerduty_severity(letter.level)},
                 {"timestamp", format_utc(letter.since)},
                 {"class", letter.kind},
                 {"custom_details", std::move(details)}};
    if (!letter.crisis.empty())
        payload["group"] = letter.crisis.value;
    return payload;
}

std::optional<http_request> write_event(const receiver_settings& to, const page_letter& letter, time_point)
{
    json event{{"routing_key", to.secret},
               {"event_action", to_string(letter.verb)},
               {"dedup_key", ("halfmast/" + letter.dedup).substr(0, most_dedup_key)},
               {"client", "halfmast"}};
    if (letter.verb == page_verb::trigger) {
        event["payload"] = pagerduty_payload(letter);
        if (letter.link.starts_with("https://"))
            event["links"] = json::array({{{"href", letter.link}, {"text", "look"}}});
    }
    return post_json(to, to.url, event);
}

}  // namespace

wire pagerduty_wire() { return {"pagerduty", write_event, read_api_status}; }

}  // namespace halfmast::alert
