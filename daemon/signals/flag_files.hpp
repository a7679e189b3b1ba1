// Files that say that something is burning, for tools that can do no more than make one: while it is there, it is a signal. What it
// says inside is shown; that it is gone is the end of the signal, and lowers nothing. Looks at each of them once a second.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/core/time.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

namespace asio = boost::asio;

class flag_files {
public:
    // How often one that stays there is said again, so that its proposal does not expire.
    static constexpr std::chrono::minutes said_again_after{10};

    flag_files(asio::any_io_executor executor, std::vector<flag_file> files, std::function<time_point()> clock,
               std::function<void(heard_signal)> hear);

    void start();
    void stop();
    // One look at all of them; start() does it every second.
    void look();

private:
    void wait();

    std::vector<flag_file> files_;
    std::function<time_point()> clock_;
    std::function<void(heard_signal)> hear_;
    std::map<std::string, time_point> there_;  // by path: when it was said last
    asio::steady_timer timer_;
    bool stopping_ = false;
};

}  // namespace halfmast::signals
