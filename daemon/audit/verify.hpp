// An independent check of a ledger file: own SQLite code, own loop, nothing shared with the store that writes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/audit/checkpoint.hpp"

namespace halfmast::audit {

struct fault {
    std::int64_t seq = 0;  // 0: not about one record
    std::string what;      // "record 12 was changed: its hash is not that of its content"
};

struct verification {
    std::int64_t records = 0;
    std::int64_t blobs = 0;
    digest head{};
    std::int64_t not_signed_yet = 0;        // sound records behind the newest checkpoint: a daemon signs them within a second
    std::optional<checkpoint> signed_head;  // the newest one beside the ledger
    std::vector<fault> faults;              // empty: clean. At most 100 are listed

    [[nodiscard]] bool clean() const { return faults.empty(); }
};

// Reads STATE_DIR/ledger.db and the checkpoint beside it, never writes, works beside a running daemon. `elsewhere` is a
// checkpoint file kept at another place. `parts` are read at the same time, each by a thread of its own; 0: as it suits the machine and
// the ledger. What is found does not depend on it. A problem means that the file could not be read at all.
result<verification> verify(const std::string& state_dir, const std::optional<std::string>& elsewhere = {}, unsigned parts = 0);

// What a check has proved, for the next one to go on from.
struct proved_part {
    std::int64_t through = 0;  // the last record; 0: nothing yet
    std::int64_t records = 0;
    digest head{};  // the hash of that record
};

// For whoever lives with the ledger and looks again and again: as verify(), by one thread, and what is proved already is not read
// again, but for its last record. Of blobs those are read that the new records name; with nothing proved, all. `enough` becoming true
// ends it early, with the problem `conflict`; another thread may set it. May take seconds: never on the loop's thread.
result<verification> verify_behind(const std::string& state_dir, const proved_part& proved, const std::atomic<bool>& enough);

}  // namespace halfmast::audit
