// The reading half of the ledger beside the writer: blobs by name, records by what they are about. Blocks; sqlite_ledger gives it
// a thread. Which record names what is in STATE_DIR/index.db, a cache: it is filled from the ledger when somebody asks or
// nothing else is to be done, never in the way of a commit. Internal to this room.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ports/result.hpp"
#include "daemon/store/snapshot.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/sqlite_ledger.hpp"

namespace halfmast::store {

class history {
public:
    static result<std::unique_ptr<history>> open(const std::string& state_dir);

    result<std::shared_ptr<const std::string>> blob(const std::string& sha256);
    // Newest first. Without an index it looks at every record.
    result<std::vector<stored_entry>> find(const std::string& target, std::int64_t before, int limit);
    // In order, all behind `after`; gives the last number. Stops at the first problem of `each`.
    result<std::int64_t> replay(const std::function<result<void>(const stored_entry&)>& each, std::int64_t after);

    // The state after the last record: the snapshot, if it is this ledger's, and what came after it. `stop` is asked now and then;
    // nothing is given when it says yes.
    result<std::optional<snapshot>> fold(const std::function<bool()>& stop = {});
    // Writes a new snapshot when many records stand behind the old one.
    void renew_snapshot(const std::function<bool()>& stop);

    // Puts the next records into the index; false: nothing is left to do, or there is no index.
    bool index_more();

private:
    history(std::string state_dir, connection ledger) : state_dir_(std::move(state_dir)), ledger_(std::move(ledger)) {}

    result<std::vector<stored_entry>> find_by_index(const std::string& target, std::int64_t before, int limit);
    result<std::vector<stored_entry>> find_by_scan(const std::string& target, std::int64_t before, int limit);
    std::string hash_of(std::int64_t seq);
    bool open_index();
    bool belongs_to_ledger();
    int index_rows(statement& rows, std::int64_t& last, std::string& hash, int& count);
    void throw_index_away();

    std::string state_dir_;
    connection ledger_;
    connection index_;
    statement index_row_;
    std::int64_t indexed_ = 0;  // the last record in the index
};

// The post as people name it, the crisis and the account of a record; reads no further than these in canonical JSON.
std::vector<std::string> targets_of(std::string_view payload);

}  // namespace halfmast::store
