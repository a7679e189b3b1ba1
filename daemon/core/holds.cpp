// From planned to held: which post next, by which rung, and what every answer means.
#include <algorithm>

#include "daemon/core/ladder.hpp"
#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::minutes pressing{2};
constexpr milliseconds shortest_trip{20};
constexpr milliseconds longest_trip{3'000};

// What recreates the post is durable here.
bool is_stored(const hold& one)
{
    return std::ranges::any_of(one.saved, [](const auto& item) { return item.name != "raw"; });
}

void escape(const step& now, const account_id& id, const hold& one, const post_id& as, const std::string& url,
            const std::string& why)
{
    auto record = about(record_kind::hold_escaped, id, one);
    record.outcome = "published";
    record.remote = as;
    record.url = url;
    record.why = why;
    now.note(std::move(record));
}

void confirm(const step& now, const account_id& id, const hold& one, const std::string& why)
{
    auto record = about(record_kind::hold_confirmed, id, one);
    record.outcome = "done";
    record.by = one.by;
    record.why = why;
    now.note(std::move(record));
}

// Nothing can be done at this account until a person renews its credential, or it comes back by itself.
void fail_for_now(const step& now, const account_id& id, hold& one, const problem& trouble)
{
    auto& where = now.at(id);
    pause_account(now, where, trouble, one.due);
    auto record = about(record_kind::hold_failed, id, one);
    record.outcome = to_string(trouble.kind);
    record.why = trouble.detail;
    record.until = where.not_before;
    now.note(std::move(record));
}

// The first call that came too late must teach it too, else the next one is sent too late as well.
void learn_trip(account_state& where, time_point::duration took, const outcome& answer)
{
    if (answer.trouble && answer.trouble->kind != failure::not_found)
        return;  // not the platform's own time: a time-out, a refusal at the door, or a call that never left
    auto lately = std::max<time_point::duration>(
        took, (where.trip * 3 + took) / 4);  // a slower one is believed at once, a quicker one by and by
    where.trip = std::clamp(std::chrono::duration_cast<milliseconds>(lately), shortest_trip, longest_trip);
}

void read_unconfirmed(const step& now, const account_id& id, hold& one, const post_reading& seen)
{
    switch (seen.where) {
    case whereabouts::published:
        escape(now, id, one, seen.published_as.empty() ? one.remote : seen.published_as, seen.url, "read back: it is public");
        return;
    case whereabouts::parked: confirm(now, id, one, "read back: it will not go out by itself"); return;
    case whereabouts::queued:
        if (is_parked_there(one, seen.due))
            return confirm(now, id, one, "read back: parked until " + format_utc(seen.due));
        // It answered yes, or we do not know, and the post is where it was.
        return retry_hold(now, id, one, one.attempts >= now.rules.attempts_per_rung,
                          "read back: still queued for " + format_utc(seen.due));
    case whereabouts::absent:
        if (one.by == rung::takeout && !one.recalled)
            return confirm(now, id, one, "read back: it is no longer scheduled there, and stored here");
        return note_missing(now, id, one, "it is no longer scheduled there, and it was not us");
    }
}

}  // namespace

bool nothing_happened(failure kind)
{
    return kind == failure::unreachable || kind == failure::rate_limited || kind == failure::local;
}

void pause_account(const step& now, account_state& where, const problem& trouble, std::optional<time_point> due)
{
    if (now.now >= where.not_before)  // else it left before the pause began: calls at once are one failure, not several in a row
        ++where.failures;
    auto wait = trouble.retry_after.value_or(trouble.kind == failure::auth_expired ? now.rules.retry_most / 2
                                                                                   : now.back_off(where.failures));
    auto urgent = most_urgent(where);
    if (due && (!urgent || *due < *urgent))
        urgent = due;
    if (!trouble.retry_after && trouble.kind != failure::auth_expired && urgent && *urgent > now.now)
        wait = std::min(wait, std::max<milliseconds>((*urgent - now.now) / 4, milliseconds{100}));
    where.not_before = std::max(where.not_before, now.now + wait);
}

