// Time passing over the world: posts going out, the sweep that hands them over too early, and the nightly clearing of media.
#include <algorithm>

#include "daemon/sandbox/values.hpp"
#include "daemon/sandbox/world.hpp"

namespace halfmast::sandbox {

time_point world::next_vacuum_after(time_point now) const
{
    using std::chrono::hours;
    // The real job runs between 03:00 and 05:59; any other rhythm is a test's and starts at midnight.
    const auto offset = rules_.vacuum_every == milliseconds{hours{24}} ? milliseconds{hours{3}} : milliseconds{0};
    const auto since = now.time_since_epoch() - offset;
    return time_point{(since / rules_.vacuum_every + 1) * rules_.vacuum_every + offset};
}

void world::restart_timers(time_point now)
{
    next_sweep_ = now + rules_.sweep_interval;
    next_vacuum_ = next_vacuum_after(now);
}

std::size_t world::sweep(time_point now)
{
    auto handed = std::size_t{0};
    for (const auto& each : due_) {
        if (each.first > now + rules_.sweep_window)
            break;
        handed += jobs_.insert(each).second ? 1 : 0;
    }
    return handed;
}

std::size_t world::vacuum(time_point now)
{
    auto removed = std::size_t{0};
    while (!unlinked_.empty() && unlinked_.begin()->first + rules_.media_life <= now) {
        discard(unlinked_.begin()->second);
        ++removed;
    }
    return removed;
}

// The real worker deletes the record first and then tries to post: whatever goes wrong, the post is simply gone.
void world::fire(id key, time_point at, bool by_job)
{
    const auto* found = find_scheduled(key);
    if (found == nullptr)
        return;
    auto post = *found;
    auto& owner = people_.at(post.owner);
    const auto parent_gone = post.words.in_reply_to && find_status(*post.words.in_reply_to) == nullptr;
    const auto media_gone = std::ranges::any_of(post.words.media, [&](id each) {
        const auto* file = find_media(each);
        return file == nullptr || file->published_status;
    });
    cancel(key);
    if (parent_gone || (media_gone && rules_.on.unknown_media)) {
        ++owner.vanished;
        return;
    }
    std::erase_if(post.words.media, [&](id each) {
        const auto* file = find_media(each);
        return file == nullptr || file->published_status;
    });
    auto& out = publish(owner, std::move(post.words), at);
    out.was_scheduled = key;
    if (by_job && post.due != at) {
        out.ignored_due = post.due;
        ++owner.late_jobs;
    }
}

std::optional<time_point> world::next_event() const
{
    auto next = std::optional<time_point>{};
    auto consider = [&](time_point at) { next = next ? std::min(*next, at) : at; };
    if (!due_.empty()) {
        consider(due_.begin()->first);
        if (rules_.on.sweep)
            consider(next_sweep_);
    }
    if (!jobs_.empty())
        consider(jobs_.begin()->first);
    if (!unlinked_.empty() && rules_.on.media)
        consider(next_vacuum_);
    return next;
}

void world::advance(time_point now)
{
    for (auto next = next_event(); next && *next <= now; next = next_event()) {
        const auto at = *next;
        if (!jobs_.empty() && jobs_.begin()->first == at) {
            const auto key = jobs_.begin()->second;
            jobs_.erase(jobs_.begin());
            fire(key, at, true);
        } else if (!due_.empty() && due_.begin()->first == at) {
            fire(due_.begin()->second, at, false);
        } else if (rules_.on.sweep && next_sweep_ == at) {
            sweep(at);
            next_sweep_ += rules_.sweep_interval;
        } else {
            vacuum(at);
            next_vacuum_ = next_vacuum_after(at);
        }
    }
    // With an empty queue no sweep is worth an event; the rhythm goes on all the same.
    if (next_sweep_ <= now)
        next_sweep_ += ((now - next_sweep_) / rules_.sweep_interval + 1) * rules_.sweep_interval;
    if (next_vacuum_ <= now)
        next_vacuum_ = next_vacuum_after(now);
}

}  // namespace halfmast::sandbox
