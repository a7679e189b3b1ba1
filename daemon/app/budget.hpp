// One account's way out: the shared HTTP client behind the account's own budget of calls.
#pragma once

#include <functional>

#include "daemon/engine/engine.hpp"
#include "daemon/net/budgeted_http.hpp"

namespace halfmast::app {

class account_budget final : public engine::call_budget {
public:
    account_budget(http_port& shared, std::function<time_point()> clock) : http_(shared, std::move(clock)) {}

    http_port& http() { return http_; }

    int available(time_point now) override { return http_.available(now); }
    time_point ready_at(time_point now) override { return http_.state().ready_at(now, crisis_); }
    void work_waits(bool any, bool near) override
    {
        http_.work_waits(near ? net::backlog::near : any ? net::backlog::some : net::backlog::none);
    }
    std::optional<milliseconds> time_for(std::size_t calls, time_point now) { return http_.state().time_for(calls, now); }
    void in_crisis(bool yes) override
    {
        crisis_ = yes;
        http_.crisis(yes);
    }

private:
    net::budgeted_http http_;
    bool crisis_ = false;
};

}  // namespace halfmast::app
