// The ledger on SQLite (WAL, synchronous=FULL): one transaction and one fsync for each batch, on a thread of its own.
// It stores and chains; what a record means it does not know.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/audit/checkpoint.hpp"
#include "daemon/core/state.hpp"
#include "daemon/ports/ledger_port.hpp"

namespace halfmast::store {

struct stored_entry {
    std::int64_t seq = 0;
    std::string at;
    std::string payload;
};

// Table ledger(seq INTEGER PRIMARY KEY, at TEXT, payload TEXT, prev BLOB, hash BLOB) and blob(sha256 TEXT PRIMARY KEY, bytes BLOB)
// in STATE_DIR/ledger.db; the signed head in STATE_DIR/checkpoint.json after every batch.
class sqlite_ledger final : public ledger_port {
public:
    // Opens or makes it; refuses (local) a ledger whose tail does not match the signed head, and says what to do.
    static result<std::shared_ptr<sqlite_ledger>> open(asio::any_io_executor executor, const std::string& state_dir);
    ~sqlite_ledger() override;

    asio::awaitable<result<std::int64_t>> append(ledger_batch batch) override;
    asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string sha256) override;

    // Blocking, for start-up: every entry in order. Stops and gives the problem when `each` gives one.
    result<std::int64_t> replay(const std::function<result<void>(const stored_entry&)>& each, std::int64_t after = 0);

    // Blocking, for start-up: the state after the last record, by the newest snapshot and a replay of what came after it. A record
    // that cannot be read is named.
    result<state> restore();

    // Newest first: entries with seq < before (0: from the end) whose payload names `target` as its post, crisis or account
    // ("" for all), at most `limit`.
    asio::awaitable<result<std::vector<stored_entry>>> find(std::string target, std::int64_t before, int limit);

private:
    class impl;
    explicit sqlite_ledger(std::unique_ptr<impl> made);
    std::unique_ptr<impl> impl_;
};

}  // namespace halfmast::store
