// Time as the core knows it: an argument, UTC, milliseconds. There is no "now" in this room.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace halfmast {

using std::chrono::milliseconds;
using std::chrono::seconds;
using time_point = std::chrono::sys_time<milliseconds>;

// Whether what waits until `until`, and never waits longer than `longest`, has to wait still. What lies further ahead was said
// by a clock that was set back since, and is over.
constexpr bool waits_still(time_point now, time_point until, milliseconds longest) { return now < until && until - now <= longest; }

// "2026-03-01T14:30:00.250Z"; the milliseconds are left out when they are zero.
std::string format_utc(time_point at);

// RFC 3339 with Z or an offset ("2026-03-01T15:30:00+01:00"); nullopt for anything else, a missing zone included.
std::optional<time_point> parse_rfc3339(std::string_view text);

// "90s", "45m", "1h30m", "2d", "500ms"; nullopt for anything else. Never negative.
std::optional<milliseconds> parse_duration(std::string_view text);

// The shortest exact form that parse_duration reads back: "45m", "1h30m".
std::string format_duration(milliseconds length);

}  // namespace halfmast
