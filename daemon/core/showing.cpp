// Which edition an account is given next, and from when on: order, undo windows, approvals, and the places of the hour.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::hours hour_of_places{1};

bool is_over(const summary& one) { return one.state == summary_state::unpinned || one.state == summary_state::withdrawn; }

const playbook& playbook_of(const step& now, const crisis& flag)
{
    static const playbook usual;
    auto found = now.rules.playbooks.find(flag.playbook);
    return found == now.rules.playbooks.end() ? usual : found->second;
}

void plan_account(const step& now, const crisis& flag, const account_id& id, const edition& said)
{
    audit_record record{record_kind::summary_planned, now.now};
    record.account = id;
    record.crisis = flag.id;
    record.number = said.number;
    record.words = said.words.at(id);
    now.note(std::move(record));
}

// Accounts that have words, and nothing was planned for yet.
void plan_accounts(const step& now, const crisis& flag)
{
    if (flag.now == phase::lowered)
        return;
    for (const auto& said : flag.editions) {
        if (said.undone)
            continue;
        for (const auto& [id, words] : said.words) {
            const auto* declared = now.declared(id);
            if (declared != nullptr && covers(flag, *declared) && !now.at(id).summaries.contains(flag.id))
                plan_account(now, flag, id, said);
        }
    }
}

// Until when an edition that is wanted has to wait, and why.
void wait_until(const step& now, account_state& where, summary& one, const crisis& flag, const edition& next)
{
    const auto* declared = now.declared(one.account);
    if (!next.approved || (declared != nullptr && !may_speak(now, flag, one.account))) {
        one.wakes_at = time_point::max();
        if (auto hole = next.approved ? std::string{} : hole_in(next.words); !hole.empty())
            one.detail =
                "the " + std::string{to_string(next.kind)} + " waits for a person's word: nothing is given for {{" + hole + "}}";
        return;
    }
    auto place =
        place_in_hour(now, where, flag, outlives_flag(next.kind), name_of_act(flag.id, next.number, goes_by_edit(now, one)));
    one.wakes_at = std::max(next.undo_until, place);
    if (one.wakes_at <= now.now) {
        one.wakes_at = {};
        return;
    }
    if (place > next.undo_until)
        one.detail = "the " + std::string{to_string(next.kind)} + " waits until " + format_utc(place) + ": "
                     + std::to_string(count_acts(where, now.now).ours) + " of "
                     + std::to_string(playbook_of(now, flag).most_public_acts) + " public acts of this hour are used"
                     + (outlives_flag(next.kind) ? "" : ", and the last one is kept for corrections");
    else
        one.detail = "the " + std::string{to_string(next.kind)} + " can be taken back until " + format_utc(next.undo_until);
}

// True when the next edition is one that no call can bring there; it is a task now.
bool is_left_to_person(const step& now, summary& one, const crisis& flag)
{
    const auto* declared = now.declared(one.account);
    const auto* next = next_edition(flag, one, now.now);
    if (one.recalled || next == nullptr || declared == nullptr || !may_speak(now, flag, one.account) || !is_ready(*next, now.now))
        return false;
    if (!declared->can_publish && !goes_by_edit(now, one))
        leave_to_person(now, one, flag, *next, declared->connector + " has no call that publishes; post and pin it by hand");
    else if (!is_sayable(*declared, next->words.at(one.account)))
        leave_to_person(now, one, flag, *next,
                        "its words do not fit " + declared->connector + " and have no short form; say them by hand, shorter");
    else
        return false;
    return true;
}

// The flag is down, and the settings say by now that it speaks of something else: what was kept back there will never be said.
void give_up_words(const step& now, const summary& one, const crisis& flag)
{
    if (flag.now == phase::raised || one.recalled || now.declared(one.account) == nullptr || may_speak(now, flag, one.account))
        return;
    while (const auto* next = next_edition(flag, one, now.now)) {
        auto record = about_summary(record_kind::statement_skipped, now, one);
        record.number = next->number;
        record.outcome = "done";
        record.why = "the settings do not let " + flag.id.value + " speak there any more";
        now.note(std::move(record));
    }
}

}  // namespace

bool outlives_flag(edition_kind kind) { return kind == edition_kind::all_clear || kind == edition_kind::correction; }

bool is_ready(const edition& said, time_point now) { return said.approved && !said.undone && said.undo_until <= now; }

const edition* next_edition(const crisis& flag, const summary& one, time_point now)
{
    const edition* chosen = nullptr;
    for (const auto& said : flag.editions) {
        if (said.number <= one.dealt || said.undone || !said.words.contains(one.account))
            continue;
        if (flag.now == phase::lowered && (one.edition == 0 || !outlives_flag(said.kind)))
            continue;  // who was told nothing needs no all-clear
        if (said.kind == edition_kind::correction)
            return &said;
        if (chosen == nullptr || is_ready(said, now) || !is_ready(*chosen, now))
            chosen = &said;
    }
    return chosen;
}

