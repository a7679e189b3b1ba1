// [[rota]]: who has the duty when, in turns or by a calendar. A route names a rota like a receiver. Internal to this room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/duty.hpp"
#include "daemon/ports/duty_calendar.hpp"
#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// For a while somebody else has it.
struct swapped_duty {
    time_point from;
    time_point to;
    std::string who;
};

struct rota {
    std::string name;
    std::vector<std::string> turns;  // receivers, one after the other
    time_point first;                // when the first one's turn began, or any of its turns
    milliseconds every{7 * 24 * 3'600'000};
    std::string zone = "UTC";               // turns change at the same hour there, summer and winter
    std::vector<swapped_duty> swaps;        // of several at once, the last one counts
    std::optional<duty_calendar> calendar;  // then there are no turns
    duty_rules rules;                       // of a calendar
};

// Who has it then; empty for a rota without turns.
std::string on_duty(const rota& one, time_point at);

// Of those that have turns.
std::function<std::optional<std::vector<std::string>>(const std::string& name, time_point at)> duty_of(
    const std::vector<rota>& all);

// The name is read by whoever knows the other names. With `secrets` false an address that is a secret is not read.
rota read_rota(table_reader& table, std::string name, bool secrets);

}  // namespace halfmast::settings
