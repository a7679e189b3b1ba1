// The fold of what is said: editions and what each account shows of them, pins, promises, replies, tasks.
#include "daemon/core/saying.hpp"

#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::hours hour_of_acts{1};

void forget_act(account_state& where, const std::string& what)
{
    std::erase_if(where.acts, [&](const auto& act) { return act.what == what; });
}

// One act has one time, that of its last try: at most one of its calls became public.
void count_act(account_state& where, const std::string& what, time_point at)
{
    std::erase_if(where.acts, [&](const auto& act) { return act.what == what || act.at + hour_of_acts <= at; });
    where.acts.push_back({at, what});
}

// It became public between the call and its answer; the later moment is the safe one.
void confirm_act(account_state& where, const std::string& what, time_point at)
{
    if (std::ranges::find(where.acts, what, &public_act::what) != where.acts.end())
        count_act(where, what, at);
}

edition* find_edition(state& known, const crisis_id& crisis, std::uint32_t number)
{
    auto flag = known.crises.find(crisis);
    if (flag == known.crises.end() || number == 0 || number > flag->second.editions.size())
        return nullptr;
    return &flag->second.editions[number - 1];
}

// The first account shows it: from now on its promise is the one that counts.
void take_promise(state& known, const crisis_id& crisis, std::uint32_t number)
{
    const auto* said = find_edition(known, crisis, number);
    if (said == nullptr)
        return;
    auto& flag = known.crises.at(crisis);
    if (number <= flag.promised_in)
        return;
    flag.promised_in = number;
    if (flag.next_update_by != said->next_update_by)
        flag.late = false;
    flag.next_update_by = said->next_update_by;
}

void add_edition(state& known, const audit_record& record)
{
    auto flag = known.crises.find(record.crisis);
    if (flag == known.crises.end() || !record.edition || record.edition->number != flag->second.editions.size() + 1)
        return;
    flag->second.editions.push_back(*record.edition);
}

void start(account_state& where, summary& one, const audit_record& record, bool editing)
{
    one.state = summary_state::publishing;
    one.busy = true;
    one.sending = std::max(record.number, 1u);
    one.editing = editing;
    one.words = record.words.value_or(one.words);
    one.recalled_before = record.flagged;
    one.recalled = !editing;  // until an answer says otherwise; an edit is simply made again
    ++one.attempts;
    count_act(where, name_of_act(one.crisis, one.sending, editing), record.at);
}

void is_out(state& known, account_state& where, summary& one, const audit_record& record)
{
    auto number = record.number != 0 ? record.number : std::max(one.sending, 1u);
    confirm_act(where, name_of_act(one.crisis, number, record.kind == record_kind::summary_edited), record.at);
    if (number < one.edition) {  // a person posted an older one after all
        one.copies.insert(one.copies.begin(), {number, record.remote, record.url});
        where.explained.insert(record.remote);
        where.others.erase(record.remote);
        return;
    }
    one.edition = number;
    one.dealt = std::max(one.dealt, number);
    one.sending = 0;
    one.recalled = one.recalled_before = one.editing = one.alone = false;
    one.attempts = 0;
    one.not_before = {};
    one.remote = record.remote;
    bool same_post = !one.copies.empty() && one.copies.back().remote == record.remote;
    one.url = record.url.empty() && same_post ? one.copies.back().url : record.url;
    one.copies.push_back({number, one.remote, one.url});
    one.state = !one.pinned.empty() && one.pinned == one.remote ? summary_state::pinned : summary_state::published;
    where.explained.insert(one.remote);
    where.others.erase(one.remote);
    take_promise(known, one.crisis, number);
}

void failed(account_state& where, summary& one, const audit_record& record)
{
    one.not_before = record.until.value_or(time_point{});
    if (record.outcome == "order") {  // former pins are back, and stand in another order
        one.ordered = true;
        one.restoring = record.pins;
        one.attempts = 0;
        return;
    }
    if (one.state == summary_state::publishing || one.state == summary_state::failed) {
        one.recalled = record.flagged && !one.editing;  // the outcome of the call is unknown
        one.recalled_before = record.flagged;
        if (!record.flagged)
            forget_act(where, name_of_act(one.crisis, std::max(one.sending, 1u), one.editing));
        if (record.outcome == "not_found")
            one.alone = true;
        else if (one.editing && (record.outcome == "unsupported" || record.outcome == "rejected"))
            one.cannot_edit = true;
    }
    if (one.state == summary_state::publishing || one.state == summary_state::waiting)
        one.state = summary_state::failed;
}

