#include "daemon/net/budgeted_http.hpp"

#include "daemon/net/request_name.hpp"

namespace halfmast::net {

// One call that left; whatever becomes of it, the budget hears of it once. A coroutine that is thrown away half way is a lost call.
class budgeted_http::spent_call {
public:
    spent_call(inner& from, time_point now) : from_(from) { from_.calls.spend(now); }
    ~spent_call()
    {
        if (!settled_)
            from_.calls.lost();
    }
    spent_call(const spent_call&) = delete;
    spent_call& operator=(const spent_call&) = delete;

    void settle(const result<http_response>& given)
    {
        settled_ = true;
        if (given)
            from_.calls.learn(given->status, given->headers, from_.clock());
        else if (given.error().kind == failure::unreachable)
            from_.calls.give_back();
        else
            from_.calls.lost();
    }

private:
    inner& from_;
    bool settled_ = false;
};

budgeted_http::budgeted_http(http_port& shared, std::function<time_point()> clock) : inner_(std::make_shared<inner>(shared, std::move(clock))) {}

asio::awaitable<result<http_response>> budgeted_http::fetch(http_request request) { return run(inner_, std::move(request)); }

asio::awaitable<result<http_response>> budgeted_http::run(std::shared_ptr<inner> mine, http_request request)
{
    auto now = mine->clock();
    if (mine->calls.available(now, mine->crisis) <= 0) {
        auto ready = mine->calls.ready_at(now, mine->crisis);
        std::string why = mine->crisis ? "the platform's limit of calls is used up" : "the calls that may be made outside a crisis are used up";
        problem refused{failure::rate_limited, name_of(request) + " was not sent: " + why + " until " + format_utc(ready),
                        std::max(ready - now, milliseconds{1})};
        co_return refused;
    }
    spent_call call(*mine, now);
    auto given = co_await mine->shared.fetch(std::move(request));
    call.settle(given);
    co_return given;
}

}  // namespace halfmast::net
