// Ctrl-C as a question that a command asks between two steps, so that it can say what stays true before it ends.
#pragma once

#include "daemon/core/time.hpp"

namespace halfmast::ctl {

void watch_interrupt();  // from now on SIGINT and SIGTERM only set a mark
bool was_interrupted();
void forget_interrupt();  // it was obeyed: the daemon can be spoken to again

// While it lives, Ctrl-C waits: what was asked of the daemon is answered first, so that it can be taken back. Only around a question
// with a short patience.
class interrupt_later {
public:
    interrupt_later();
    ~interrupt_later();
    interrupt_later(const interrupt_later&) = delete;
    interrupt_later& operator=(const interrupt_later&) = delete;
};

// Waits so long, or until interrupted; false when it was.
bool wait_for(milliseconds length);

}  // namespace halfmast::ctl
