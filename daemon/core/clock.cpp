// The clock was set back. Waits and moments are of the clock that was ahead, and by the new one they lie in the future: holds,
// letters and looks would rest for as long as it was set back. What waits longer than it ever would is due now; what has passed
// is not later than now. What was promised or ordered for a time (undo windows, releases, the next word) keeps that time, and
// what lets go or speaks waits its whole back-off anew: neither becomes earlier.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::minutes longest_letter{15};  // as long as a receiver that refuses is left alone

template <class Each>
void each_moment_of_pages(page_book& book, Each each)
{
    for (auto& [key, open] : book.open)
        each(open.noted_at);
    for (auto& [name, group] : book.groups)
        for (auto& [receiver, one] : group.to) {
            each(one.told_at);
            each(one.tried_since);
        }
}

// Moments that have passed and that something is counted from, as the ledger has them.
template <class Each>
void each_moment(state& known, Each each)
{
    for (auto& [id, where] : known.accounts) {
        for (auto& [post, one] : where.holds)
            each(one.changed_at);
        for (auto& act : where.acts)
            each(act.at);
        for (auto& [crisis, one] : where.summaries)
            for (auto& at : one.lost_pins)
                each(at);
    }
    for (auto& [id, flag] : known.crises) {
        each(flag.raised_at);
        each(flag.lowered_at);
    }
    for (auto& [number, one] : known.proposals.all) {
        each(one.heard_at);
        each(one.noted_at);
        each(one.decided_at);
    }
    for (auto& [id, one] : known.tasks)
        each(one.opened_at);
    each_moment_of_pages(known.pages, each);
}

// The same, as this process remembers them.
template <class Each>
void each_moment_of_looks(state& known, Each each)
{
    for (auto& [id, where] : known.accounts) {
        each(where.last_feed);
        each(where.ready.failing_since);
        for (auto& [post, at] : where.others)
            each(at);
        for (auto& [crisis, one] : where.summaries)
            each(one.pins_read_at);
    }
    for (auto& [rota, said] : known.duties)
        each(said.read_at);
}

// `until` of what never waits longer than `longest`: when it is further away it becomes `instead`.
void cut(time_point& until, time_point now, milliseconds longest, time_point instead)
{
    if (until - now > longest)
        until = instead;
}

void hold_on(const step& now, account_state& where)
{
    auto longest = now.rules.retry_most;
    cut(where.not_before, now.now, longest, now.now);
    where.last_poll = std::min(where.last_poll, now.now - milliseconds{1});  // a flag raised just now needs another look
    for (auto& [post, one] : where.holds) {
        if (one.not_before - now.now <= longest)
            continue;
        take_from_queues(where, one);
        one.not_before = one.state == hold_state::releasing ? now.now + longest : now.now;
        put_into_queues(where, one);
    }
    wake_delayed(where, now.now);
    for (auto& [crisis, one] : where.summaries)
        cut(one.not_before, now.now, longest, now.now + longest);
}

void page_on(const step& now, page_group& group)
{
    // Of what is over the first letter may be owed still: it is, when it was before.
    auto ahead = (group.pages.empty() ? group.over_at : group.ready_at) - now.now;
    if (ahead > milliseconds{0}) {
        group.ready_at -= ahead;
        if (group.pages.empty())
            group.over_at -= ahead;
    }
    for (auto& [receiver, one] : group.to)
        cut(one.not_before, now.now, std::max<milliseconds>(longest_letter, now.rules.retry_most), now.now);
}

}  // namespace

bool remembers_later(state& known, time_point now)
{
    bool later = false;
    each_moment(known, [&](const time_point& at) { later = later || at > now; });
    return later;
}

void set_clock_back(const step& now)
{
    auto& known = now.known();
    auto has_passed = [&](time_point& at) { at = std::min(at, now.now); };
    each_moment(known, has_passed);
    each_moment_of_looks(known, has_passed);
    for (auto& [id, where] : known.accounts)
        hold_on(now, where);
    for (auto& [id, one] : known.replies)
        cut(one.not_before, now.now, now.rules.retry_most, now.now + now.rules.retry_most);
    for (auto& [name, group] : known.pages.groups)
        page_on(now, group);
    known.pages.stirred = true;
}

}  // namespace halfmast
