// All the daemon knows. Two parts: what the ledger says (crises, holds, summaries; rebuilt by apply()), and the mirror of
// the queues as last seen (a cache; losing it costs one poll). Indexed so that one event touches one post or one account.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/hold.hpp"
#include "daemon/core/pages.hpp"
#include "daemon/core/problem.hpp"
#include "daemon/core/readiness.hpp"

namespace halfmast {

inline constexpr std::size_t hold_states = static_cast<std::size_t>(hold_state::kept) + 1;
using hold_counts = std::array<std::uint32_t, hold_states>;

// Orders work by due time; the id makes it unique.
struct by_due {
    time_point due;
    post_id post;

    auto operator<=>(const by_due&) const = default;
};

// A post as the last poll saw it.
struct seen_post {
    post_ptr post;
    verdict judged;
};

struct account_state {
    std::unordered_map<post_id, seen_post> queue;  // the mirror, by the platform's id
    std::unordered_map<post_id, hold> holds;       // by the id people use
    std::unordered_map<post_id, post_id> came_from;  // remote id now -> hold id, where they differ
    std::set<by_due> wanted;       // by the platform's id: must be held, and not yet in the ledger as planned
    std::set<by_due> planned;      // may start now, earliest due first
    std::set<by_due> unconfirmed;  // to be read back, earliest due first
    std::set<by_due> releasing;    // to be released, ordered by the time they shall go out
    std::set<by_due> answered;     // released perhaps, to be read back; the same order
    std::set<by_due> undone;       // must be held and is not yet, whatever is under way; manual ones too
    std::set<by_due> delayed;      // back-off: keyed by not_before, of any of the kinds above
    std::set<by_due> watched;      // not yet proved silent, by old due time
    std::set<post_id> missing;     // holds that only the feed can explain
    std::set<post_id> feed_known;  // public posts that were compared already
    std::set<post_id> explained;   // public posts that are an escape on record, or a summary of ours: never another one's escape
    std::map<crisis_id, summary> summaries;
    std::map<std::int64_t, int> parked;  // UTC day number -> posts scheduled there (seen or ours)
    std::map<crisis_id, hold_counts> counts;
    int in_flight = 0;
    int reads_out = 0;             // read-backs among them
    int failures = 0;              // calls in a row that did not get through
    milliseconds trip{100};        // how long a hold's call takes, lately
    readiness ready;
    bool reachable = false;
    bool polled = false;
    std::optional<problem> trouble;
    time_point last_poll{};
    time_point last_feed{};
    time_point not_before{};       // no call before this (credential refused, unreachable)
};

struct state {
    std::map<account_id, account_state> accounts;
    std::map<crisis_id, crisis> crises;  // lowered ones too
    page_book pages;
    std::uint64_t next_crisis = 1;
    action_id next_action = 1;
};

// Keeps the indexes, the counts and the hold's state in step; the only place that writes hold.state of a hold in the map.
void move_hold(account_state&, hold&, hold_state to, time_point at);
// Takes a hold out of the work sets, or puts it into the one its state asks for.
void take_from_queues(account_state&, const hold&);
void put_into_queues(account_state&, hold&);
// Work whose back-off is over becomes ready.
void wake_delayed(account_state&, time_point now);

// A post that the queue shows with this due time stands where `postpone` left it, far ahead.
bool is_parked_there(const hold&, time_point seen_due);
// Fills `parked` anew from the mirror, and from moves that the mirror is too old to show.
void count_parked(account_state&);

// By the id people use, else by the platform's id now; null when there is none.
hold* find_hold(account_state&, const post_id&);
const hold* find_hold(const account_state&, const post_id&);

// Totals over all accounts for one crisis; cheap (accounts x states).
hold_counts count_holds(const state&, const crisis_id&);

// The open crises that cover an account.
std::vector<const crisis*> open_over(const state&, const account&);

}  // namespace halfmast
