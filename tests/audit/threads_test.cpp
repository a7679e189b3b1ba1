// A ledger read in parts by several threads: what is found is the same as by one, wherever the borders fall.
#include "daemon/audit/verify.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/audit/records.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

std::string found_by(unsigned threads, const std::string& state_dir)
{
    auto found = audit::verify(state_dir, {}, threads);
    if (!found)
        return "problem: " + found.error().detail;
    auto text = std::to_string(found->records) + " records, " + std::to_string(found->blobs) + " blobs, head "
                + audit::to_hex(found->head) + ", " + std::to_string(found->not_signed_yet) + " not signed";
    for (const auto& one : found->faults)
        text += "\n" + std::to_string(one.seq) + ": " + one.what;
    return text;
}

}  // namespace

TEST_CASE("several threads find what one finds", "[verify]")
{
    temporary_directory root;
    auto whole = root / "whole";
    {
        asio::io_context context;
        auto ledger = *store::sqlite_ledger::open(context.get_executor(), whole);
        ledger_batch batch;
        for (int i = 0; i < 60; ++i) {
            auto record = planned_hold(i);
            batch.entries.push_back(store::encode(record));
            for (auto& blob : store::blobs_of(record))
                batch.blobs.push_back(std::move(blob));
        }
        REQUIRE(run(context, ledger->append(std::move(batch))).has_value());
    }
    auto forgery = GENERATE(
        as<std::string>{}, "", "DELETE FROM ledger WHERE seq = 20", "DELETE FROM ledger WHERE seq BETWEEN 19 AND 41",
        "DELETE FROM ledger WHERE seq > 33", "DELETE FROM ledger WHERE seq < 25", "DELETE FROM ledger",
        "UPDATE ledger SET payload = payload || ' ' WHERE seq IN (20, 21, 40)",
        "UPDATE ledger SET hash = prev WHERE seq IN (15, 20, 30)", "UPDATE ledger SET prev = hash WHERE seq IN (16, 21, 31)",
        "UPDATE ledger SET at = NULL WHERE seq IN (20, 40, 60)", "UPDATE ledger SET payload = 'x'",
        "UPDATE ledger SET seq = seq - 100 WHERE seq > 50", "UPDATE ledger SET seq = 1000000 WHERE seq = 20",
        "UPDATE ledger SET seq = 9223372036854775807 WHERE seq = 60", "DELETE FROM blob WHERE rowid % 3 = 0");
    CAPTURE(forgery);
    auto work = root / "work";
    fs::copy(whole, work);
    if (!forgery.empty())
        raw_database{work + "/ledger.db"}.run(forgery);
    auto alone = found_by(1, work);
    CHECK((forgery.empty() ? alone.find('\n') == alone.npos : alone.find('\n') != alone.npos));
    for (unsigned threads : {2u, 3u, 4u, 7u})
        CHECK(found_by(threads, work) == alone);
}
