// The queues as they were last seen, back into the state that the ledger gave. Blocking; only at start.
#pragma once

#include "daemon/core/policy.hpp"
#include "daemon/core/state.hpp"
#include "daemon/store/mirror.hpp"

namespace halfmast::app {

// So that a raise right after the start knows them. A mirror that cannot be read is no loss.
void restore_mirror(state&, const policy&, store::mirror&);

}  // namespace halfmast::app
