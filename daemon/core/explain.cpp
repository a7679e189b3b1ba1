#include "daemon/core/explain.hpp"

#include <algorithm>

#include "daemon/core/ladder.hpp"
#include "daemon/core/step.hpp"

namespace halfmast {

std::vector<planned_act> plan(const policy& rules, const state& known, const playbook& book, const scope& over, bool drill,
                              time_point now)
{
    std::vector<planned_act> acts;
    for (const auto& [id, declared] : rules.accounts) {
        auto where = known.accounts.find(id);
        if (!covers(over, drill, declared) || where == known.accounts.end())
            continue;
        std::vector<planned_act> here;
        for (const auto& [post, seen] : where->second.queue)
            here.push_back(
                {id, post, seen.post->due, seen.judged, book.hold.contains(seen.judged.kind), rung::manual, "", seen.post});
        std::ranges::sort(here, {}, [](const auto& act) { return std::pair{act.due, act.post}; });
        auto parked = where->second.parked;
        for (auto& act : here) {
            if (!act.would_hold)
                continue;
            auto chosen = choose_rung(declared, {}, act.due, now, rules.parked_for, parked, here.size(), where->second.ready);
            act.by = chosen.by;
            act.why = chosen.why;
            act.doubt = chosen.doubt;
            if (chosen.by == rung::postpone)
                ++parked[std::chrono::floor<std::chrono::days>(chosen.until).time_since_epoch().count()];
        }
        acts.insert(acts.end(), std::make_move_iterator(here.begin()), std::make_move_iterator(here.end()));
    }
    std::ranges::stable_sort(acts, {}, &planned_act::due);
    return acts;
}

std::optional<std::string> no_drill(const policy& rules, const scope& over)
{
    if (std::ranges::any_of(rules.accounts, [&](const auto& entry) { return covers(over, true, entry.second); }))
        return std::nullopt;
    bool elsewhere = std::ranges::any_of(rules.accounts, [](const auto& entry) { return entry.second.practice; });
    if (elsewhere)
        return "drill: no practice account has " + to_string(over) + "; leave the scope out, or give one of them those labels";
    return "drill: there is no practice account, and a drill touches no other. Write one into the settings: an [[account]] with "
           "practice = true, whose platform is halfmast-sandbox or an account that nobody reads";
}

std::string explain(const verdict& judged)
{
    std::string text{to_string(judged.kind)};
    bool spoke = false;
    for (const auto& [rule, match] : judged.why) {
        if (match.empty())
            continue;
        text += (spoke ? ", and '" : ", because '") + match + "' matches " + rule;
        spoke = true;
    }
    if (!spoke)
        text += ": no rule speaks for or against it";
    return text;
}

std::string explain(const hold& one)
{
    std::string text = std::string{to_string(one.state)};
    if (one.by != rung::manual || one.state == hold_state::manual)
        text += " by " + std::string{to_string(one.by)};
    if (!one.covered_by.empty()) {
        text += ", covered by";
        for (const auto& crisis : one.covered_by)
            text += " " + crisis.value;
    } else if (one.state == hold_state::held) {
        text += ", waiting for a person: release, reschedule or keep it";
    }
    if (!one.detail.empty())
        text += " (" + one.detail + ")";
    return text;
}

}  // namespace halfmast
