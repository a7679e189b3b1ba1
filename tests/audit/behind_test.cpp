// A ledger that is looked at again and again while it grows: only what is new is read, and whatever was changed meanwhile is found in it.
#include "daemon/audit/verify.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/audit/records.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

void write_records(const std::string& state_dir, int first, int last)
{
    asio::io_context context;
    auto ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir);
    ledger_batch batch;
    for (int i = first; i < last; ++i) {
        auto record = planned_hold(i);
        batch.entries.push_back(store::encode(record));
        for (auto& blob : store::blobs_of(record))
            batch.blobs.push_back(std::move(blob));
    }
    REQUIRE(run(context, ledger->append(std::move(batch))).has_value());
}

audit::proved_part proved_by(const audit::verification& found) { return {found.records, found.records, found.head}; }

}  // namespace

TEST_CASE("what is new is checked behind what is proved, and gives what a whole check gives", "[verify]")
{
    temporary_directory root;
    auto state_dir = root / "state";
    std::atomic<bool> enough{false};
    write_records(state_dir, 0, 20);
    auto first = audit::verify_behind(state_dir, {}, enough);
    REQUIRE(first.has_value());
    CHECK(first->clean());
    CHECK(first->records == 20);
    CHECK(first->blobs == 20);

    auto same = audit::verify_behind(state_dir, proved_by(*first), enough);
    REQUIRE(same.has_value());
    CHECK(same->clean());
    CHECK(same->records == 20);
    CHECK(same->head == first->head);

    write_records(state_dir, 20, 30);
    auto more = audit::verify_behind(state_dir, proved_by(*first), enough);
    auto whole = audit::verify(state_dir);
    REQUIRE((more.has_value() && whole.has_value()));
    CHECK(more->clean());
    CHECK(more->records == whole->records);
    CHECK(more->head == whole->head);
    REQUIRE(more->signed_head);
    CHECK(more->signed_head->seq == 30);
}

TEST_CASE("a change in the new part is found, and one that takes the proved part's end away", "[verify]")
{
    temporary_directory root;
    auto whole = root / "whole";
    std::atomic<bool> enough{false};
    write_records(whole, 0, 20);
    auto proved = proved_by(*audit::verify_behind(whole, {}, enough));
    write_records(whole, 20, 30);
    struct forgery {
        std::string sql;
        std::string says;
    };
    auto forged = GENERATE(
        as<forgery>{}, forgery{"UPDATE ledger SET payload = payload || ' ' WHERE seq = 25", "record 25 was changed"},
        forgery{"DELETE FROM ledger WHERE seq = 22", "record 22 is missing"},
        forgery{"UPDATE ledger SET payload = payload || ' ' WHERE seq = 20", "record 20 was changed since it was checked last"},
        forgery{"UPDATE ledger SET hash = prev WHERE seq = 20", "record 20 was changed since it was checked last"},
        forgery{"DELETE FROM ledger WHERE seq > 15", "record 20 is missing: it was there when it was checked last"},
        forgery{"UPDATE blob SET bytes = x'00' WHERE sha256 IN (SELECT json_extract(payload, '$.raw') FROM ledger WHERE seq = 28)",
                "which was changed"},
        forgery{"DELETE FROM blob WHERE sha256 IN (SELECT json_extract(payload, '$.raw') FROM ledger WHERE seq = 28)",
                "which is missing"});
    CAPTURE(forged.sql);
    auto work = root / "work";
    fs::copy(whole, work);
    raw_database{work + "/ledger.db"}.run(forged.sql);
    auto found = audit::verify_behind(work, proved, enough);
    REQUIRE(found.has_value());
    REQUIRE_FALSE(found->clean());
    CAPTURE(found->faults.front().what);
    CHECK(found->faults.front().what.find(forged.says) != std::string::npos);
}

TEST_CASE("a check that is not wanted any more ends, and says that it was none", "[verify]")
{
    temporary_directory root;
    auto state_dir = root / "state";
    write_records(state_dir, 0, 5);
    std::atomic<bool> enough{true};
    auto found = audit::verify_behind(state_dir, {}, enough);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == failure::conflict);
}
