// What is said on one account in one crisis: each edition published once, or put into the public post where readers see the edit;
// pinned, and at the end unpinned with the former pins as before.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::minutes urgent{10};  // holds due so soon go before what is said

summary* find_summary(account_state& where, const crisis_id& crisis)
{
    auto found = where.summaries.find(crisis);
    return found == where.summaries.end() ? nullptr : &found->second;
}

bool is_up_for(const state& known, const crisis_id& crisis)
{
    auto flag = known.crises.find(crisis);
    return flag != known.crises.end() && flag->second.now == phase::raised;
}

std::string key_of_edition(const crisis& flag, const account_id& id, std::uint32_t number)
{
    // The crisis number starts anew with a new state directory; the moment of the raise does not.
    auto key =
        "halfmast-" + flag.id.value + "-" + id.value + "-" + std::to_string(flag.raised_at.time_since_epoch().count() / 1000);
    return number <= 1 ? key : key + "-e" + std::to_string(number);
}

void publish(const step& now, const account_id& id, summary& one, const crisis& flag, const edition& said, bool look_only)
{
    const auto* declared = now.declared(id);
    publish_summary call{flag.id, said.words.at(id), key_of_edition(flag, id, said.number), one.recalled, look_only};
    call.edition = said.number;
    if (declared != nullptr && declared->can_reply && one.edition > 0 && !one.alone)
        call.in_reply_to = one.remote;
    auto record = about_summary(record_kind::summary_started, now, one);
    record.outcome = "intent";
    record.number = said.number;
    record.words = call.words;
    record.flagged = one.recalled;
    now.note(std::move(record));
    now.ask(id, std::move(call));
}

void change(const step& now, const account_id& id, summary& one, const crisis& flag, const edition& said)
{
    edit_summary call{flag.id, said.number, one.remote, said.words.at(id)};
    auto record = about_summary(record_kind::edit_started, now, one);
    record.outcome = "intent";
    record.number = said.number;
    record.words = call.words;
    record.flagged = one.editing && one.sending == said.number && one.recalled_before;
    now.note(std::move(record));
    now.ask(id, std::move(call));
}

// The outcome of a call is not known: what became of it comes before everything else. It is sent again only while it is still wanted.
bool find_out(const step& now, const account_id& id, summary& one, const crisis& flag, const edition* next)
{
    auto number = std::max(one.sending, 1u);
    if (number > flag.editions.size() || !flag.editions[number - 1].words.contains(id))
        return false;
    const auto& said = flag.editions[number - 1];
    const auto* declared = now.declared(id);
    bool wanted = next != nullptr && next->number == number && is_ready(*next, now.now) && may_speak(now, flag, id)
                  && declared->can_publish && is_sayable(*declared, said.words.at(id))
                  && place_in_hour(now, now.at(id), flag, outlives_flag(said.kind), name_of_act(flag.id, number, false)) <= now.now;
    publish(now, id, one, flag, said, !wanted);
    return true;
}

// False when it has to wait for a place in the hour. What only a person can do is a task then, and no call.
bool say(const step& now, const account_id& id, summary& one)
{
    const auto& flag = now.known().crises.at(one.crisis);
    const auto* next = next_edition(flag, one, now.now);
    if (one.recalled)
        return find_out(now, id, one, flag, next);
    const auto* declared = now.declared(id);
    if (next == nullptr || declared == nullptr)
        return false;
    look_at_account(now, id, one);
    next = next_edition(flag, one, now.now);
    if (next == nullptr || one.wakes_at > now.now || !is_ready(*next, now.now))
        return false;
    pass_over(now, one, flag, *next);
    if (goes_by_edit(now, one))
        change(now, id, one, flag, *next);
    else
        publish(now, id, one, flag, *next, false);
    return true;
}

bool is_lasting(failure kind) { return kind == failure::rejected || kind == failure::forbidden || kind == failure::unsupported; }

void pin_by_hand(const step& now, summary& one)
{
    const auto* declared = now.declared(one.account);
    auto record = about_summary(record_kind::summary_manual, now, one);
    record.outcome = "unsupported";
    record.url = one.url;
    record.why =
        (declared == nullptr ? one.account.value : declared->connector) + " has no call that pins; pin " + one.url + " by hand";
    auto why = record.why;
    now.note(std::move(record));
    task wanted;
    wanted.kind = task_kind::pin;
    wanted.crisis = one.crisis;
    wanted.account = one.account;
    wanted.post = one.remote;
    wanted.edition = one.edition;
    wanted.link = one.url;
    wanted.what =
        "pin " + (one.url.empty() ? one.remote.value : one.url) + " at " + one.account.value
        + (one.copies.size() > 1 && one.copies[one.copies.size() - 2].remote != one.remote ? " instead of the one before" : "");
    open_task(now, std::move(wanted));
}