// A hold in trouble goes on with the same rung, the next one, or a person.
void retry_hold(const step& now, const account_id& id, hold& one, bool rung_is_spent, const std::string& why,
                const std::string& outcome)
{
    auto record = about(record_kind::hold_retried, id, one);
    record.outcome = outcome;
    record.by = one.by;
    record.flagged = rung_is_spent;
    record.why = why;
    // The next rung starts at once; the same one waits, but never past the last moment in which it could work.
    if (!rung_is_spent && outcome != "not_sent" && one.attempts > 0) {
        auto at = now.now + now.back_off(one.attempts);
        if (one.due > now.now)
            at = std::min(at, now.now + std::max<milliseconds>((one.due - now.now) / 4, milliseconds{100}));
        record.until = at;
    }
    now.note(std::move(record));
}

void note_missing(const step& now, const account_id& id, hold& one, const std::string& why)
{
    const auto* where = now.declared(id);
    auto record = about(record_kind::hold_answered, id, one);
    record.outcome = "not_found";
    record.why = why;
    now.note(std::move(record));
    if (where != nullptr && where->can_read_feed)
        return;  // the feed will tell
    if (one.by == rung::takeout && is_stored(one) && now.now < one.due)
        return confirm(now, id, one, "no longer scheduled there, not due yet, and stored here: taken out");
    auto gone = about(record_kind::hold_gone, id, one);
    gone.outcome = "done";
    gone.why = why + "; the public posts of this account cannot be read, so look there";
    now.note(std::move(gone));
}

std::set<by_due>::const_iterator next_in(const account_state& where, const std::set<by_due>& work, time_point now)
{
    auto in_time = work.lower_bound({now + where.trip + milliseconds{1}, {}});  // a call that is there at its due time is too late
    return in_time != work.end() && in_time->due < now + pressing ? in_time : work.begin();
}

// Posts of the mirror that open flags want held enter the ledger, earliest due first, a few at a time, so that the first
// hold does not wait for the bookkeeping of the hundred-thousandth.
void plan_wanted(const step& now, const account_id& id, int most)
{
    auto& where = now.at(id);
    if (where.wanted.empty())
        return;
    const auto* declared = now.declared(id);
    auto open_now = declared == nullptr ? open_flags{} : open_over(now.known(), *declared);
    while (most-- > 0 && !where.wanted.empty()) {
        auto next = next_in(where, where.wanted, now.now);
        auto post = next->post;
        where.wanted.erase(next);
        auto seen = where.queue.find(post);
        if (declared == nullptr || seen == where.queue.end())
            continue;
        const auto* held = find_hold(where, post);
        bool open = held != nullptr && !is_final(held->state);
        if (held != nullptr && held->state == hold_state::kept && is_parked_there(*held, seen->second.post->due))
            continue;  // it does not go out, and its old due time must not be forgotten
        for (const auto& crisis : wanted_by(open_now, seen->second.judged)) {
            if (held != nullptr && ((open && held->covered_by.contains(crisis)) || held->exempt.contains(crisis)))
                continue;
            audit_record record{open ? record_kind::hold_covered : record_kind::hold_planned, now.now};
            record.account = id;
            record.post = held != nullptr ? held->id : post;
            record.crisis = crisis;
            if (!open) {
                record.remote = post;
                record.judged = seen->second.judged.kind;
                record.reasons = seen->second.judged.why;
                record.due = seen->second.post->due;
                record.snapshot = seen->second.post;
                record.url = seen->second.post->url;
            }
            now.note(std::move(record));
            held = find_hold(where, post);
            open = true;
        }
    }
}

