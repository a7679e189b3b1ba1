// Microsoft Teams, a workflow's webhook: an Adaptive Card. 202 is accepted, not shown: the workflow may fail later, unseen from
// here.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

json card_text(const std::string& text, bool strong)
{
    json block{{"type", "TextBlock"}, {"text", text}, {"wrap", true}};
    if (strong) {
        block["weight"] = "Bolder";
        block["size"] = "Medium";
    }
    return block;
}

std::optional<http_request> write_teams(const receiver_settings& to, const page_letter& letter, time_point)
{
    json card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"}, {"type", "AdaptiveCard"}, {"version", "1.4"}};
    card["body"] = json::array({card_text(subject(letter), true)});
    auto lines = text(letter);
    for (std::size_t at = 0; at < lines.size();) {  // a card joins single line breaks
        auto end = std::min(lines.find('\n', at), lines.size());
        card["body"].push_back(card_text(lines.substr(at, end - at), false));
        at = end + 1;
    }
    if (letter.link.starts_with("https://"))
        card["actions"] = json::array({{{"type", "Action.OpenUrl"}, {"title", "Look"}, {"url", letter.link}}});
    json attachment{
        {"contentType", "application/vnd.microsoft.card.adaptive"}, {"contentUrl", nullptr}, {"content", std::move(card)}};
    return post_json(to, to.url, {{"type", "message"}, {"attachments", json::array({std::move(attachment)})}});
}

}  // namespace

wire teams_wire() { return {"teams", write_teams, read_api_status}; }

}  // namespace halfmast::alert
