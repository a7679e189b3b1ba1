// The shared HTTP client behind one account's budget of calls. Never waits: a call that may not leave now is answered at once
// with rate_limited and the time when it may; nothing was sent then. So polling can never use up what a crisis needs.
#pragma once

#include <functional>
#include <memory>

#include "daemon/net/rate_limit.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::net {

class budgeted_http final : public http_port {
public:
    budgeted_http(http_port& shared, std::function<time_point()> clock);

    asio::awaitable<result<http_response>> fetch(http_request request) override;

    budget& state() { return inner_->calls; }

    // While it is true the reserve may be used, by every call.
    void crisis(bool yes) { inner_->crisis = yes; }

private:
    struct inner {  // outlives this object while calls are under way
        http_port& shared;
        std::function<time_point()> clock;
        budget calls;
        bool crisis = false;

        inner(http_port& shared_, std::function<time_point()> clock_) : shared(shared_), clock(std::move(clock_)) {}
    };
    class spent_call;

    static asio::awaitable<result<http_response>> run(std::shared_ptr<inner> mine, http_request request);

    std::shared_ptr<inner> inner_;
};

}  // namespace halfmast::net
