#include "daemon/net/budgeted_http.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/request_name.hpp"

namespace halfmast::net {

namespace {

constexpr milliseconds longest_turn{30'000};  // a caller that waits longer than this had better do something else
constexpr milliseconds look_again{500};       // the platform may say something new meanwhile
constexpr int acts_for_a_look = 24;           // what a sweep may cost while there is other work: a twenty-fifth of the calls
constexpr milliseconds look_waits{15'000};    // a crisis without sight is worse than one hold later
constexpr milliseconds look_lets_pass{500};   // with calls to spare it only lets the first acts pass
constexpr int to_spare = 100;

}  // namespace

// A call's place in its line.
class budgeted_http::place {
public:
    place(inner& in, bool looks_, asio::any_io_executor on) : bell(std::move(on)), looks(looks_), since(in.clock()), in_(in)
    {
        line().push_back(this);
    }
    ~place()
    {
        std::erase(line(), this);
        in_.ring_next();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    asio::steady_timer bell;
    bool looks;
    time_point since;

private:
    std::deque<place*>& line() { return looks ? in_.looks : in_.acts; }

    inner& in_;
};

bool budgeted_http::inner::is_turn_of(place& one, time_point now)
{
    one.since = std::min(one.since, now);  // the clock may have been set back
    if (!one.looks)
        return acts.front() == &one;
    if (looks.front() != &one || !acts.empty())
        return false;
    auto longest = calls.available(now, crisis) > to_spare ? look_lets_pass : look_waits;
    return waits == backlog::none || (waits == backlog::some && acts_since_look >= acts_for_a_look) || now >= one.since + longest;
}

void budgeted_http::inner::ring_next()
{
    if (!acts.empty())
        acts.front()->bell.cancel();
    else if (!looks.empty())
        looks.front()->bell.cancel();
}

// One call that left; whatever becomes of it, the budget hears of it once. A coroutine that is thrown away half way is a lost call.
class budgeted_http::spent_call {
public:
    explicit spent_call(inner& from) : from_(from) {}
    ~spent_call()
    {
        if (!settled_)
            from_.calls.lost();
        from_.ring_next();
    }
    spent_call(const spent_call&) = delete;
    spent_call& operator=(const spent_call&) = delete;

    void settle(const result<http_response>& given)
    {
        settled_ = true;
        if (given)
            from_.calls.learn(given->status, given->headers, from_.clock() - given->age());
        else if (given.error().kind == failure::unreachable)
            from_.calls.give_back();
        else
            from_.calls.lost();
    }

private:
    inner& from_;
    bool settled_ = false;
};

budgeted_http::budgeted_http(http_port& shared, std::function<time_point()> clock)
    : inner_(std::make_shared<inner>(shared, std::move(clock)))
{
}

asio::awaitable<result<http_response>> budgeted_http::fetch(http_request request) { return run(inner_, std::move(request)); }

void budgeted_http::work_waits(backlog how)
{
    bool less = how < inner_->waits;
    inner_->waits = how;
    if (less)
        inner_->ring_next();
}

int budgeted_http::available(time_point now) const
{
    inner_->calls.follow(now);
    return inner_->calls.available(now, inner_->crisis) - static_cast<int>(inner_->acts.size());
}

// Nothing when the call may leave, and is taken off the budget; else why it may not.
asio::awaitable<std::optional<problem>> budgeted_http::take_turn(std::shared_ptr<inner> mine, const http_request& request)
{
    auto executor = co_await asio::this_coro::executor;
    place here(*mine, request.looks, executor);
    auto began = mine->clock();
    for (;;) {
        auto now = mine->clock();
        mine->calls.follow(now);
        began = std::min(began, now);
        bool turn = mine->is_turn_of(here, now);
        if (turn && mine->calls.available(now, mine->crisis) > 0) {
            mine->calls.spend(now);
            mine->acts_since_look = request.looks ? 0 : std::min(mine->acts_since_look + 1, acts_for_a_look);
            co_return std::nullopt;
        }
        auto ready = std::max(mine->calls.ready_at(now, mine->crisis), now + milliseconds{1});
        if (ready - began > longest_turn) {
            std::string why = !turn          ? "what acts comes first, and uses up the platform's limit of calls"
                              : mine->crisis ? "the platform's limit of calls is used up"
                                             : "the calls that may be made outside a crisis are used up";
            co_return problem{failure::rate_limited, name_of(request) + " was not sent: " + why + " until " + format_utc(ready),
                              ready - now};
        }
        boost::system::error_code rung;
        here.bell.expires_after(turn ? std::min<milliseconds>(ready - now, look_again) : look_again);
        co_await here.bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
}

asio::awaitable<result<http_response>> budgeted_http::run(std::shared_ptr<inner> mine, http_request request)
{
    auto turn = take_turn(mine, request);
    auto refused = co_await std::move(turn);
    if (refused)
        co_return *refused;
    spent_call call(*mine);
    auto given = co_await mine->shared.fetch(std::move(request));
    call.settle(given);
    co_return given;
}

}  // namespace halfmast::net
