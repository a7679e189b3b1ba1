// The two halves of `halfmast queue`: looking, and deciding about posts.
#pragma once

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

void add_queue_looks(CLI::App& queue, session&);      // list, show, why
void add_queue_decisions(CLI::App& queue, session&);  // hold, release, reschedule, keep

}  // namespace halfmast::ctl
