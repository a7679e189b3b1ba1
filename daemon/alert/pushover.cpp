// Pushover. A critical page is sent with its highest priority, which repeats on the telephone until somebody touches it.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_pushover_message = 1'000;  // of 1,024
constexpr std::size_t most_pushover_title = 240;
constexpr std::size_t most_pushover_url = 512;

std::optional<http_request> write_pushover(const receiver_settings& to, const page_letter& letter, time_point)
{
    bool wakes = letter.verb == page_verb::trigger && !letter.test;
    int priority = !wakes || letter.level == page_level::minor ? 0 : letter.level == page_level::major ? 1 : 2;
    std::vector<std::pair<std::string, std::string>> fields{{"token", to.secret},
                                                            {"user", to.user},
                                                            {"title", subject(letter, most_pushover_title)},
                                                            {"message", text(letter, most_pushover_message)},
                                                            {"priority", std::to_string(priority)}};
    if (priority == 2) {
        fields.emplace_back("retry", "60");
        fields.emplace_back("expire", "3600");
    }
    if (letter.link.starts_with("http") && letter.link.size() <= most_pushover_url)
        fields.emplace_back("url", letter.link);
    return post_form(to, to.url, fields);
}

result<std::string> read_pushover(const http_response& answer)
{
    auto said = read_status(answer);
    if (!said)
        return said;
    auto body = json::parse(answer.body, nullptr, false);
    if (!body.is_object() || body.value("status", json(0)) != json(1))
        return problem{failure::rejected, "answered 200, but not status 1: " + excerpt(answer.body), {}};
    return said;
}

}  // namespace

wire pushover_wire() { return {"pushover", write_pushover, read_pushover}; }

}  // namespace halfmast::alert
