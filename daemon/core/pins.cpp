// The pin of a crisis on one account: former pins remembered, ours put in, looked after, and at the end the former ones as before.
#include <algorithm>
#include <optional>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::seconds looked_at_again{60};
constexpr std::chrono::hours an_hour_of_repairs{1};
constexpr std::size_t most_repairs = 3;  // within an hour: then somebody means it

bool contains(const std::vector<post_id>& ids, const post_id& wanted) { return std::ranges::find(ids, wanted) != ids.end(); }

bool is_up(const state& known, const crisis_id& crisis)
{
    auto flag = known.crises.find(crisis);
    return flag != known.crises.end() && flag->second.now == phase::raised;
}

// Nothing of it is pinned any more, and what made room for it was put back.
bool has_no_pin(const summary& one) { return one.state == summary_state::unpinned || one.state == summary_state::withdrawn; }

// How many pins the platform has room for; none: it names no limit.
std::optional<std::size_t> limit_of_pins(const step& now, const account_id& id)
{
    const auto* declared = now.declared(id);
    if (declared == nullptr || declared->most_pins <= 0)
        return std::nullopt;
    return static_cast<std::size_t>(declared->most_pins);
}

bool is_ours(const summary& one, const post_id& id)
{
    return std::ranges::find(one.copies, id, &public_copy::remote) != one.copies.end();
}

// The post that another crisis shows by now, instead of the one that was there.
post_id latest_of(const step& now, const summary& one, const post_id& former)
{
    for (const auto& [crisis, other] : now.at(one.account).summaries)
        if (crisis != one.crisis && is_ours(other, former) && !other.remote.empty())
            return other.remote;
    return former;
}

// What made room for this one. The post of a flag that was lowered meanwhile stays down; what made room for that one comes back
// instead.
void add_former_pins(const step& now, const summary& one, std::vector<post_id>& restore)
{
    for (const auto& former : one.displaced) {
        auto& all = now.at(one.account).summaries;
        auto stale = std::ranges::find_if(all, [&](const auto& entry) {
            return entry.first != one.crisis && is_ours(entry.second, former) && !is_up(now.known(), entry.first);
        });
        if (stale != all.end())
            add_former_pins(now, stale->second, restore);
        else if (auto latest = latest_of(now, one, former); !contains(restore, latest))
            restore.push_back(latest);
    }
}

// The former pins that are there, in the order they had.
std::vector<post_id> order_before(const summary& one, const std::vector<post_id>& pins)
{
    std::vector<post_id> order;
    for (const auto& id : one.former_pins)
        if (contains(pins, id))
            order.push_back(id);
    return order;
}

// What has to be pinned anew, so that the former pins stand as they did. Where order counts, what is pinned last comes first: the
// longest end of the order that stands right already may stay.
std::vector<post_id> out_of_order(const summary& one, const std::vector<post_id>& pins)
{
    auto wanted = order_before(one, pins);
    auto at = pins.rbegin();
    auto right = wanted.rbegin();
    for (; right != wanted.rend(); ++right) {
        auto found = std::find(at, pins.rend(), *right);
        if (found == pins.rend())
            break;
        at = found + 1;
    }
    return {wanted.begin(), right.base()};
}

// Room for ours: the last ones in the platform's order go, and come back at the end. What was there before goes last.
std::vector<post_id> make_room(const step& now, const summary& one, const std::vector<post_id>& pins,
                               const std::vector<post_id>& before = {})
{
    std::vector<post_id> down;
    auto most = limit_of_pins(now, one.account);
    for (bool was_there : {false, true})
        for (auto at = pins.rbegin(); most && at != pins.rend() && pins.size() - down.size() >= *most; ++at)
            if (contains(before, *at) == was_there)
                down.push_back(*at);
    return down;
}

// Former pins that stayed beside ours. In the place of the post of a flag that is over stands what had made room for that one.
std::vector<post_id> stayed_beside(const step& now, const summary& one)
{
    std::vector<post_id> stayed;
    const auto& all = now.at(one.account).summaries;
    for (const auto& former : one.former_pins) {
        if (contains(one.displaced, former))
            continue;
        auto over = std::ranges::find_if(all, [&](const auto& entry) {
            return entry.first != one.crisis && is_ours(entry.second, former) && has_no_pin(entry.second);
        });
        if (over != all.end())
            add_former_pins(now, over->second, stayed);
        else
            stayed.push_back(former);
    }
    return stayed;
}

