// The dead man's signal: as long as the daemon's thread runs, an alert fires or an address is asked for, on a rhythm. Its end is
// what pages, somewhere else. It must not depend on the ledger: a daemon that cannot write still holds, and says so by itself.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/ports/http.hpp"
#include "daemon/ports/receiver.hpp"

namespace halfmast::alert {

namespace asio = boost::asio;

class heartbeat {
public:
    // `alertmanager` is the receiver the settings name; without a url of its own it gets the alert. `trouble` hears why a beat was
    // not taken, and "" when one is again; only when that changes. `http` outlives it.
    heartbeat(asio::any_io_executor executor, http_port& http, heartbeat_settings settings, receiver_settings alertmanager,
              std::function<time_point()> clock, std::function<void(std::string)> trouble);

    void start();
    void stop();

private:
    asio::awaitable<void> run();
    asio::awaitable<std::string> beat();

    asio::any_io_executor executor_;
    http_port& http_;
    heartbeat_settings settings_;
    receiver_settings alertmanager_;
    std::function<time_point()> clock_;
    std::function<void(std::string)> trouble_;
    asio::steady_timer timer_;
    std::string last_;
    bool stopping_ = false;
};

}  // namespace halfmast::alert
