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

// The edition with that number, 0: the newest; null when there is none.
const document& edition_of(const document& message, std::uint64_t number);

// "edition 2 (update)"
std::string name_of_edition(const document& edition);

// What lets it go out: "halfmast say approve c-1 --edition 2", so that nobody agrees to words that came after those he read.
std::string approval_of(const document& flag, const document& edition);

// Waiting changes nothing any more: each account it is meant for shows it as well as it can, or a person has the next word.
bool is_said(const document& message, std::uint64_t number);

// After `say publish` and `say correct`: on which accounts that edition (or a later one) is out and pinned, and why not on the others.
truth tell_edition(const document& message, std::uint64_t number);

// How many of these holds are neither confirmed nor decided by a person: `holds` as in status.
std::uint64_t not_confirmed(const document& holds);

bool is_settled(const document& message);

// `flag` is the crisis member, or one of status.
bool is_drill(const document& flag);

// Nothing of the summary of this crisis is under way after `lower`.
bool is_unpinned(const document& message);

}  // namespace halfmast::ctl