// Another flag made room by it too, and puts it back itself when it ends.
bool comes_back_with_another(const step& now, const summary& one, const post_id& id)
{
    return std::ranges::any_of(now.at(one.account).summaries, [&](const auto& entry) {
        return entry.first != one.crisis && !has_no_pin(entry.second) && contains(entry.second.displaced, id);
    });
}

// What comes back at the end. Not all has room where others pinned something meanwhile, or another flag stands: what was there
// before goes before what came later, and last what that other flag puts back.
std::vector<post_id> to_restore(const step& now, const summary& one)
{
    std::vector<post_id> restore;
    add_former_pins(now, one, restore);
    auto most = limit_of_pins(now, one.account);
    if (!most)
        return restore;
    auto stayed = stayed_beside(now, one);
    auto taken = static_cast<std::size_t>(std::ranges::count_if(stayed, [&](const auto& id) { return !contains(restore, id); }));
    std::ranges::stable_partition(restore,
                                  [&](const auto& id) { return !contains(one.displaced, id) || contains(one.former_pins, id); });
    std::ranges::stable_partition(restore, [&](const auto& id) { return !comes_back_with_another(now, one, id); });
    auto room = *most - std::min(*most, taken);
    restore.resize(std::min(restore.size(), room));
    return restore;
}

// The post of another flag, which was lowered since.
bool is_down_by_now(const step& now, const summary& one, const post_id& id)
{
    return std::ranges::any_of(now.at(one.account).summaries, [&](const auto& entry) {
        return entry.first != one.crisis && is_ours(entry.second, id) && !is_up(now.known(), entry.first);
    });
}

// Where another flag is just putting its former pins back, their order is the one that it remembers, not the one of this moment.
void put_in_known_order(const step& now, const summary& one, std::vector<post_id>& pins)
{
    for (const auto& [crisis, other] : now.at(one.account).summaries) {
        if (crisis == one.crisis || other.state != summary_state::unpinning)
            continue;
        auto wanted = order_before(other, pins);
        auto next = wanted.begin();
        for (auto& id : pins)
            if (contains(wanted, id))
                id = *next++;
    }
}

void ask_for_pin(const step& now, const summary& one, const std::string& why)
{
    task wanted;
    wanted.kind = task_kind::pin;
    wanted.crisis = one.crisis;
    wanted.account = one.account;
    wanted.post = one.remote;
    wanted.edition = one.edition;
    wanted.link = one.url;
    wanted.what = "pin " + (one.url.empty() ? one.remote.value : one.url) + " at " + one.account.value + ": " + why;
    open_task(now, std::move(wanted));
}

void lost(const step& now, summary& one, const std::vector<post_id>& pins)
{
    auto recent = std::ranges::count_if(one.lost_pins, [&](auto at) { return at + an_hour_of_repairs > now.now; });
    auto flag = now.known().crises.find(one.crisis);
    auto book = flag == now.known().crises.end() ? now.rules.playbooks.end() : now.rules.playbooks.find(flag->second.playbook);
    auto policy = book == now.rules.playbooks.end() ? pin_policy::repair : book->second.lost_pin;
    bool often = recent >= static_cast<long>(most_repairs);
    auto record = about_summary(record_kind::pin_lost, now, one);
    record.pins = pins;
    record.flagged = policy == pin_policy::repair && !often;
    record.outcome = record.flagged ? "repair" : "report";
    record.displaced = make_room(now, one, pins, one.former_pins);
    record.why = "somebody unpinned it"
                 + std::string{record.flagged ? "; it is pinned again"
                               : often        ? " again and again; a person has to decide"
                                              : "; a person has to decide"};
    bool repair = record.flagged;
    auto why = record.why;
    now.note(std::move(record));
    if (!repair)
        ask_for_pin(now, one, why);
}

void remember(const step& now, const std::vector<post_id>& seen, summary& one)
{
    auto record = about_summary(record_kind::pins_remembered, now, one);
    record.outcome = "done";
    record.pins = seen;
    std::erase_if(record.pins, [&](const auto& id) { return is_ours(one, id); });
    put_in_known_order(now, one, record.pins);
    record.displaced = make_room(now, one, record.pins);
    now.note(std::move(record));
}

// Others pinned more than there is room for beside what was there before. They have the place of a former pin, which a call of ours
// put down, whose outcome nobody knows.
bool have_former_places(const step& now, const summary& one, const std::vector<post_id>& pins)
{
    auto most = limit_of_pins(now, one.account);
    auto theirs = std::ranges::count_if(pins, [&](const auto& id) {
        return !contains(one.former_pins, id)
               && std::ranges::none_of(now.at(one.account).summaries, [&](const auto& entry) { return is_ours(entry.second, id); });
    });
    return most && theirs > 0 && one.former_pins.size() + static_cast<std::size_t>(theirs) > *most;
}

