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
#include "daemon/core/review.hpp"
#include "daemon/core/signals.hpp"

namespace halfmast {

struct crisis_raised {
    actor_id by;
    std::string playbook;
    std::optional<severity> level;  // else the playbook's
    scope over;
    std::string why;
    actor_id owner;  // else `by`
    time_point next_update_by;
    bool now = false;                            // skip the undo window
    std::map<account_id, statement> statements;  // rendered for every account in scope that has one
    by_language why_in{};                        // `why`, where it was given by language
    bool drill = false;                          // practice, on practice accounts alone
};

struct crisis_lowered {
    crisis_id crisis;
    actor_id by;
    std::string why;
    std::string break_glass{};                    // as in release_requested
    actor_id second{};                            // as in release_requested
    std::map<account_id, statement> all_clear{};  // goes out first, then everything is unpinned; empty: nothing is said
    bool now = false;                             // skip its undo window
    std::string about{};                          // of the all-clear
    by_language about_in{};
};

// A person wants the next edition said.
struct statement_asked {
    crisis_id crisis;
    actor_id by;
    edition_kind kind = edition_kind::update;
    std::string about;
    time_point next_update_by{};            // unset for an all-clear
    bool now = false;                       // skip the undo window
    std::map<account_id, statement> words;  // rendered for every account in scope that has one
    by_language about_in{};
    std::string reason{};  // what happened, as the words say it from now on; empty: as before
    by_language reason_in{};
    std::string break_glass{};  // as in release_requested
};

// Take back the latest edition of which nothing is public and that may still be taken back; or one by its number.
struct statement_undone {
    crisis_id crisis;
    actor_id by;
    std::string why;
    std::uint32_t edition = 0;  // 0: the latest
};

struct owner_changed {
    crisis_id crisis;
    actor_id by;
    actor_id owner;
    std::string why;
};

// A person wants to answer somebody's post.
struct reply_asked {
    crisis_id crisis;
    account_id account;
    post_id to;
    std::string url;  // of what is answered; may be empty
    actor_id by;
    statement words;
};

struct reply_approved {
    std::string reply;  // "r-1"
    actor_id by;
};

struct reply_dropped {
    std::string reply;
    actor_id by;
    std::string why;
};

// A person says that it is done.
struct task_done {
    std::string task;  // "t-1"
    actor_id by;
    std::string why;
};

// What of this crisis waits for an approval may go out.
struct summary_approved {
    crisis_id crisis;
    actor_id by;
    std::string break_glass{};  // as in release_requested
    std::uint32_t edition = 0;  // that one and no other; 0: all that waits
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
    bool during_crisis = false;             // let it go although an open flag covers it; recorded as that
    std::optional<std::string> text{};      // instead of the one it was held with
    bool shift = false;                     // too near another one: take the next free time
    std::string break_glass{};              // why one person is enough this time; recorded and paged. Empty: it is not
    std::optional<std::string> saw_text{};  // what it says at its source now, as the person has seen and accepts it
    actor_id second{};                      // who agreed; the core fills it in
};

struct keep_requested {
    account_id account;
    post_id post;
    actor_id by;
    std::string why;
    std::optional<rung> as{};  // only when it stays as that: draft
};

// A person says what a post is; the rules are not asked about it any more.
struct post_judged {
    account_id account;
    post_id post;
    actor_id by;
    post_class kind = post_class::neutral;
    std::string why;
};

struct post_noted {
    account_id account;
    post_id post;
    actor_id by;
    std::string text;
};

// A held post was looked at where it is; unset text: that could not be told.
struct source_seen {
    account_id account;
    std::vector<post_reading> readings;
};

// The second person's word for what waits for one.
struct second_given {
    std::string ask;  // "a-1"
    actor_id by;
    std::string why;
};

// What waits for a second person is not wanted any more.
struct ask_withdrawn {
    std::string ask;
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
    std::string name;  // "ledger"; one for each cause
    page_level level = page_level::major;
    std::string what;  // empty: it is over
    std::string todo;
    bool happened_once = false;  // a moment and not a state: it is over when a person has seen it
    bool set_back = false;       // this machine's clock was: what waits by the old time must not wait for it
};

// A rota's calendar was read, or could not be: then the roster is the one before, with the trouble in it.
struct duty_read {
    std::string rota;
    duty_roster said;
};

// Something outside may be the beginning of a crisis.
struct signal_received {
    heard_signal what;
    crisis_raised
        flag;  // what becomes of it when it may raise by itself: its words are written already; playbook, scope and severity are the signal's
};

enum class proposal_verdict {
    accept,   // it becomes a flag
    dismiss,  // it does not, and is not said again for a while
};

// A person decided on a proposal.
struct proposal_decided {
    std::string proposal;  // "p-1"
    proposal_verdict verdict = proposal_verdict::dismiss;
    actor_id by;
    std::string why;
    crisis_raised flag;  // accept: words, owner and promised time; an empty severity is the proposal's
};

// Something about who may come in, for the ledger alone: what is so is kept by the shell.
struct access_noted {
    enum class act { signed_in, refused, token_made, token_revoked, link_made, session_ended };

    act what = act::signed_in;
    actor_id by;      // refused: in whose name it was tried
    std::string why;  // by what way, from where; never a secret
};

// Replay is over: every intent without an outcome is unknown from here on.
struct daemon_started {
    std::string version;
};

struct daemon_stopping {};

struct clock_ticked {};

using event =
    std::variant<crisis_raised, crisis_lowered, summary_approved, queue_observed, feed_observed, account_unread, readiness_checked,
                 capacity_offered, action_finished, hold_requested, release_requested, keep_requested, statement_asked,
                 statement_undone, owner_changed, reply_asked, reply_approved, reply_dropped, task_done, post_judged, post_noted,
                 source_seen, second_given, ask_withdrawn, page_acknowledged, page_answered, health_changed, duty_read,
                 signal_received, proposal_decided, access_noted, daemon_started, daemon_stopping, clock_ticked>;

}  // namespace halfmast
