#include "tests/audit/forger.hpp"

#include "daemon/audit/chain.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/audit/records.hpp"
#include "tests/support/catch.hpp"

namespace halfmast::test {

namespace {

std::string hex(const std::string& bytes) { return audit::to_hex(std::string_view{bytes}); }

std::string unhex(const std::string& text)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

std::int64_t flip_one(forger& by, const std::string& column)
{
    auto seq = by.pick(1, records);
    by.flip(seq, column);
    return seq;
}

}  // namespace

void append(const std::string& state_dir, std::int64_t from, std::int64_t to)
{
    asio::io_context context;
    auto ledger = store::sqlite_ledger::open(context.get_executor(), state_dir);
    REQUIRE(ledger.has_value());
    for (auto number = from; number <= to; ++number) {
        ledger_batch batch;
        auto record = planned_hold(number);
        batch.entries.push_back(store::encode(record));
        batch.blobs = store::blobs_of(record);
        REQUIRE(run(context, (*ledger)->append(std::move(batch))).has_value());
    }
}

evidence::evidence()
{
    append(now, 1, earlier);
    fs::copy(now, older);
    append(now, earlier + 1, records);
    fs::copy_file(now + "/checkpoint.json", elsewhere);
}

const evidence& shared()
{
    static const evidence made;
    return made;
}

std::string forger::column(std::int64_t seq, const std::string& name)
{
    return unhex(file_.ask("SELECT hex(" + name + ") FROM ledger WHERE seq = " + std::to_string(seq)));
}

void forger::set(std::int64_t seq, const std::string& name, const std::string& bytes)
{
    bool text = name == "at" || name == "payload";
    auto value = "x'" + hex(bytes) + "'";
    file_.run("UPDATE ledger SET " + name + " = " + (text ? "CAST(" + value + " AS TEXT)" : value)
              + " WHERE seq = " + std::to_string(seq));
}

void forger::flip(std::int64_t seq, const std::string& name)
{
    auto bytes = column(seq, name);
    bytes[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(bytes.size()) - 1))] ^= static_cast<char>(1 << pick(0, 6));
    set(seq, name, bytes);
}

void forger::renumber(std::int64_t from, std::int64_t by)
{
    // Through negative numbers, for no two rows may have the same one on the way.
    file_.run("UPDATE ledger SET seq = -seq WHERE seq >= " + std::to_string(from));
    file_.run("UPDATE ledger SET seq = -seq + " + std::to_string(by) + " WHERE seq < 0");
}

void forger::chain_anew(std::int64_t from, const audit::signing_key& key)
{
    auto last = std::stoll(file_.ask("SELECT max(seq) FROM ledger"));
    audit::digest prev = audit::genesis();
    if (from > 1) {
        auto stored = column(from - 1, "hash");
        std::copy(stored.begin(), stored.end(), prev.begin());
    }
    for (auto seq = from; seq <= last; ++seq) {
        auto hash = audit::chain_hash(seq, column(seq, "at"), column(seq, "payload"), prev);
        set(seq, "prev", std::string(prev.begin(), prev.end()));
        set(seq, "hash", std::string(hash.begin(), hash.end()));
        prev = hash;
    }
    write_file(state_dir_ + "/checkpoint.json", audit::to_json(key.sign(last, "2026-03-02T00:00:00Z", prev)) + "\n");
}

const std::vector<std::pair<std::string, forgery>>& forgeries()
{
    static const std::vector<std::pair<std::string, forgery>> all{
        {"flip at", [](forger& by) { return flip_one(by, "at"); }},
        {"flip payload", [](forger& by) { return flip_one(by, "payload"); }},
        {"flip prev", [](forger& by) { return flip_one(by, "prev"); }},
        {"flip hash", [](forger& by) { return flip_one(by, "hash"); }},
        {"delete a row",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("DELETE FROM ledger WHERE seq = " + std::to_string(seq));
             return seq;
         }},
        {"delete a row and close the gap",
         [](forger& by) {
             auto seq = by.pick(1, records - 1);
             by.run("DELETE FROM ledger WHERE seq = " + std::to_string(seq));
             by.renumber(seq + 1, -1);
             return seq;
         }},
        {"swap two",
         [](forger& by) {
             auto seq = by.pick(1, records - 1);
             auto first = std::to_string(seq);
             auto second = std::to_string(seq + 1);
             by.run("UPDATE ledger SET seq = 0 WHERE seq = " + first);
             by.run("UPDATE ledger SET seq = " + first + " WHERE seq = " + second);
             by.run("UPDATE ledger SET seq = " + second + " WHERE seq = 0");
             return seq;
         }},
        {"swap two contents and mend their hashes",
         [](forger& by) {
             auto seq = by.pick(1, records - 2);
             auto mine = by.column(seq, "payload");
             by.set(seq, "payload", by.column(seq + 1, "payload"));
             by.set(seq + 1, "payload", mine);
             auto prev = audit::genesis();
             auto stored = by.column(seq, "prev");
             std::copy(stored.begin(), stored.end(), prev.begin());
             for (auto at = seq; at <= seq + 1; ++at) {
                 auto hash = audit::chain_hash(at, by.column(at, "at"), by.column(at, "payload"), prev);
                 by.set(at, "prev", std::string(prev.begin(), prev.end()));
                 by.set(at, "hash", std::string(hash.begin(), hash.end()));
                 prev = hash;
             }
             return seq + 2;
         }},
        {"insert a copy",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.renumber(seq + 1, 1);
             auto from = std::to_string(seq);
             by.run("INSERT INTO ledger SELECT seq + 1, at, payload, prev, hash FROM ledger WHERE seq = " + from);
             return seq + 1;
         }},
        {"cut the tail",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("DELETE FROM ledger WHERE seq >= " + std::to_string(seq));
             return seq;
         }},
        {"make a column another kind",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("UPDATE ledger SET payload = CAST(payload AS BLOB) WHERE seq = " + std::to_string(seq));
             return seq;
         }},
    };
    return all;
}

}  // namespace halfmast::test
