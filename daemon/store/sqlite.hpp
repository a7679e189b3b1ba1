// The little of SQLite's C interface this room needs, with owners. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "daemon/ports/result.hpp"

namespace halfmast::store {

// A prepared statement. Bound texts and bytes are not copied: they must live until the next reset.
class statement {
public:
    statement() = default;

    void text(int place, std::string_view value);
    void bytes(int place, std::string_view value);
    void number(int place, std::int64_t value);

    // SQLITE_ROW, SQLITE_DONE, or what went wrong.
    int step();
    // Runs a statement without rows, ready to be run again. SQLITE_OK or what went wrong.
    int run();
    void reset();

    [[nodiscard]] std::int64_t number_at(int column) const;
    // Text or blob; lives until the next step or reset.
    [[nodiscard]] std::string_view bytes_at(int column) const;

private:
    friend class connection;
    struct closer {
        void operator()(sqlite3_stmt* query) const { sqlite3_finalize(query); }
    };
    std::unique_ptr<sqlite3_stmt, closer> query_;
};

class connection {
public:
    connection() = default;
    // The file is made with mode 0600 when `flags` allow to make it.
    static result<connection> open(const std::string& path, int flags);

    int run(const char* sql);
    result<statement> prepare(const char* sql);
    [[nodiscard]] sqlite3* get() const { return database_.get(); }
    // "ledger.db: the disk is full ..." for the last thing that went wrong.
    [[nodiscard]] problem trouble() const;

private:
    struct closer {
        void operator()(sqlite3* open) const { sqlite3_close_v2(open); }
    };
    std::unique_ptr<sqlite3, closer> database_;
    std::string path_;
};

// Makes the directory with this mode when it is missing.
result<void> ensure_directory(const std::string& path, unsigned mode);

}  // namespace halfmast::store