void hold_by_hand(const step& now, const hold_requested& asked)
{
    auto& where = now.at(asked.account);
    const auto* held = find_hold(where, asked.post);
    audit_record record{record_kind::hold_planned, now.now, asked.by};
    record.account = asked.account;
    record.post = held != nullptr ? held->id : asked.post;
    record.why = asked.why;
    if (held != nullptr && !is_final(held->state)) {
        // It is held, or on its way: holding twice is holding. What is not done yet outlives the flag from now on.
        if (held->state != hold_state::held && held->state != hold_state::releasing && !held->by_hand) {
            record.kind = record_kind::hold_covered;
            now.note(std::move(record));
        }
        return;
    }
    auto seen = where.queue.find(held != nullptr && !held->remote.empty() ? held->remote : asked.post);
    if (seen == where.queue.end())
        return now.refuse(refusal::cause::unknown_target,
                          "hold " + display_id(asked.account, asked.post)
                              + ": no such post in the queue as last seen; 'halfmast queue list' shows what is there",
                          record);
    record.remote = seen->first;
    record.judged = seen->second.judged.kind;
    record.reasons = seen->second.judged.why;
    record.due = seen->second.post->due;
    record.snapshot = seen->second.post;
    record.url = seen->second.post->url;
    now.note(std::move(record));
}

bool start_hold(const step& now, const account_id& id)
{
    const auto* declared = now.declared(id);
    auto& where = now.at(id);
    while (declared != nullptr && !where.planned.empty()) {
        auto& one = where.holds.at(next_in(where, where.planned, now.now)->post);
        if (is_let_go(one)) {  // the flag came down while it was on its way to the next try
            let_go(now, id, post_id{one.id});
            continue;
        }
        auto chosen = choose_rung(*declared, one.spent, one.due, now.now, now.rules.parked_for, where.parked, where.queue.size(),
                                  where.ready);
        if (chosen.by == rung::manual) {
            auto record = about(record_kind::hold_manual, id, one);
            record.by = rung::manual;
            record.url = one.post ? one.post->url : "";
            record.why = chosen.why + (one.detail.empty() ? "" : "; before: " + one.detail);
            now.note(std::move(record));
            continue;  // costs no call: the next one may have this place
        }
        bool save_first = chosen.by == rung::takeout && !is_stored(one);
        auto record = about(record_kind::hold_started, id, one);
        record.outcome = "intent";
        record.by = chosen.by;
        record.why = chosen.why;
        record.flagged = save_first;
        if (chosen.by == rung::postpone) {
            record.until = chosen.until;
            ++where.parked[std::chrono::floor<std::chrono::days>(chosen.until).time_since_epoch().count()];
        }
        now.note(std::move(record));
        if (save_first)
            now.ask(id, save_post{one.id, one.post});
        else
            now.ask(id, hold_post{one.id, one.remote, one.post, one.by, one.until});
        return true;
    }
    return false;
}

bool start_reading(const step& now, const account_id& id)
{
    const auto* declared = now.declared(id);
    auto& where = now.at(id);
    if (declared == nullptr)
        return false;
    read_posts wanted;
    auto take = [&](std::set<by_due>& from) {
        while (!from.empty() && wanted.wanted.size() < static_cast<std::size_t>(declared->read_batch)) {
            auto& one = where.holds.at(from.begin()->post);
            bool new_words = one.state == hold_state::releasing && one.order && one.order->text;
            wanted.wanted.push_back({one.id, one.remote, one.by, one.post, new_words});
            one.in_flight = true;
            from.erase(from.begin());
        }
    };
    take(where.unconfirmed);
    take(where.answered);
    if (wanted.wanted.empty())
        return false;
    ++where.reads_out;
    now.ask(id, std::move(wanted));
    return true;
}

