// The parts of `halfmast queue`: looking, deciding about posts, and what people say of them.
#pragma once

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

void add_queue_looks(CLI::App& queue, session&);      // list, show, why
void add_queue_decisions(CLI::App& queue, session&);  // hold, release, reschedule, keep
void add_queue_review(CLI::App& queue, session&);     // note, judge, second, asks

}  // namespace halfmast::ctl
