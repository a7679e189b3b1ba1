// What the shell asks between decisions: is there work, and when next; what may start, or be decided, without the ledger; is a crisis
// settled.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

bool has_work(const state& known, const account_state& where, time_point now)
{
    if (where.not_before > now)
        return false;
    if (!where.wanted.empty() || !where.planned.empty() || !where.unconfirmed.empty() || !where.releasing.empty()
        || !where.answered.empty())
        return true;
    if (!where.delayed.empty() && where.delayed.begin()->due <= now)
        return true;
    bool reply = std::ranges::any_of(where.replies, [&](const auto& id) {
        auto one = known.replies.find(id);
        return one != known.replies.end() && reply_can_start(known, one->second, now);
    });
    return reply || std::ranges::any_of(where.summaries, [&](const auto& entry) {
               return next_work(known, entry.second, now) != said_work::nothing;
           });
}

std::optional<time_point> most_urgent(const account_state& where)
{
    std::optional<time_point> first;
    for (const auto* work : {&where.wanted, &where.planned, &where.unconfirmed})
        if (!work->empty() && (!first || work->begin()->due < *first))
            first = work->begin()->due;
    return first;
}

std::optional<time_point> next_wake(const account_state& where)
{
    std::optional<time_point> earliest;
    auto consider = [&](time_point at) {
        if (at != time_point{} && (!earliest || at < *earliest))
            earliest = at;
    };
    if (!where.delayed.empty())
        consider(where.delayed.begin()->due);
    for (const auto& [crisis, one] : where.summaries) {
        consider(one.not_before);
        if (one.wakes_at != time_point::max())
            consider(one.wakes_at);
    }
    consider(where.not_before);
    return earliest;
}

bool wants_feed(const account_state& where, time_point now)
{
    constexpr std::chrono::seconds now_and_then{60};
    if (!where.missing.empty() || !where.watched.empty())
        return true;
    bool said = std::ranges::any_of(where.summaries, [](const auto& entry) {
        return entry.second.state != summary_state::unpinned && entry.second.state != summary_state::withdrawn;
    });
    return (said || !where.tasks.empty()) && where.last_feed + now_and_then <= now;
}

bool is_safe_without_ledger(const act& what)
{
    // A post that is taken out is only here from then on: what recreates it must be durable first. A crash would lose it.
    if (const auto* hold = std::get_if<hold_post>(&what))
        return hold->by != rung::takeout;
    return std::holds_alternative<save_post>(what) || std::holds_alternative<read_posts>(what)
           || std::holds_alternative<read_pins>(what);
}

bool needs_ledger(const event& what)
{
    if (const auto* judged = std::get_if<post_judged>(&what))
        return judged->kind == post_class::essential || judged->kind == post_class::neutral;
    return std::holds_alternative<crisis_lowered>(what) || std::holds_alternative<summary_approved>(what)
           || std::holds_alternative<release_requested>(what) || std::holds_alternative<statement_asked>(what)
           || std::holds_alternative<reply_asked>(what) || std::holds_alternative<reply_approved>(what)
           || std::holds_alternative<second_given>(what);
}

namespace {

// Nothing of what is said is under way on this account: the rest waits for a person, a place in the hour, or a retry after long.
bool is_shown(const state& known, const crisis& flag, const summary& one)
{
    if (one.recalled || one.state == summary_state::publishing || one.state == summary_state::unpinning)
        return false;
    if (one.state == summary_state::withdrawn || one.state == summary_state::unpinned)
        return true;
    const auto* next = next_edition(flag, one, time_point::max());
    if (next != nullptr && next->approved && one.wakes_at <= next->undo_until && one.state != summary_state::failed)
        return false;
    if (flag.now == phase::raised)
        return one.state != summary_state::published || stands_behind(known, one);
    bool by_hand = one.state == summary_state::manual && one.pinned.empty() && !one.pins_known;
    return one.remote.empty() || by_hand || next != nullptr;
}

}  // namespace

bool is_settled(const policy& rules, const state& known, const crisis& flag)
{
    for (const auto& [id, declared] : rules.accounts) {
        if (!covers(flag, declared))
            continue;
        auto found = known.accounts.find(id);
        if (found == known.accounts.end())
            return false;
        const auto& where = found->second;
        bool cannot_look = where.trouble && where.trouble->kind != failure::rate_limited;
        if (flag.now == phase::raised && declared.has_queue && where.last_poll < flag.raised_at && !cannot_look)
            return false;
        if (auto counts = where.counts.find(flag.id); counts != where.counts.end()) {
            auto at = [&](hold_state value) { return counts->second[static_cast<std::size_t>(value)]; };
            if (at(hold_state::planned) + at(hold_state::saving) + at(hold_state::stopping) + at(hold_state::unconfirmed) > 0)
                return false;
        }
        if (flag.now == phase::raised && !where.wanted.empty())
            return false;
        if (auto one = where.summaries.find(flag.id); one != where.summaries.end() && !is_shown(known, flag, one->second))
            return false;
    }
    return true;
}

}  // namespace halfmast
