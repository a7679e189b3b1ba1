// One summary for each account and crisis: published once, pinned, and at the end unpinned with the former pins as before.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::minutes urgent{10};  // holds due so soon go before the summary

summary* find_summary(account_state& where, const crisis_id& crisis)
{
    auto found = where.summaries.find(crisis);
    return found == where.summaries.end() ? nullptr : &found->second;
}

audit_record about_summary(record_kind kind, const step& now, const account_id& id, const summary& one)
{
    audit_record record{kind, now.now};
    record.account = id;
    record.crisis = one.crisis;
    record.remote = one.remote;
    return record;
}

bool is_open(const state& known, const crisis_id& crisis)
{
    auto flag = known.crises.find(crisis);
    return flag != known.crises.end() && flag->second.now == phase::raised;
}

void publish(const step& now, const account_id& id, summary& one)
{
    publish_summary call{one.crisis, one.words, "halfmast-" + one.crisis.value + "-" + id.value, one.recalled,
                         !is_open(now.known(), one.crisis)};
    // The crisis number starts anew with a new state directory; the moment of the raise does not.
    call.key += "-" + std::to_string(now.known().crises.at(one.crisis).raised_at.time_since_epoch().count() / 1000);
    auto record = about_summary(record_kind::summary_started, now, id, one);
    record.outcome = "intent";
    record.words = one.words;
    record.flagged = one.recalled;
    now.note(std::move(record));
    now.ask(id, std::move(call));
}

void pin(const step& now, const account_id& id, summary& one)
{
    auto record = about_summary(record_kind::pin_started, now, id, one);
    record.outcome = "intent";
    record.displaced = one.displaced;
    now.note(std::move(record));
    now.ask(id, pin_summary{one.crisis, one.remote, one.displaced});
}

// A later flag's summary stands in this one's place: what was there before both comes back when that one is unpinned.
bool is_displaced(const step& now, const account_id& id, const summary& one)
{
    return std::ranges::any_of(now.at(id).summaries, [&](const auto& entry) {
        const auto& other = entry.second;
        bool ended = other.state == summary_state::unpinned || other.state == summary_state::withdrawn;
        return other.crisis != one.crisis && !ended && std::ranges::find(other.displaced, one.remote) != other.displaced.end();
    });
}

// What made room for this summary. The summary of a flag that was lowered meanwhile stays down; what made room for that one
// comes back instead.
void add_former_pins(const step& now, const account_id& id, const summary& one, std::vector<post_id>& restore)
{
    for (const auto& former : one.displaced) {
        auto& all = now.at(id).summaries;
        auto stale = std::ranges::find_if(all, [&](const auto& entry) {
            return entry.first != one.crisis && entry.second.remote == former && !is_open(now.known(), entry.first);
        });
        if (stale != all.end())
            add_former_pins(now, id, stale->second, restore);
        else if (std::ranges::find(restore, former) == restore.end())
            restore.push_back(former);
    }
}

void unpin(const step& now, const account_id& id, summary& one)
{
    std::vector<post_id> restore;
    if (!is_displaced(now, id, one))
        add_former_pins(now, id, one, restore);
    auto record = about_summary(record_kind::unpin_started, now, id, one);
    record.outcome = "intent";
    record.pins = restore;
    now.note(std::move(record));
    now.ask(id, unpin_summary{one.crisis, one.remote, std::move(restore)});
}

void withdraw(const step& now, const account_id& id, const summary& one)
{
    auto record = about_summary(record_kind::summary_withdrawn, now, id, one);
    record.outcome = "done";
    record.why = "the flag was lowered before it went out";
    now.note(std::move(record));
}

void fail(const step& now, const account_id& id, summary& one, const problem& trouble)
{
    auto& where = now.at(id);
    if (trouble.kind == failure::unsupported) {
        auto record = about_summary(record_kind::summary_manual, now, id, one);
        record.outcome = to_string(trouble.kind);
        record.why = trouble.detail;
        return now.note(std::move(record));
    }
    if (nothing_happened(trouble.kind))
        pause_account(now, where, trouble);
    auto record = about_summary(record_kind::summary_failed, now, id, one);
    record.outcome = to_string(trouble.kind);
    record.why = trouble.detail;
    bool perhaps = trouble.kind == failure::unknown_outcome || trouble.kind == failure::bad_reply || trouble.kind == failure::conflict;
    record.flagged = one.state == summary_state::publishing && (perhaps || one.recalled_before);
    record.until = now.now + now.back_off(one.attempts);
    now.note(std::move(record));
    if (one.remote.empty() && !one.recalled && !is_open(now.known(), one.crisis))
        withdraw(now, id, one);
}

void after_publish(const step& now, const action_finished& done, summary& one)
{
    auto& where = now.at(done.account);
    const auto* declared = now.declared(done.account);
    where.failures = 0;
    where.feed_known.insert(done.result.remote);
    auto record = about_summary(record_kind::summary_published, now, done.account, one);
    record.outcome = "done";
    record.remote = done.result.remote;
    record.url = done.result.url;
    now.note(std::move(record));
    if (declared != nullptr && !declared->can_pin) {
        auto task = about_summary(record_kind::summary_manual, now, done.account, one);
        task.outcome = "unsupported";
        task.url = one.url;
        task.why = declared->connector + " has no call that pins; pin " + one.url + " by hand";
        now.note(std::move(task));
    }
}

