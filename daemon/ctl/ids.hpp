// The posts a command is about, as people and scripts name them.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// Each id once, in order; "-" is replaced by the lines of standard input. Throws command_error (usage) when one is no id or when
// there is none.
std::vector<std::string> read_ids(const std::vector<std::string>& given);

}  // namespace halfmast::ctl
