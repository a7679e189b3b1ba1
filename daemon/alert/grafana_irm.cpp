// Grafana OnCall and Cloud IRM, the "formatted webhook" integration. It has no state for "somebody has it in hand".
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

std::optional<http_request> write_grafana(const receiver_settings& to, const page_letter& letter, time_point)
{
    if (letter.verb == page_verb::acknowledge)
        return std::nullopt;
    json body{{"alert_uid", "halfmast/" + letter.dedup},
              {"title", subject(letter)},
              {"state", letter.verb == page_verb::resolve ? "ok" : "alerting"},
              {"message", text(letter)}};
    if (letter.link.starts_with("http"))
        body["link_to_upstream_details"] = letter.link;
    return post_json(to, to.url, body);
}

}  // namespace

wire grafana_irm_wire() { return {"grafana-irm", write_grafana, read_api_status, false, true}; }

}  // namespace halfmast::alert
