#include "daemon/engine/poller.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace halfmast::engine {

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::chrono::minutes overlap{15};  // clocks differ, feeds lag
constexpr milliseconds soon{2'000};          // something has to be explained by the feed
constexpr milliseconds most_wait{300'000};
constexpr milliseconds beat{50};           // looks that fall into one beat leave together: the machine wakes up once for all
constexpr milliseconds off_beat{1'000};    // waits below this are met exactly
constexpr std::size_t most_looking = 512;  // a look that waits inside takes some kilobytes, and after a start all want to look
constexpr milliseconds slow_look{1'000};
constexpr int looks_by_mark = 60;  // then one reads all again, should a platform call unchanged what is not

bool sweeping(const policy& rules, const state& known, const account_id& id)
{
    auto declared = rules.accounts.find(id);
    return declared != rules.accounts.end() && !open_over(known, declared->second).empty();
}

// When a look began, by the clock as it is now. A clock that was set back meanwhile must not make it one of the future: the
// next look at the public posts would be due when that future has come.
time_point began_by(time_point clock, clock_type::time_point steady, time_point now)
{
    return clock <= now ? clock : now - std::chrono::ceil<milliseconds>(clock_type::now() - steady);
}

}  // namespace

poller::poller(asio::any_io_executor executor, engine& loop, dispatcher& calls, std::function<time_point()> clock,
               fold_function fold, seen_function seen)
    : executor_(executor),
      loop_(loop),
      calls_(calls),
      clock_(std::move(clock)),
      fold_(fold),
      seen_(std::move(seen)),
      agenda_(executor, most_looking, slow_look, [this](agenda::visitor& who) { begin(static_cast<lane&>(who)); })
{
}

void poller::add(const account_id& id, rhythm beat)
{
    auto& mine = lanes_[id];
    mine.id = id;
    mine.beat = beat;
    agenda_.meet(mine, clock_type::now());
}

void poller::look_now(const account_id& id)
{
    auto found = lanes_.find(id);
    if (found == lanes_.end())
        return;
    auto& mine = found->second;
    mine.kicked = true;
    if (!mine.looks && !mine.waits)
        agenda_.meet(mine, clock_type::now());
}

void poller::stop()
{
    stopping_ = true;
    agenda_.stop();
}

void poller::begin(lane& mine)
{
    mine.looks = true;
    auto work = visit(&mine);
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

milliseconds poller::until_next(const lane& mine)
{
    const auto& id = mine.id;
    auto where = loop_.known().accounts.find(id);
    bool swept = sweeping(loop_.rules(), loop_.known(), id);
    auto wait = swept ? std::min(mine.beat.sweep_every, mine.beat.poll_every) : mine.beat.poll_every;
    for (int i = 0; i < mine.failures && wait < most_wait && !swept; ++i)
        wait *= 2;
    if (where != loop_.known().accounts.end()) {
        if (!where->second.missing.empty())
            wait = std::min(wait, soon);
        if (auto pause = where->second.not_before - clock_(); pause > wait)
            wait = std::min<milliseconds>(pause, most_wait);
    }
    // A tenth either way, so that a thousand accounts do not ask in the same moment.
    std::uniform_int_distribution<std::int64_t> jitter(-wait.count() / 10, wait.count() / 10);
    return std::min(wait, most_wait) + milliseconds{jitter(dice_)};
}

asio::awaitable<void> poller::visit(lane* mine)
{
    if (stopping_)
        co_return;
    mine->kicked = false;
    bool read = false;
    try {
        auto looking = look(mine);
        read = co_await std::move(looking);
    } catch (const std::exception&) {
        // No memory for what was seen: the next look may have some.
    }
    mine->looks = false;
    mine->failures = read ? 0 : mine->failures + 1;
    if (stopping_)
        co_return;
    agenda_.meet(*mine, mine->kicked ? clock_type::now() : on_the_beat(until_next(*mine)));
    agenda_.leave(*mine);
}

asio::awaitable<bool> poller::look(lane* mine)
{
    const auto& id = mine->id;
    bool read = true;
    if (calls_.at(id).queue) {
        auto queue = look_at_queue(mine);
        read = co_await std::move(queue);
    }
    auto where = loop_.known().accounts.find(id);
    // Without a queue the public posts are all there is to look at, and show that the account can be reached.
    bool only_feed = !calls_.at(id).queue;
    if (calls_.at(id).feed && (only_feed || (where != loop_.known().accounts.end() && wants_feed(where->second, clock_())))) {
        auto feed = look_at_feed(id);
        bool shown = co_await std::move(feed);
        read = read && (shown || !only_feed);
    }
    co_return read;
}

poller::moment poller::on_the_beat(milliseconds from_now)
{
    auto at = clock_type::now() + from_now;
    if (from_now < off_beat)
        return at;
    auto whole = std::chrono::ceil<milliseconds>(at.time_since_epoch());
    return moment{(whole + beat - milliseconds{1}) / beat * beat};
}

asio::awaitable<bool> poller::look_at_queue(lane* mine)
{
    const auto& id = mine->id;
    queue_observed seen{id, clock_(), {}};
    auto began = clock_type::now();
    auto queue = calls_.at(id).queue;
    std::vector<page_mark> known;
    if (--mine->until_whole >= 0)
        known = mine->mark;
    auto look = result<queue_look>{problem{failure::unknown_outcome, "reading the queue of " + id.value + " broke off", {}}};
    try {
        look = co_await queue->observe(std::move(known));
    } catch (const std::exception& error) {  // a connector's exception stops here, and looking goes on
        look = problem{failure::unknown_outcome, "internal error while reading the queue of " + id.value + ": " + error.what(), {}};
    }
    if (stopping_)
        co_return false;
    if (!look) {
        account_unread trouble{id, look.error()};
        loop_.tell(std::move(trouble));
        co_return false;
    }
    if (!look->unchanged) {
        mine->posts = ready_to_judge(std::move(look->posts));
        mine->mark = std::move(look->mark);
        if (mine->until_whole < 0)
            mine->until_whole = looks_by_mark;
        if (seen_)
            seen_(id, mine->posts);
    }
    seen.posts = mine->posts;
    seen.began_at = began_by(seen.began_at, began, clock_());
    loop_.tell(std::move(seen));
    co_return true;
}

std::vector<post_ptr> poller::ready_to_judge(std::vector<scheduled_post> posts) const
{
    std::vector<post_ptr> ready;
    ready.reserve(posts.size());
    for (auto& post : posts) {
        post.folded = fold_(post.text);
        for (auto* marks : {&post.tags, &post.categories, &post.labels})
            for (auto& mark : *marks)
                mark = fold_(mark);
        ready.push_back(std::make_shared<const scheduled_post>(std::move(post)));
    }
    return ready;
}

asio::awaitable<bool> poller::look_at_feed(account_id id)
{
    static const account_state unknown;
    auto found = loop_.known().accounts.find(id);
    const auto& where = found == loop_.known().accounts.end() ? unknown : found->second;
    feed_observed seen{id, clock_(), {}, {}};
    auto began = clock_type::now();
    seen.since = where.last_feed;
    if (seen.since == time_point{}) {
        seen.since = seen.began_at;
        for (const auto& [crisis, flag] : loop_.known().crises)
            if (where.counts.contains(crisis))
                seen.since = std::min(seen.since, flag.raised_at);
        if (!where.watched.empty())
            seen.since = std::min(seen.since, where.watched.begin()->due);
    }
    seen.since -= overlap;
    auto feed = calls_.at(id).feed;
    auto posts = result<std::vector<publication>>{
        problem{failure::unknown_outcome, "reading the public posts of " + id.value + " broke off", {}}};
    try {
        posts = co_await feed->since(seen.since);
    } catch (const std::exception& error) {
        posts = problem{
            failure::unknown_outcome, "internal error while reading the public posts of " + id.value + ": " + error.what(), {}};
    }
    if (stopping_)
        co_return false;
    if (!posts) {
        account_unread trouble{id, posts.error()};
        loop_.tell(std::move(trouble));
        co_return false;
    }
    seen.began_at = began_by(seen.began_at, began, clock_());
    seen.ahead = feed->clock_ahead();
    seen.posts = std::move(*posts);
    for (auto& post : seen.posts)
        post.folded = fold_(post.text);
    loop_.tell(std::move(seen));
    co_return true;
}

}  // namespace halfmast::engine
