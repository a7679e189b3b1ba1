// The shared HTTP client behind one account's budget of calls. A call that may not leave now waits its turn for a short while:
// what acts in the order it came, and before what only looks. When the turn is too far away the call is answered with
// rate_limited and the time when it may; nothing was sent then. So polling can never use up what a crisis needs, and an act of
// several calls is not given up between two of them.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "daemon/net/rate_limit.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::net {

// What waits for calls of an account, besides those that are under way.
enum class backlog {
    none,
    some,  // while calls are scarce a look may have one in a while
    near,  // posts that are due soon: a look waits longer
};

class budgeted_http final : public http_port {
public:
    budgeted_http(http_port& shared, std::function<time_point()> clock);

    asio::awaitable<result<http_response>> fetch(http_request request) override;

    budget& state() { return inner_->calls; }

    // While it is true the reserve may be used, by every call.
    void crisis(bool yes) { inner_->crisis = yes; }

    // Tells how much else there is to do. When it becomes less, looks that waited go on.
    void work_waits(backlog how);

    // How many more calls an act may make now: those that wait in the middle of one come first.
    [[nodiscard]] int available(time_point now) const;

private:
    class place;
    struct inner;
    class spent_call;

    static asio::awaitable<result<http_response>> run(std::shared_ptr<inner> mine, http_request request);
    static asio::awaitable<std::optional<problem>> take_turn(std::shared_ptr<inner> mine, const http_request& request);

    struct inner {  // outlives this object while calls are under way
        http_port& shared;
        std::function<time_point()> clock;
        budget calls;
        bool crisis = false;
        backlog waits = backlog::none;
        int acts_since_look = 0;
        std::deque<place*> acts;
        std::deque<place*> looks;

        inner(http_port& shared_, std::function<time_point()> clock_) : shared(shared_), clock(std::move(clock_)) {}
        [[nodiscard]] bool is_turn_of(place& one, time_point now);
        void ring_next();
    };

    std::shared_ptr<inner> inner_;
};

}  // namespace halfmast::net
