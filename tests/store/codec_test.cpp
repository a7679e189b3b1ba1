#include <nlohmann/json.hpp>

#include "daemon/audit/chain.hpp"
#include "daemon/core/decide.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/snapshot.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

// The whole state in bytes. In memory a raw answer is the snapshot's own; after a replay it is a keepsake.
std::string bytes_of(state known)
{
    for (auto& [id, where] : known.accounts)
        for (auto& [post, one] : where.holds)
            std::erase_if(one.saved, [](const auto& item) { return item.name == "raw"; });
    return store::pack(known);
}

}  // namespace

TEST_CASE("a record comes back as it was", "[codec]")
{
    record_maker maker{1};
    for (int i = 0; i < 4000; ++i) {
        auto record = maker.next();
        auto entry = store::encode(record);
        auto again = store::decode(entry.payload);
        INFO(entry.payload);
        REQUIRE(again.has_value());
        REQUIRE(describe(*again) == describe(record));
        REQUIRE(entry.at == format_utc(record.at));
        // Sorted keys, no spaces, escapes as everywhere: what a reader makes of it and writes again is the same.
        REQUIRE(nlohmann::json::parse(entry.payload).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                == entry.payload);
        REQUIRE(store::encode(*again).payload == entry.payload);
    }
}

TEST_CASE("the fold over what the ledger kept is the state the daemon had", "[codec]")
{
    for (unsigned seed = 0; seed < 40; ++seed) {
        record_maker maker{seed};
        state live;
        state replayed;
        for (int i = 0; i < 300; ++i) {
            auto record = maker.next();
            apply(live, record);
            apply(replayed, *store::decode(store::encode(record).payload));
        }
        REQUIRE(live.accounts.size() == 4);  // the one without a name too
        REQUIRE((bytes_of(replayed) == bytes_of(live)));
    }
}

TEST_CASE("a payload is canonical JSON in plain words", "[codec]")
{
    audit_record record{record_kind::hold_started, *parse_rfc3339("2026-03-01T14:30:00.250Z"), actor_id{"anna"}};
    record.account = account_id{"acme-blog"};
    record.post = post_id{"123"};
    record.crisis = crisis_id{"c-1"};
    record.outcome = "intent";
    record.why = "a \"draft\" can still be made";
    record.by = rung::draft;

    CHECK(store::encode(record).payload
          == R"({"account":"acme-blog","actor":"anna","at":"2026-03-01T14:30:00.250Z","crisis":"c-1","kind":"hold_started",)"
             R"("outcome":"intent","post":"123","rung":"draft","why":"a \"draft\" can still be made"})");
}

TEST_CASE("the platform's own answer is a blob, named in the record", "[codec]")
{
    scheduled_post post;
    post.id = post_id{"7"};
    post.raw = std::make_shared<const std::string>("{\"id\":7,\xff}");
    audit_record record{record_kind::hold_planned, {}};
    record.post = post.id;
    record.snapshot = std::make_shared<const scheduled_post>(post);

    auto blobs = store::blobs_of(record);
    REQUIRE(blobs.size() == 1);
    CHECK(*blobs[0].bytes == *post.raw);
    CHECK(blobs[0].sha256 == audit::to_hex(audit::sha256(*post.raw)));
    auto again = store::decode(store::encode(record).payload);
    REQUIRE(again.has_value());
    CHECK(again->saved == std::vector<keepsake>{{"raw", blobs[0].sha256}});
    CHECK_FALSE(again->snapshot->raw);
}

TEST_CASE("bytes that are no UTF-8 and dates beyond the calendar do not stop a record", "[codec]")
{
    audit_record record{record_kind::hold_planned, {}};
    record.post = post_id{"7"};
    record.why = "caf\xe9";
    scheduled_post post;
    post.id = record.post;
    post.due = time_point::max();
    record.snapshot = std::make_shared<const scheduled_post>(post);
    record.due = time_point::min();

    auto again = store::decode(store::encode(record).payload);
    REQUIRE(again.has_value());
    CHECK(again->why == "caf\xef\xbf\xbd");
    CHECK(format_utc(again->snapshot->due) == "9999-12-31T23:59:59.999Z");
    CHECK(format_utc(*again->due) == "0000-01-01T00:00:00Z");
}

TEST_CASE("a flag from before there were editions has one, made of its words and its undo window", "[codec]")
{
    auto record = store::decode(
        R"({"actor":"anna","at":"2026-03-01T14:00:00Z","crisis":"c-1","flag":{"hold":["promotional"],"id":"c-1",)"
        R"("next_update_by":"2026-03-01T14:45:00Z","owner":"anna","phase":"raised","playbook":"outage","publish":"after-approval",)"
        R"("raised_at":"2026-03-01T14:00:00Z","raised_by":"anna","scope":{},"severity":"major",)"
        R"("statements":{"blog":{"language":"hu","text":"Dolgozunk rajta."}},"undo_until":"2026-03-01T14:00:20Z"},"kind":"crisis_raised"})");
    REQUIRE(record.has_value());
    REQUIRE(record->flag);
    REQUIRE(record->flag->editions.size() == 1);
    const auto& first = record->flag->editions.front();
    CHECK(first.number == 1);
    CHECK(first.kind == edition_kind::summary);
    CHECK(first.words.at(account_id{"blog"}).text == "Dolgozunk rajta.");
    CHECK(format_utc(first.undo_until) == "2026-03-01T14:00:20Z");
    CHECK_FALSE(first.approved);
    // Its approval was one record for each account.
    state known;
    apply(known, *record);
    apply(known, *store::decode(
                     R"({"account":"blog","actor":"bea","at":"2026-03-01T14:01:00Z","crisis":"c-1","kind":"summary_approved"})"));
    CHECK(known.crises.at(crisis_id{"c-1"}).editions.front().approved);
    CHECK(known.crises.at(crisis_id{"c-1"}).editions.front().approved_by == actor_id{"bea"});
}

TEST_CASE("a payload that is not a record is refused with its reason", "[codec]")
{
    auto refused = [](const std::string& payload) {
        auto read = store::decode(payload);
        return read ? std::string{"read"} : read.error().detail;
    };
    CHECK(refused("") == "the payload is no JSON object");
    CHECK(refused("[]") == "the payload is no JSON object");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z"})") == "\"kind\" is missing");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_deleted"})")
          == "\"kind\" is a word this version does not know: post_deleted");
    CHECK(refused(R"({"at":"yesterday","kind":"post_kept"})") == "\"at\" is not a time as in RFC 3339");
    CHECK(refused(R"({"kind":"post_kept"})") == "\"at\" is missing");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","pins":[1]})") == "\"pins\" is not a list of texts");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","flagged":1})") == "\"flagged\" is not true or false");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","of_a_later_version":{}})") == "read");
}
