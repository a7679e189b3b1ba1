// Where the daemon can be reached over TCP, and who may come in: the gate of room access with the settings, and both read again on
// SIGHUP.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/access/gate.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/settings/settings.hpp"

namespace halfmast::app {

namespace asio = boost::asio;

class entrance {
public:
    struct wiring {
        std::function<time_point()> clock;
        std::function<void(event)> tell;           // the loop
        std::function<void(std::string)> trouble;  // for status; "": it is over
        http_port* http = nullptr;
        std::function<void(const settings::settings&)> renewed;  // [access] of these is in force now
    };

    entrance(boost::asio::any_io_executor executor, const settings::settings& wanted, wiring with);

    [[nodiscard]] access::gate& gate() { return gate_; }

    // Throws std::runtime_error with the address and the reason.
    static void listen(net::http_server& server, const settings::settings& wanted);

    // From now on SIGHUP reads certificates and [access] again. What is wrong with them is logged, and what was true stays.
    void obey_hangup(net::http_server& server);
    // And from now on the provider is asked again about whoever came by it.
    void watch_sessions();
    void stop();

private:
    void read_again(net::http_server& server);
    asio::awaitable<void> recheck_all();

    std::string file_;
    std::function<void(const settings::settings&)> renewed_;
    access::gate gate_;
    boost::asio::signal_set hangup_;
    boost::asio::steady_timer next_recheck_;
    bool stopped_ = false;
};

}  // namespace halfmast::app
