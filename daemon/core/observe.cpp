// Desired against observed. What a poll saw is compared with what the open flags want; the difference becomes work. The same
// mechanism covers restarts, posts scheduled while the flag is up, and somebody who resumes by hand.
#include <algorithm>
#include <unordered_set>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr milliseconds parking_slack{60'000};
constexpr std::chrono::minutes looks_back{15};  // a platform's clock and ours may differ by some minutes
constexpr milliseconds feed_settles{2'000};     // a post may leave the queue a moment before the feed shows it

std::int64_t day_of(time_point at) { return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count(); }

bool same_post(const scheduled_post& a, const scheduled_post& b)
{
    if (a.raw && b.raw)
        return *a.raw == *b.raw;
    return a.due == b.due && a.version == b.version && a.folded == b.folded && a.tags == b.tags && a.categories == b.categories
        && a.labels == b.labels;
}

// The new mirror; what did not change keeps its verdict.
void renew_mirror(const step& now, account_state& where, const queue_observed& seen)
{
    std::unordered_map<post_id, seen_post> renewed;
    renewed.reserve(seen.posts.size());
    where.parked.clear();
    for (const auto& post : seen.posts) {
        ++where.parked[day_of(post->due)];
        auto old = where.queue.find(post->id);
        if (old != where.queue.end() && same_post(*old->second.post, *post))
            renewed.emplace(post->id, std::move(old->second));
        else
            renewed.emplace(post->id, seen_post{post, now.rules.rules ? now.rules.rules->judge(*post) : verdict{}});
    }
    where.queue = std::move(renewed);
}

void drifted(const step& now, const account_id& id, const hold& one, const std::string& why)
{
    auto record = about(record_kind::hold_drifted, id, one);
    record.why = why;
    now.note(std::move(record));
}

// A hold whose post the queue still shows.
void compare(const step& now, const account_id& id, hold& one, const seen_post& seen)
{
    bool parked = one.by == rung::postpone && one.until != time_point{} && seen.post->due >= one.until - parking_slack;
    switch (one.state) {
    case hold_state::held:
        if (parked)
            return;
        if (!one.covered_by.empty())
            return drifted(now, id, one, "somebody put it back in the queue for " + format_utc(seen.post->due) + "; held again");
        {
            auto record = about(record_kind::release_confirmed, id, one);
            record.actor = actor_id{"at the source"};
            record.due = seen.post->due;
            record.why = "no flag covers it, and somebody put it back at its source";
            now.note(std::move(record));
        }
        return;
    case hold_state::unconfirmed:
        if (parked) {
            auto record = about(record_kind::hold_confirmed, id, one);
            record.outcome = "done";
            record.by = one.by;
            record.why = "seen in the queue: parked until " + format_utc(seen.post->due);
            now.note(std::move(record));
        } else if (one.missing) {
            retry_hold(now, id, one, false, "it is in the queue again");
        }
        return;
    case hold_state::planned:
    case hold_state::failed:
    case hold_state::manual:
        if (one.due != seen.post->due || !one.post || one.post->text != seen.post->text) {
            audit_record record{record_kind::hold_planned, now.now};
            record.account = id;
            record.post = one.id;
            record.remote = seen.post->id;
            record.judged = seen.judged.kind;
            record.reasons = seen.judged.why;
            record.due = seen.post->due;
            record.snapshot = seen.post;
            record.url = seen.post->url;
            record.why = "it was changed at its source";
            now.note(std::move(record));
        }
        return;
    default:
        return;
    }
}

// The rules may speak differently of an edited post, and a new post may have come: is it wanted now?
void want_if_uncovered(const step& now, const account_id& id, const account& declared, const seen_post& seen)
{
    auto& where = now.at(id);
    const auto* one = find_hold(where, seen.post->id);
    if (one != nullptr && one->state == hold_state::kept && one->covered_by.empty() && open_over(now.known(), declared).empty())
        return;
    for (const auto& crisis : wanted_by(now.known(), declared, seen.judged)) {
        if (one != nullptr && one->exempt.contains(crisis))
            continue;
        if (one == nullptr || is_final(one->state) || !one->covered_by.contains(crisis)) {
            where.wanted.insert({seen.post->due, seen.post->id});
            return;
        }
    }
}

// Old posts the queue does not show any more, although nobody here took them out.
void look_for_lost(const step& now, const queue_observed& seen, const std::vector<post_id>& before)
{
    auto& where = now.at(seen.account);
    for (const auto& id : before) {
        if (where.queue.contains(id))
            continue;
        auto* one = find_hold(where, id);
        if (one == nullptr || one->in_flight || one->changed_at > seen.began_at)
            continue;
        if (one->state == hold_state::manual || one->state == hold_state::planned || one->state == hold_state::failed) {
            auto record = about(record_kind::hold_answered, seen.account, *one);
            record.outcome = "unknown";
            record.why = "it left the queue, and it was not us: looking where it is";
            now.note(std::move(record));
        }
    }
}

bool same_words(const publication& seen, const hold& one)
{
    if (!one.post)
        return false;
    const auto& mine = *one.post;
    if (!mine.folded.empty() && mine.folded == seen.folded)
        return true;
    // A platform may shorten or decorate the text; the link is what is left of it.
    return !mine.links.empty() && mine.links == seen.links && !mine.folded.empty()
        && seen.folded.find(mine.folded.substr(0, std::min<std::size_t>(mine.folded.size(), 40))) != std::string::npos;
}

bool may_still_escape(hold_state state) { return !(state == hold_state::released || state == hold_state::rescheduled || state == hold_state::kept); }

// The hold this publication is, or null.
hold* find_published(account_state& where, const publication& seen)
{
    if (auto* one = find_hold(where, seen.id); one != nullptr)
        return one;
    for (const auto& key : where.watched) {
        auto found = where.holds.find(key.post);
        if (found != where.holds.end() && may_still_escape(found->second.state) && same_words(seen, found->second)
            && seen.at + looks_back >= found->second.due)
            return &found->second;
    }
    return nullptr;
}

void note_escape(const step& now, const account_id& id, const hold& one, const publication& seen)
{
    auto record = about(record_kind::hold_escaped, id, one);
    record.outcome = "published";
    record.remote = seen.id;
    record.url = seen.url;
    record.why = "it is public since " + format_utc(seen.at);
    now.note(std::move(record));
}

// What only the feed could explain, and the feed does not show.
void explain_missing(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    auto missing = where.missing;
    for (const auto& id : missing) {
        auto& one = where.holds.at(id);
        if (seen.began_at < one.changed_at + feed_settles)
            continue;
        bool ours = one.by == rung::takeout && std::ranges::any_of(one.saved, [](const auto& item) { return item.name != "raw"; });
        auto record = about(ours ? record_kind::hold_confirmed : record_kind::hold_gone, seen.account, one);
        record.outcome = "done";
        record.by = one.by;
        record.why = ours ? "no longer scheduled, not public, and stored here: taken out"
                          : "no longer in the queue and not public: somebody removed it";
        now.note(std::move(record));
    }
}

void prove_silence(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    while (!where.watched.empty() && where.watched.begin()->due + now.rules.feed_margin < seen.began_at) {
        auto& one = where.holds.at(where.watched.begin()->post);
        if (one.state != hold_state::held && one.state != hold_state::gone)
            break;  // still at work on it; the ones behind it are due later
        auto record = about(record_kind::silence_proved, seen.account, one);
        record.outcome = "done";
        record.due = one.due;
        record.until = seen.began_at;
        record.why = "due " + format_utc(one.due) + "; the public posts read at " + format_utc(seen.began_at) + " do not show it";
        now.note(std::move(record));
    }
}

void note_reachable(const step& now, const account_id& id)
{
    auto& where = now.at(id);
    where.failures = 0;
    where.trouble.reset();
    if (where.reachable)
        return;
    audit_record record{record_kind::account_reachable, now.now};
    record.account = id;
    record.outcome = "done";
    now.note(std::move(record));
}

}  // namespace

