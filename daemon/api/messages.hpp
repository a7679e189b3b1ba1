// What the daemon knows, as the JSON that scripts are written against (shapes in README.md of this room). Pure: state in,
// document out. Member order is as written here, so that people can read it too; bytes from outside are made valid UTF-8.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/api/backend.hpp"

namespace halfmast::api {

using document = nlohmann::ordered_json;

std::string dump(const document&);

// ---- posts ----

// A post that people can see in a list: in a hold, or only in the mirror of a queue. Points into the state, so it must
// not be kept over anything that lets the state change.
struct listed_post {
    account_id account;
    post_id id;      // the one people use: the hold's, else the platform's
    post_id remote;  // the platform's now; empty while it is taken out
    time_point due{};
    post_ptr post;
    const verdict* judged = nullptr;
    const hold* held = nullptr;             // null: it is only queued
    time_point feed_read{};                 // when the account's public posts were read last; unset: not yet
    const post_remarks* remarks = nullptr;  // what people said of it; null: nothing
    const ask* waits = nullptr;             // to let it go, for a second person; find_post fills it in

    [[nodiscard]] std::string_view state_word() const;
};

// `id` may be the hold's or the platform's.
std::optional<listed_post> find_post(const state&, const account_id&, const post_id& id);

// The mirror shows this hold's post as one that is in the queue like any other: it was let go, or it is not ours any more.
bool is_back(const account_state&, const hold&);

// The same for one entry of the mirror, and for one hold.
listed_post from_mirror(const account_id&, const account_state&, const seen_post&);
listed_post from_hold(const account_id&, const account_state&, const hold&);

document post_member(const listed_post&, const policy&);
document ask_member(const ask&);
document waits_member(const ask&);    // in what waits for it: {"ask","by","at"}
document asks_message(const state&);  // halfmast.asks/1, the oldest first

// One entry of `history`: the ledger's payload in the words of the contract.
document history_member(const history_entry&);

// ---- crises ----

document crisis_member(const policy&, const state&, const crisis&, time_point now);   // as in status
document crisis_message(const policy&, const state&, const crisis&, time_point now);  // halfmast.crisis/1
// Numbers only, from the state's own counts: for whoever asks again and again. No hold and no post is looked at.
document brief_crisis_message(const policy&, const state&, const crisis&, time_point now);
document status_message(const backend&, bool all);  // halfmast.status/1

// ---- what is said ----

document editions_member(const state&, const crisis&, time_point now);
document promise_member(const crisis&, time_point now);
// What one account shows of a crisis: the members that are put beside its holds.
void add_shown(document& account, const state&, const crisis&, const account_id&, time_point now);
document task_member(const task&);
document tasks_message(const state&, bool all);  // halfmast.tasks/1, open ones first, by due time
document reply_member(const reply&);
document replies_message(const state&, const crisis_id&);            // halfmast.replies/1, the oldest first
document statements_message(const std::vector<statement_preview>&);  // halfmast.statements/1

// ---- pages ----

document pages_message(const state&, const paging&, time_point now);  // halfmast.pages/1
// Who has the duty of each rota now, and from when on nobody would: the member "duty" of pages and of doctor.
document duty_members(const state&, const paging&, time_point now);
document page_member(const state&, const std::string& name, const page_group&);
// Open groups that nobody has acknowledged: the member "pages" of status.
document unanswered_pages(const state&);
document page_tests_message(const std::vector<receiver_report>&);  // halfmast.page-tests/1

// ---- proposals ----

document proposal_member(const proposal&);
document proposals_message(const state&, bool all);  // halfmast.proposals/1; without `all` those that wait for a person
document open_proposals(const state&);               // the member "proposals" of status

// ---- others ----

document why_message(const listed_post&);  // halfmast.why/1
// What is known of whether an account could do what it declares: the member "ready" of an account in status.
document ready_member(const policy&, const account&, const readiness&, time_point now);
document check_member(const check_line&);
document doctor_message(const std::vector<account_report>&, const std::vector<std::string>& degraded);
document audit_message(const std::vector<history_entry>&, int limit);  // halfmast.audit/1
document statement_member(const statement_preview&);
document planned_member(const planned_act&);

}  // namespace halfmast::api
