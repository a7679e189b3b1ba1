// Discord webhook. Nobody is pinged by what stands in a post. Too many refusals end in a ban of the address: 401 and 404 are not
// tried soon.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_discord_content = 1'900;  // of 2,000 characters

std::optional<http_request> write_discord(const receiver_settings& to, const page_letter& letter, time_point)
{
    auto content = "**" + subject(letter) + "**\n" + text(letter, most_discord_content - 300);
    json body{{"content", cut(content, most_discord_content)}, {"allowed_mentions", {{"parse", json::array()}}}};
    return post_json(to, to.url, body);
}

result<std::string> read_discord(const http_response& answer)
{
    auto said = read_api_status(answer);
    if (said || answer.status != 429 || said.error().retry_after)
        return said;
    auto wrong = said.error();
    if (auto body = json::parse(answer.body, nullptr, false);
        body.is_object() && body.contains("retry_after") && body["retry_after"].is_number())
        wrong.retry_after =
            milliseconds{static_cast<std::int64_t>(std::clamp(body["retry_after"].get<double>(), 0.5, 3'600.0) * 1'000)};
    return wrong;
}

}  // namespace

wire discord_wire() { return {"discord", write_discord, read_discord}; }

}  // namespace halfmast::alert
