// Times and durations as people type them.
#pragma once

#include <string>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// RFC 3339, or relative to `now`: "+20m", "+20min", "+1h30m". Throws command_error (usage) that says what would be right.
time_point read_time(const std::string& text, time_point now, const char* option);

// "60s", "45m", "0": throws command_error (usage).
milliseconds read_duration(const std::string& text, const char* option);

// minor, major, critical, or 1 to 3; empty stays empty.
std::string read_severity(const std::string& text);

}  // namespace halfmast::ctl
