// One decision in the making: what the parts of decide share. Internal to this room.
#pragma once

#include "daemon/core/decide.hpp"

namespace halfmast {

struct step {
    const policy& rules;
    decision& made;
    time_point now;

    [[nodiscard]] state& known() const { return made.next; }
    [[nodiscard]] account_state& at(const account_id& id) const { return made.next.accounts[id]; }
    // Null when the settings do not name the account (any more).
    [[nodiscard]] const account* declared(const account_id& id) const;

    // It becomes true now, and stays on record.
    void note(audit_record record) const;
    // To be done once the records are durable.
    void ask(const account_id& id, act what) const;
    // A person is told no; that is on record too.
    void refuse(refusal::cause cause, std::string text, audit_record about) const;

    [[nodiscard]] milliseconds back_off(int attempts) const;
};

// A record about one hold, with the members every such record has.
audit_record about(record_kind kind, const account_id& where, const hold& one);

// Which failures prove that nothing happened at the platform.
bool nothing_happened(failure kind);
// The account as a whole is in trouble: no call of any kind for a while. The platform's own word stands; else it doubles, but
// never past the last moment for what presses most, `due` (of the call that failed) included.
void pause_account(const step&, account_state&, const problem&, std::optional<time_point> due = {});

// holds.cpp
void plan_wanted(const step&, const account_id&, int most);
// Whose turn it is in `wanted` or `planned`, which must not be empty: the earliest due; but while others are due soon, not one for
// which a call would come too late: most likely it is out by then, and with scarce calls it would cost the next one.
std::set<by_due>::const_iterator next_in(const account_state&, const std::set<by_due>&, time_point now);
bool start_hold(const step&, const account_id&);
bool start_reading(const step&, const account_id&);
void after_save(const step&, const action_finished&);
void after_hold(const step&, const action_finished&);
void after_read(const step&, const action_finished&);
void note_missing(const step&, const account_id&, hold&, const std::string& why);
void hold_by_hand(const step&, const hold_requested&);
// The rung did not work, or not yet: the same again later, the next one, or a person.
void retry_hold(const step&, const account_id&, hold&, bool rung_is_spent, const std::string& why, const std::string& outcome = {});

// True for a hold that no flag and no person wants, and to which nothing was done yet.
bool is_let_go(const hold&);
void let_go(const step&, const account_id&, const post_id&);

// observe.cpp
void observe_queue(const step&, const queue_observed&);
void observe_feed(const step&, const feed_observed&);
void observe_trouble(const step&, const account_unread&);
using open_flags = std::vector<const crisis*>;  // as open_over gives them: asked for once, not for every post
// The open flags that want this post held; empty when none does.
std::vector<crisis_id> wanted_by(const open_flags&, const verdict&);
// The rules may speak differently of an edited post, and a new post may have come: is it wanted now?
void want_if_uncovered(account_state&, const open_flags&, const seen_post&);
void drifted(const step&, const account_id&, const hold&, const post_ptr& seen, const std::string& why);

// readiness.cpp
void observe_readiness(const step&, const readiness_checked&);
// Accounts that the settings do not name any more need not be ready.
void forget_undeclared(const step&);

// pages.cpp
void acknowledge_page(const step&, const page_acknowledged&);
void route_anew(const step&);  // after a start: pages whose route the settings do not have any more
// causes.cpp
void heed(const step&, std::size_t record);  // what a record of this decision means to people
void look_for_causes(const step&);           // what the clock and the state say
void note_health(const step&, const health_changed&);
void look_at_duties(const step&);  // rotas that a calendar fills: is somebody there, now and soon?
// letters.cpp
// The next ones of the route are told of this page's group at once.
void escalate_at_once(const step&, const std::string& page_key, const std::string& why);
void send_letters(const step&);
void letter_answered(const step&, const page_answered&);
void forget_letters_under_way(state&);  // nobody waits for their answers any more

// clock.cpp
void set_clock_back(const step&);              // what was remembered by a clock that was ahead makes nothing wait any longer
bool remembers_later(state&, time_point now);  // the ledger is from later than now: the clock was set back since

// signals.cpp
void hear_signal(const step&, const signal_received&);
void decide_proposal(const step&, const proposal_decided&);
void look_at_proposals(const step&);  // what the clock says: nobody decided
// decide.cpp: a flag, whoever wants it; the new one, or the open one it repeats, is in made.crisis
void raise_flag(const step&, const crisis_raised&);

// releases.cpp
void release(const step&, const release_requested&);
void keep(const step&, const keep_requested&);
bool start_release(const step&, const account_id&);
void after_release(const step&, const action_finished&);
void read_released(const step&, const account_id&, hold&, const post_reading&);

// review.cpp
void judge_by_hand(const step&, const post_judged&);
void note_post(const step&, const post_noted&);
void look_at_source(const step&, const source_seen&);
// What a held post says at its source now; on record when that is another text than before.
void compare_source(const step&, const account_id&, const hold&, const std::string& text);
// What the second person agreed to, to be carried out now; nothing when it was refused.
std::optional<event> take_second(const step&, const second_given&);
void withdraw_ask(const step&, const ask_withdrawn&);
// Whether one person's word is enough. When another one agreed, or the glass was broken, that is on record.
struct consent {
    bool waits = false;  // for another person: it is not done now
    actor_id by;         // who asked first
    actor_id second;     // who agreed; empty when nobody else was needed
};
consent ask_second(const step&, const release_requested&, const account_id&, const hold&, time_point at);
consent ask_second(const step&, const crisis_lowered&, const crisis&);
// One person was enough all the same, for `what` ("say update"); it is recorded and paged.
void break_the_glass(const step&, const crisis&, const actor_id& by, std::string what, const std::string& why);

// editions.cpp
void ask_statement(const step&, const statement_asked&);
void undo_statement(const step&, const statement_undone&);
void approve_statements(const step&, const summary_approved&);
void change_owner(const step&, const owner_changed&);
// The next edition of a crisis.
edition make_edition(const step&, const crisis&, edition_kind, const actor_id& by, const std::map<account_id, statement>& words,
                     bool at_once);

// replies.cpp
void ask_reply(const step&, const reply_asked&);
void approve_reply(const step&, const reply_approved&);
void drop_reply(const step&, const reply_dropped&);

bool start_reply(const step&, const account_id&);
void after_reply(const step&, const action_finished&);
bool reply_can_start(const state&, const reply&, time_point now);
void drop_replies(const step&, const crisis_id&);  // the flag comes down
void look_at_replies(const step&);                 // those that only a person can send; from when on the others can leave

// tasks.cpp
void finish_task(const step&, const task_done&);
// Something only a person can do; `kind`, `crisis`, `account`, `what` and what the kind needs are filled in. An open task for the
// same thing gives way, unless it says the same.
void open_task(const step&, task);
// Nothing happens when there is none under that key.
void drop_task(const step&, const account_id&, const std::string& key, const std::string& why);
void confirm_task(const step&, const account_id&, const std::string& key, const std::string& why);
const task* find_task(const step&, const account_id&, const std::string& key);
void heed_tasks(const step&, std::size_t record);  // posts that a person has to stop
void read_tasks_back(const step&, const feed_observed&);
void drop_tasks(const step&, const crisis_id&);  // the flag comes down
void look_at_tasks(const step&, std::set<std::string>& pages);

// promise.cpp
// Before the record that an edition is out.
void keep_promise(const step&, const crisis_id&, std::uint32_t edition);
void look_at_promises(const step&);

// showing.cpp
// What an account is given next of a crisis; null: it has all. The earliest correction, else the latest edition that is ready, else
// the latest that waits.
const edition* next_edition(const crisis&, const summary&, time_point now);
bool is_ready(const edition&, time_point now);
// More of this crisis may have to be said on this account.
bool has_words_left(const state&, const summary&);
// What is said although the flag is down, and what the last place of the hour is kept for.
bool outlives_flag(edition_kind);
// From when on the account has a place in the hour for one more public act; `own` is not counted twice.
time_point place_in_hour(const step&, const account_state&, const crisis&, bool kept_place, const std::string& own);
// What one public act of the hour is called: the same for every try. An edit and a post of its own are two.
std::string name_of_act(const crisis_id&, std::uint32_t edition, bool editing);
// The next edition is put into the public post; else it is a post of its own.
bool goes_by_edit(const step&, const summary&);
bool is_sayable(const account&, const statement&);
// Something may be said there for this flag: the settings have the account, let it speak, and the flag is about it still.
bool may_speak(const step&, const crisis&, const account_id&);
// An edition becomes a person's task on this account.
void leave_to_person(const step&, summary&, const crisis&, const edition&, const std::string& why);
// What is newer replaces what a person has to say by hand; a correction has to be said all the same.
void drop_older_tasks(const step&, const account_id&, const crisis&, std::uint32_t edition);
// What was passed over in favour of `next`, on record.
void pass_over(const step&, const summary&, const crisis&, const edition& next);
void look_at_account(const step&, const account_id&, summary&);
void look_at_showing(const step&);  // new accounts, what only a person can do, and from when on the rest can leave

// pins.cpp
void start_read_pins(const step&, const account_id&, summary&);
void pin(const step&, const account_id&, summary&);
void unpin(const step&, const account_id&, summary&);
void after_read_pins(const step&, const action_finished&, summary&);
void after_pin(const step&, const action_finished&, summary&);
void after_unpin(const step&, const action_finished&, summary&);
void look_at_pins_soon(const step&, const account_id&);  // a poll came
bool is_unpinned_by_hand(const step&, const summary&);   // that is wanted, and not seen yet

// summaries.cpp
bool start_summary(const step&, const account_id&);
bool start_look_at_pins(const step&, const account_id&);
void after_summary(const step&, const action_finished&);
audit_record about_summary(record_kind, const step&, const summary&);
void fail_summary(const step&, const account_id&, summary&, const problem&);
void withdraw_summary(const step&, const summary&);

// What a call can be made for now.
enum class said_work {
    nothing,
    say,  // an edition, or the search for what became of one
    read_pins,
    pin,
    unpin,
    look,  // are our pins still there? Waits for everything else
};
// A later flag's post stands in this one's place: what was there before both comes back when that one is unpinned.
bool stands_behind(const state&, const summary&);
said_work next_work(const state&, const summary&, time_point now);

}  // namespace halfmast
