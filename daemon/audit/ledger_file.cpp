#include "daemon/audit/ledger_file.hpp"

#include <cstdint>

#include <unistd.h>

#include <sqlite3.h>

#include "daemon/audit/files.hpp"

namespace halfmast::audit {

namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// A file name as a URI, which is how SQLite takes "immutable".
std::string as_uri(const std::string& path, bool immutable)
{
    std::string uri = "file:";
    for (char c : path) {
        if (c == '?' || c == '#' || c == '%') {
            uri += '%';
            uri += to_hex(std::string_view{&c, 1});
        } else {
            uri += c;
        }
    }
    return uri + (immutable ? "?mode=ro&immutable=1" : "?mode=ro");
}

std::string_view bytes_of(sqlite3_stmt* row, int column)
{
    // column_blob gives the stored bytes of a text as well; asked before column_bytes, so that nothing is converted.
    const auto* start = static_cast<const char*>(sqlite3_column_blob(row, column));
    auto size = sqlite3_column_bytes(row, column);
    return start == nullptr ? std::string_view{} : std::string_view{start, static_cast<std::size_t>(size)};
}

}  // namespace

void ledger_file::closer::operator()(sqlite3* open) const { sqlite3_close_v2(open); }

void ledger_file::closer::operator()(sqlite3_stmt* query) const { sqlite3_finalize(query); }

ledger_file::~ledger_file() = default;

result<ledger_file> ledger_file::open(const std::string& state_dir)
{
    auto path = state_dir + "/ledger.db";
    if (::access(path.c_str(), R_OK) != 0)
        return system_problem("cannot read", path, errno);
    ledger_file made;
    made.wal_ = path + "-wal";
    made.alone_ = !exists(made.wal_);
    sqlite3* opened = nullptr;
    int code = sqlite3_open_v2(as_uri(path, made.alone_).c_str(), &opened,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    made.database_.reset(opened);
    std::string trouble = code == SQLITE_OK ? made.prepare() : sqlite3_errstr(code);
    if (!trouble.empty())
        return problem{failure::local, "cannot read " + path + ": " + trouble, {}};
    return made;
}

// Empty, or what SQLite said.
std::string ledger_file::prepare()
{
    auto* open = database_.get();
    sqlite3_busy_timeout(open, 2'000);
    auto query = [open](const char* sql, auto& into) {
        sqlite3_stmt* made = nullptr;
        int code = sqlite3_prepare_v2(open, sql, -1, &made, nullptr);
        into.reset(made);
        return code == SQLITE_OK;
    };
    // The cache keeps no page twice in a scan; a file from a stranger gets no say in what runs ("trusted_schema").
    bool ready =
        sqlite3_exec(open, "PRAGMA trusted_schema=OFF; PRAGMA cache_size=-4096; BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK
        && query("SELECT seq, at, payload, prev, hash FROM ledger WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq", rows_)
        && query("SELECT seq, at, payload, prev, hash FROM ledger WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1", last_)
        && query("SELECT sha256, bytes FROM blob", blobs_) &&
        // length(bytes) makes SQLite visit the row itself and not just the index.
        query("SELECT length(bytes) FROM blob WHERE sha256 = ?1", lookup_)
        && query("SELECT bytes FROM blob WHERE sha256 = ?1", blob_);
    if (!ready)
        return sqlite3_errmsg(open);
    only(INT64_MIN, INT64_MAX);
    return {};
}

bool ledger_file::step(sqlite3_stmt* query)
{
    int code = sqlite3_step(query);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        trouble_ = sqlite3_errmsg(database_.get());
    return code == SQLITE_ROW;
}

void ledger_file::only(std::int64_t first, std::int64_t last)
{
    sqlite3_reset(rows_.get());
    sqlite3_bind_int64(rows_.get(), 1, first);
    sqlite3_bind_int64(rows_.get(), 2, last);
}

bool ledger_file::next(raw_entry& row)
{
    if (!step(rows_.get()))
        return false;
    read(rows_.get(), row);
    return true;
}

bool ledger_file::last_until(std::int64_t seq, raw_entry& row)
{
    sqlite3_reset(last_.get());
    sqlite3_bind_int64(last_.get(), 1, seq);
    if (!step(last_.get()))
        return false;
    read(last_.get(), row);
    return true;
}

void ledger_file::read(sqlite3_stmt* query, raw_entry& row)
{
    row.seq = sqlite3_column_int64(query, 0);
    row.well_formed = sqlite3_column_type(query, 1) == SQLITE_TEXT && sqlite3_column_type(query, 2) == SQLITE_TEXT
                      && sqlite3_column_type(query, 3) == SQLITE_BLOB && sqlite3_column_type(query, 4) == SQLITE_BLOB;
    row.at = bytes_of(query, 1);
    row.payload = bytes_of(query, 2);
    row.prev = bytes_of(query, 3);
    row.hash = bytes_of(query, 4);
    row.well_formed =
        row.well_formed && row.prev.size() == std::tuple_size_v<digest> && row.hash.size() == std::tuple_size_v<digest>;
}

bool ledger_file::next_blob(std::string_view& sha256, std::string_view& bytes)
{
    if (!step(blobs_.get()))
        return false;
    sha256 = bytes_of(blobs_.get(), 0);
    bytes = bytes_of(blobs_.get(), 1);
    return true;
}

bool ledger_file::has_blob(std::string_view sha256)
{
    auto* query = lookup_.get();
    sqlite3_reset(query);
    sqlite3_bind_text(query, 1, sha256.data(), static_cast<int>(sha256.size()), SQLITE_STATIC);
    bool found = step(query);
    sqlite3_reset(query);
    return found;
}

bool ledger_file::blob(std::string_view sha256, std::string_view& bytes)
{
    auto* query = blob_.get();
    sqlite3_reset(query);
    sqlite3_bind_text(query, 1, sha256.data(), static_cast<int>(sha256.size()), SQLITE_TRANSIENT);
    if (!step(query))
        return false;
    bytes = bytes_of(query, 0);
    return true;
}

bool ledger_file::changed_hands() const { return alone_ && exists(wal_); }

result<checkpoint> read_checkpoint(const std::string& path)
{
    auto text = read_file(path);
    if (!text)
        return text.error();
    auto read = parse_checkpoint(*text);
    if (!read)
        return problem{read.error().kind, path + ": " + read.error().detail, {}};
    return read;
}

}  // namespace halfmast::audit