// What the account shows when nothing is under way any more.
summary_state at_rest(const summary& one)
{
    if (one.edition == 0)
        return summary_state::waiting;
    return !one.pinned.empty() && one.pinned == one.remote ? summary_state::pinned : summary_state::published;
}

void skip(account_state& where, summary& one, const audit_record& record)
{
    one.dealt = std::max(one.dealt, record.number);
    if (one.sending != 0 && one.sending <= record.number) {
        if (!one.editing)
            forget_act(where, name_of_act(one.crisis, one.sending, false));
        one.sending = 0;
        one.recalled = one.recalled_before = one.editing = false;
        one.attempts = 0;
        one.not_before = {};
        one.state = at_rest(one);
    }
}

void apply_to_pins(summary& one, const audit_record& record)
{
    switch (record.kind) {
    case record_kind::pins_remembered:
        one.pins_known = true;
        one.former_pins = record.pins;
        one.displaced = record.displaced;
        return;
    case record_kind::pin_started:
        one.busy = true;
        ++one.attempts;
        for (const auto& down : record.displaced)  // a stranger's pin that a repair puts down comes back at the end too
            if (std::ranges::find(one.displaced, down) == one.displaced.end()
                && std::ranges::find(one.copies, down, &public_copy::remote) == one.copies.end())
                one.displaced.push_back(down);
        return;
    case record_kind::pin_confirmed:
        one.state = summary_state::pinned;
        one.pinned = record.remote;
        one.attempts = 0;
        one.not_before = {};
        return;
    case record_kind::pin_lost:
        one.pinned = {};
        std::erase_if(one.lost_pins, [&](auto at) { return at + hour_of_acts <= record.at; });
        one.lost_pins.push_back(record.at);
        if (one.state == summary_state::pinned || one.state == summary_state::manual)
            one.state = record.flagged ? summary_state::published : summary_state::manual;
        for (const auto& down : record.displaced)  // has to make room for the repair
            if (std::ranges::find(one.displaced, down) == one.displaced.end())
                one.displaced.push_back(down);
        return;
    case record_kind::unpin_started:
        one.state = summary_state::unpinning;
        one.busy = true;
        ++one.attempts;
        return;
    case record_kind::pins_restored:
        one.state = summary_state::unpinned;
        one.pinned = {};
        return;
    default: return;
    }
}

void apply_to_summary(state& known, account_state& where, summary& one, const audit_record& record)
{
    one.busy = false;
    if (!record.why.empty())
        one.detail = record.why;
    switch (record.kind) {
    case record_kind::summary_started: return start(where, one, record, false);
    case record_kind::edit_started: return start(where, one, record, true);
    case record_kind::summary_published:
    case record_kind::summary_edited: return is_out(known, where, one, record);
    case record_kind::summary_failed: return failed(where, one, record);
    case record_kind::statement_skipped: return skip(where, one, record);
    case record_kind::summary_manual:
        // What is shown stays what it is; the rest is a task.
        one.state =
            record.number == 0 || one.edition == 0 || one.state == summary_state::manual ? summary_state::manual : at_rest(one);
        one.dealt = std::max(one.dealt, record.number);
        if (one.sending <= record.number)
            one.sending = 0;
        if (record.number != 0 && one.sending == 0)
            one.recalled = one.recalled_before = one.editing = false;
        if (record.flagged) {  // nothing can be pinned or unpinned here by a call
            one.pinned = {};
            one.pins_known = false;
        }
        return;
    case record_kind::summary_withdrawn:
        one.state = summary_state::withdrawn;
        one.sending = 0;
        return;
    default: return apply_to_pins(one, record);
    }
}