// The place that there was is taken: others pinned something since it was looked at.
void make_more_room(const step& now, const summary& one, std::vector<post_id> pins)
{
    std::erase_if(pins, [&](const auto& id) { return is_ours(one, id); });
    put_in_known_order(now, one, pins);
    bool was_up = !one.lost_pins.empty() || have_former_places(now, one, pins);  // then what is new there came after ours
    auto more = make_room(now, one, pins, was_up ? one.former_pins : std::vector<post_id>{});
    std::erase_if(more, [&](const auto& id) { return contains(one.displaced, id); });
    if (more.empty())
        return;
    auto record = about_summary(record_kind::pins_remembered, now, one);
    record.outcome = "done";
    record.why = "others were pinned meanwhile: room is made anew";
    record.displaced = one.displaced;
    record.displaced.insert(record.displaced.end(), more.begin(), more.end());
    record.pins = was_up ? one.former_pins : std::move(pins);
    for (const auto& id : one.former_pins)
        if (!contains(record.pins, id))
            record.pins.push_back(id);
    now.note(std::move(record));
}

void confirm(const step& now, summary& one, const std::vector<post_id>& pins, const std::string& why)
{
    auto record = about_summary(record_kind::pin_confirmed, now, one);
    record.outcome = "done";
    record.pins = pins;
    record.why = why;
    now.note(std::move(record));
    confirm_task(now, one.account, "pin/" + one.crisis.value, "read back: it is pinned");
}

// A person was asked to put ours down: are they?
void unpinned_by_hand(const step& now, summary& one, const std::vector<post_id>& pins)
{
    one.look_at_pins = false;
    if (one.copies.empty())
        return;  // posted by hand and never seen: nobody here knows which it is
    if (std::ranges::any_of(pins, [&](const auto& id) { return is_ours(one, id); }))
        return;
    auto former = stands_behind(now.known(), one) ? std::vector<post_id>{} : to_restore(now, one);
    bool back = std::ranges::all_of(former, [&](const auto& id) { return contains(pins, id); });
    if (!back && find_task(now, one.account, "unpin/" + one.crisis.value)->state == task_state::open)
        return;  // they put it down and are not done, or pin no more: their word will tell
    auto record = about_summary(record_kind::pins_restored, now, one);
    record.outcome = "done";
    record.pins = pins;
    record.why = std::string{"read back: it is unpinned"} + (back ? "" : ", and former pins are not pinned again");
    auto why = record.why;
    confirm_task(now, one.account, "unpin/" + one.crisis.value, why);
    if (!has_words_left(now.known(), one))
        now.note(std::move(record));
}

}  // namespace

bool is_unpinned_by_hand(const step& now, const summary& one)
{
    return !is_up(now.known(), one.crisis) && find_task(now, one.account, "unpin/" + one.crisis.value) != nullptr;
}

bool stands_behind(const state& known, const summary& one)
{
    auto where = known.accounts.find(one.account);
    return where != known.accounts.end() && std::ranges::any_of(where->second.summaries, [&](const auto& entry) {
               const auto& other = entry.second;
               return other.crisis != one.crisis && !has_no_pin(other)
                      && std::ranges::any_of(other.displaced, [&](const auto& id) { return is_ours(one, id); });
           });
}

void start_read_pins(const step& now, const account_id& id, summary& one)
{
    one.busy = true;
    now.ask(id, read_pins{one.crisis});
}

void pin(const step& now, const account_id& id, summary& one)
{
    pin_summary call{one.crisis, one.remote, {}};
    bool sure = !one.pinned.empty() && one.attempts == 0;
    if (sure)
        call.displaced = {one.pinned};
    else
        call.displaced = one.displaced;
    for (const auto& copy : one.copies)  // a call whose outcome is not known may have pinned an older one
        if (!sure && copy.remote != one.remote && !contains(call.displaced, copy.remote))
            call.displaced.push_back(copy.remote);
    std::erase(call.displaced, one.remote);
    auto record = about_summary(record_kind::pin_started, now, one);
    record.outcome = "intent";
    record.displaced = call.displaced;
    now.note(std::move(record));
    now.ask(id, std::move(call));
}

