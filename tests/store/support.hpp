// A directory of its own for each test, coroutines run to their end, and records that say anything a record can say.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sqlite3.h>

#include "daemon/core/record.hpp"
#include "daemon/ports/ledger_port.hpp"

namespace halfmast::test {

namespace fs = std::filesystem;

class temporary_directory {
public:
    temporary_directory()
    {
        auto pattern = (fs::temp_directory_path() / "halfmast-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary directory");
        path_ = pattern;
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory()
    {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline void write_file(const std::string& path, const std::string& bytes)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Names, in order.
inline std::vector<std::string> files_in(const std::string& folder)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

inline std::string read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

// Runs one coroutine on a context of which it is the only work.
template <class T>
T run(asio::io_context& context, asio::awaitable<T> work)
{
    std::optional<T> given;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
        thrown = error;
        given.emplace(std::move(value));
    });
    context.restart();
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return std::move(*given);
}

// The file as somebody with SQLite at hand has it.
class raw_database {
public:
    explicit raw_database(const std::string& path)
    {
        if (sqlite3_open_v2(path.c_str(), &open_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
            throw std::runtime_error("cannot open " + path);
    }
    raw_database(const raw_database&) = delete;
    raw_database& operator=(const raw_database&) = delete;
    ~raw_database() { sqlite3_close(open_); }

    void run(const std::string& sql)
    {
        if (sqlite3_exec(open_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(open_));
    }
    // The first column of the first row, as text; empty when there is no row.
    std::string ask(const std::string& sql)
    {
        std::string answer;
        auto take = [](void* into, int, char** values, char**) {
            auto& text = *static_cast<std::string*>(into);
            if (text.empty() && values[0] != nullptr)
                text = values[0];
            return 0;
        };
        if (sqlite3_exec(open_, sql.c_str(), take, &answer, nullptr) != SQLITE_OK)
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(open_));
        return answer;
    }

private:
    sqlite3* open_ = nullptr;
};

inline ledger_batch batch_of(const std::vector<std::string>& payloads)
{
    ledger_batch batch;
    for (const auto& payload : payloads)
        batch.entries.push_back({"2026-03-01T14:30:00Z", payload});
    return batch;
}

// Random records over few accounts, posts and crises, so that they meet each other.
class record_maker {
public:
    explicit record_maker(unsigned seed) : random_(seed) {}

    audit_record next();
    std::string text();

private:
    unsigned below(unsigned most) { return std::uniform_int_distribution<unsigned>{0, most - 1}(random_); }
    bool maybe() { return below(2) == 0; }
    time_point time();
    std::vector<std::string> texts();
    std::vector<post_id> ids();
    crisis flag(const crisis_id& id);
    halfmast::by_language by_language();
    edition said(std::uint32_t number);
    reply answer();
    task to_do();
    post_ptr snapshot(const post_id& id);
    page_note paged(record_kind kind);
    proposal proposed(record_kind kind);
    ask asked(const audit_record& about);

    std::mt19937 random_;
};

// Every member of a record in words; the raw answer as the keepsake that it becomes.
std::string describe(const audit_record& record);

}  // namespace halfmast::test
