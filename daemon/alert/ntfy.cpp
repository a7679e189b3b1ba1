// ntfy, JSON to the server's root. A public topic is read by whoever guesses its name: nothing secret is in a letter anyway.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_ntfy_message = 3'900;  // of 4,096 bytes: a longer one becomes an attachment that nobody opens at night

int ntfy_priority(const page_letter& letter)
{
    if (letter.test || letter.verb != page_verb::trigger)
        return 3;
    switch (letter.level) {
    case page_level::minor: return 3;
    case page_level::major: return 4;
    case page_level::critical: return 5;
    }
    return 4;
}

std::optional<http_request> write_ntfy(const receiver_settings& to, const page_letter& letter, time_point)
{
    json body{{"topic", to.topic},
              {"title", subject(letter)},
              {"message", text(letter, most_ntfy_message)},
              {"priority", ntfy_priority(letter)}};
    body["tags"] = json::array({letter.verb == page_verb::trigger ? "rotating_light" : "white_check_mark", letter.kind});
    if (letter.link.starts_with("http"))
        body["click"] = letter.link;
    // The telephone itself sends it; the notification goes away with it.
    if (letter.verb == page_verb::trigger && !letter.acknowledge_url.empty())
        body["actions"] = json::array(
            {{{"action", "http"}, {"label", "I have it"}, {"url", letter.acknowledge_url}, {"method", "POST"}, {"clear", true}}});
    auto request = post_json(to, to.url + "/", body);
    if (!to.secret.empty())
        request.headers.emplace_back("Authorization", "Bearer " + to.secret);
    return request;
}

}  // namespace

wire ntfy_wire() { return {"ntfy", write_ntfy, read_api_status}; }

}  // namespace halfmast::alert
