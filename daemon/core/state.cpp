#include "daemon/core/state.hpp"

#include <algorithm>
#include <utility>

namespace halfmast {

namespace {

bool is_undone(hold_state value)
{
    return value == hold_state::planned || value == hold_state::saving || value == hold_state::stopping
           || value == hold_state::unconfirmed || value == hold_state::failed || value == hold_state::manual;
}

}  // namespace

void take_from_queues(account_state& where, const hold& one)
{
    by_due key{one.due, one.id};  // one copy of the id: this is done with every record
    where.undone.erase(key);
    where.planned.erase(key);
    where.unconfirmed.erase(key);
    key.due = one.not_before;
    where.delayed.erase(key);
    key.due = one.order ? one.order->at : one.due;
    where.releasing.erase(key);
    where.let_out.erase(key);
    where.answered.erase(key);
}

void put_into_queues(account_state& where, hold& one)
{
    if (is_undone(one.state))
        where.undone.insert({one.due, one.id});
    if (one.order
        && (one.state == hold_state::releasing || one.state == hold_state::released || one.state == hold_state::rescheduled))
        where.let_out.insert({one.order->at, one.id});
    if (one.in_flight)
        return;
    bool works = one.state == hold_state::planned || one.state == hold_state::failed || one.state == hold_state::unconfirmed
                 || one.state == hold_state::releasing;
    if (!works)
        return;
    if (one.not_before != time_point{}) {
        where.delayed.insert({one.not_before, one.id});
        return;
    }
    if (one.state == hold_state::planned || one.state == hold_state::failed)
        where.planned.insert({one.due, one.id});
    else if (one.state == hold_state::unconfirmed && !one.missing)
        where.unconfirmed.insert({one.due, one.id});
    else if (one.state == hold_state::releasing)
        (one.answered ? where.answered : where.releasing).insert({one.order ? one.order->at : one.due, one.id});
}

void wake_delayed(account_state& where, time_point now)
{
    while (!where.delayed.empty() && where.delayed.begin()->due <= now) {
        auto id = where.delayed.begin()->post;
        where.delayed.erase(where.delayed.begin());
        auto found = where.holds.find(id);
        if (found == where.holds.end())
            continue;
        found->second.not_before = {};
        put_into_queues(where, found->second);
    }
}

void move_hold(account_state& where, hold& one, hold_state to, time_point at)
{
    for (const auto& crisis : one.seen_in) {
        auto& counts = where.counts[crisis];
        --counts[static_cast<std::size_t>(one.state)];
        ++counts[static_cast<std::size_t>(to)];
    }
    one.state = to;
    one.changed_at = at;
}

bool is_parked_there(const hold& one, time_point seen_due)
{
    constexpr milliseconds slack{60'000};  // platforms round times
    return one.by == rung::postpone && one.until != time_point{} && seen_due >= one.until - slack;
}

void count_parked(account_state& where)
{
    auto day_of = [](time_point at) { return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count(); };
    where.parked.clear();
    for (const auto& [id, seen] : where.queue)
        ++where.parked[day_of(seen.post->due)];
    for (const auto& [id, one] : where.holds) {
        bool moved = one.by == rung::postpone && one.until != time_point{}
                     && (one.state == hold_state::stopping || one.state == hold_state::unconfirmed || one.state == hold_state::held
                         || one.state == hold_state::kept);
        auto there = moved ? where.queue.find(one.remote) : where.queue.end();
        if (moved && (there == where.queue.end() || !is_parked_there(one, there->second.post->due)))
            ++where.parked[day_of(one.until)];
    }
}

hold* find_hold(account_state& where, const post_id& post) { return const_cast<hold*>(find_hold(std::as_const(where), post)); }

const hold* find_hold(const account_state& where, const post_id& post)
{
    if (auto found = where.holds.find(post); found != where.holds.end())
        return &found->second;
    auto alias = where.came_from.find(post);
    if (alias == where.came_from.end())
        return nullptr;
    auto found = where.holds.find(alias->second);
    return found == where.holds.end() ? nullptr : &found->second;
}

hold_counts count_holds(const state& known, const crisis_id& crisis)
{
    hold_counts total{};
    for (const auto& [id, where] : known.accounts) {
        auto counts = where.counts.find(crisis);
        if (counts == where.counts.end())
            continue;
        for (std::size_t i = 0; i < total.size(); ++i)
            total[i] += counts->second[i];
    }
    return total;
}

std::size_t count_open_tasks(const state& known, const crisis_id& crisis)
{
    return static_cast<std::size_t>(std::ranges::count_if(known.due_tasks, [&](const auto& entry) {
        auto one = known.tasks.find(entry.id);
        return one != known.tasks.end() && one->second.crisis == crisis;
    }));
}

act_counts count_acts(const account_state& where, time_point now)
{
    constexpr std::chrono::hours an_hour{1};
    act_counts counts;
    counts.ours = static_cast<int>(std::ranges::count_if(where.acts, [&](const auto& act) { return act.at + an_hour > now; }));
    counts.others =
        static_cast<int>(std::ranges::count_if(where.others, [&](const auto& seen) { return seen.second + an_hour > now; }));
    return counts;
}

edition_reach reach_of(const state& known, const crisis& flag, const edition& said)
{
    edition_reach reach;
    for (const auto& [id, words] : said.words) {
        ++reach.of;
        auto where = known.accounts.find(id);
        if (where == known.accounts.end())
            continue;
        auto one = where->second.summaries.find(flag.id);
        if (one != where->second.summaries.end() && one->second.edition == said.number)
            ++reach.out;
    }
    return reach;
}

std::vector<const crisis*> open_over(const state& known, const account& where)
{
    std::vector<const crisis*> open;
    for (const auto& [id, flag] : known.crises)
        if (flag.now == phase::raised && covers(flag, where))
            open.push_back(&flag);
    return open;
}

}  // namespace halfmast
