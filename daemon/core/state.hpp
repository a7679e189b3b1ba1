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
#include "daemon/core/review.hpp"
#include "daemon/core/saying.hpp"
#include "daemon/core/signals.hpp"

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

struct due_task {
    time_point due;
    std::string id;

    auto operator<=>(const due_task&) const = default;
};

// One of ours that became public, or may have: a call whose outcome is not known counts.
struct public_act {
    time_point at;
    std::string what;  // "c-1/2" for an edition, "r-1" for a reply
};

struct account_state {
    std::unordered_map<post_id, seen_post> queue;    // the mirror, by the platform's id
    std::unordered_map<post_id, hold> holds;         // by the id people use
    std::unordered_map<post_id, post_id> came_from;  // remote id now -> hold id, where they differ
    std::set<by_due> wanted;                         // by the platform's id: must be held, and not yet in the ledger as planned
    std::set<by_due> planned;                        // may start now, earliest due first
    std::set<by_due> unconfirmed;                    // to be read back, earliest due first
    std::set<by_due> releasing;                      // to be released, ordered by the time they shall go out
    std::set<by_due> answered;                       // released perhaps, to be read back; the same order
    std::set<by_due> undone;                         // must be held and is not yet, whatever is under way; manual ones too
    std::set<by_due> delayed;                        // back-off: keyed by not_before, of any of the kinds above
    std::set<by_due> watched;                        // not yet proved silent, by old due time
    std::set<by_due> let_out;                        // let go by a person, by the time they go out or went out
    std::set<post_id> missing;                       // holds that only the feed can explain
    std::set<post_id> feed_known;                    // public posts that were compared already
    std::set<post_id> explained;  // public posts that are an escape on record, or a summary of ours: never another one's escape
    std::map<post_id, post_remarks> remarks;  // what people said of posts, by the id they use
    std::map<crisis_id, summary> summaries;
    std::vector<public_act> acts;  // ours of the last hour, oldest first
    std::map<post_id, time_point>
        others;  // what other hands published in the last hour, as far as the feed was read; not from the ledger
    std::map<std::string, std::string> tasks;  // by key: open, or done and not read back; the id
    std::set<std::string> replies;             // ids of those that are not out yet and not dropped
    std::map<std::int64_t, int> parked;        // UTC day number -> posts scheduled there (seen or ours)
    std::map<crisis_id, hold_counts> counts;
    int in_flight = 0;
    int reads_out = 0;       // read-backs among them
    int failures = 0;        // calls in a row that did not get through
    milliseconds trip{100};  // how long a hold's call takes, lately
    readiness ready;
    bool reachable = false;
    bool polled = false;
    std::optional<problem> trouble;
    time_point last_poll{};
    time_point last_feed{};
    time_point not_before{};  // no call before this (credential refused, unreachable)
};

struct state {
    std::map<account_id, account_state> accounts;
    std::map<crisis_id, crisis> crises;  // lowered ones too
    page_book pages;
    proposal_book proposals;
    std::map<std::string, duty_roster> duties;  // what calendars say, by rota; like the mirror, not from the ledger
    std::map<std::string, ask> asks;            // what waits for a second person, by id
    std::uint64_t next_ask = 1;
    std::map<std::string, reply> replies;  // by id
    std::map<std::string, task> tasks;     // by id
    std::set<due_task> due_tasks;          // the open ones
    std::uint64_t next_reply = 1;
    std::uint64_t next_task = 1;
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

// What a person has to do yet for this crisis.
std::size_t count_open_tasks(const state&, const crisis_id&);

// Public acts of the account within the hour before `now`: ours, and what other hands published as far as the feed was read.
struct act_counts {
    int ours = 0;
    int others = 0;
};
act_counts count_acts(const account_state&, time_point now);

// How many accounts show this edition, of those that have words in it.
struct edition_reach {
    std::uint32_t out = 0;
    std::uint32_t of = 0;
};
edition_reach reach_of(const state&, const crisis&, const edition&);

// The open crises that cover an account.
std::vector<const crisis*> open_over(const state&, const account&);

}  // namespace halfmast
