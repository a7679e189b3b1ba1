// From the disk to the state the daemon had: the ledger folded, the mirror beside it. Blocking; only at start.
#pragma once

#include <string>

#include "daemon/core/decide.hpp"
#include "daemon/ports/result.hpp"
#include "daemon/store/mirror.hpp"
#include "daemon/store/sqlite_ledger.hpp"

namespace halfmast::app {

// Refuses a ledger with a record that cannot be read, and names it.
result<state> recover(store::sqlite_ledger& ledger);

// The queues as last seen, so that a raise right after the start knows them. A mirror that cannot be read is no loss.
void restore_mirror(state&, const policy&, store::mirror&);

}  // namespace halfmast::app