void apply_to_flag(state& known, const audit_record& record)
{
    auto found = known.crises.find(record.crisis);
    if (found == known.crises.end())
        return;
    auto& flag = found->second;
    switch (record.kind) {
    case record_kind::statement_asked: return add_edition(known, record);
    case record_kind::statement_undone:
        if (auto* one = find_edition(known, record.crisis, record.number))
            one->undone = true;
        return;
    case record_kind::summary_approved:
        if (auto* one = find_edition(known, record.crisis, std::max(record.number, 1u))) {
            one->approved = true;
            one->approved_by = record.actor;
        }
        return;
    case record_kind::promise_kept: ++flag.promises_kept; return;
    case record_kind::promise_missed:
        ++flag.promises_missed;
        flag.late = true;
        return;
    case record_kind::owner_changed:
        for (const auto& [due, id] : known.due_tasks)
            if (auto one = known.tasks.find(id); one != known.tasks.end() && one->second.crisis == flag.id)
                one->second.owner = record.owner;
        flag.owner = record.owner;
        return;
    default: return;
    }
}

void apply_to_reply(state& known, reply& one, const audit_record& record)
{
    auto& where = known.accounts[one.account];
    one.busy = false;
    if (!record.why.empty())
        one.detail = record.why;
    switch (record.kind) {
    case record_kind::reply_approved:
        one.approved = true;
        one.approved_by = record.actor;
        return;
    case record_kind::reply_started:
        one.state = reply_state::publishing;
        one.busy = true;
        one.recalled_before = record.flagged;
        one.recalled = true;
        ++one.attempts;
        count_act(where, one.id, record.at);
        return;
    case record_kind::reply_published:
        one.state = reply_state::published;
        confirm_act(where, one.id, record.at);
        one.recalled = one.recalled_before = false;
        one.remote = record.remote;
        one.url = record.url;
        where.replies.erase(one.id);
        where.explained.insert(one.remote);
        where.others.erase(one.remote);
        return;
    case record_kind::reply_failed:
        one.state = reply_state::failed;
        one.recalled = record.flagged;
        one.not_before = record.until.value_or(time_point{});
        if (!record.flagged)
            forget_act(where, one.id);
        return;
    case record_kind::reply_dropped:
        one.state = reply_state::dropped;
        where.replies.erase(one.id);
        if (one.recalled)
            forget_act(where, one.id);  // it was looked for, and is not there
        one.recalled = false;
        return;
    default: return;
    }
}

void add_reply(state& known, const audit_record& record)
{
    if (!record.reply || record.reply->id.empty())
        return;
    const auto& made = *record.reply;
    known.replies[made.id] = made;
    known.accounts[made.account].replies.insert(made.id);
    ++known.next_reply;
}

void add_task(state& known, const audit_record& record)
{
    if (!record.task || record.task->id.empty())
        return;
    const auto& made = *record.task;
    auto before = known.tasks.find(made.id);
    if (before != known.tasks.end())
        return;
    known.tasks[made.id] = made;
    known.due_tasks.insert({made.due, made.id});
    known.accounts[made.account].tasks[key_of(made)] = made.id;
    ++known.next_task;
    if (auto answer = known.replies.find(made.reply); made.kind == task_kind::reply && answer != known.replies.end()) {
        answer->second.state = reply_state::manual;
        known.accounts[made.account].replies.erase(made.reply);
    }
}

// A person's word or a read-back: what the task was for is so.
void fulfil(state& known, const task& one, const audit_record& record)
{
    if (one.kind == task_kind::reply) {
        if (auto answer = known.replies.find(one.reply); answer != known.replies.end())
            answer->second.state = reply_state::published;
        return;
    }
    auto& all = known.accounts[one.account].summaries;
    if (auto said = all.find(one.crisis); one.kind == task_kind::unpin && said != all.end())
        if (said->second.state == summary_state::manual && !has_words_left(known, said->second))
            said->second.state = summary_state::unpinned;
    if (one.kind != task_kind::publish && one.kind != task_kind::edit)
        return;
    if (auto said = all.find(one.crisis); said != all.end() && said->second.edition < one.edition) {
        said->second.edition = one.edition;
        said->second.dealt = std::max(said->second.dealt, one.edition);
        if (!record.why.empty())
            said->second.detail = record.why;
    }
    take_promise(known, one.crisis, one.edition);
}

