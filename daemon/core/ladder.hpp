// Which rung: the gentlest one that can still work before the due time and was not tried in vain.
#pragma once

#include <set>

#include "daemon/core/account.hpp"
#include "daemon/core/state.hpp"

namespace halfmast {

struct rung_choice {
    rung by = rung::manual;
    time_point until{};  // postpone: the date to park it at
    std::string why;     // for the ledger and `halfmast plan`
};

// `parked` says how many posts each UTC day already has there, `queued` how many are scheduled in all.
rung_choice choose_rung(const account&, const std::set<rung>& spent, time_point due, time_point now, milliseconds parked_for,
                        const std::map<std::int64_t, int>& parked, std::size_t queued);

}  // namespace halfmast