// The last word of a flag that is down: what a person pinned before is a task already, and this one was never pinned.
void leave_unpinned(const step& now, const summary& one, const account& declared)
{
    auto record = about_summary(record_kind::summary_manual, now, one);
    record.outcome = "unsupported";
    record.url = one.url;
    record.why = declared.connector + " has no call that pins, and nobody pinned this one";
    now.note(std::move(record));
}

void after_publish(const step& now, const action_finished& done, summary& one)
{
    auto& where = now.at(done.account);
    const auto* declared = now.declared(done.account);
    where.failures = 0;
    where.feed_known.insert(done.result.remote);
    bool edited = std::holds_alternative<edit_summary>(done.what);
    auto number = std::visit(
        [](const auto& call) {
            if constexpr (requires { call.edition; })
                return std::max(call.edition, 1u);
            else
                return 0u;
        },
        done.what);
    keep_promise(now, one.crisis, number);
    auto record = about_summary(edited ? record_kind::summary_edited : record_kind::summary_published, now, one);
    record.outcome = "done";
    record.number = number;
    record.remote = done.result.remote.empty() ? one.remote : done.result.remote;
    record.url = done.result.url;
    now.note(std::move(record));
    drop_older_tasks(now, done.account, now.known().crises.at(one.crisis), number);
    if (declared == nullptr || declared->can_pin)
        return;
    if (!is_up_for(now.known(), one.crisis))
        return leave_unpinned(now, one, *declared);
    const auto* open = find_task(now, done.account, "pin/" + one.crisis.value);
    if (!edited || open == nullptr)
        pin_by_hand(now, one);
}

// The platform has no such call at all.
void give_up(const step& now, const action_finished& done, summary& one, const problem& trouble)
{
    const auto& flag = now.known().crises.at(one.crisis);
    if (std::holds_alternative<publish_summary>(done.what)) {
        auto number = std::max(one.sending, 1u);
        if (number <= flag.editions.size() && flag.editions[number - 1].words.contains(done.account))
            return leave_to_person(now, one, flag, flag.editions[number - 1], trouble.detail);
    }
    auto record = about_summary(record_kind::summary_manual, now, one);
    record.outcome = to_string(trouble.kind);
    record.why = trouble.detail;
    record.flagged = true;  // its pin is a person's business from here on
    now.note(std::move(record));
    if (one.remote.empty())
        return;
    task wanted;
    wanted.kind = flag.now == phase::raised ? task_kind::pin : task_kind::unpin;
    wanted.crisis = one.crisis;
    wanted.account = one.account;
    wanted.post = one.remote;
    wanted.link = one.url;
    wanted.what = std::string{to_string(wanted.kind)} + " " + (one.url.empty() ? one.remote.value : one.url) + " at "
                  + one.account.value + ": " + trouble.detail;
    open_task(now, std::move(wanted));
}

// It goes out if what goes before it is taken back.
bool stands_back(const crisis& flag, const summary& one, const edition& next, std::uint32_t number, time_point now)
{
    if (is_ready(next, now) || number == 0 || number > flag.editions.size())
        return false;
    const auto& said = flag.editions[number - 1];
    return is_ready(said, now) && number > one.dealt
           && (flag.now == phase::raised || (one.edition > 0 && outlives_flag(said.kind)));
}

// Nothing is left of the call whose outcome was not known: it never went out.
void found_nothing(const step& now, const summary& one, std::uint32_t number)
{
    const auto& flag = now.known().crises.at(one.crisis);
    const auto* next = next_edition(flag, one, now.now);
    bool wanted = next != nullptr && (next->number == number || stands_back(flag, one, *next, number, now.now));
    auto record = about_summary(wanted ? record_kind::summary_failed : record_kind::statement_skipped, now, one);
    record.number = number;
    record.outcome = wanted ? "not_sent" : "done";
    record.why =
        "nothing is left of the call whose outcome was not known" + std::string{wanted ? "" : ", and it is not wanted any more"};
    now.note(std::move(record));
}

void after_trouble(const step& now, const action_finished& done, summary& one)
{
    const auto& trouble = *done.result.trouble;
    const auto* published = std::get_if<publish_summary>(&done.what);
    if (published != nullptr && published->look_only && trouble.kind == failure::not_found) {
        found_nothing(now, one, std::max(published->edition, 1u));
        return look_at_account(now, done.account, one);
    }
    bool a_look = one.pins_known || is_unpinned_by_hand(now, one);
    if (std::holds_alternative<read_pins>(done.what) && a_look) {  // the next poll looks again
        if (nothing_happened(trouble.kind))
            pause_account(now, now.at(done.account), trouble);
        one.look_at_pins = false;
        one.pins_read_at = now.now;
        return;
    }
    if (trouble.kind == failure::unsupported && !std::holds_alternative<edit_summary>(done.what))
        return give_up(now, done, one, trouble);
    bool at_the_end = std::holds_alternative<unpin_summary>(done.what) && one.attempts >= now.rules.attempts_per_rung;
    if (at_the_end
        && trouble.kind == failure::rejected) {  // others took the place of a former pin, or it cannot be pinned any more
        auto said = trouble;
        said.detail = "what was pinned before cannot be pinned again: " + trouble.detail;
        return give_up(now, done, one, said);
    }
    fail_summary(now, done.account, one, trouble);
    if (std::holds_alternative<pin_summary>(done.what) && trouble.kind == failure::rejected)
        one.look_at_pins = true;  // somebody may have taken the place that there was
    const auto& flag = now.known().crises.at(one.crisis);
    // The flag is down, and the platform keeps saying no: a person says the last word, and the pins are put back.
    if (flag.now == phase::lowered && one.sending != 0 && !one.recalled && one.attempts >= now.rules.attempts_per_rung
        && is_lasting(trouble.kind) && one.sending <= flag.editions.size() && one.edition > 0)
        leave_to_person(now, one, flag, flag.editions[one.sending - 1], trouble.detail);
    look_at_account(now, done.account, one);
}

}  // namespace

