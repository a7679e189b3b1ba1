// The state as it was after some record: the fold of everything before, so that a start does not fold the whole past. A cache of
// the ledger and never the truth: one that is broken, of another version or of another ledger is not used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/state.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::store {

struct snapshot {
    state known;
    std::int64_t seq = 0;  // of the last record folded
    std::string hash;      // of that record, 32 bytes
};

// The state in bytes: every member, in order, unordered ones sorted, so that equal states have equal bytes. Raw answers are
// not in it: a replay has none either.
std::string pack(const state& known);
std::optional<state> unpack(std::string_view bytes);

// STATE_DIR/snapshot. Nothing when there is none that can be used.
std::optional<snapshot> read_snapshot(const std::string& state_dir);
result<void> write_snapshot(const std::string& state_dir, const snapshot& made);

// Which record the file covers, without reading the state in it; 0 when there is none.
std::int64_t snapshot_seq(const std::string& state_dir);

}  // namespace halfmast::store
