// Opsgenie alerts, known by their alias. The vendor ends the product; its answers say "accepted", not "done".
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_opsgenie_message = 130;
constexpr std::size_t most_opsgenie_alias = 512;

std::string_view opsgenie_priority(const page_letter& letter)
{
    if (letter.test)
        return "P5";
    switch (letter.level) {
    case page_level::minor: return "P4";
    case page_level::major: return "P2";
    case page_level::critical: return "P1";
    }
    return "P2";
}

std::optional<http_request> write_opsgenie(const receiver_settings& to, const page_letter& letter, time_point)
{
    auto alias = ("halfmast/" + letter.dedup).substr(0, most_opsgenie_alias);
    auto url = to.url + "/v2/alerts";
    json body{{"source", "halfmast"}};
    if (letter.verb == page_verb::trigger) {
        body["message"] = cut(one_line(marked_what(letter)), most_opsgenie_message);
        body["alias"] = alias;
        body["description"] = text(letter);
        body["priority"] = opsgenie_priority(letter);
        body["tags"] = json::array({"halfmast", letter.kind});
        body["details"] = {{"page", letter.group}, {"crisis", letter.crisis.value}};
    } else {
        url += "/" + net::percent_encode(alias) + (letter.verb == page_verb::resolve ? "/close" : "/acknowledge")
               + "?identifierType=alias";
        body["note"] = cut(subject(letter), 1'000);
    }
    auto request = post_json(to, url, body);
    request.headers.emplace_back("Authorization", "GenieKey " + to.secret);
    return request;
}

}  // namespace

wire opsgenie_wire() { return {"opsgenie", write_opsgenie, read_api_status}; }

}  // namespace halfmast::alert
