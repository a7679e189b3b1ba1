// Prometheus Alertmanager, API v2. Alerts are known by their labels alone, so those never change while a page is open; an alert
// that is not told again ends by itself, so each is told again long before it would, and it does not outlive a dead daemon by more
// than some hours.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

constexpr std::chrono::minutes alert_refresh{5};
constexpr std::chrono::hours alert_lasts{4};

http_request post_alerts(const receiver_settings& to, const json& alerts)
{
    auto request = post_json(to, to.url + "/api/v2/alerts", alerts);
    if (!to.username.empty())
        request.headers.emplace_back("Authorization", "Basic " + base64(to.username + ":" + to.secret));
    else if (!to.secret.empty())
        request.headers.emplace_back("Authorization", "Bearer " + to.secret);
    return request;
}

json one_alert(const page_letter& letter, page_level level, time_point ends)
{
    json labels{{"alertname", "HalfmastPage"},
                {"job", "halfmast"},
                {"severity", to_string(level)},
                {"kind", letter.kind},
                {"page", letter.dedup}};
    if (!letter.crisis.empty())
        labels["crisis"] = letter.crisis.value;
    if (letter.drill)
        labels["drill"] = "true";
    if (letter.test)
        labels["alertname"] = "HalfmastTest";
    json annotations{{"summary", cut(letter.drill ? marked_what(letter) : letter.what, 1'000)}, {"description", text(letter)}};
    if (!letter.todo.empty())
        annotations["todo"] = letter.todo;
    if (!letter.owner.empty())
        annotations["owner"] = letter.owner.value;
    if (!letter.acknowledged_by.empty())
        annotations["acknowledged_by"] = letter.acknowledged_by.value;
    json made{{"labels", std::move(labels)},
              {"annotations", std::move(annotations)},
              {"startsAt", format_utc(letter.since)},
              {"endsAt", format_utc(ends)}};
    if (letter.link.starts_with("http"))
        made["generatorURL"] = letter.link;
    return made;
}

std::optional<http_request> write_alert(const receiver_settings& to, const page_letter& letter, time_point now)
{
    bool over = letter.verb == page_verb::resolve;
    json alerts = json::array();
    alerts.push_back(one_alert(letter, letter.level, over ? now : letter.test ? now + std::chrono::minutes{1} : now + alert_lasts));
    // It may have begun as a smaller one: that is another alert to Alertmanager, and it is over now.
    if (letter.number > 1)
        for (auto level : {page_level::minor, page_level::major})
            if (level < letter.level)
                alerts.push_back(one_alert(letter, level, now));
    return post_alerts(to, alerts);
}

}  // namespace

http_request alive_request(const receiver_settings& to, const std::string& machine, time_point now, milliseconds every)
{
    json alive{
        {"labels", {{"alertname", "HalfmastAlive"}, {"job", "halfmast"}, {"instance", machine}, {"severity", "none"}}},
        {"annotations", {{"summary", "halfmast is alive; this alert always fires, and its end is what has to wake somebody"}}},
        {"endsAt", format_utc(now + 3 * every)}};
    return post_alerts(to, json::array({std::move(alive)}));
}

wire alertmanager_wire() { return {"alertmanager", write_alert, read_api_status, true, true, alert_refresh}; }

}  // namespace halfmast::alert
