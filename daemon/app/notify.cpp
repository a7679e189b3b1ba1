#include "daemon/app/notify.hpp"

#include <systemd/sd-daemon.h>

namespace halfmast::app {

void notify_ready() { sd_notify(0, "READY=1"); }
void notify_status(const std::string& text) { sd_notify(0, ("STATUS=" + text).c_str()); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }
void notify_watchdog() { sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval()
{
    std::uint64_t interval = 0;
    if (sd_watchdog_enabled(0, &interval) <= 0)
        return std::nullopt;
    return std::chrono::microseconds{interval / 2};
}

}  // namespace halfmast::app