void unpin(const step& now, const account_id& id, summary& one)
{
    unpin_summary call{one.crisis, {}, {}};
    if (one.ordered) {
        call.restore = one.restoring;
        std::erase_if(call.restore, [&](const auto& id) { return is_down_by_now(now, one, id); });
        call.anew = true;
    } else {
        call.remote = one.pinned.empty() ? one.remote : one.pinned;
        for (const auto& copy : one.copies)
            if (copy.remote != call.remote && (one.pinned.empty() || one.attempts > 0) && !contains(call.also_down, copy.remote))
                call.also_down.push_back(copy.remote);
        if (!stands_behind(now.known(), one))
            call.restore = to_restore(now, one);
    }
    auto record = about_summary(record_kind::unpin_started, now, one);
    record.outcome = "intent";
    record.remote = call.remote;
    record.pins = call.restore;
    now.note(std::move(record));
    now.ask(id, std::move(call));
}

void after_read_pins(const step& now, const action_finished& done, summary& one)
{
    const auto& pins = done.result.pins;
    now.at(done.account).failures = 0;
    one.pins_read_at = now.now;
    if (is_unpinned_by_hand(now, one))
        return unpinned_by_hand(now, one, pins);
    if (!one.pins_known)
        return remember(now, pins, one);
    one.look_at_pins = false;
    if (!is_up(now.known(), one.crisis) || stands_behind(now.known(), one))
        return;
    if (one.pinned.empty() && contains(pins, one.remote))
        return confirm(now, one, pins, "read back: it is pinned");
    if (!one.pinned.empty() && !contains(pins, one.pinned))
        lost(now, one, pins);
    else if (one.pinned.empty() && one.state == summary_state::published)
        make_more_room(now, one, pins);
}

void after_pin(const step& now, const action_finished& done, summary& one)
{
    const auto& call = std::get<pin_summary>(done.what);
    const auto& pins = done.result.pins;
    now.at(done.account).failures = 0;
    bool there = contains(pins, call.remote);
    bool alone = std::ranges::none_of(pins, [&](const auto& id) { return id != call.remote && is_ours(one, id); });
    if (!there || !alone) {
        auto why = there ? "read back: an older one of ours is still pinned" : "read back: the summary is not among the pins";
        problem unseen{failure::unknown_outcome, why, {}};
        return fail_summary(now, done.account, one, unseen);
    }
    one.pins_read_at = now.now;
    if (call.remote == one.remote)
        confirm(now, one, pins, {});
}

void after_unpin(const step& now, const action_finished& done, summary& one)
{
    const auto& call = std::get<unpin_summary>(done.what);
    const auto& pins = done.result.pins;
    bool down = std::ranges::none_of(pins, [&](const auto& id) { return is_ours(one, id); });
    bool back = std::ranges::all_of(call.restore, [&](const auto& id) { return contains(pins, id); });
    bool lost = down && !back && one.attempts >= now.rules.attempts_per_rung;  // somebody removed it: it cannot come back
    if (!down || (!back && !lost)) {
        auto why = down ? "read back: a former pin is missing" : "read back: the summary is still pinned";
        problem unseen{failure::unknown_outcome, why, {}};
        return fail_summary(now, done.account, one, unseen);
    }
    auto wrong = one.ordered || stands_behind(now.known(), one) ? std::vector<post_id>{} : out_of_order(one, pins);
    if (!wrong.empty()) {
        auto record = about_summary(record_kind::summary_failed, now, one);
        record.outcome = "order";
        record.pins = std::move(wrong);
        record.why = "read back: the former pins are in another order; they are pinned anew";
        return now.note(std::move(record));
    }
    auto record = about_summary(record_kind::pins_restored, now, one);
    record.outcome = "done";
    record.pins = pins;
    if (lost)
        record.why = "a former pin cannot be pinned again: it is not there any more";
    now.note(std::move(record));
    confirm_task(now, one.account, "unpin/" + one.crisis.value, "read back: it is unpinned");
}

void look_at_pins_soon(const step& now, const account_id& id)
{
    const auto* declared = now.declared(id);
    if (declared == nullptr || !declared->can_pin)
        return;
    for (auto& [crisis, one] : now.at(id).summaries) {
        if (is_unpinned_by_hand(now, one) && now.now >= one.pins_read_at + looked_at_again)
            one.look_at_pins = true;
        bool ours =
            one.state == summary_state::pinned || (one.state == summary_state::manual && one.pins_known && !one.remote.empty());
        if (ours && is_up(now.known(), crisis) && now.now >= one.pins_read_at + looked_at_again && !stands_behind(now.known(), one))
            one.look_at_pins = true;
    }
}

}  // namespace halfmast
