#include "daemon/core/decide.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/history.hpp"
#include "daemon/store/snapshot.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

state random_state(unsigned seed, int records)
{
    record_maker maker{seed};
    state known;
    for (int i = 0; i < records; ++i)
        apply(known, *store::decode(store::encode(maker.next()).payload));
    return known;
}

// Appends random records, and gives the state that they make.
void append(store::sqlite_ledger& ledger, asio::io_context& context, state& known, record_maker& maker, int records)
{
    ledger_batch batch;
    for (int i = 0; i < records; ++i) {
        // Many are needed; most may be short.
        batch.entries.push_back(store::encode(i < 500 ? maker.next() : audit_record{record_kind::daemon_started, {}}));
        apply(known, *store::decode(batch.entries.back().payload));
    }
    REQUIRE(run(context, ledger.append(std::move(batch))).has_value());
}

std::string restored(store::sqlite_ledger& ledger)
{
    auto known = ledger.restore();
    REQUIRE(known.has_value());
    return store::pack(*known);
}

void renew(const temporary_directory& state_dir)
{
    auto reader = store::history::open(state_dir.path());
    REQUIRE(reader.has_value());
    (*reader)->renew_snapshot({});
}

}  // namespace

TEST_CASE("a state in bytes comes back as it was", "[snapshot]")
{
    CHECK(store::pack(*store::unpack(store::pack(state{}))) == store::pack(state{}));
    for (unsigned seed = 0; seed < 20; ++seed) {
        auto known = random_state(seed, 400);
        auto bytes = store::pack(known);
        auto again = store::unpack(bytes);
        REQUIRE(again.has_value());
        REQUIRE((store::pack(*again) == bytes));
        // And it goes on as the first one does.
        record_maker maker{seed + 1000};
        for (int i = 0; i < 100; ++i) {
            auto record = maker.next();
            apply(known, record);
            apply(*again, record);
        }
        REQUIRE((store::pack(*again) == store::pack(known)));
    }
}

TEST_CASE("bytes that are no state are refused", "[snapshot]")
{
    auto bytes = store::pack(random_state(1, 100));
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        CHECK_FALSE(store::unpack(bytes.substr(0, size)).has_value());
    CHECK_FALSE(store::unpack(bytes + "x").has_value());
    CHECK_FALSE(store::unpack(std::string(20, '\xff')).has_value());
}

TEST_CASE("a start folds only what came after the snapshot", "[snapshot]")
{
    temporary_directory state_dir;
    asio::io_context context;
    state known;
    record_maker maker{3};
    {
        auto ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir.path());
        append(*ledger, context, known, maker, 500);
        renew(state_dir);
        CHECK(store::snapshot_seq(state_dir.path()) == 0);  // not worth it yet
        append(*ledger, context, known, maker, 20'000);
        renew(state_dir);
        CHECK(store::snapshot_seq(state_dir.path()) == 20'500);
        CHECK((restored(*ledger) == store::pack(known)));
        append(*ledger, context, known, maker, 300);
        CHECK((restored(*ledger) == store::pack(known)));
    }
    // Shown by spoiling a record that the snapshot covers: nobody reads it.
    raw_database{state_dir / "ledger.db"}.run("UPDATE ledger SET payload = 'spoilt' WHERE seq = 77");
    auto ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir.path());
    CHECK((restored(*ledger) == store::pack(known)));

    // A broken one, one of another version, one of another ledger: not used.
    auto kept = store::read_snapshot(state_dir.path());
    REQUIRE(kept.has_value());
    auto bytes = read_file(state_dir / "snapshot");
    auto broken = bytes;
    broken[bytes.size() / 2] ^= 1;
    write_file(state_dir / "snapshot", broken);
    CHECK(ledger->restore().error().detail == "ledger record 77 cannot be read: the payload is no JSON object");
    write_file(state_dir / "snapshot", "halfmast-snapshot-0" + bytes.substr(19));
    CHECK_FALSE(ledger->restore().has_value());
    CHECK(store::snapshot_seq(state_dir.path()) == 0);
    kept->hash[0] ^= 1;
    REQUIRE(store::write_snapshot(state_dir.path(), *kept).has_value());
    CHECK_FALSE(ledger->restore().has_value());
}

TEST_CASE("making a snapshot stops when somebody waits", "[snapshot]")
{
    temporary_directory state_dir;
    asio::io_context context;
    state known;
    record_maker maker{4};
    auto ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir.path());
    append(*ledger, context, known, maker, 1000);
    auto reader = store::history::open(state_dir.path());
    REQUIRE(reader.has_value());
    int asked = 0;
    auto folded = (*reader)->fold([&] { return ++asked == 2; });
    REQUIRE(folded.has_value());
    CHECK_FALSE(folded->has_value());
    CHECK(asked == 2);
}

TEST_CASE("an empty ledger restores to an empty state", "[snapshot]")
{
    temporary_directory state_dir;
    asio::io_context context;
    auto ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir.path());
    CHECK(restored(*ledger) == store::pack(state{}));
}
