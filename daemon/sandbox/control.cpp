#include "daemon/sandbox/control.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/platform.hpp"
#include "daemon/sandbox/stage.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

json optional_time(const std::optional<time_point>& at) { return at ? json(iso(*at)) : json(nullptr); }

json state_of(const platform_parts& parts, const person& who, bool brief)
{
    auto shown = json{{"name", who.name},
                      {"id", std::to_string(who.key)},
                      {"revoked", who.revoked},
                      {"scheduled_count", who.queue.size()},
                      {"published_count", who.statuses.size()},
                      {"vanished", who.vanished},
                      {"late_jobs", who.late_jobs},
                      {"counts", to_json(parts.log.counts_of(who.name))}};
    if (brief)
        return shown;
    auto queued = json::array();
    auto& state = const_cast<world&>(parts.state);
    for (const auto key : who.queue) {
        const auto& post = *state.find_scheduled(key);
        auto media_ids = json::array();
        for (const auto file : post.words.media)
            media_ids.push_back(std::to_string(file));
        queued.push_back(
            {{"id", std::to_string(key)}, {"due", iso(post.due)}, {"text", post.words.text}, {"media_ids", std::move(media_ids)}});
    }
    auto out = json::array();
    for (const auto key : who.statuses) {
        const auto& post = *parts.state.find_status(key);
        auto optional_id = [](const std::optional<id>& one) { return one ? json(std::to_string(*one)) : json(nullptr); };
        auto earlier = json::array();
        for (const auto& old : post.history)
            earlier.push_back({{"at", iso(old.at)}, {"text", old.text}});
        out.push_back({{"id", std::to_string(key)},
                       {"at", iso(post.at)},
                       {"text", post.words.text},
                       {"pinned", post.pinned},
                       {"visibility", post.visibility},
                       {"language", post.words.language ? json(*post.words.language) : json(nullptr)},
                       {"in_reply_to_id", optional_id(post.words.in_reply_to)},
                       {"edited", optional_time(post.edited)},
                       {"earlier", std::move(earlier)},
                       {"ignored_due", optional_time(post.ignored_due)},
                       {"was_scheduled", optional_id(post.was_scheduled)}});
    }
    shown["scheduled"] = std::move(queued);
    shown["published"] = std::move(out);
    return shown;
}

json whole_state(const platform_parts& parts, time_point now, const std::string& account, bool brief)
{
    auto accounts = json::array();
    for (const auto key : parts.state.everybody()) {
        const auto& who = parts.state.owner_of(key);
        if (who.local && (account.empty() || who.name == account))
            accounts.push_back(state_of(parts, who, brief));
    }
    return {{"now", iso(now + parts.skew)},
            {"skew_ms", parts.skew.count()},
            {"scheduled_count", parts.state.scheduled_in_all()},
            {"accounts", std::move(accounts)},
            {"total", to_json(parts.log.total())}};
}

reply stage(const result<std::string>& made)
{
    if (made)
        return reply{200, *made};
    return refuse(made.error().kind == failure::not_found ? 404 : 422, made.error().detail);
}

reply set_faults(platform_parts& parts, const net::server_request& request)
{
    auto plan = fault_plan::parse(request.body);
    if (!plan)
        return refuse(422, plan.error().detail);
    // A plan that names a seed brings its own dice; otherwise they go on rolling.
    if (json::parse(request.body).contains("seed"))
        parts.plan = std::move(*plan);
    else
        parts.plan.take_rules(std::move(*plan));
    return answer(json::parse(parts.plan.show()));
}

reply set_clock(platform_parts& parts, const json& asked, time_point now)
{
    const auto by_skew = asked.contains("skew");
    if (asked.size() != 1 || (!by_skew && !asked.contains("forward")))
        return refuse(422, "the clock takes either skew (the platform's time minus true time) or forward (how far to go on)");
    const auto length = parse_signed_duration(by_skew ? asked["skew"].get<std::string>() : asked["forward"].get<std::string>());
    if (!length || (!by_skew && *length < milliseconds{0}))
        return refuse(422, by_skew ? "skew: not such as +3m or -10s" : "forward: not such as 10m");
    const auto skew = by_skew ? *length : parts.skew + *length;
    // Forward, everything in between happens as if the time had been waited for, the sweeps too. Back, the rhythm starts anew.
    const auto back = skew < parts.skew;
    parts.skew = skew;
    if (back)
        parts.state.restart_timers(now + parts.skew);
    return answer({{"now", iso(now + parts.skew)}, {"skew_ms", parts.skew.count()}});
}

reply revoke(platform_parts& parts, const json& asked)
{
    auto* who = parts.state.by_name(asked.value("account", ""));
    if (who == nullptr)
        return refuse(422, "there is no such account here");
    who->revoked = !asked.value("restore", false);
    return answer({{"account", who->name}, {"revoked", who->revoked}});
}

reply add_account(platform_parts& parts, const json& asked, time_point now)
{
    const auto name = asked.value("name", "");
    if (name.empty() || parts.state.by_name(name) != nullptr)
        return refuse(422, "name: missing, or taken");
    const auto& who = parts.state.add_person(name, asked.value("token", "token-of-" + name), true, now + parts.skew);
    return answer({{"name", who.name}, {"token", who.token}, {"id", std::to_string(who.key)}});
}

