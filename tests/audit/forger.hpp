// Somebody with SQLite, the files and patience: a ledger, and every way to change it behind the daemon's back.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/audit/checkpoint.hpp"
#include "tests/store/support.hpp"

namespace halfmast::test {

inline constexpr std::int64_t records = 40;  // in the ledger
inline constexpr std::int64_t earlier = 25;  // in the older copy

void append(const std::string& state_dir, std::int64_t from, std::int64_t to);

// A ledger, an older copy of it, and a signed head that was kept at another place.
struct evidence {
    temporary_directory root;
    std::string now = root / "now";
    std::string older = root / "older";
    std::string elsewhere = root / "kept-elsewhere.json";
    std::string work = root / "work";

    evidence();

    void take_copy(const std::string& of) const
    {
        fs::remove_all(work);
        fs::copy(of, work);
    }
};

const evidence& shared();

class forger {
public:
    forger(const std::string& state_dir, unsigned seed) : state_dir_(state_dir), file_(state_dir + "/ledger.db"), random_(seed)
    {
        file_.run("PRAGMA synchronous=OFF");
    }

    std::int64_t pick(std::int64_t from, std::int64_t to) { return std::uniform_int_distribution<std::int64_t>{from, to}(random_); }

    std::string column(std::int64_t seq, const std::string& name);
    void set(std::int64_t seq, const std::string& name, const std::string& bytes);
    void flip(std::int64_t seq, const std::string& name);
    void renumber(std::int64_t from, std::int64_t by);
    void run(const std::string& sql) { file_.run(sql); }

    // Writes the hashes anew from a record on, and signs.
    void chain_anew(std::int64_t from, const audit::signing_key& key);

private:
    std::string state_dir_;
    raw_database file_;
    std::mt19937 random_;
};

// Gives the record that has to be named; 0 when any fault will do.
using forgery = std::function<std::int64_t(forger&)>;

const std::vector<std::pair<std::string, forgery>>& forgeries();

}  // namespace halfmast::test