audit_record about_summary(record_kind kind, const step& now, const summary& one)
{
    audit_record record{kind, now.now};
    record.account = one.account;
    record.crisis = one.crisis;
    record.remote = one.remote;
    return record;
}

void withdraw_summary(const step& now, const summary& one)
{
    auto record = about_summary(record_kind::summary_withdrawn, now, one);
    record.outcome = "done";
    record.why = "the flag was lowered before it went out";
    now.note(std::move(record));
}

void fail_summary(const step& now, const account_id& id, summary& one, const problem& trouble)
{
    if (nothing_happened(trouble.kind))
        pause_account(now, now.at(id), trouble);
    auto record = about_summary(record_kind::summary_failed, now, one);
    record.number = one.sending;
    record.outcome = to_string(trouble.kind);
    record.why = trouble.detail;
    bool perhaps =
        trouble.kind == failure::unknown_outcome || trouble.kind == failure::bad_reply || trouble.kind == failure::conflict;
    record.flagged = one.state == summary_state::publishing && (perhaps || one.recalled_before);
    record.until = now.now + now.back_off(one.attempts);
    now.note(std::move(record));
}

said_work next_work(const state& known, const summary& one, time_point now)
{
    bool over = one.state == summary_state::withdrawn || one.state == summary_state::unpinned;
    auto flag = known.crises.find(one.crisis);
    if (one.busy || one.not_before > now || over || flag == known.crises.end())
        return said_work::nothing;
    if (one.recalled)
        return said_work::say;
    bool up = flag->second.now == phase::raised;
    if (const auto* next = next_edition(flag->second, one, now)) {
        if (is_ready(*next, now) && one.wakes_at <= now)
            return said_work::say;
        if (!up)
            return said_work::nothing;  // the last word first
    }
    bool by_hand = one.state == summary_state::manual && !one.pins_known;
    if (!up && (one.remote.empty() || (by_hand && one.pinned.empty())))
        return one.look_at_pins ? said_work::look : said_work::nothing;
    if (!up)
        return said_work::unpin;
    if (one.state == summary_state::published && !stands_behind(known, one))
        return one.pins_known && !one.look_at_pins ? said_work::pin : said_work::read_pins;
    return one.look_at_pins ? said_work::look : said_work::nothing;
}

bool start_summary(const step& now, const account_id& id)
{
    auto& where = now.at(id);
    if (!where.planned.empty() && where.planned.begin()->due < now.now + urgent)
        return false;
    for (auto& [crisis, one] : where.summaries) {
        switch (next_work(now.known(), one, now.now)) {
        case said_work::nothing:
        case said_work::look: continue;
        case said_work::say:
            if (say(now, id, one))
                return true;
            continue;
        case said_work::read_pins: start_read_pins(now, id, one); return true;
        case said_work::pin: pin(now, id, one); return true;
        case said_work::unpin: unpin(now, id, one); return true;
        }
    }
    return false;
}

bool start_look_at_pins(const step& now, const account_id& id)
{
    for (auto& [crisis, one] : now.at(id).summaries)
        if (next_work(now.known(), one, now.now) == said_work::look) {
            start_read_pins(now, id, one);
            return true;
        }
    return false;
}

void after_summary(const step& now, const action_finished& done)
{
    auto crisis = std::visit(
        [](const auto& call) {
            if constexpr (requires { call.crisis; })
                return call.crisis;
            else
                return crisis_id{};
        },
        done.what);
    auto* one = find_summary(now.at(done.account), crisis);
    if (one == nullptr || !now.known().crises.contains(crisis))
        return;
    one->busy = false;
    if (done.result.trouble)
        return after_trouble(now, done, *one);
    if (std::holds_alternative<publish_summary>(done.what) || std::holds_alternative<edit_summary>(done.what))
        after_publish(now, done, *one);
    else if (std::holds_alternative<read_pins>(done.what))
        after_read_pins(now, done, *one);
    else if (std::holds_alternative<pin_summary>(done.what))
        after_pin(now, done, *one);
    else
        after_unpin(now, done, *one);
    look_at_account(now, done.account, *one);
}

}  // namespace halfmast
