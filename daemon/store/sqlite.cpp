#include "daemon/store/sqlite.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/audit/files.hpp"

namespace halfmast::store {

namespace {

// What a person can do about it.
std::string_view advice(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full: make room; nothing needs to be restarted";
    case SQLITE_IOERR: return "the disk refused: look at its state, at quotas and at file size limits";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds a lock on the file: end it";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return "the file may not be opened or written: look at the owner and mode of it and of its directory";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "the file is damaged: run 'halfmast audit verify', and put it back from a copy";
    default: return "look at the state of the disk";
    }
}

}  // namespace

void statement::text(int place, std::string_view value)
{
    // An empty view may hold a null pointer, which SQLite would take for NULL.
    sqlite3_bind_text64(query_.get(), place, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void statement::bytes(int place, std::string_view value)
{
    sqlite3_bind_blob64(query_.get(), place, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC);
}

void statement::number(int place, std::int64_t value) { sqlite3_bind_int64(query_.get(), place, value); }

int statement::step() { return sqlite3_step(query_.get()); }

int statement::run()
{
    int code = sqlite3_step(query_.get());
    reset();
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void statement::reset() { sqlite3_reset(query_.get()); }

std::int64_t statement::number_at(int column) const { return sqlite3_column_int64(query_.get(), column); }

std::string_view statement::bytes_at(int column) const
{
    const auto* start = static_cast<const char*>(sqlite3_column_blob(query_.get(), column));
    auto size = sqlite3_column_bytes(query_.get(), column);
    return start == nullptr ? std::string_view{} : std::string_view{start, static_cast<std::size_t>(size)};
}

result<connection> connection::open(const std::string& path, int flags)
{
    if ((flags & SQLITE_OPEN_CREATE) != 0) {
        // SQLite would make it readable by everybody; its helper files take over the mode of this one.
        int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            auto trouble = audit::system_problem("cannot make", path, errno);
            trouble.kind = failure::local;
            return trouble;
        }
        ::close(fd);
    }
    connection made;
    made.path_ = path;
    sqlite3* opened = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &opened, (flags & ~SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX, nullptr);
    made.database_.reset(opened);
    if (code != SQLITE_OK)
        return made.trouble();
    sqlite3_extended_result_codes(opened, 1);
    // Long enough for a person's query, short enough that a crisis does not wait for one.
    sqlite3_busy_timeout(opened, 1'000);
    return made;
}

int connection::run(const char* sql) { return sqlite3_exec(get(), sql, nullptr, nullptr, nullptr); }

result<statement> connection::prepare(const char* sql)
{
    sqlite3_stmt* query = nullptr;
    int code = sqlite3_prepare_v3(get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &query, nullptr);
    statement made;
    made.query_.reset(query);
    if (code != SQLITE_OK)
        return trouble();
    return made;
}

problem connection::trouble() const
{
    int code = get() == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(get());
    std::string text = path_ + ": " + (get() == nullptr ? "out of memory" : sqlite3_errmsg(get()));
    return problem{failure::local, text + " (SQLite " + std::to_string(code) + "); " + std::string{advice(code)}, {}};
}

result<void> ensure_directory(const std::string& path, unsigned mode)
{
    if (::mkdir(path.c_str(), mode) == 0) {
        ::chmod(path.c_str(), mode);  // whatever the umask took away, the setgid bit among it
        return {};
    }
    int error = errno;
    struct stat known {};
    if (error == EEXIST && ::stat(path.c_str(), &known) == 0 && S_ISDIR(known.st_mode))
        return {};
    auto trouble = audit::system_problem("cannot make the directory", path, error == EEXIST ? ENOTDIR : error);
    trouble.kind = failure::local;
    return trouble;
}

}  // namespace halfmast::store