std::vector<crisis_id> wanted_by(const state& known, const account& where, const verdict& judged)
{
    std::vector<crisis_id> flags;
    for (const auto* flag : open_over(known, where))
        if (flag->hold.contains(judged.kind))
            flags.push_back(flag->id);
    return flags;
}

void observe_queue(const step& now, const queue_observed& seen)
{
    const auto* declared = now.declared(seen.account);
    if (declared == nullptr)
        return;
    note_reachable(now, seen.account);
    auto& where = now.at(seen.account);
    std::vector<post_id> before;
    before.reserve(where.queue.size());
    for (const auto& [id, post] : where.queue)
        before.push_back(id);
    // A post that came under a flag and was never seen again since a restart is only known by its hold.
    for (const auto& key : where.planned)
        if (auto one = where.holds.find(key.post); one != where.holds.end())
            before.push_back(one->second.remote);

    renew_mirror(now, where, seen);
    where.polled = true;
    where.last_poll = seen.began_at;
    for (const auto& post : seen.posts) {
        const auto& entry = where.queue.at(post->id);
        auto* one = find_hold(where, post->id);
        if (one != nullptr && (one->in_flight || one->changed_at > seen.began_at))
            continue;  // the picture is older than what we know
        if (one != nullptr)
            compare(now, seen.account, *one, entry);
        want_if_uncovered(now, seen.account, *declared, entry);
    }
    look_for_lost(now, seen, before);
}

void observe_feed(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    where.last_feed = seen.began_at;
    for (const auto& post : seen.posts) {
        if (!where.feed_known.insert(post.id).second && where.missing.empty())
            continue;
        auto* one = find_published(where, post);
        if (one == nullptr || one->state == hold_state::escaped || !may_still_escape(one->state) || one->in_flight)
            continue;
        note_escape(now, seen.account, *one, post);
    }
    explain_missing(now, seen);
    prove_silence(now, seen);
}

void observe_trouble(const step& now, const account_unread& seen)
{
    auto& where = now.at(seen.account);
    bool known_already = where.trouble && where.trouble->kind == seen.trouble.kind;
    where.trouble = seen.trouble;
    if (seen.trouble.kind == failure::rate_limited || known_already)
        return;
    audit_record record{record_kind::account_unreachable, now.now};
    record.account = seen.account;
    record.outcome = to_string(seen.trouble.kind);
    record.why = seen.trouble.detail;
    now.note(std::move(record));
}

}  // namespace halfmast
