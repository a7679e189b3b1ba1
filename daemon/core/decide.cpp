#include "daemon/core/decide.hpp"

#include <algorithm>

#include "daemon/core/explain.hpp"
#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr int planned_at_once = 64;           // posts of one account that enter the ledger in one decision
constexpr std::chrono::minutes read_soon{2};  // a hold due so soon is read back before a later one leaves
constexpr std::chrono::seconds as_soon{20};

void raise(const step& now, const crisis_raised& what)
{
    auto book = now.rules.playbooks.find(what.playbook);
    audit_record record{record_kind::crisis_raised, now.now, what.by};
    record.why = what.why;
    if (book == now.rules.playbooks.end()) {
        std::string known;
        for (const auto& [name, other] : now.rules.playbooks)
            known += (known.empty() ? "" : ", ") + name;
        return now.refuse(refusal::cause::unknown_target,
                          "raise: there is no playbook '" + what.playbook + "'; there are: " + (known.empty() ? "none" : known),
                          record);
    }
    if (auto no = what.drill ? no_drill(now.rules, what.over) : std::nullopt)
        return now.refuse(refusal::cause::not_possible, std::move(*no), record);
    for (const auto& [id, open] : now.known().crises)
        if (open.now == phase::raised && open.playbook == what.playbook && open.over == what.over && open.drill == what.drill) {
            now.made.crisis = id;
            now.made.repeated = true;
            return;
        }
    crisis flag;
    flag.id = crisis_id{"c-" + std::to_string(now.known().next_crisis)};
    flag.playbook = what.playbook;
    flag.level = what.level.value_or(book->second.level);
    flag.drill = what.drill;
    flag.over = what.over;
    flag.hold = book->second.hold;
    flag.why = what.why;
    flag.why_in = what.why_in;
    flag.raised_by = what.by;
    flag.owner = what.owner.empty() ? what.by : what.owner;
    flag.raised_at = now.now;
    flag.next_update_by = what.next_update_by;
    flag.publish = book->second.publish;
    flag.two_person = book->second.two_person && flag.level >= *book->second.two_person;
    if (!what.statements.empty()) {
        auto first = make_edition(now, flag, edition_kind::summary, what.by, what.statements, what.now);
        first.next_update_by = flag.next_update_by;
        flag.editions.push_back(std::move(first));
    }
    now.made.crisis = flag.id;
    record.crisis = flag.id;
    record.outcome = "done";
    record.flag = flag;
    now.note(std::move(record));
    for (const auto& [id, declared] : now.rules.accounts) {
        if (!covers(flag, declared))
            continue;
        auto& where = now.at(id);
        for (const auto& [post, seen] : where.queue)
            if (flag.hold.contains(seen.judged.kind))
                where.wanted.insert({seen.post->due, post});
        plan_wanted(now, id, std::min(declared.most_in_flight, planned_at_once));  // the first calls wait for these records only
    }
    look_at_showing(now);
}

void let_go_uncovered(const step& now)
{
    for (auto& [id, where] : now.known().accounts) {
        std::vector<post_id> untouched;
        for (const auto& [post, one] : where.holds)
            if (is_let_go(one))
                untouched.push_back(post);
        for (const auto& post : untouched)
            let_go(now, id, post);
    }
}

// A call that was on its way when the last flag came down, and did not work: it is not tried again.
void let_go_after(const step& now, const account_id& id, const post_id& post)
{
    auto& where = now.at(id);
    if (auto found = where.holds.find(post); found != where.holds.end() && is_let_go(found->second))
        let_go(now, id, post);
}

