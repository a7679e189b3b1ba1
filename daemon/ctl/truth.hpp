// What may be said about a crisis: only what was read back counts as held. Pure: the daemon's document in, one sentence and an
// exit code out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

struct truth {
    std::string sentence;              // the last line people read
    std::vector<std::string> details;  // one line for each thing that is not confirmed
    int code = exit_code::done;        // done or partly
};

// `message` is halfmast.crisis/1.
truth tell_raise(const document& message);

// After `lower`: the former pins are back, or who has to do it.
truth tell_lower(const document& message);

// The summary alone, for `say approve`.
truth tell_summary(const document& message);

// How many of these holds are neither confirmed nor decided by a person: `holds` as in status.
std::uint64_t not_confirmed(const document& holds);

bool is_settled(const document& message);

// Nothing of the summary of this crisis is under way after `lower`.
bool is_unpinned(const document& message);

}  // namespace halfmast::ctl