// Changes numbers and traps while the platform runs. All or nothing.
reply set_rules(platform_parts& parts, const json& asked, time_point now)
{
    auto changed = parts.set;
    auto latency = parts.latency;
    auto limits = std::optional<std::vector<rate_rule>>{};
    for (const auto& [name, value] : asked.items()) {
        auto known = false;
        const auto length = value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
        for (const auto& [key, place] :
             {std::pair{"min_schedule", &changed.min_schedule}, std::pair{"sweep_interval", &changed.sweep_interval},
              std::pair{"sweep_window", &changed.sweep_window}, std::pair{"media_life", &changed.media_life},
              std::pair{"vacuum_every", &changed.vacuum_every}, std::pair{"media_processing", &changed.media_processing},
              std::pair{"idempotency_life", &changed.idempotency_life}, std::pair{"latency", &latency}})
            if (name == key && length) {
                *place = *length;
                known = true;
            }
        for (const auto& [key, place] :
             {std::pair{"most_a_day", &changed.most_a_day}, std::pair{"most_in_all", &changed.most_in_all},
              std::pair{"most_pins", &changed.most_pins}, std::pair{"most_characters", &changed.most_characters},
              std::pair{"most_media", &changed.most_media}})
            if (name == key && value.is_number_integer()) {
                *place = value.get<int>();
                known = true;
            }
        if (name == "traps" && value.is_object())
            known = std::ranges::all_of(value.items(), [&](const auto& each) {
                auto* flag = find_trap(changed.on, each.key());
                if (flag != nullptr && each.value().is_boolean())
                    *flag = each.value().template get<bool>();
                return flag != nullptr && each.value().is_boolean();
            });
        if (name == "version" && value.is_string()) {
            changed.version = value.get<std::string>();
            known = true;
        }
        if (name == "rate_limit" && value.is_string()) {
            limits = parse_rate_rules(value.get<std::string>(), asked.value("burst", 0));
            known = limits.has_value();
        }
        if (!known && name != "burst")
            return refuse(422, name + ": unknown, or of the wrong kind");
    }
    if (changed.sweep_interval <= milliseconds{0} || changed.vacuum_every <= milliseconds{0})
        return refuse(422, "sweep_interval and vacuum_every must be longer than nothing");
    parts.set = changed;
    parts.latency = latency;
    if (limits)
        parts.limits = limiter{std::move(*limits)};
    parts.state.restart_timers(now + parts.skew);
    return answer({{"changed", asked}});
}

reply show(platform_parts& parts, const net::server_request& request, const std::string& what, time_point now)
{
    const auto from = parameters::read(request);
    const auto account = from.text("account").value_or("");
    if (what.empty())
        return answer(
            {{"GET", {"state", "log", "faults"}},
             {"POST",
              {"seed", "published", "mention", "edit", "faults", "clock", "rules", "accounts", "revoke", "sweep", "vacuum"}},
             {"DELETE", {"faults", "log"}}});
    if (what == "state")
        return answer(whole_state(parts, now, account, from.flag("brief").value_or(false)));
    if (what == "log")
        return answer(
            {{"log",
              parts.log.show(static_cast<std::size_t>(std::max<std::int64_t>(0, from.number("limit").value_or(1000))), account)}});
    if (what == "faults")
        return answer(json::parse(parts.plan.show()));
    return refuse(404, "no such control endpoint");
}

reply change(platform_parts& parts, const net::server_request& request, const std::string& what, time_point now)
{
    const auto at = now + parts.skew;
    if (what == "faults")
        return set_faults(parts, request);
    if (what == "sweep")
        return answer({{"handed", parts.state.sweep(at)}});
    if (what == "vacuum")
        return answer({{"removed", parts.state.vacuum(at)}});
    const auto asked = json::parse(request.body, nullptr, false);
    if (asked.is_discarded() || (!asked.is_object() && what != "seed"))
        return refuse(400, "the body is not a JSON object");
    if (what == "seed")
        return stage(seed(parts.state, asked, at));
    if (what == "published")
        return stage(put_published(parts.state, asked, at));
    if (what == "mention")
        return stage(put_mention(parts.state, asked, at));
    if (what == "edit")
        return stage(edit_as_other(parts.state, asked, at));
    if (what == "clock")
        return set_clock(parts, asked, now);
    if (what == "revoke")
        return revoke(parts, asked);
    if (what == "accounts")
        return add_account(parts, asked, now);
    if (what == "rules")
        return set_rules(parts, asked, now);
    return refuse(404, "no such control endpoint");
}

bool from_this_machine(const std::string& remote)
{
    // An empty one: asked in the same process, without a socket.
    return remote.empty() || remote.starts_with("127.") || remote.starts_with("[::1]") || remote.starts_with("::1")
           || remote == "unix";
}

}  // namespace

net::server_response control(platform_parts& parts, const net::server_request& request, time_point now)
{
    if (!from_this_machine(request.remote))
        return refuse(403, "control is for this machine only");
    const auto what = request.path.size() > 9 ? request.path.substr(9) : std::string{};
    try {
        if (request.method == "GET")
            return show(parts, request, what, now);
        if (request.method == "POST" || request.method == "PUT")
            return change(parts, request, what, now);
        if (request.method == "DELETE" && what == "faults") {
            parts.plan.take_rules({});
            return answer(json::object());
        }
        if (request.method == "DELETE" && what == "log") {
            parts.log.clear();
            return answer(json::object());
        }
    } catch (const json::exception& wrong) {
        return refuse(422, wrong.what());
    }
    return refuse(405, "no such control endpoint for this method");
}

std::string show_state(const platform_parts& parts, time_point now, const std::string& account, bool brief)
{
    return to_text(whole_state(parts, now, account, brief));
}

}  // namespace halfmast::sandbox
