// Everything of pages that is not the core's: the receivers' way out with an HTTP client of its own, the heartbeat, the calendars of
// rotas, and the watch over the clock. Pages must never wait for a platform, nor a platform for a page.
#pragma once

#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "daemon/alert/heartbeat.hpp"
#include "daemon/alert/outbox.hpp"
#include "daemon/api/backend.hpp"
#include "daemon/app/duties.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/settings/settings.hpp"

namespace halfmast::app {

// What people hear when this machine's clock was moved: `clock` and `steady` are what passed by each between two looks. Nothing while
// they agree as far as due times have a margin.
std::optional<health_changed> clock_moved(milliseconds clock, milliseconds steady, time_point now);

class pager {
public:
    // `tell` hands an event to the loop. Without receivers and heartbeat no client is made.
    pager(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
          std::function<void(event)> tell);

    // What the core has to know of each receiver's kind: filled into the policy before the loop is made.
    static void describe(const settings::settings& wanted, paging& rules);

    void start();
    void stop();
    void send(page_letter letter);
    asio::awaitable<std::vector<api::receiver_report>> test_all();

private:
    void watch_clock();

    std::function<time_point()> clock_;
    std::function<void(event)> tell_;
    std::unique_ptr<net::http_client> http_;
    std::unique_ptr<alert::outbox> outbox_;
    std::unique_ptr<alert::heartbeat> heartbeat_;
    std::unique_ptr<duties> duties_;
    asio::steady_timer watch_;
    time_point seen_{};
    std::chrono::steady_clock::time_point seen_steady_{};
    bool stopping_ = false;
};

}  // namespace halfmast::app