void after_save(const step& now, const action_finished& done)
{
    auto& where = now.at(done.account);
    auto found = where.holds.find(std::get<save_post>(done.what).post);
    if (found == where.holds.end() || found->second.state != hold_state::saving)
        return;
    auto& one = found->second;
    if (const auto& trouble = done.result.trouble) {
        if (trouble->kind == failure::not_found)
            return note_missing(now, done.account, one, trouble->detail);
        if (trouble->kind == failure::auth_expired)
            return fail_for_now(now, done.account, one, *trouble);
        if (nothing_happened(trouble->kind)) {
            pause_account(now, where, *trouble, one.due);
            return retry_hold(now, done.account, one, false, trouble->detail, "not_sent");
        }
        // Without what recreates it, taking it out would lose it: after some tries a person has to do it.
        return retry_hold(now, done.account, one, one.attempts >= now.rules.attempts_per_rung,
                          "cannot be stored first: " + trouble->detail);
    }
    where.failures = 0;
    auto record = about(record_kind::hold_saved, done.account, one);
    record.outcome = "done";
    for (const auto& bytes : done.result.saved)
        record.saved.push_back({bytes.name, bytes.sha256});
    now.note(std::move(record));
}

void after_hold(const step& now, const action_finished& done)
{
    auto& where = now.at(done.account);
    const auto& call = std::get<hold_post>(done.what);
    auto found = where.holds.find(call.post);
    if (found == where.holds.end() || found->second.state != hold_state::stopping)
        return;
    auto& one = found->second;
    learn_trip(where, now.now - one.changed_at, done.result);
    if (!done.result.trouble) {
        where.failures = 0;
        auto record = about(record_kind::hold_answered, done.account, one);
        record.outcome = "done";
        record.remote = done.result.remote;
        return now.note(std::move(record));
    }
    const auto& trouble = *done.result.trouble;
    switch (trouble.kind) {
    case failure::rate_limited:
    case failure::unreachable:
        pause_account(now, where, trouble, one.due);
        return retry_hold(now, done.account, one, false, trouble.detail, "not_sent");
    case failure::local:  // what cannot be stored is not taken out; the other holds of the account go on
        return retry_hold(now, done.account, one, false, trouble.detail, "not_stored");
    case failure::auth_expired: return fail_for_now(now, done.account, one, trouble);
    case failure::forbidden:
    case failure::rejected:
    case failure::unsupported: return retry_hold(now, done.account, one, true, trouble.detail);
    case failure::not_found: return note_missing(now, done.account, one, trouble.detail);
    case failure::unknown_outcome:
    case failure::conflict:
    case failure::bad_reply: {
        auto record = about(record_kind::hold_answered, done.account, one);
        record.outcome = "unknown";
        record.why = trouble.detail;
        return now.note(std::move(record));
    }
    }
}

void after_read(const step& now, const action_finished& done)
{
    auto& where = now.at(done.account);
    --where.reads_out;
    const auto& trouble = done.result.trouble;
    const auto& read = std::get<read_posts>(done.what).wanted;
    if (trouble) {
        auto first = read.empty() ? where.holds.end() : where.holds.find(read.front().post);
        pause_account(now, where, *trouble, first == where.holds.end() ? std::nullopt : std::optional{first->second.due});
    } else
        where.failures = 0;
    for (const auto& wanted : read) {
        auto found = where.holds.find(wanted.post);
        if (found == where.holds.end())
            continue;
        auto& one = found->second;
        one.in_flight = false;
        auto seen = std::ranges::find(done.result.readings, wanted.post, &post_reading::post);
        if (trouble || seen == done.result.readings.end()) {
            if (!trouble)  // the platform left it out of its answer: ask again, not at once
                one.not_before = now.now + now.rules.retry_first;
            put_into_queues(where, one);
            continue;
        }
        take_from_queues(where, one);
        if (one.state == hold_state::unconfirmed)
            read_unconfirmed(now, done.account, one, *seen);
        else if (one.state == hold_state::releasing)
            read_released(now, done.account, one, *seen);
    }
}

}  // namespace halfmast
