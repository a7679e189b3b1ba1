// Which rung: the gentlest one that can still work before the due time, was not tried in vain, and is not known to be lost. When all that
// is left is known to be lost, the gentlest of it is tried: that is safe, and better than waiting for a person.
#pragma once

#include <set>

#include "daemon/core/account.hpp"
#include "daemon/core/state.hpp"

namespace halfmast {

struct rung_choice {
    rung by = rung::manual;
    time_point until{};  // postpone: the date to park it at
    std::string why;     // for the ledger and `halfmast plan`
    std::string doubt;   // why it may not work: what the last check said of it; empty: nothing speaks against it
};

// `parked` says how many posts each UTC day already has there, `queued` how many are scheduled in all.
rung_choice choose_rung(const account&, const std::set<rung>& spent, time_point due, time_point now, milliseconds parked_for,
                        const std::map<std::int64_t, int>& parked, std::size_t queued, const readiness& ready = {});

}  // namespace halfmast