void remember_pins(const step& now, const action_finished& done, summary& one)
{
    const auto* declared = now.declared(done.account);
    auto record = about_summary(record_kind::pins_remembered, now, done.account, one);
    record.outcome = "done";
    record.pins = done.result.pins;
    std::erase(record.pins, one.remote);
    // Room for ours: the last ones in the platform's order go, and come back at the end.
    if (declared != nullptr && declared->most_pins > 0)
        for (auto at = record.pins.rbegin();
             at != record.pins.rend() && record.pins.size() - record.displaced.size() >= static_cast<std::size_t>(declared->most_pins); ++at)
            record.displaced.push_back(*at);
    now.note(std::move(record));
}

void after_pin(const step& now, const action_finished& done, summary& one)
{
    if (std::ranges::find(done.result.pins, one.remote) == done.result.pins.end()) {
        problem unseen{failure::unknown_outcome, "read back: the summary is not among the pins", {}};
        return fail(now, done.account, one, unseen);
    }
    auto record = about_summary(record_kind::pin_confirmed, now, done.account, one);
    record.outcome = "done";
    record.pins = done.result.pins;
    now.note(std::move(record));
}

void after_unpin(const step& now, const action_finished& done, summary& one)
{
    const auto& call = std::get<unpin_summary>(done.what);
    const auto& pins = done.result.pins;
    bool down = std::ranges::find(pins, one.remote) == pins.end();
    bool back = std::ranges::all_of(call.restore, [&](const auto& id) { return std::ranges::find(pins, id) != pins.end(); });
    bool lost = down && !back && one.attempts >= now.rules.attempts_per_rung;  // somebody removed it: it cannot come back
    if (!down || (!back && !lost)) {
        problem unseen{failure::unknown_outcome, down ? "read back: a former pin is missing" : "read back: the summary is still pinned", {}};
        return fail(now, done.account, one, unseen);
    }
    auto record = about_summary(record_kind::pins_restored, now, done.account, one);
    record.outcome = "done";
    record.pins = pins;
    if (lost)
        record.why = "a former pin cannot be pinned again: it is not there any more";
    now.note(std::move(record));
}

}  // namespace

void plan_summaries(const step& now, const crisis& flag)
{
    if (flag.editions.empty())
        return;
    const auto& first = flag.editions.front();
    for (const auto& [id, words] : first.words) {
        const auto* declared = now.declared(id);
        if (declared == nullptr)
            continue;
        audit_record record{record_kind::summary_planned, now.now};
        record.account = id;
        record.crisis = flag.id;
        record.words = words;
        record.number = first.number;
        if (first.undo_until > flag.raised_at)
            record.until = first.undo_until;
        now.note(std::move(record));
        if (declared->can_publish)
            continue;
        audit_record task{record_kind::summary_manual, now.now};
        task.account = id;
        task.crisis = flag.id;
        task.outcome = "unsupported";
        task.why = declared->connector + " has no call that publishes; post and pin the summary by hand";
        now.note(std::move(task));
    }
}

void withdraw_summaries(const step& now, const crisis& flag)
{
    for (auto& [id, where] : now.known().accounts) {
        auto* one = find_summary(where, flag.id);
        bool never_out = one != nullptr && one->remote.empty() && !one->busy && !one->recalled
            && (one->state == summary_state::waiting || one->state == summary_state::failed || one->state == summary_state::manual);
        if (never_out)
            withdraw(now, id, *one);
    }
}

bool summary_can_start(const state& known, const summary& one, time_point now)
{
    if (one.busy || one.not_before > now)
        return false;
    auto flag = known.crises.find(one.crisis);
    if (flag == known.crises.end())
        return false;
    bool open = flag->second.now == phase::raised;
    switch (one.state) {
    case summary_state::waiting:
        return open && !flag->second.editions.empty() && flag->second.editions.front().approved && !flag->second.editions.front().undone;
    case summary_state::publishing:
    case summary_state::failed:
        return open || one.recalled;  // lowered meanwhile: whether it is out still has to be known
    case summary_state::published:
    case summary_state::unpinning:
        return true;
    case summary_state::pinned:
        return !open;
    default:
        return false;
    }
}

bool start_summary(const step& now, const account_id& id)
{
    auto& where = now.at(id);
    if (!where.planned.empty() && where.planned.begin()->due < now.now + urgent)
        return false;
    for (auto& [crisis, one] : where.summaries) {
        if (!summary_can_start(now.known(), one, now.now))
            continue;
        bool open = is_open(now.known(), crisis);
        if (one.state == summary_state::pinned || one.state == summary_state::unpinning || (one.state == summary_state::published && !open)) {
            unpin(now, id, one);
        } else if (one.state == summary_state::published && !one.pins_known) {
            one.busy = true;
            now.ask(id, read_pins{crisis});
        } else if (one.state == summary_state::published) {
            pin(now, id, one);
        } else {
            publish(now, id, one);
        }
        return true;
    }
    return false;
}

void after_summary(const step& now, const action_finished& done)
{
    auto crisis = std::visit([](const auto& call) {
        if constexpr (requires { call.crisis; })
            return call.crisis;
        else
            return crisis_id{};
    }, done.what);
    auto* one = find_summary(now.at(done.account), crisis);
    if (one == nullptr)
        return;
    one->busy = false;
    // The flag is down, and an earlier call left nothing behind: it never went out.
    const auto* published = std::get_if<publish_summary>(&done.what);
    if (published != nullptr && published->look_only && done.result.trouble && done.result.trouble->kind == failure::not_found)
        return withdraw(now, done.account, *one);
    if (done.result.trouble)
        return fail(now, done.account, *one, *done.result.trouble);
    if (std::holds_alternative<publish_summary>(done.what))
        after_publish(now, done, *one);
    else if (std::holds_alternative<read_pins>(done.what))
        remember_pins(now, done, *one);
    else if (std::holds_alternative<pin_summary>(done.what))
        after_pin(now, done, *one);
    else
        after_unpin(now, done, *one);
}

}  // namespace halfmast