bool has_words_left(const state& known, const summary& one)
{
    auto flag = known.crises.find(one.crisis);
    return flag != known.crises.end() && next_edition(flag->second, one, time_point::max()) != nullptr;
}

bool goes_by_edit(const step& now, const summary& one)
{
    const auto* declared = now.declared(one.account);
    return declared != nullptr && declared->can_edit && one.edition > 0 && !one.cannot_edit && !one.alone && !one.remote.empty();
}

time_point place_in_hour(const step& now, const account_state& where, const crisis& flag, bool kept_place, const std::string& own)
{
    auto most = playbook_of(now, flag).most_public_acts;
    if (most <= 0)
        return now.now;
    auto places = static_cast<std::size_t>(kept_place || most == 1 ? most : most - 1);
    std::vector<time_point> taken;
    for (const auto& act : where.acts)
        if (act.what != own && act.at + hour_of_places > now.now)
            taken.push_back(act.at);
    if (taken.size() < places)
        return now.now;
    std::ranges::sort(taken);
    return taken[taken.size() - places] + hour_of_places;
}

bool is_sayable(const account& where, const statement& words)
{
    return !words.text.empty() && words.text.find("{{") == std::string::npos && fits(where, words);
}

bool may_speak(const step& now, const crisis& flag, const account_id& id)
{
    const auto* declared = now.declared(id);
    return declared != nullptr && declared->speaks && covers(flag, *declared);
}

void pass_over(const step& now, const summary& one, const crisis& flag, const edition& next)
{
    for (const auto& said : flag.editions) {
        if (said.number <= one.dealt || said.number >= next.number || said.undone || !said.words.contains(one.account))
            continue;
        auto record = about_summary(record_kind::statement_skipped, now, one);
        record.number = said.number;
        record.outcome = "done";
        record.why = "edition " + std::to_string(next.number) + " is newer and goes out instead";
        now.note(std::move(record));
    }
}

void drop_older_tasks(const step& now, const account_id& id, const crisis& flag, std::uint32_t number)
{
    if (now.at(id).tasks.empty())
        return;
    for (const auto& older : flag.editions)
        if (older.number < number && older.kind != edition_kind::correction)
            for (const auto* kind : {"publish/", "edit/"})
                drop_task(now, id, kind + name_of_act(flag.id, older.number, false),
                          "edition " + std::to_string(number) + " is newer");
}

void leave_to_person(const step& now, summary& one, const crisis& flag, const edition& said, const std::string& why)
{
    pass_over(now, one, flag, said);
    const auto* declared = now.declared(one.account);
    const auto& words = said.words.at(one.account);
    task wanted;
    wanted.kind = declared != nullptr && declared->can_edit && one.edition > 0 ? task_kind::edit : task_kind::publish;
    wanted.crisis = flag.id;
    wanted.account = one.account;
    wanted.edition = said.number;
    wanted.post = one.remote;
    wanted.link = !one.url.empty() || declared == nullptr ? one.url : declared->profile;
    bool whole = words.text.find("{{") == std::string::npos;
    wanted.text = whole ? words.text : std::string{};  // what is not finished must not be pasted
    wanted.what =
        (wanted.kind == task_kind::edit ? "change the public post of " : "post the " + std::string{to_string(said.kind)} + " of ")
        + flag.id.value + " at " + one.account.value + (wanted.kind == task_kind::edit ? " to the new words" : "") + ": " + why;
    auto record = about_summary(record_kind::summary_manual, now, one);
    record.number = said.number;
    record.outcome = "unsupported";
    record.words = words;
    record.why = why;
    now.note(std::move(record));
    drop_older_tasks(now, one.account, flag, said.number);
    open_task(now, std::move(wanted));
}

void look_at_account(const step& now, const account_id& id, summary& one)
{
    auto flag = now.known().crises.find(one.crisis);
    if (is_over(one) || one.busy || flag == now.known().crises.end())
        return;
    one.wakes_at = {};
    give_up_words(now, one, flag->second);
    while (is_left_to_person(now, one, flag->second)) {
    }
    if (const auto* next = next_edition(flag->second, one, now.now))
        wait_until(now, now.at(id), one, flag->second, *next);
    // Nothing of it is public, and nothing will be.
    bool never_out = flag->second.now == phase::lowered && one.edition == 0 && one.remote.empty() && !one.recalled;
    if (never_out)
        withdraw_summary(now, one);
}

void look_at_showing(const step& now)
{
    for (const auto& [crisis, flag] : now.known().crises)
        plan_accounts(now, flag);
    for (auto& [id, where] : now.known().accounts)
        for (auto& [crisis, one] : where.summaries)
            look_at_account(now, id, one);
}

}  // namespace halfmast
