// Reads a ledger file as an auditor does: never writes, works beside a running daemon, shares no code with the store.
// Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/audit/checkpoint.hpp"
#include "daemon/ports/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace halfmast::audit {

// One row as it stands in the file; nothing about it is trusted. The views live until the next step.
struct raw_entry {
    std::int64_t seq = 0;
    std::string_view at;
    std::string_view payload;
    std::string_view prev;
    std::string_view hash;
    bool well_formed = false;  // text, text, 32 bytes, 32 bytes
};

class ledger_file {
public:
    // Opens STATE_DIR/ledger.db in one read transaction: everything read through it is one moment's state.
    static result<ledger_file> open(const std::string& state_dir);
    ledger_file(ledger_file&&) noexcept = default;
    ~ledger_file();

    // Rows in order of seq, all of them unless only() said otherwise before. False: no more, or trouble() says why.
    bool next(raw_entry& row);
    void only(std::int64_t first, std::int64_t last);
    // The last row that is not behind this one; false when there is none.
    bool last_until(std::int64_t seq, raw_entry& row);
    // Blobs in any order, then the same.
    bool next_blob(std::string_view& sha256, std::string_view& bytes);
    bool has_blob(std::string_view sha256);
    // Its bytes, until the next call; false when there is none.
    bool blob(std::string_view sha256, std::string_view& bytes);
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

    // A file that no daemon has open is read without any lock or helper file. True: a daemon opened it meanwhile, so what was
    // read may be half old, half new; read again.
    [[nodiscard]] bool changed_hands() const;

private:
    ledger_file() = default;
    bool step(sqlite3_stmt* query);
    static void read(sqlite3_stmt* query, raw_entry& row);
    std::string prepare();

    struct closer {
        void operator()(sqlite3* open) const;
        void operator()(sqlite3_stmt* query) const;
    };
    std::unique_ptr<sqlite3, closer> database_;
    std::unique_ptr<sqlite3_stmt, closer> rows_, last_, blobs_, lookup_, blob_;
    std::string wal_;
    bool alone_ = false;
    std::string trouble_;
};

// The checkpoint beside the ledger. Read it BEFORE opening the ledger: the chain can then only be ahead of it.
result<checkpoint> read_checkpoint(const std::string& path);

}  // namespace halfmast::audit