void lower(const step& now, const crisis_lowered& what)
{
    audit_record record{record_kind::crisis_lowered, now.now, what.by};
    record.crisis = what.crisis;
    record.why = what.why;
    record.outcome = "done";
    auto flag = now.known().crises.find(what.crisis);
    if (flag == now.known().crises.end())
        return now.refuse(refusal::cause::unknown_target,
                          "lower: there is no crisis '" + what.crisis.value + "'; 'halfmast status --all' lists them", record);
    now.made.crisis = what.crisis;
    if (flag->second.now == phase::lowered) {
        now.made.repeated = true;
        return;
    }
    auto given = ask_second(now, what, flag->second);
    if (given.waits)
        return;
    record.actor = given.by;
    record.second = given.second;
    if (!what.all_clear.empty()) {
        auto last = make_edition(now, flag->second, edition_kind::all_clear, record.actor, what.all_clear, what.now);
        last.about = what.about;
        last.about_in = what.about_in;
        // Who agreed to the one agreed to the other, and who may lower it alone may say so alone.
        auto agreed = !given.second.empty() ? given.second : !what.break_glass.empty() ? record.actor : actor_id{};
        if (flag->second.two_person && !agreed.empty() && hole_in(what.all_clear).empty()) {
            last.approved = true;
            last.approved_by = agreed;
        }
        record.number = last.number;
        record.edition = std::move(last);
    }
    now.note(std::move(record));
    for (auto& [id, where] : now.known().accounts)
        where.wanted.clear();  // the other open flags find theirs again below
    for (auto& [id, where] : now.known().accounts)
        if (const auto* declared = now.declared(id); declared != nullptr)
            if (auto open = open_over(now.known(), *declared); !open.empty())
                for (const auto& [post, seen] : where.queue)
                    want_if_uncovered(where, open, seen);
    drop_replies(now, what.crisis);
    drop_tasks(now, what.crisis);
    look_at_showing(now);
    let_go_uncovered(now);
}

// Stopping the next post is worth more than knowing about the last one, while the next is due about as soon.
bool hold_comes_first(const account_state& where, time_point now)
{
    if (where.planned.empty())
        return false;
    auto next = next_in(where, where.planned, now)->due;
    return next < now + read_soon && (where.unconfirmed.empty() || next < std::max(where.unconfirmed.begin()->due, now) + as_soon);
}

// Work for one account, most urgent first. True when a call was asked for.
bool start_next(const step& now, const account_id& id)
{
    auto& where = now.at(id);
    const auto* declared = now.declared(id);
    if (declared == nullptr)
        return false;
    if (hold_comes_first(where, now.now) && start_hold(now, id))
        return true;
    bool full_batch = where.unconfirmed.size() >= static_cast<std::size_t>(declared->read_batch);
    bool soon = !where.unconfirmed.empty() && where.unconfirmed.begin()->due < now.now + read_soon && where.reads_out == 0;
    if ((full_batch || soon) && start_reading(now, id))
        return true;
    if (start_summary(now, id) || start_reply(now, id) || start_hold(now, id) || start_reading(now, id))
        return true;
    return start_release(now, id) || start_look_at_pins(now, id);
}

void offer(const step& now, const capacity_offered& what)
{
    auto& where = now.at(what.account);
    wake_delayed(where, now.now);
    plan_wanted(now, what.account, std::max(what.calls, 1));
    for (int calls = what.calls; calls > 0 && where.not_before <= now.now && start_next(now, what.account); --calls) {
    }
}

void finish(const step& now, const action_finished& done)
{
    auto& where = now.at(done.account);
    --where.in_flight;
    if (std::holds_alternative<save_post>(done.what))
        after_save(now, done);
    else if (std::holds_alternative<hold_post>(done.what))
        after_hold(now, done);
    else if (std::holds_alternative<read_posts>(done.what))
        after_read(now, done);
    else if (std::holds_alternative<release_post>(done.what))
        after_release(now, done);
    else if (const auto* said = std::get_if<publish_summary>(&done.what); said != nullptr && !said->reply.empty())
        after_reply(now, done);
    else
        after_summary(now, done);
    if (const auto& trouble = done.result.trouble; trouble && trouble->kind == failure::forbidden && !has_lost_any(where.ready))
        now.made.check = true;  // of one post only, or of all: a check tells
    if (const auto& trouble = done.result.trouble;
        trouble && (trouble->kind == failure::auth_expired || trouble->kind == failure::unreachable))
        observe_trouble(now, account_unread{done.account, *trouble});
    if (const auto* save_call = std::get_if<save_post>(&done.what))
        let_go_after(now, done.account, save_call->post);
    if (const auto* hold_call = std::get_if<hold_post>(&done.what))
        let_go_after(now, done.account, hold_call->post);
    if (const auto* read_call = std::get_if<read_posts>(&done.what))
        for (const auto& wanted : read_call->wanted)
            let_go_after(now, done.account, wanted.post);
}

