// What an iCalendar text (RFC 5545) says about who has the duty: its events, repeated, overridden and in their time zones, as
// shifts. Pure: no fetching, no clock, no file but the system's time zones. A text may come from a stranger: its size, its
// repetitions and what is made of it are bounded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/duty.hpp"
#include "daemon/ports/duty_calendar.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::alert {

inline constexpr std::size_t most_calendar = 2u << 20;        // bytes
inline constexpr std::chrono::hours calendar_back{24 * 2};    // shifts are wanted from so long ago ...
inline constexpr std::chrono::hours calendar_ahead{24 * 62};  // ... until so far ahead

struct read_calendar {
    std::vector<duty_shift> shifts;      // by their begin
    std::vector<std::string> strangers;  // names that stand for nobody we know, at most ten

    read_calendar() {}
};

// What this room does not know about texts and time zones.
struct calendar_help {
    std::function<std::string(std::string_view)> fold;  // for comparing names
    // Of a zone's clocks from UTC; nothing when there is no such zone.
    std::function<std::optional<seconds>(time_point at, const std::string& zone)> offset;

    calendar_help() {}
};

// The shifts that touch [from, to). An event is somebody's when one of its ATTENDEEs, by address or name, or its SUMMARY is one of
// `people`, or when one of them stands in the SUMMARY as words of its own; several are on duty together. What was cancelled or
// declined is nobody's. A day is a day of the settings' zone, and an event that repeats ends when the clocks there show the same as
// the first time. bad_reply: it is no calendar, or too much of one, or something in it cannot be understood; the text names it.
// One thread at a time.
result<read_calendar> shifts_in(std::string_view text, const duty_calendar& people, const calendar_help& help, time_point from,
                                time_point to);

}  // namespace halfmast::alert
