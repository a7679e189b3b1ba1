// Rotas that are filled from calendars: their fetching with an HTTP client of its own, where the last good ones are kept, and what
// check-config says of them. What follows from a roster is the core's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/alert/duty_desk.hpp"
#include "daemon/core/event.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/settings/settings.hpp"

namespace halfmast::app {

class duties {
public:
    // `tell` hands an event to the loop.
    duties(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
        std::function<void(event)> tell);

    void start() { desk_.start(); }
    void stop() { desk_.stop(); }

private:
    static alert::duty_desk::needs needs(
        const settings::settings& wanted, std::function<time_point()> clock, std::function<void(event)> tell);

    net::http_client http_;
    alert::duty_desk desk_;
};

// What is known of a rota from the calendar that was kept last; nothing when none was, or it cannot be read from here. Blocks.
std::optional<duty_roster> kept_roster(const std::string& state_dir, const duty_calendar& from, time_point now);

}  // namespace halfmast::app
