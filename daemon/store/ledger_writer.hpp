// The blocking half of the ledger: opens and checks the file, chains and commits groups of batches, signs the head. Runs on
// one thread; sqlite_ledger gives it one. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/audit/checkpoint.hpp"
#include "daemon/ports/ledger_port.hpp"
#include "daemon/store/sqlite.hpp"

namespace halfmast::store {

class ledger_writer {
public:
    static result<std::unique_ptr<ledger_writer>> open(const std::string& state_dir);

    // One transaction and one fsync for all of them; one answer each, in order. When the disk has no room for all, each is tried
    // by itself, so that a large one does not take the small ones with it.
    std::vector<result<std::int64_t>> commit(const std::vector<const ledger_batch*>& group);

    // Writes checkpoint.json for the newest record. After a problem the old one stands, which covers less and is still true.
    result<void> sign();
    [[nodiscard]] bool is_signed() const { return signed_seq_ == seq_; }

private:
    ledger_writer(std::string state_dir, audit::signing_key key, connection database);

    result<void> prepare();
    result<void> check_head();
    result<void> check_signed_record(const audit::checkpoint& head);
    result<void> check_unsigned_tail(const audit::checkpoint& head);
    result<std::int64_t> commit_together(const std::vector<const ledger_batch*>& group, std::vector<result<std::int64_t>>& answers);
    int insert(const ledger_batch& batch, std::int64_t& seq, audit::digest& head);

    std::string state_dir_;
    audit::signing_key key_;
    connection database_;
    statement insert_entry_, insert_blob_;
    std::int64_t seq_ = 0;
    audit::digest head_ = audit::genesis();
    std::int64_t signed_seq_ = -1;
    bool no_room_ = false;  // why the last commit failed
};

}  // namespace halfmast::store