void end_task(state& known, const audit_record& record)
{
    auto found = record.task ? known.tasks.find(record.task->id) : known.tasks.end();
    if (found == known.tasks.end())
        return;
    auto& one = found->second;
    known.due_tasks.erase({one.due, one.id});
    if (record.kind != record_kind::task_dropped)
        fulfil(known, one, record);
    else if (auto answer = known.replies.find(one.reply);
             answer != known.replies.end() && answer->second.state == reply_state::manual)
        answer->second.state = reply_state::dropped;
    if (one.state == task_state::open || record.kind == record_kind::task_confirmed) {
        one.state = record.kind == record_kind::task_done        ? task_state::done
                    : record.kind == record_kind::task_confirmed ? task_state::confirmed
                                                                 : task_state::dropped;
        one.by = record.actor;
        one.done_at = record.at;
        one.why = record.why;
    }
    if (record.kind == record_kind::task_done)
        return;  // reading back may still confirm it
    auto& tasks = known.accounts[one.account].tasks;
    if (auto entry = tasks.find(key_of(one)); entry != tasks.end() && entry->second == one.id)
        tasks.erase(entry);
}

// An edit that was under way when the daemon ended may have been made: whatever its next try says, its place in the hour is taken.
void doubt_edits(state& known)
{
    for (auto& [id, where] : known.accounts)
        for (auto& [crisis, one] : where.summaries)
            if (one.editing && one.state == summary_state::publishing)
                one.recalled_before = true;
}

void plan_summary(state& known, const audit_record& record)
{
    auto& made = known.accounts[record.account].summaries[record.crisis];
    made.crisis = record.crisis;
    made.account = record.account;
    made.words = record.words.value_or(statement{});
    made.not_before = record.until.value_or(time_point{});
}

}  // namespace

std::string name_of_act(const crisis_id& crisis, std::uint32_t number, bool editing)
{
    return crisis.value + "/" + std::to_string(number) + (editing ? "/edit" : "");
}

std::string key_of(const task& one)
{
    std::string key{to_string(one.kind)};
    switch (one.kind) {
    case task_kind::publish:
    case task_kind::edit: return key + "/" + one.crisis.value + "/" + std::to_string(one.edition);
    case task_kind::pin:
    case task_kind::unpin: return key + "/" + one.crisis.value;
    case task_kind::reply: return key + "/" + one.reply;
    case task_kind::stop_post: return key + "/" + one.post.value;
    }
    return key;
}

bool apply_saying(state& known, const audit_record& record)
{
    switch (record.kind) {
    case record_kind::statement_asked:
    case record_kind::statement_undone:
    case record_kind::summary_approved:
    case record_kind::promise_kept:
    case record_kind::promise_missed:
    case record_kind::owner_changed: apply_to_flag(known, record); return true;
    case record_kind::crisis_lowered: add_edition(known, record); return false;
    case record_kind::daemon_started: doubt_edits(known); return false;
    case record_kind::reply_asked: add_reply(known, record); return true;
    case record_kind::reply_approved:
    case record_kind::reply_started:
    case record_kind::reply_published:
    case record_kind::reply_failed:
    case record_kind::reply_dropped:
        if (auto one = known.replies.find(record.reply ? record.reply->id : std::string{}); one != known.replies.end())
            apply_to_reply(known, one->second, record);
        return true;
    case record_kind::task_opened: add_task(known, record); return true;
    case record_kind::task_done:
    case record_kind::task_confirmed:
    case record_kind::task_dropped: end_task(known, record); return true;
    case record_kind::summary_planned: plan_summary(known, record); return true;
    case record_kind::summary_started:
    case record_kind::edit_started:
    case record_kind::summary_published:
    case record_kind::summary_edited:
    case record_kind::summary_failed:
    case record_kind::summary_manual:
    case record_kind::summary_withdrawn:
    case record_kind::statement_skipped:
    case record_kind::pins_remembered:
    case record_kind::pin_started:
    case record_kind::pin_confirmed:
    case record_kind::pin_lost:
    case record_kind::unpin_started:
    case record_kind::pins_restored: {
        auto& where = known.accounts[record.account];
        if (auto found = where.summaries.find(record.crisis); found != where.summaries.end())
            apply_to_summary(known, where, found->second, record);
        return true;
    }
    default: return false;
    }
}

}  // namespace halfmast