// Replay is over. What was under way has no outcome, and nobody is waiting for one: look first, everywhere.
void recover(const step& now, const daemon_started& what)
{
    if (remembers_later(now.known(), now.now))
        set_clock_back(now);
    audit_record started{record_kind::daemon_started, now.now};
    started.why = what.version;
    now.note(std::move(started));
    forget_undeclared(now);
    forget_letters_under_way(now.known());
    route_anew(now);
    for (auto& [id, one] : now.known().replies)
        one.busy = false;
    for (auto& [id, where] : now.known().accounts) {
        where.in_flight = 0;
        where.reachable = false;
        where.others.clear();
        count_parked(where);
        for (auto& [crisis, one] : where.summaries)
            one.busy = one.look_at_pins = false;
        std::vector<post_id> under_way;
        for (const auto& [post, one] : where.holds)
            if (one.in_flight)
                under_way.push_back(post);
        for (const auto& post : under_way) {
            auto& one = where.holds.at(post);
            auto kind = one.state == hold_state::releasing ? record_kind::release_answered
                        : one.state == hold_state::saving  ? record_kind::hold_retried
                                                           : record_kind::hold_answered;
            auto record = about(kind, id, one);
            record.outcome = "unknown";
            record.why = "the daemon ended before the answer came";
            now.note(std::move(record));
        }
    }
}

// What a person said changes what can leave now, and what has to wait.
template <class Word>
void after_word(const step& now, Word word)
{
    word();
    look_at_showing(now);
    look_at_replies(now);
}

void handle(const step& now, const crisis_raised& what) { raise(now, what); }
void handle(const step& now, const crisis_lowered& what) { lower(now, what); }
void handle(const step& now, const summary_approved& what)
{
    after_word(now, [&] { approve_statements(now, what); });
}
void handle(const step& now, const statement_asked& what)
{
    after_word(now, [&] { ask_statement(now, what); });
}
void handle(const step& now, const statement_undone& what)
{
    after_word(now, [&] { undo_statement(now, what); });
}
void handle(const step& now, const owner_changed& what) { change_owner(now, what); }
void handle(const step& now, const reply_asked& what) { ask_reply(now, what); }
void handle(const step& now, const reply_approved& what)
{
    after_word(now, [&] { approve_reply(now, what); });
}
void handle(const step& now, const reply_dropped& what) { drop_reply(now, what); }
void handle(const step& now, const task_done& what) { finish_task(now, what); }
void handle(const step& now, const queue_observed& what) { observe_queue(now, what); }
void handle(const step& now, const feed_observed& what) { observe_feed(now, what); }
void handle(const step& now, const account_unread& what) { observe_trouble(now, what); }
void handle(const step& now, const readiness_checked& what) { observe_readiness(now, what); }
void handle(const step& now, const capacity_offered& what) { offer(now, what); }
void handle(const step& now, const action_finished& what) { finish(now, what); }
void handle(const step& now, const hold_requested& what) { hold_by_hand(now, what); }
void handle(const step& now, const release_requested& what) { release(now, what); }
void handle(const step& now, const keep_requested& what) { keep(now, what); }
void handle(const step& now, const post_judged& what) { judge_by_hand(now, what); }
void handle(const step& now, const post_noted& what) { note_post(now, what); }
void handle(const step& now, const source_seen& what) { look_at_source(now, what); }
void handle(const step& now, const ask_withdrawn& what) { withdraw_ask(now, what); }

void handle(const step& now, const second_given& what)
{
    auto agreed = take_second(now, what);
    if (!agreed)
        return;
    if (const auto* let_go = std::get_if<release_requested>(&*agreed))
        release(now, *let_go);
    else if (const auto* down = std::get_if<crisis_lowered>(&*agreed))
        lower(now, *down);
}

