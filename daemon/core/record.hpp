// What the ledger keeps: facts, in order. State is a fold over them, so a record holds everything apply() needs.
// Who did what to which target, with what outcome and why (the words of CADF and OCSF).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/hold.hpp"
#include "daemon/core/pages.hpp"
#include "daemon/core/problem.hpp"
#include "daemon/core/rare.hpp"
#include "daemon/core/readiness.hpp"
#include "daemon/core/review.hpp"
#include "daemon/core/saying.hpp"
#include "daemon/core/signals.hpp"

namespace halfmast {

enum class record_kind {
    daemon_started,  // detail: version and host
    daemon_stopping,
    crisis_raised,  // flag, with everything that was promised
    crisis_lowered,
    hold_planned,     // a post came under its first open flag
    hold_covered,     // one more flag covers it
    hold_started,     // intent: the call leaves once this is durable
    hold_saved,       // takeout: what is needed to recreate it is durable
    hold_answered,    // the platform answered, or did not; not proof
    hold_confirmed,   // read back: held
    hold_retried,     // put back to planned, with the reason and a time
    hold_escaped,     // it went out
    hold_gone,        // removed by somebody else
    hold_failed,      // refused for now
    hold_manual,      // a person has to do it
    hold_drifted,     // somebody brought it back: it is held again
    hold_let_go,      // no open flag covers it and nothing was done to it yet
    silence_proved,   // the old due time and a margin have passed, and the feed does not show it
    release_asked,    // a person decided
    release_started,  // intent
    release_answered,
    release_confirmed,  // read back: in the queue with that time
    release_failed,     // still held
    post_kept,
    judged_by_hand,  // a person says what the post is
    post_noted,      // a person wrote something to it
    source_changed,  // a held post says something else at its source now, or what it said again
    second_asked,    // one person is not enough: it waits for another one
    second_given,    // another one agreed
    ask_dropped,     // it waits no longer, and was not done
    glass_broken,    // one person was enough all the same, and said why
    summary_planned,
    summary_approved,
    summary_started,  // intent
    summary_published,
    summary_failed,
    summary_manual,
    summary_withdrawn,
    pins_remembered,    // what was pinned before
    pin_started,        // intent
    pin_confirmed,      // read back
    unpin_started,      // intent
    pins_restored,      // read back: as before
    pin_lost,           // ours is not among the pins, and it was not us; flagged: it is pinned again
    statement_asked,    // one more edition, with its words
    statement_undone,   // taken back before anything of it became public
    statement_skipped,  // passed over on this account: a later one goes out instead
    edit_started,       // intent
    summary_edited,     // read back: the public post has the new words
    promise_kept,       // what was promised by `due` is out; `number`: the edition
    promise_missed,
    owner_changed,
    reply_asked,
    reply_approved,
    reply_started,  // intent
    reply_published,
    reply_failed,
    reply_dropped,
    task_opened,     // only a person can do it
    task_done,       // a person's word
    task_confirmed,  // read back
    task_dropped,    // not wanted any more
    account_unreachable,
    account_reachable,
    readiness_lost,  // a check found that an ability is gone; said once, until it is back
    readiness_back,
    readiness_unanswered,  // for so long no check was answered
    readiness_answered,
    credential_ends,     // it ends at `until`; said once for each step to that end
    credential_renewed,  // the end that was said is no longer near
    page_opened,         // somebody has to know of this; again: it got worse
    page_sent,           // intent: the letter leaves once this is durable
    page_delivered,      // the receiver took it
    page_failed,         // it did not, or nobody knows; tried again at `until`
    page_acknowledged,   // a person has the group in hand
    page_escalated,      // nobody has: the next ones are told, or one stands in for another
    page_resolved,       // the cause is gone
    page_closed,         // the group is over, and everybody who was told of it knows
    proposal_made,       // a signal came: a person decides, or it raises by itself
    proposal_grown,      // it was heard again, of others, as something worse, or its sources say that it is over
    proposal_accepted,   // it is a flag
    proposal_dismissed,  // a person said no
    proposal_expired,    // nobody decided, or it is over
    access_signed_in,    // somebody came in: by what way, and from where
    access_refused,      // somebody could not: in whose name, and from where
    access_token_made,
    access_token_revoked,
    access_link_made,      // for whom a one-time login link was made
    access_session_ended,  // whose, and by whom: by themselves, by an administrator, or by the provider's word
    request_refused,       // a person asked for something that is not allowed or not possible
};

std::string_view to_string(record_kind kind);
std::optional<record_kind> parse_record_kind(std::string_view text);

// One flat value: which members mean something depends on the kind (see apply.cpp). Empty ones are not stored.
struct audit_record {
    record_kind kind;
    time_point at;
    actor_id actor{"halfmast"};
    crisis_id crisis;
    account_id account;
    post_id post;         // the hold's id
    post_id remote;       // the platform's id after the act
    std::string outcome;  // "intent", "done", "unknown", or a failure's word
    std::string why;      // for people
    std::optional<rung> by;
    std::optional<time_point> due;    // of the post, or asked for
    std::optional<time_point> until;  // parked until, not before
    std::optional<post_class> judged;
    std::vector<reason> reasons;
    std::vector<keepsake> saved;
    std::vector<post_id> pins;
    std::vector<post_id> displaced;
    post_ptr snapshot;            // hold_planned: the post as it was
    rare<halfmast::crisis> flag;  // crisis_raised
    rare<statement> words;        // summary_planned, summary_started, edit_started
    std::uint32_t number = 0;     // summary_*, statement_*, promise_*: of the edition; records from before editions have 0, for 1
    rare<halfmast::edition> edition;  // statement_asked; crisis_lowered: the all-clear
    rare<halfmast::reply> reply;      // reply_asked: all of it; reply_*: its id
    rare<halfmast::task> task;        // task_opened: all of it; task_*: its id
    actor_id owner;                   // owner_changed: the new one
    std::optional<ability> of;        // readiness_*: which ability; `by` the rung of a hold
    rare<page_note> paged;            // page_*
    rare<proposal> proposed;          // proposal_*: all of it when it was made or has grown, else its id
    rare<halfmast::ask> asked;        // second_asked: all of it; second_given, ask_dropped: its id
    std::optional<std::string> text;  // release_asked: the new one; post_noted; source_changed: as it is there now
    actor_id second;                  // release_asked, crisis_lowered: who agreed
    bool flagged = false;             // kind-specific yes/no: release_asked new time, account_* auth trouble
    std::string url;
    bool late = false;  // written after the act: the ledger refused at first, and only holding went on

    audit_record() : kind(record_kind::request_refused) {}
    audit_record(record_kind kind_, time_point at_) : kind(kind_), at(at_) {}
    audit_record(record_kind kind_, time_point at_, actor_id by_) : kind(kind_), at(at_), actor(std::move(by_)) {}
};

}  // namespace halfmast
