// GoAlert's generic API: idempotent by "dedup". It has no call that acknowledges.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

std::optional<http_request> write_goalert(const receiver_settings& to, const page_letter& letter, time_point)
{
    if (letter.verb == page_verb::acknowledge)
        return std::nullopt;
    json body{{"summary", subject(letter)}, {"details", text(letter)}, {"dedup", "halfmast/" + letter.dedup}};
    if (letter.verb == page_verb::resolve)
        body["action"] = "close";
    // The token goes in the address: that is the only place it is read from.
    return post_json(to, to.url + "/api/v2/generic/incoming?token=" + net::percent_encode(to.secret), body);
}

}  // namespace

wire goalert_wire() { return {"goalert", write_goalert, read_api_status, false, true}; }

}  // namespace halfmast::alert
