// Ctrl-C as a question that a command asks between two steps, so that it can say what stays true before it ends.
#pragma once

#include "daemon/core/time.hpp"

namespace halfmast::ctl {

void watch_interrupt();   // from now on SIGINT and SIGTERM only set a mark
bool was_interrupted();
void forget_interrupt();  // it was obeyed: the daemon can be spoken to again

// Waits so long, or until interrupted; false when it was.
bool wait_for(milliseconds length);

}  // namespace halfmast::ctl
