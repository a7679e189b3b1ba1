// What a raise would do, in words: for `plan` and for `raise -n`.
#pragma once

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// `answer` is halfmast.plan/1. Gives the exit code.
int show_plan(const session&, const reply& answer);

}  // namespace halfmast::ctl
