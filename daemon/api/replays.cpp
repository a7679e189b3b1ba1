#include "daemon/api/replays.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace halfmast::api {

namespace {

constexpr std::chrono::hours kept_for{24};
constexpr std::size_t most_kept = 10'000;
constexpr std::size_t most_kept_bytes = 16u << 20;

}  // namespace

std::uint64_t replays::fingerprint(const net::server_request& request)
{
    std::uint64_t value = 0xcbf29ce484222325ull;  // FNV-1a
    for (const auto* part : {&request.method, &request.target, &request.body}) {
        for (unsigned char c : *part)
            value = (value ^ c) * 0x100000001b3ull;
        value = (value ^ 0x1f) * 0x100000001b3ull;
    }
    return value;
}

asio::awaitable<void> replays::wait()
{
    auto executor = co_await asio::this_coro::executor;
    auto mine = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    waiting_.push_back(mine);
    boost::system::error_code rung;
    co_await mine->async_wait(asio::redirect_error(asio::use_awaitable, rung));
}

void replays::ring()
{
    auto all = std::move(waiting_);
    waiting_.clear();
    for (const auto& one : all)
        one->cancel();
}

asio::awaitable<replays::look> replays::begin(actor_id by, std::string key, std::uint64_t request, time_point now)
{
    full_key wanted{std::move(by), std::move(key)};
    look seen;
    for (;;) {
        auto one = known_.find(wanted);
        if (one != known_.end() && one->second.answer && one->second.at + kept_for < now) {
            drop(one);
            one = known_.end();
        }
        if (one == known_.end())
            break;
        if (one->second.request != request) {
            seen.what = found::other;
            co_return seen;
        }
        if (one->second.answer) {
            seen.what = found::same;
            seen.answer = one->second.answer;
            co_return seen;
        }
        auto waiting = wait();
        co_await std::move(waiting);
    }
    make_room(now);
    entry made;
    made.request = request;
    made.at = now;
    made.age = by_age_.insert(by_age_.end(), wanted);
    known_.emplace(std::move(wanted), std::move(made));
    co_return seen;
}

void replays::keep(const actor_id& by, const std::string& key, const net::server_response& answer)
{
    if (auto one = known_.find({by, key}); one != known_.end()) {
        one->second.answer = answer;
        bytes_ += answer.body.size();
    }
    ring();
}

void replays::forget(const actor_id& by, const std::string& key)
{
    if (auto one = known_.find({by, key}); one != known_.end())
        drop(one);
    ring();
}

void replays::drop(std::map<full_key, entry>::iterator one)
{
    if (one->second.answer)
        bytes_ -= one->second.answer->body.size();
    by_age_.erase(one->second.age);
    known_.erase(one);
}

void replays::make_room(time_point now)
{
    for (auto oldest = by_age_.begin(); oldest != by_age_.end();) {
        auto one = known_.find(*oldest);
        bool over = one->second.at + kept_for < now || known_.size() >= most_kept || bytes_ > most_kept_bytes;
        if (!over)
            return;
        ++oldest;
        if (one->second.answer)
            drop(one);
    }
}

asio::awaitable<void> replays::enter(std::string name)
{
    while (!name.empty() && changing_.contains(name)) {
        auto waiting = wait();
        co_await std::move(waiting);
    }
    if (!name.empty())
        changing_.insert(name);
}

void replays::leave(const std::string& name)
{
    if (changing_.erase(name) > 0)
        ring();
}

}  // namespace halfmast::api
