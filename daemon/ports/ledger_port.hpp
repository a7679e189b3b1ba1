// Where records become durable. The implementation is store/sqlite_ledger.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/ports/result.hpp"

namespace halfmast {

namespace asio = boost::asio;

// One record on its way to the disk: canonical JSON, made by store/codec.
struct ledger_entry {
    std::string at;       // RFC 3339, UTC
    std::string payload;  // canonical JSON (sorted keys, no spaces)
};

// Bytes that records name by SHA-256; durable no later than the record that names them.
struct ledger_blob {
    std::string sha256;  // lower-case hex
    std::shared_ptr<const std::string> bytes;
};

struct ledger_batch {
    std::vector<ledger_entry> entries;
    std::vector<ledger_blob> blobs;

    ledger_batch() {}
};

class ledger_port {
public:
    virtual ~ledger_port() = default;

    // Appends all or nothing in one transaction with one fsync; gives the last sequence number. Suspends, never blocks
    // the caller's thread. After a problem nothing of the batch is in the ledger.
    virtual asio::awaitable<result<std::int64_t>> append(ledger_batch batch) = 0;

    // The bytes of a blob, or not_found.
    virtual asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string sha256) = 0;
};

}  // namespace halfmast
