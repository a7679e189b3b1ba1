// Desired against observed. What a poll saw is compared with what the open flags want; the difference becomes work. The same
// mechanism covers restarts, posts scheduled while the flag is up, and somebody who resumes by hand.
#include <algorithm>
#include <unordered_set>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::days parked_too_near{30};
constexpr std::chrono::minutes looks_back{15};  // a platform's clock and ours may differ by some minutes
constexpr std::chrono::minutes clocks_differ{5};
constexpr milliseconds release_slack{60'000};  // platforms round to minutes
constexpr milliseconds feed_settles{2'000};    // a post may leave the queue a moment before the feed shows it

bool same_post(const scheduled_post& a, const scheduled_post& b)
{
    if (&a == &b)
        return true;
    if (a.raw && b.raw)
        return *a.raw == *b.raw;
    return a.due == b.due && a.version == b.version && a.folded == b.folded && a.tags == b.tags && a.categories == b.categories
           && a.labels == b.labels;
}

// The new mirror; what did not change keeps its verdict. Gives what the old one had and the new one has not.
std::vector<post_id> renew_mirror(const step& now, const account& declared, account_state& where, const queue_observed& seen)
{
    std::unordered_map<post_id, seen_post> renewed;
    renewed.reserve(seen.posts.size());
    for (const auto& post : seen.posts) {
        auto old = where.queue.find(post->id);
        bool same = old != where.queue.end() && same_post(*old->second.post, *post);
        now.made.looked = now.made.looked || !same;
        if (same)
            renewed.emplace(post->id, seen_post{post, std::move(old->second.judged)});
        else
            renewed.emplace(
                post->id, seen_post{post, as_judged(where, post->id, now.rules.rules ? now.rules.rules->judge(*post) : verdict{})});
    }
    std::vector<post_id> left;
    for (const auto& [id, old] : where.queue)
        if (!renewed.contains(id))
            left.push_back(id);
    now.made.looked = now.made.looked || !left.empty();
    where.queue = std::move(renewed);
    if (std::ranges::any_of(declared.rungs, [](const auto& offer) { return offer.most_a_day != 0; }))
        count_parked(where);
    return left;
}

bool was_edited(const hold& one, const scheduled_post& seen)
{
    bool stored = std::ranges::any_of(one.saved, [](const auto& item) { return item.name != "raw"; });
    return one.due != seen.due || !one.post || one.post->text != seen.text || one.post->kind != seen.kind
           || (stored && one.post->version != seen.version);
}

void plan_anew_if_edited(const step& now, const account_id& id, const hold& one, const seen_post& seen)
{
    if (!was_edited(one, *seen.post))
        return;
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

// A hold whose post the queue still shows.
void compare(const step& now, const account_id& id, hold& one, const seen_post& seen)
{
    bool parked = is_parked_there(one, seen.post->due);
    switch (one.state) {
    case hold_state::kept:
        if (parked && seen.post->due < now.now + parked_too_near)
            drifted(now, id, one, nullptr, "the far date it was moved to comes near, and nobody released it; moved again");
        return;
    case hold_state::held:
        if (parked && seen.post->due < now.now + parked_too_near)
            return drifted(now, id, one, nullptr, "the far date it was moved to comes near, and nobody released it; moved again");
        if (parked)
            return compare_source(now, id, one, seen.post->text);
        if (!one.covered_by.empty())
            return drifted(now, id, one, seen.post,
                           "somebody put it back in the queue for " + format_utc(seen.post->due) + "; held again");
        {
            auto record = about(record_kind::release_confirmed, id, one);
            record.actor = actor_id{"at the source"};
            record.remote = seen.post->id;
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
            plan_anew_if_edited(now, id, one, seen);  // perhaps for an earlier time
        }
        return;
    case hold_state::planned:
    case hold_state::failed:
    case hold_state::manual: return plan_anew_if_edited(now, id, one, seen);
    default: return;
    }
}

// What a far date holds stays in the queue; once it is not there, somebody cancelled it or sent it.
bool must_stay_queued(const hold& one)
{
    return one.state == hold_state::held && one.by == rung::postpone && !one.covered_by.empty();
}

// Posts the queue does not show any more, although nobody here took them out.
void look_for_lost(const step& now, const queue_observed& seen, const std::vector<post_id>& left)
{
    auto& where = now.at(seen.account);
    for (const auto& id : left) {
        auto* one = find_hold(where, id);
        if (one == nullptr || one->in_flight || one->changed_at > seen.began_at)
            continue;
        if (one->state == hold_state::manual || one->state == hold_state::planned || one->state == hold_state::failed
            || must_stay_queued(*one)) {
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

bool may_still_escape(hold_state state)
{
    return !(state == hold_state::released || state == hold_state::rescheduled || state == hold_state::kept);
}

// Since when a publication with the words of this hold can be it: the first flag that covered it.
time_point covered_since(const step& now, const hold& one)
{
    auto since = now.now;
    for (const auto& id : one.seen_in)
        if (auto flag = now.known().crises.find(id); flag != now.known().crises.end())
            since = std::min(since, flag->second.raised_at);
    return since;
}

// The hold this publication is, or null.
hold* find_published(const step& now, account_state& where, const publication& seen)
{
    if (auto* one = find_hold(where, seen.id); one != nullptr)
        return one;
    // What vanished from the queue may have been sent at any time, whatever its due time was.
    hold* sent = nullptr;
    for (const auto& id : where.missing) {
        auto& one = where.holds.at(id);
        if (seen.at + clocks_differ >= covered_since(now, one) && same_words(seen, one) && (sent == nullptr || one.due < sent->due))
            sent = &one;
    }
    if (sent != nullptr)
        return sent;
    for (const auto& key : where.watched) {
        if (key.due > seen.at + looks_back)
            break;  // a post of today is not the escape of one that is due next week
        auto found = where.holds.find(key.post);
        if (found != where.holds.end() && may_still_escape(found->second.state) && same_words(seen, found->second))
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

// What was published within the last hour, and not by us.
void count_others(const step& now, const feed_observed& seen)
{
    constexpr std::chrono::hours an_hour{1};
    auto& where = now.at(seen.account);
    std::erase_if(where.others, [&](const auto& one) { return one.second + an_hour <= now.now; });
    if (where.summaries.empty())
        return;
    for (const auto& post : seen.posts)
        if (post.at + an_hour > now.now && !where.explained.contains(post.id))
            where.others.emplace(post.id, post.at);
}

// What only the feed could explain, and the feed does not show.
void explain_missing(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    for (auto at = where.missing.begin(); at != where.missing.end();) {
        auto& one = where.holds.at(*at);
        ++at;  // what is noted about it takes it out
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
    auto read_at = seen.began_at + std::min(seen.ahead, milliseconds{0});  // a slow platform publishes later than our clock says
    for (auto at = where.watched.begin(); at != where.watched.end() && at->due + now.rules.feed_margin < read_at;) {
        auto& one = where.holds.at(at->post);
        ++at;  // what is noted about it takes it out
        if (one.state != hold_state::held && one.state != hold_state::gone)
            continue;  // still at work on it
        auto record = about(record_kind::silence_proved, seen.account, one);
        record.outcome = "done";
        record.due = one.due;
        record.until = seen.began_at;
        record.why = "due " + format_utc(one.due) + "; the public posts read at " + format_utc(seen.began_at) + " do not show it";
        now.note(std::move(record));
    }
}

// The platform knows who asks, or does not, and says no.
bool says_no(failure kind) { return kind == failure::auth_expired || kind == failure::forbidden; }

void note_reachable(const step& now, const account_id& id)
{
    auto& where = now.at(id);
    where.failures = 0;
    if (where.trouble && (says_no(where.trouble->kind) || has_lost_any(where.ready)))
        now.made.check = true;  // what it lost is perhaps back
    where.trouble.reset();
    if (where.reachable)
        return;
    audit_record record{record_kind::account_reachable, now.now};
    record.account = id;
    record.outcome = "done";
    now.note(std::move(record));
}

}  // namespace

void drifted(const step& now, const account_id& id, const hold& one, const post_ptr& seen, const std::string& why)
{
    auto record = about(record_kind::hold_drifted, id, one);
    if (seen) {
        record.remote = seen->id;
        record.due = seen->due;
        record.snapshot = seen;
    }
    record.why = why;
    now.note(std::move(record));
}

void want_if_uncovered(account_state& where, const open_flags& open, const seen_post& seen)
{
    const auto* one = find_hold(where, seen.post->id);
    bool covered = one != nullptr && !is_final(one->state);
    for (const auto* flag : open) {
        if (!flag->hold.contains(seen.judged.kind) || (one != nullptr && one->exempt.contains(flag->id)))
            continue;
        if (!covered || !one->covered_by.contains(flag->id)) {
            where.wanted.insert({seen.post->due, seen.post->id});
            return;
        }
    }
}

std::vector<crisis_id> wanted_by(const open_flags& open, const verdict& judged)
{
    std::vector<crisis_id> flags;
    for (const auto* flag : open)
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
    auto left = renew_mirror(now, *declared, where, seen);
    // After a restart there may be no mirror: what left the queue meanwhile is only known by its hold.
    if (!where.polled)
        for (const auto& [id, one] : where.holds)
            if (!is_final(one.state) && !one.remote.empty() && !where.queue.contains(one.remote))
                left.push_back(one.remote);
    where.polled = true;
    auto open = open_over(now.known(), *declared);
    where.last_poll = seen.began_at;
    look_at_pins_soon(now, seen.account);
    for (const auto& post : seen.posts) {
        const auto& entry = where.queue.at(post->id);
        auto* one = find_hold(where, post->id);
        if (one != nullptr && (one->in_flight || one->changed_at > seen.began_at))
            continue;  // the picture is older than what we know
        if (one != nullptr)
            compare(now, seen.account, *one, entry);
        want_if_uncovered(where, open, entry);
    }
    look_for_lost(now, seen, left);
}

void observe_feed(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    where.last_feed = seen.began_at;
    if (const auto* declared = now.declared(seen.account); declared != nullptr && !declared->has_queue) {
        note_reachable(now, seen.account);
        where.polled = true;
        where.last_poll = seen.began_at;
        look_at_pins_soon(now, seen.account);
    }
    read_tasks_back(now, seen);
    count_others(now, seen);
    for (const auto& post : seen.posts) {
        if (where.explained.contains(post.id) || (!where.feed_known.insert(post.id).second && where.missing.empty()))
            continue;
        auto* one = find_published(now, where, post);
        if (one == nullptr || one->state == hold_state::escaped || !may_still_escape(one->state))
            continue;
        // It may be the release that a person ordered: the read-back will tell, and until then this is not explained.
        if (one->state == hold_state::releasing && one->order && post.at + release_slack >= one->order->at) {
            where.feed_known.erase(post.id);
            continue;
        }
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
    if (says_no(seen.trouble.kind) && !has_lost_any(where.ready))
        now.made.check = true;
    if (seen.trouble.kind == failure::rate_limited || known_already)
        return;
    audit_record record{record_kind::account_unreachable, now.now};
    record.account = seen.account;
    record.outcome = to_string(seen.trouble.kind);
    record.why = seen.trouble.detail;
    now.note(std::move(record));
}

}  // namespace halfmast
