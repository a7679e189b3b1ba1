// Rotas that are filled from calendars: their fetching with an HTTP client of its own, where the last good ones are kept, and what
// check-config says of them. What follows from a roster is the core's business.
#pragma once

#include <functional>
#include <map>
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
    static alert::duty_desk::needs needs(const settings::settings& wanted, std::function<time_point()> clock,
                                         std::function<void(event)> tell);

    net::http_client http_;
    alert::duty_desk desk_;
};

// What is known of each rota from the calendars that were kept last: the loop begins with it, so that the first letter after a
// restart goes to whoever has the duty. A rota of which nothing is kept that can be read from here is not in it. Blocks.
std::map<std::string, duty_roster> kept_rosters(const settings::settings& wanted, time_point now);

}  // namespace halfmast::app