void handle(const step& now, const page_acknowledged& what) { acknowledge_page(now, what); }
void handle(const step& now, const page_answered& what) { letter_answered(now, what); }
void handle(const step& now, const health_changed& what) { note_health(now, what); }
void handle(const step& now, const duty_read& what)
{
    now.known().duties[what.rota] = what.said;
    look_at_duties(now);
    now.known().pages.stirred = true;
}
void handle(const step& now, const signal_received& what) { hear_signal(now, what); }
void handle(const step& now, const proposal_decided& what) { decide_proposal(now, what); }
void handle(const step& now, const access_noted& what)
{
    using act = access_noted::act;
    auto kind = what.what == act::signed_in       ? record_kind::access_signed_in
                : what.what == act::refused       ? record_kind::access_refused
                : what.what == act::token_made    ? record_kind::access_token_made
                : what.what == act::token_revoked ? record_kind::access_token_revoked
                : what.what == act::link_made     ? record_kind::access_link_made
                                                  : record_kind::access_session_ended;
    audit_record record{kind, now.now, what.by};
    record.outcome = what.what == act::refused ? "refused" : "done";
    record.why = what.why;
    now.note(std::move(record));
}

void handle(const step& now, const daemon_started& what) { recover(now, what); }

void handle(const step& now, const daemon_stopping&) { now.note(audit_record{record_kind::daemon_stopping, now.now}); }

void handle(const step& now, const clock_ticked&)
{
    for (auto& [id, where] : now.known().accounts) {
        wake_delayed(where, now.now);
        plan_wanted(now, id, planned_at_once);
    }
    look_at_showing(now);
    look_at_replies(now);
    look_at_promises(now);
    look_for_causes(now);
    look_at_duties(now);
    look_at_proposals(now);
    now.known().pages.stirred = true;
}

}  // namespace

void raise_flag(const step& now, const crisis_raised& what) { raise(now, what); }

const account* step::declared(const account_id& id) const
{
    auto found = rules.accounts.find(id);
    return found == rules.accounts.end() ? nullptr : &found->second;
}

void step::note(audit_record record) const
{
    record.at = now;
    apply(made.next, record);
    made.records.push_back(std::move(record));
    auto last = made.records.size() - 1;
    heed_tasks(*this, last);
    heed(*this, last);
}

void step::ask(const account_id& id, act what) const
{
    ++made.next.accounts[id].in_flight;
    made.actions.push_back({made.next.next_action++, id, std::move(what)});
}

void step::refuse(refusal::cause cause, std::string text, audit_record about) const
{
    about.outcome = std::string{to_string(about.kind)};
    about.kind = record_kind::request_refused;
    about.why = text;
    about.snapshot.reset();
    made.refused = refusal{cause, std::move(text)};
    note(std::move(about));
}

bool is_let_go(const hold& one)
{
    bool never_left = one.state == hold_state::planned || one.state == hold_state::failed || one.state == hold_state::manual;
    return never_left && one.covered_by.empty() && !one.seen_in.empty() && !one.by_hand && !one.in_flight;
}

// Holds that never left are let go; what is held, or on its way, waits for a person.
void let_go(const step& now, const account_id& id, const post_id& post)
{
    auto record = about(record_kind::hold_let_go, id, now.at(id).holds.at(post));
    record.why = "the last flag over it was lowered before anything was done to it";
    now.note(std::move(record));
}

milliseconds step::back_off(int attempts) const
{
    auto wait = rules.retry_first;
    for (int i = 1; i < attempts && wait < rules.retry_most; ++i)
        wait *= 2;
    return std::min(wait, rules.retry_most);
}

audit_record about(record_kind kind, const account_id& where, const hold& one)
{
    audit_record record{kind, {}};
    record.account = where;
    record.post = one.id;
    record.remote = one.remote;
    if (!one.covered_by.empty())
        record.crisis = *one.covered_by.begin();
    return record;
}

decision decide(const policy& rules, state known, const event& happened, time_point now)
{
    decision made;
    made.next = std::move(known);
    step here{rules, made, now};
    std::visit([&](const auto& what) { handle(here, what); }, happened);
    if (made.next.pages.stirred)
        send_letters(here);
    return made;
}

}  // namespace halfmast
