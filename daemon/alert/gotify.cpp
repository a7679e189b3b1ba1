// Gotify, with an application's token.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

int gotify_priority(const page_letter& letter)
{
    if (letter.test || letter.verb != page_verb::trigger)
        return 3;
    return letter.level == page_level::critical ? 10 : letter.level == page_level::major ? 8 : 4;
}

std::optional<http_request> write_gotify(const receiver_settings& to, const page_letter& letter, time_point)
{
    json body{{"title", subject(letter)}, {"message", text(letter)}, {"priority", gotify_priority(letter)}};
    if (letter.link.starts_with("http"))
        body["extras"] = {{"client::notification", {{"click", {{"url", letter.link}}}}}};
    auto request = post_json(to, to.url + "/message", body);
    request.headers.emplace_back("X-Gotify-Key", to.secret);
    return request;
}

}  // namespace

wire gotify_wire() { return {"gotify", write_gotify, read_api_status}; }

}  // namespace halfmast::alert
