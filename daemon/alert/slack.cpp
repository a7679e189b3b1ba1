// Slack incoming webhook. Its answer has no id of the message: what was said there cannot be changed or answered by us later.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::size_t most_slack_header = 150;
constexpr std::size_t most_slack_section = 2'900;
constexpr std::size_t most_slack_value = 2'000;

// What stands in a post must not ping a channel: <!channel> is a mention only when it is not escaped.
std::string slack_escaped(std::string_view text)
{
    std::string made;
    for (char c : text) {
        if (c == '&')
            made += "&amp;";
        else if (c == '<')
            made += "&lt;";
        else if (c == '>')
            made += "&gt;";
        else
            made += c;
    }
    return made;
}

// Escaping makes it longer, so what is too long is cut before.
std::string slack_text(const std::string& text, std::size_t most)
{
    auto made = slack_escaped(text);
    for (auto keep = text.size(); made.size() > most && keep > 16; keep = keep * 9 / 10)
        made = slack_escaped(cut(text, keep * 9 / 10));
    return made;
}

std::optional<http_request> write_slack(const receiver_settings& to, const page_letter& letter, time_point)
{
    json blocks = json::array();
    blocks.push_back({{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", subject(letter, most_slack_header)}}}});
    blocks.push_back({{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", slack_text(text(letter), most_slack_section)}}}});
    blocks.push_back({{"type", "context"},
                      {"elements", json::array({{{"type", "mrkdwn"}, {"text", slack_escaped("halfmast · " + letter.group)}}})}});
    auto buttons = json::array();
    // A click goes to the app's own address, which has to be a hook of ours.
    if (to.buttons && letter.verb == page_verb::trigger && !letter.test && letter.dedup.size() <= most_slack_value)
        buttons.push_back({{"type", "button"},
                           {"text", {{"type", "plain_text"}, {"text", "I have it"}}},
                           {"style", "primary"},
                           {"action_id", "halfmast_acknowledge"},
                           {"value", letter.dedup}});
    if (letter.link.starts_with("https://"))
        buttons.push_back({{"type", "button"}, {"text", {{"type", "plain_text"}, {"text", "Look"}}}, {"url", letter.link}});
    if (!buttons.empty())
        blocks.push_back({{"type", "actions"}, {"elements", std::move(buttons)}});
    return post_json(to, to.url, {{"text", slack_text(subject(letter), most_slack_section)}, {"blocks", std::move(blocks)}});
}

result<std::string> read_slack(const http_response& answer)
{
    auto said = read_status(answer);
    // 200 and not "ok" is a proxy's page, or a workspace that is gone.
    if (said && answer.body != "ok")
        return problem{failure::bad_reply, "answered 200, but not \"ok\": " + excerpt(answer.body), {}};
    return said;
}

}  // namespace

wire slack_wire() { return {"slack", write_slack, read_slack}; }

}  // namespace halfmast::alert
