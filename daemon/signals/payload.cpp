#include "daemon/signals/payload.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/net/http_server.hpp"
#include "daemon/signals/fields.hpp"

namespace halfmast::signals {

namespace {

using nlohmann::json;

constexpr int deepest = 64;  // levels of a payload: what writes it out again calls itself for each
constexpr std::size_t most_by = 80;
constexpr std::string_view our_dedup = "halfmast/";

problem not_that(std::string text) { return {failure::rejected, std::move(text), {}}; }

// Why it cannot be read; empty: it is in `into`. (A json makes itself into anything, so it is no value for a result.)
std::string parse(std::string_view body, json& into)
{
    bool too_deep = false;
    into = json::parse(
        body,
        [&](int depth, json::parse_event_t, json&) {
            too_deep = too_deep || depth > deepest;
            return depth <= deepest;
        },
        false);
    if (into.is_discarded() || too_deep)
        return "the body is not JSON, or nested deeper than " + std::to_string(deepest) + " levels";
    return into.is_object() ? "" : "the body is no JSON object";
}

// "payload=%7B...": how Slack sends what people click.
std::string parse_form(std::string_view body, json& into)
{
    constexpr std::string_view name = "payload=";
    auto end = std::min(body.find('&'), body.size());
    std::string text{body.substr(name.size(), end - std::min(end, name.size()))};
    std::ranges::replace(text, '+', ' ');
    auto decoded = net::percent_decode(text);
    return decoded ? parse(*decoded, into) : "the form's payload cannot be decoded";
}

// What the kinds send, in their own words: used where a rule says nothing else.
struct usual_words {
    std::vector<std::string> what;  // the first that says something
    std::string key;
    std::string link;
    std::vector<std::string> evidence;
    std::vector<field_match> ended;
};

field_match one_of(std::string pointer, std::vector<std::string> any_of)
{
    field_match made;
    made.pointer = std::move(pointer);
    made.any_of = std::move(any_of);
    return made;
}

usual_words words_of_alerts()
{
    usual_words made;
    made.what = {"{/commonAnnotations/summary}", "{/alerts/0/annotations/summary}", "{/title}", "{/commonLabels/alertname}"};
    made.key = "{/groupKey}";
    made.link = "{/externalURL}";
    for (const auto* number : {"0", "1", "2"}) {
        auto at = std::string{"{/alerts/"} + number;
        made.evidence.push_back(at + "/annotations/description}");
        made.evidence.push_back(at + "/annotations/summary}");
    }
    made.ended = {one_of("/status", {"resolved"})};
    return made;
}

usual_words words_of(hook_kind kind, const json& payload)
{
    usual_words made;
    switch (kind) {
    case hook_kind::pagerduty:
        made.what = {"{/event/data/title}", "{/event/data/summary}"};
        made.key = "{/event/data/id}";
        made.link = "{/event/data/html_url}";
        made.evidence = {"{/event/data/service/summary}: {/event/data/title}", "{/event/event_type} at {/event/occurred_at}"};
        made.ended = {one_of("/event/event_type", {"incident.resolved"})};
        return made;
    case hook_kind::alertmanager: return words_of_alerts();
    case hook_kind::grafana:
        if (!payload.contains("alert_group"))
            return words_of_alerts();  // Grafana's own alerting speaks as Alertmanager does
        made.what = {"{/alert_group/title}"};
        made.key = "{/alert_group/id}";
        made.link = "{/alert_group/permalinks/web}";
        made.evidence = {"{/integration/name}: {/alert_group/title}"};
        made.ended = {one_of("/event/type", {"resolve", "resolved"})};
        return made;
    case hook_kind::standard:
        made.what = {"{/data/reason}", "{/data/summary}", "{/type}"};
        made.key = "{/data/key}";
        made.link = "{/data/link}";
        return made;
    case hook_kind::github: made.what = {"{/summary}", "{/title}", "{/action}"}; return made;
    case hook_kind::slack: return made;
    }
    return made;
}

std::string first_said(const std::vector<std::string>& texts, const json& payload)
{
    for (const auto& text : texts)
        if (auto said = fill(text, payload); !said.empty())
            return said;
    return {};
}

// Nothing when the rule names a label that the payload does not have: the flag would be wider than it was meant.
std::optional<scope> scope_of(const hook_rule& rule, const json& payload)
{
    scope over;
    for (const auto& [label, text] : rule.over) {
        auto wanted = fill(text, payload);
        if (wanted.empty())
            return std::nullopt;
        over[label] = std::move(wanted);
    }
    return over;
}

heard_signal signal_of(const hook_settings& hook, const hook_rule& rule, scope over, const json& payload)
{
    auto usual = words_of(hook.kind, payload);
    heard_signal said;
    said.source = "hook/" + hook.name;
    said.what = rule.what.empty() ? first_said(usual.what, payload) : fill(rule.what, payload);
    if (said.what.empty())
        said.what = "hook " + hook.name + " sent a signal";
    said.playbook = rule.playbook;
    said.level = rule.level;
    said.over = std::move(over);
    said.wish = rule.wish;
    for (const auto& text : rule.evidence.empty() ? usual.evidence : rule.evidence)
        if (auto line = fill(text, payload); !line.empty())
            said.evidence.push_back(std::move(line));
    auto key = fill(rule.key.empty() ? usual.key : rule.key, payload);
    if (!key.empty())
        said.key = rule.playbook + "/" + (said.over.empty() ? "" : to_string(said.over) + "/") + key;
    said.link = fill(rule.link.empty() ? usual.link : rule.link, payload);
    if (!said.link.starts_with("https://") && !said.link.starts_with("http://"))
        said.link.clear();
    const auto& ended = rule.ended.empty() ? usual.ended : rule.ended;
    said.ended = !ended.empty() && matches(payload, ended);
    return said;
}

std::string by_whom(std::string_view sender, std::string name)
{
    for (auto& c : name)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    if (name.size() > most_by)
        name.resize(most_by);
    return std::string{sender} + "/" + (name.empty() ? "somebody" : name);
}

std::optional<taken_in_hand> pagerduty_word(const json& payload)
{
    if (text_at(payload, "/event/event_type") != "incident.acknowledged")
        return std::nullopt;
    auto key = text_at(payload, "/event/data/incident_key").value_or("");
    if (!key.starts_with(our_dedup))
        return std::nullopt;
    return taken_in_hand{key.substr(our_dedup.size()), by_whom("pagerduty", text_at(payload, "/event/agent/summary").value_or(""))};
}

std::optional<taken_in_hand> slack_word(const json& payload)
{
    const auto* actions = field_at(payload, "/actions");
    if (text_at(payload, "/type") != "block_actions" || actions == nullptr || !actions->is_array())
        return std::nullopt;
    for (const auto& one : *actions)
        if (text_at(one, "/action_id") == "halfmast_acknowledge") {
            auto name = text_at(payload, "/user/username")
                            .value_or(text_at(payload, "/user/name").value_or(text_at(payload, "/user/id").value_or("")));
            return taken_in_hand{text_at(one, "/value").value_or(""), by_whom("slack", std::move(name))};
        }
    return std::nullopt;
}

// What PagerDuty signs has no time in its signature, but one in its body.
std::optional<problem> doubt_age(const json& payload, time_point now)
{
    auto text = text_at(payload, "/event/occurred_at");
    auto at = text ? parse_rfc3339(*text) : std::nullopt;
    if (!at)
        return not_that("there is no /event/occurred_at");
    if (*at < now - late_leeway || *at > now + late_leeway)
        return problem{failure::conflict, "it is of " + format_utc(*at) + ", too far from now", {}};
    return std::nullopt;
}

}  // namespace

result<meaning> read_payload(const hook_settings& hook, std::span<const hook_rule> rules, std::string_view body, time_point now)
{
    bool form = hook.kind == hook_kind::slack && body.starts_with("payload=");
    json payload;
    if (auto wrong = form ? parse_form(body, payload) : parse(body, payload); !wrong.empty())
        return not_that(std::move(wrong));
    if (hook.kind == hook_kind::pagerduty)
        if (auto old = doubt_age(payload, now))
            return *old;
    if (hook.kind == hook_kind::slack && text_at(payload, "/type") == "url_verification")
        return meaning{asked_back{text_at(payload, "/challenge").value_or("")}};
    auto word = hook.kind == hook_kind::pagerduty ? pagerduty_word(payload)
                : hook.kind == hook_kind::slack   ? slack_word(payload)
                                                  : std::optional<taken_in_hand>{};
    if (word) {
        if (hook.acknowledges)
            return meaning{std::move(*word)};
        return meaning{of_no_interest{"it acknowledges a page, and this hook is not set to (acknowledges = true)"}};
    }
    for (const auto& rule : rules) {
        if (rule.hook != hook.name || !matches(payload, rule.match))
            continue;
        if (auto over = scope_of(rule, payload))
            return meaning{signal_of(hook, rule, std::move(*over), payload)};
    }
    return meaning{of_no_interest{"no rule of the settings matches it"}};
}

}  // namespace halfmast::signals
