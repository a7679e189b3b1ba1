// What is known of an account before a crisis: the member "ready" of status, and the lines of doctor.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/api/messages.hpp"

namespace halfmast::api {

namespace {

document time_or_null(const std::optional<time_point>& at) { return at ? document(format_utc(*at)) : document(nullptr); }

// true, false, "person", or null while it is not known.
document standing_value(const readiness& ready, ability of)
{
    const auto* one = find_ability(ready, of);
    if (one == nullptr)
        return nullptr;
    switch (one->now) {
    case standing::unknown: return nullptr;
    case standing::ready: return true;
    case standing::lost: return false;
    case standing::by_person: return "person";
    }
    return nullptr;
}

// The rungs that can be held by; null while nothing is known of any.
document rungs_ready(const readiness& ready)
{
    auto rungs = document::array();
    bool known = false;
    for (const auto& one : ready.abilities) {
        if (one.of != ability::hold || one.now == standing::unknown)
            continue;
        known = true;
        if (one.now != standing::lost && one.by)
            rungs.push_back(to_string(*one.by));
    }
    return known ? rungs : document(nullptr);
}

document lost_list(const readiness& ready)
{
    auto list = document::array();
    for (const auto& one : ready.abilities) {
        if (one.now != standing::lost)
            continue;
        document item;
        item["ability"] = to_string(one.of);
        item["rung"] = one.by ? document(to_string(*one.by)) : document(nullptr);
        item["since"] = format_utc(one.since);
        item["detail"] = one.detail;
        list.push_back(std::move(item));
    }
    return list;
}

}  // namespace

document ready_member(const policy& rules, const account& declared, const readiness& ready, time_point now)
{
    bool known = ready.checked_at != time_point{} || ready.failures > 0 || has_lost_any(ready);
    document member;
    member["ok"] =
        known ? document(is_wholly_ready(ready, declared.warn_before.value_or(rules.warn_before), now)) : document(nullptr);
    member["credential"] = standing_value(ready, ability::credential);
    member["list"] = standing_value(ready, ability::list);
    member["hold"] = rungs_ready(ready);
    member["publish"] = standing_value(ready, ability::publish);
    member["pin"] = standing_value(ready, ability::pin);
    member["feed"] = standing_value(ready, ability::read_feed);
    member["credential_ends"] = time_or_null(ready.ends);
    member["checked_at"] = ready.checked_at == time_point{} ? document(nullptr) : document(format_utc(ready.checked_at));
    member["lost"] = lost_list(ready);
    member["trouble"] = ready.trouble ? document(ready.trouble->detail) : document(nullptr);
    return member;
}

document check_member(const check_line& line)
{
    document member;
    member["what"] = line.what;
    member["ok"] = line.ok;
    member["detail"] = line.detail;
    member["ability"] = to_string(line.of);
    member["rung"] = line.by ? document(to_string(*line.by)) : document(nullptr);
    member["by_person"] = line.by_person;
    member["ends"] = time_or_null(line.ends);
    return member;
}

}  // namespace halfmast::api
