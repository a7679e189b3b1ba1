// The queues as they were last seen, for the state that the ledger gives. Blocking; only at start.
#pragma once

#include "daemon/core/policy.hpp"
#include "daemon/core/state.hpp"
#include "daemon/store/mirror.hpp"

namespace halfmast::app {

using judged_queues = std::map<account_id, std::unordered_map<post_id, seen_post>>;

// So that a raise right after the start knows them. A mirror that cannot be read is no loss. Reads while another thread reads the
// ledger: the rules must not change meanwhile.
judged_queues read_mirror(const policy&, store::mirror&);
void put_mirror(state&, judged_queues);

}  // namespace halfmast::app
