// Who has the duty of a rota, as a calendar says it. The shell reads calendars and hands in shifts; what follows from them is
// decided here: who is told now, when nobody would be, and what people have to know about that. Values and pure functions. Must
// not know how a calendar is written or fetched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct duty_shift {
    time_point from;
    time_point to;    // not in it any more
    std::string who;  // a receiver

    auto operator<=>(const duty_shift&) const = default;
};

// What one calendar says. Not from the ledger: the shell keeps the calendar, and reads it again after a start.
struct duty_roster {
    std::vector<duty_shift> shifts;      // by their begin; where two are at once, both have the duty
    time_point known_until{};            // nothing is known from there on; unset: nothing is known at all
    time_point read_at{};                // when the whole calendar was there the last time; unset: never
    std::string trouble;                 // why it could not be read since; empty: it could
    std::vector<std::string> strangers;  // names in it that stand for no receiver, at most a few

    duty_roster() {}
};

// What the settings say about a rota that is a calendar.
struct duty_rules {
    std::vector<std::string> otherwise;                // receivers that are told while nobody has the duty; never empty
    milliseconds gap_ahead{std::chrono::hours{24}};    // a gap is said so long before it begins
    milliseconds stale_after{std::chrono::hours{24}};  // a calendar that was not read for so long may have changed

    duty_rules() {}
};

// Receivers, in the order of their shifts; nobody when there is a gap, or nothing is known.
std::vector<std::string> who_has_duty(const duty_roster&, time_point at);

// A stretch in which nobody has the duty.
struct duty_gap {
    time_point from;
    std::optional<time_point> to;  // nothing: as far as is known
    bool unknown = false;          // the calendar says nothing about that time any more
};

// The first one that is not over at `at`. There always is one: at the latest where nothing is known any more.
duty_gap next_gap(const duty_roster&, time_point at);

struct duty_fault {
    severity level = severity::minor;
    std::string what;
    std::string todo;

    bool operator==(const duty_fault&) const = default;
};

// What is wrong with a rota's calendar at that moment, the worst thing first in one sentence; nothing: all is well.
std::optional<duty_fault> fault_of(const std::string& rota, const duty_rules&, const duty_roster&, time_point now);

}  // namespace halfmast
