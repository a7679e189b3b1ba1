// The fold: what each record makes true. Live and at replay the state changes here and nowhere else (the mirror and what is
// under way apart, which are not history). A record that names something unknown changes nothing: the past is not argued with.
#include <algorithm>

#include "daemon/core/decide.hpp"

namespace halfmast {

namespace {

void cover(account_state& where, hold& one, const crisis_id& crisis)
{
    if (crisis.empty())
        return;
    one.covered_by.insert(crisis);
    if (one.seen_in.insert(crisis).second)
        ++where.counts[crisis][static_cast<std::size_t>(one.state)];
}

bool is_person(const actor_id& who) { return who != actor_id{"halfmast"}; }

void uncount(account_state& where, const hold& one)
{
    for (const auto& crisis : one.seen_in)
        --where.counts[crisis][static_cast<std::size_t>(one.state)];
}

void keep(std::vector<keepsake>& kept, const std::vector<keepsake>& more)
{
    for (const auto& item : more) {
        std::erase_if(kept, [&](const auto& old) { return old.name == item.name; });
        kept.push_back(item);
    }
}

void plan_hold(account_state& where, const audit_record& record)
{
    auto [at, is_new] = where.holds.try_emplace(record.post);
    auto& one = at->second;
    small_set<crisis_id> seen;
    if (!is_new) {  // a post that was let go before comes under a flag again, or changed at its source
        take_from_queues(where, one);
        where.watched.erase({one.due, one.id});
        where.missing.erase(one.id);
        uncount(where, one);
        seen = one.seen_in;
        auto before = std::move(one);
        one = hold{};
        one.remote = std::move(before.remote);
        one.exempt = std::move(before.exempt);
        if (!is_final(before.state)) {
            one.covered_by = std::move(before.covered_by);
            one.by_hand = before.by_hand;
        }
    }
    one.id = record.post;
    one.by_hand = one.by_hand || is_person(record.actor);
    if (!record.remote.empty())
        one.remote = record.remote;
    else if (is_new)
        one.remote = record.post;
    if (one.remote != one.id)
        where.came_from[one.remote] = one.id;
    one.post = record.snapshot;
    one.judged = {record.judged.value_or(post_class::unknown), record.reasons};
    one.due = record.due.value_or(record.snapshot ? record.snapshot->due : record.at);
    one.changed_at = record.at;
    one.detail = record.why;
    keep(one.saved, record.saved);
    one.seen_in = seen;
    for (const auto& crisis : one.seen_in)
        ++where.counts[crisis][static_cast<std::size_t>(one.state)];
    cover(where, one, record.crisis);
    where.watched.insert({one.due, one.id});
    put_into_queues(where, one);
}

// The states a hold goes through; everything but the state itself is set by the caller before.
void step_to(account_state& where, hold& one, hold_state to, const audit_record& record)
{
    move_hold(where, one, to, record.at);
    if (!record.why.empty())
        one.detail = record.why;
    put_into_queues(where, one);
}

void answer_hold(account_state& where, hold& one, const audit_record& record)
{
    one.in_flight = false;
    one.not_before = {};
    one.recalled = record.outcome != "done";
    if (record.outcome == "not_found") {
        one.missing = true;
        where.missing.insert(one.id);
    } else if (record.outcome == "done" && !record.remote.empty() && record.remote != one.remote) {
        one.remote = record.remote;
        where.came_from[one.remote] = one.id;
    }
    step_to(where, one, hold_state::unconfirmed, record);
}

void retry_hold(account_state& where, hold& one, const audit_record& record)
{
    one.in_flight = false;
    one.missing = false;
    where.missing.erase(one.id);
    one.not_before = record.until.value_or(time_point{});
    if ((record.outcome == "not_sent" || record.outcome == "not_stored") && one.attempts > 0)
        --one.attempts;                 // it never got there
    if (record.flagged && record.by) {  // this rung is spent
        one.spent.insert(*record.by);
        one.attempts = 0;
    }
    step_to(where, one, hold_state::planned, record);
}

void end_hold(account_state& where, hold& one, hold_state to, const audit_record& record)
{
    one.in_flight = false;
    one.recalled = false;
    if (one.missing) {
        one.missing = false;
        where.missing.erase(one.id);
    }
    one.not_before = {};
    if (to == hold_state::escaped || to == hold_state::kept || to == hold_state::released || to == hold_state::rescheduled)
        where.watched.erase({one.due, one.id});
    step_to(where, one, to, record);
}

// Somebody brought it back, perhaps for another time.
void drift(account_state& where, hold& one, const audit_record& record)
{
    one.attempts = 0;
    one.spent.clear();
    one.order.reset();
    one.answered = false;
    if (one.covered_by.empty())
        one.by_hand = true;  // no flag wants it held: its own history does
    if (!record.remote.empty() && record.remote != one.remote) {
        one.remote = record.remote;
        where.came_from[one.remote] = one.id;
    }
    where.watched.erase({one.due, one.id});
    if (record.due)
        one.due = *record.due;
    if (record.snapshot) {  // what was stored of it may not be what it says now
        one.post = record.snapshot;
        one.saved.clear();
        keep(one.saved, record.saved);
    }
    one.silence_proved = false;
    where.watched.insert({one.due, one.id});
    retry_hold(where, one, record);
}

void confirm_release(account_state& where, hold& one, const audit_record& record)
{
    auto to = one.order && one.order->new_time ? hold_state::rescheduled : hold_state::released;
    if (!record.remote.empty() && record.remote != one.remote) {
        one.remote = record.remote;
        where.came_from[one.remote] = one.id;
    }
    end_hold(where, one, to, record);
    if (record.due)
        one.due = *record.due;
    one.spent.clear();
    one.attempts = 0;
    one.answered = false;
}

void apply_to_hold(account_state& where, hold& one, const audit_record& record)
{
    take_from_queues(where, one);
    switch (record.kind) {
    case record_kind::hold_covered:
        one.by_hand = one.by_hand || is_person(record.actor);
        cover(where, one, record.crisis);
        put_into_queues(where, one);
        return;
    case record_kind::hold_started:
        one.in_flight = true;
        one.by = record.by.value_or(one.by);
        one.until = record.until.value_or(one.until);
        ++one.attempts;
        one.not_before = {};
        step_to(where, one, record.flagged ? hold_state::saving : hold_state::stopping, record);
        return;
    case record_kind::hold_saved:
        one.in_flight = false;
        keep(one.saved, record.saved);
        one.attempts = 0;
        step_to(where, one, hold_state::planned, record);
        return;
    case record_kind::hold_answered: answer_hold(where, one, record); return;
    case record_kind::hold_confirmed:
        one.by = record.by.value_or(one.by);
        end_hold(where, one, hold_state::held, record);
        one.spent.clear();
        one.attempts = 0;
        if (one.by == rung::takeout && !one.remote.empty()) {  // it has no id there until it is released
            where.came_from[one.remote] = one.id;
            one.remote = {};
        }
        return;
    case record_kind::hold_retried: retry_hold(where, one, record); return;
    case record_kind::hold_drifted: drift(where, one, record); return;
    case record_kind::hold_escaped:
        one.escaped_as = record.remote;
        if (!record.remote.empty())
            where.explained.insert(record.remote);
        end_hold(where, one, hold_state::escaped, record);
        return;
    case record_kind::hold_gone: end_hold(where, one, hold_state::gone, record); return;
    case record_kind::hold_failed:
        one.in_flight = false;
        one.attempts = std::max(one.attempts - 1, 0);  // a refused credential says nothing about the rung
        one.not_before = record.until.value_or(time_point{});
        step_to(where, one, hold_state::failed, record);
        return;
    case record_kind::hold_manual:
        one.by = rung::manual;
        end_hold(where, one, hold_state::manual, record);
        return;
    case record_kind::silence_proved:
        one.silence_proved = true;
        one.unseen_at = record.at;
        where.watched.erase({one.due, one.id});
        put_into_queues(where, one);
        return;
    case record_kind::source_changed:
        one.source_text = record.text;
        one.source_changed_at = record.at;
        put_into_queues(where, one);
        return;
    case record_kind::release_asked:
        one.order =
            release_order{record.actor, record.due.value_or(one.due), record.flagged, record.why, record.text, record.second};
        if (record.snapshot) {  // it goes out as it stands at its source now
            one.post = record.snapshot;
            one.source_text.reset();
        }
        if (!record.crisis.empty())
            one.exempt.insert(one.covered_by.begin(), one.covered_by.end());
        one.answered = false;
        one.recalled = false;
        one.attempts = 0;
        step_to(where, one, hold_state::releasing, record);
        return;
    case record_kind::release_started:
        one.in_flight = true;
        one.not_before = {};
        ++one.attempts;
        return;
    case record_kind::release_answered:
        one.in_flight = false;
        one.recalled = record.outcome != "done";
        one.not_before = record.until.value_or(time_point{});
        if (!record.remote.empty() && record.remote != one.remote) {
            one.remote = record.remote;
            where.came_from[one.remote] = one.id;
        }
        // Nobody knows whether it worked: where there is an id to look at, looking comes before repeating.
        one.answered = record.outcome == "done" || (record.outcome == "unknown" && !one.remote.empty());
        put_into_queues(where, one);
        return;
    case record_kind::release_confirmed: confirm_release(where, one, record); return;
    case record_kind::release_failed:
        one.order.reset();
        one.answered = false;
        one.exempt.clear();
        end_hold(where, one, hold_state::held, record);
        return;
    case record_kind::post_kept: end_hold(where, one, hold_state::kept, record); return;
    default: put_into_queues(where, one); return;
    }
}

void lower(state& known, const audit_record& record)
{
    auto flag = known.crises.find(record.crisis);
    if (flag == known.crises.end())
        return;
    known.asks.erase(flag->second.ask);
    flag->second.ask.clear();
    flag->second.now = phase::lowered;
    flag->second.lowered_at = record.at;
    flag->second.lowered_by = record.actor;
    for (auto& [id, where] : known.accounts)
        for (auto& [post, one] : where.holds)
            one.covered_by.erase(record.crisis);
}

void let_go(account_state& where, const post_id& post)
{
    auto found = where.holds.find(post);
    if (found == where.holds.end())
        return;
    take_from_queues(where, found->second);
    where.watched.erase({found->second.due, post});
    where.missing.erase(post);
    uncount(where, found->second);
    where.came_from.erase(found->second.remote);  // older ids of it are never seen again
    where.holds.erase(found);
}

std::uint64_t number_of(const crisis_id& id)
{
    std::uint64_t number = 0;
    for (char c : id.value)
        if (c >= '0' && c <= '9')
            number = number * 10 + static_cast<std::uint64_t>(c - '0');
    return number;
}

}  // namespace

void apply(state& known, const audit_record& record)
{
    if (apply_saying(known, record))
        return;
    switch (record.kind) {
    case record_kind::daemon_started:
    case record_kind::daemon_stopping:
    case record_kind::request_refused:
    case record_kind::access_signed_in:
    case record_kind::access_refused:
    case record_kind::access_token_made:
    case record_kind::access_token_revoked:
    case record_kind::access_link_made:
    case record_kind::access_session_ended:
    case record_kind::glass_broken: return;
    case record_kind::page_opened:
    case record_kind::page_sent:
    case record_kind::page_delivered:
    case record_kind::page_failed:
    case record_kind::page_acknowledged:
    case record_kind::page_escalated:
    case record_kind::page_resolved:
    case record_kind::page_closed: apply_page(known, record); return;
    case record_kind::proposal_made:
    case record_kind::proposal_grown:
    case record_kind::proposal_accepted:
    case record_kind::proposal_dismissed:
    case record_kind::proposal_expired: apply_proposal(known, record); return;
    case record_kind::crisis_raised:
        if (record.flag) {
            known.crises[record.crisis] = *record.flag;
            known.next_crisis = std::max(known.next_crisis, number_of(record.crisis) + 1);
        }
        return;
    case record_kind::crisis_lowered: lower(known, record); return;
    default: break;
    }
    auto& where = known.accounts[record.account];
    switch (record.kind) {
    case record_kind::account_unreachable: where.reachable = false; return;
    case record_kind::account_reachable:
        where.reachable = true;
        where.trouble.reset();
        return;
    case record_kind::readiness_lost:
    case record_kind::readiness_back:
    case record_kind::readiness_unanswered:
    case record_kind::readiness_answered:
    case record_kind::credential_ends:
    case record_kind::credential_renewed: apply_readiness(where.ready, record); return;
    case record_kind::judged_by_hand:
    case record_kind::post_noted:
    case record_kind::second_asked:
    case record_kind::second_given:
    case record_kind::ask_dropped: return apply_review(known, record);
    case record_kind::hold_planned:
        if (auto before = where.holds.find(record.post); before != where.holds.end())
            forget_ask(known, before->second);
        plan_hold(where, record);
        return;
    case record_kind::hold_let_go: let_go(where, record.post); return;
    default: break;
    }
    auto found = where.holds.find(record.post);
    if (found == where.holds.end())
        return;
    apply_to_hold(where, found->second, record);
    if (found->second.state != hold_state::held
        && (found->second.state != hold_state::kept || record.kind == record_kind::post_kept))
        forget_ask(known, found->second);
}

}  // namespace halfmast
