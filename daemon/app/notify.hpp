// Words to systemd (sd_notify): ready, status, watchdog, stopping. Does nothing where systemd did not start us.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace halfmast::app {

void notify_ready();
void notify_status(const std::string& text);  // shown by `systemctl status`
void notify_stopping();
void notify_watchdog();

// How often notify_watchdog must be called (half of what systemd waits); nullopt when nobody waits.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace halfmast::app
