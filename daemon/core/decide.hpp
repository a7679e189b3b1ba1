// decide: what happened + what we know + what the customer wants -> what becomes true and what has to be done.
// Pure: no I/O, no clock, no threads. The shell makes `records` durable before it starts `actions`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/action.hpp"
#include "daemon/core/event.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/record.hpp"
#include "daemon/core/state.hpp"

namespace halfmast {

// A request that was not carried out. Nothing changed.
struct refusal {
    enum class cause {
        unknown_target,  // no such crisis, playbook, account or post
        past_time,       // the time asked for is not far enough ahead
        covered,         // an open flag covers the post
        wrong_state,     // the post is not in a state in which this can be asked
        not_possible,    // the platform has no way to do it
        too_near,        // another post that was let go goes out about then; `free_at`
        changed,         // it says something else at its source than what was held; `before`, `after`
        same_person,     // it waits for a second person, and this is the first
    };
    cause kind;
    std::string text;  // what was asked, why not, what to do
    std::optional<time_point> free_at{};
    std::string before{};
    std::string after{};
};

struct decision {
    state next;
    std::vector<audit_record> records;
    std::vector<action> actions;
    std::vector<page_letter> letters;  // to receivers of pages; by a way of their own, behind every action
    std::optional<refusal> refused;
    crisis_id crisis;       // crisis_raised: the new one, or the open one it repeats
    bool repeated = false;  // crisis_raised: it was open already
    bool check = false;     // what the account can do may have changed: it should be tried soon
    bool looked = false;    // queue_observed: the mirror is another one than before
    std::string made;       // reply_asked: the id of the new reply; statement_asked: the number of the new edition
    std::string waits;      // the ask that waits for a second person; what was requested is not done yet
};

[[nodiscard]] decision decide(const policy&, state, const event&, time_point now);

// What would come of a release, without asking for it. `let_out`: what was let go at the account, as in its state.
struct release_view {
    std::optional<refusal> refused;
    time_point at{};      // when it would go out
    bool second = false;  // one person is not enough
};
release_view weigh_release(const policy&, const state&, const std::set<by_due>& let_out, const release_requested&, time_point now);

// The only way the ledger's part of the state changes, live and at replay alike.
void apply(state&, const audit_record&);

// Which accounts have something to do now (work, budget permitting); the shell offers them capacity.
bool has_work(const state&, const account_state&, time_point now);

// The due time of what presses most among the holds and their read-backs; nullopt when there are none.
std::optional<time_point> most_urgent(const account_state&);

// When the earliest delayed work becomes ready; nullopt when nothing waits for a clock.
std::optional<time_point> next_wake(const account_state&);

// True while the account's public posts have to be read: something may still go out, or has to be explained; in a crisis they
// are read once a minute besides, to count what other hands publish and to see what people did by hand.
bool wants_feed(const account_state&, time_point now);

// How long until the account is tried again: a day; sooner while something is lost or nobody answers, and at each step to the end of
// its credential.
milliseconds until_next_check(const policy&, const account&, const readiness&, time_point now);

// Which of these may start although the ledger refuses: what holds and what only looks. Publishing, pinning, releasing may not.
bool is_safe_without_ledger(const act&);

// What people ask that lets go, speaks or ends a flag: while the ledger refuses it is not even decided, for what nobody can prove
// later must not take effect then.
bool needs_ledger(const event&);

// Nothing about this crisis is under way any more: every account in scope was looked at since the raise (or cannot be), and
// every hold and summary has reached a state that only a person, a poll or a retry after long can change.
bool is_settled(const policy&, const state&, const crisis&);

}  // namespace halfmast
