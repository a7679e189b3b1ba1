// When each of many visitors comes to a turnstile next: one alarm for all of them, so that ten thousand who wait are a few words each and
// no coroutine. It does not know what a visitor does inside, nor when it should come again.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/engine/turnstile.hpp"

namespace halfmast::engine {

namespace asio = boost::asio;

class agenda {
public:
    using moment = turnstile::moment;

    struct visitor : turnstile::visitor {
        moment due = moment::max();  // max: it is inside, or waits to be let in
    };
    using admitted_function = std::function<void(visitor&)>;
    // Asked of who is due: nothing to let it in, else when it comes instead.
    using put_off_function = std::function<std::optional<moment>(const visitor&, moment now)>;

    // So many are inside at once; see turnstile. Visitors outlive the agenda.
    agenda(asio::any_io_executor executor, std::size_t room, milliseconds patience, admitted_function admitted,
           put_off_function put_off = {});

    // It comes then, and not at the time it had before.
    void meet(visitor& who, moment at);
    void leave(visitor& who);
    void stop();

private:
    struct appointment {
        moment at;
        visitor* who;

        bool operator>(const appointment& other) const { return at > other.at; }
    };

    void set_alarm();
    void on_alarm();

    turnstile gate_;
    put_off_function put_off_;
    std::priority_queue<appointment, std::vector<appointment>, std::greater<>> all_;  // an older one of the same visitor is void
    asio::steady_timer alarm_;
    moment alarm_at_ = moment::max();
    bool stopping_ = false;
};

}  // namespace halfmast::engine
