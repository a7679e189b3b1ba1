// Reads the calendars that rotas are filled from, on a schedule, and tells what they say. Keeps the last good one of each, so that
// neither a restart nor a calendar that is away makes anybody forget who has the duty. Decides nothing: what follows from a gap, or
// from a calendar that cannot be read, is the core's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/alert/calendar.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::alert {

namespace asio = boost::asio;

// A calendar as it was fetched; what is kept on disk.
struct kept_calendar {
    std::string text;
    std::string etag;     // of that text; empty: its server gives none
    std::string changed;  // Last-Modified, likewise
    time_point read_at{};

    kept_calendar() {}
};

// The file of a kept calendar: four lines of what is known of it, then the text as it came.
std::string write_kept(const kept_calendar&);
result<kept_calendar> read_kept(std::string_view file);

// What is known of a rota by a calendar that was read then. A text that is no calendar gives an empty roster with that trouble.
duty_roster roster_of(const kept_calendar&, const duty_calendar& from, const calendar_help& help, time_point now);

class duty_desk {
public:
    struct needs {
        std::function<time_point()> clock;
        calendar_help help;
        bool own_network = false;  // a redirect may lead to this machine or a private network
        // The kept file of this rota; empty when there is none, or it cannot be read.
        std::function<std::string(const std::string& rota)> restore;
        // Keeps it. A problem is said as the rota's trouble: a restart would forget who has the duty.
        std::function<result<void>(const std::string& rota, std::string_view file)> keep;
        std::function<void(const std::string& rota, duty_roster said)> tell;
    };

    // `http` keeps away from networks of our own by itself (public_only) unless the settings allow them, and outlives the desk.
    duty_desk(asio::any_io_executor executor, http_port& http, std::vector<duty_calendar> calendars, needs wanted);
    ~duty_desk();

    // What is kept is told before this returns.
    void start();
    void stop();

private:
    struct one_calendar;

    asio::awaitable<void> run(std::shared_ptr<one_calendar> one);
    asio::awaitable<void> look(one_calendar& one);
    asio::awaitable<result<http_response>> fetch(const one_calendar& one);
    asio::awaitable<void> take(one_calendar& one, kept_calendar fresh);
    asio::awaitable<duty_roster> read_aside(const kept_calendar& kept, const duty_calendar& from);
    void tell(one_calendar& one);

    asio::any_io_executor executor_;
    http_port& http_;
    needs needs_;
    std::vector<std::shared_ptr<one_calendar>> all_;
    asio::thread_pool aside_{1};  // a large calendar takes a while to read
    bool stopping_ = false;
};

}  // namespace halfmast::alert
