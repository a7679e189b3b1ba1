// Everything that can happen, in the past tense. The shell turns clocks, calls and requests into these.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/core/action.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/pages.hpp"
#include "daemon/core/readiness.hpp"

namespace halfmast {

struct crisis_raised {
    actor_id by;
    std::string playbook;
    std::optional<severity> level;  // else the playbook's
    scope over;
    std::string why;
    actor_id owner;                 // else `by`
    time_point next_update_by;
    bool now = false;               // skip the undo window
    std::map<account_id, statement> statements;  // rendered for every account in scope that has one
};

struct crisis_lowered {
    crisis_id crisis;
    actor_id by;
    std::string why;
};

struct summary_approved {
    crisis_id crisis;
    actor_id by;
};

// A poll saw the whole queue of an account. What changed after `began_at` is newer than this picture.
struct queue_observed {
    account_id account;
    time_point began_at;
    std::vector<post_ptr> posts;
};

// A poll of the account's public posts. Covers everything published since `since`.
struct feed_observed {
    account_id account;
    time_point began_at;
    time_point since;
    std::vector<publication> posts;
    milliseconds ahead{0};  // the platform's clock minus ours
};

// A poll failed.
struct account_unread {
    account_id account;
    problem trouble;
};

// An account was asked what works there.
struct readiness_checked {
    account_id account;
    std::vector<check_line> lines;
};

// The account has budget and room for so many more calls.
struct capacity_offered {
    account_id account;
    int calls;
};

struct action_finished {
    action_id id;
    account_id account;
    act what;
    outcome result;
};

struct hold_requested {
    account_id account;
    post_id post;
    actor_id by;
    std::string why;
};

struct release_requested {
    account_id account;
    post_id post;
    actor_id by;
    std::optional<time_point> at;  // else its old time
    std::string why;
    bool during_crisis = false;    // let it go although an open flag covers it; recorded as that
};

struct keep_requested {
    account_id account;
    post_id post;
    actor_id by;
    std::string why;
};

// A person has it in hand.
struct page_acknowledged {
    std::string key;  // of a group, or of a page in it
    actor_id by;
    std::string why;
};

// A receiver answered a letter, or did not.
struct page_answered {
    std::string group;
    std::string receiver;
    std::string id;                  // of the letter
    std::optional<problem> trouble;  // rejected, forbidden, auth_expired, not_found and unsupported: trying again soon is no use
    std::string said;                // what it answered, for the ledger
};

// The shell found something wrong with the daemon itself (its ledger, its clock), or that it is over.
struct health_changed {
    std::string name;   // "ledger"; one for each cause
    page_level level = page_level::major;
    std::string what;   // empty: it is over
    std::string todo;
    bool happened_once = false;  // a moment and not a state: it is over when a person has seen it
};

// Replay is over: every intent without an outcome is unknown from here on.
struct daemon_started {
    std::string version;
};

struct daemon_stopping {};

struct clock_ticked {};

using event = std::variant<crisis_raised, crisis_lowered, summary_approved, queue_observed, feed_observed, account_unread, readiness_checked,
                           capacity_offered, action_finished, hold_requested, release_requested, keep_requested,
                           page_acknowledged, page_answered, health_changed, daemon_started, daemon_stopping, clock_ticked>;

}  // namespace halfmast
