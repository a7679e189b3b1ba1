#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/audit/chain.hpp"
#include "daemon/core/decide.hpp"
#include "daemon/store/codec.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

std::string describe_hold(const hold& one)
{
    std::ostringstream to;
    to << one.id.value << ' ' << one.remote.value << ' ' << to_string(one.state) << ' ' << to_string(one.by) << ' ' << to_string(one.judged.kind)
       << " due " << format_utc(one.due) << " until " << format_utc(one.until) << " after " << format_utc(one.not_before) << " changed "
       << format_utc(one.changed_at) << ' ' << one.attempts << one.in_flight << one.answered << one.recalled << one.missing << one.silence_proved
       << ' ' << format_utc(one.unseen_at) << " as " << one.escaped_as.value << " because " << one.detail << '\n';
    for (const auto& why : one.judged.why)
        to << "why " << why.rule << '/' << why.match << '\n';
    for (auto kind : one.spent)
        to << "spent " << to_string(kind) << '\n';
    for (const auto* ids : {&one.covered_by, &one.seen_in, &one.exempt})
        for (const auto& id : *ids)
            to << "crisis " << id.value << '\n';
    for (const auto& item : one.saved)
        if (item.name != "raw")  // in memory it is the snapshot's own
            to << "saved " << item.name << ' ' << item.sha256 << '\n';
    if (one.post)
        to << "post " << one.post->id.value << one.post->text << one.post->folded << one.post->version << '\n';
    if (one.order)
        to << "order " << one.order->by.value << format_utc(one.order->at) << one.order->new_time << one.order->why << '\n';
    return to.str();
}

std::string describe_summary(const summary& one)
{
    std::ostringstream to;
    to << one.crisis.value << one.words.language << one.words.text << to_string(one.state) << one.approved << one.recalled << one.busy
       << format_utc(one.not_before) << one.attempts << one.remote.value << one.url << one.pins_known << one.detail << '\n';
    for (const auto& id : one.former_pins)
        to << "former " << id.value << '\n';
    for (const auto& id : one.displaced)
        to << "displaced " << id.value << '\n';
    return to.str();
}

std::string describe_account(const account_state& where)
{
    std::ostringstream to;
    std::vector<std::string> parts;
    for (const auto& [id, one] : where.holds)
        parts.push_back(describe_hold(one));
    for (const auto& [remote, id] : where.came_from)
        parts.push_back("from " + remote.value + ' ' + id.value + '\n');
    std::ranges::sort(parts);
    for (const auto& part : parts)
        to << part;
    for (const auto* work : {&where.planned, &where.unconfirmed, &where.releasing, &where.delayed, &where.watched})
        for (const auto& one : *work)
            to << "work " << format_utc(one.due) << one.post.value << '\n';
    for (const auto& id : where.missing)
        to << "missing " << id.value << '\n';
    for (const auto& [id, one] : where.summaries)
        to << describe_summary(one);
    for (const auto& [id, counts] : where.counts)
        for (auto number : counts)
            to << id.value << ' ' << number << '\n';
    to << where.reachable << '\n';
    return to.str();
}

std::string describe_state(const state& known)
{
    std::ostringstream to;
    for (const auto& [id, where] : known.accounts)
        to << "account " << id.value << '\n' << describe_account(where);
    for (const auto& [id, flag] : known.crises)
        to << "crisis " << id.value << flag.playbook << flag.why << to_string(flag.now) << format_utc(flag.lowered_at) << flag.lowered_by.value
           << to_string(flag.over) << flag.statements.size() << '\n';
    to << known.next_crisis;
    return to.str();
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
        REQUIRE(describe_state(replayed) == describe_state(live));
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

    CHECK(store::encode(record).payload ==
          R"({"account":"acme-blog","actor":"anna","at":"2026-03-01T14:30:00.250Z","crisis":"c-1","kind":"hold_started",)"
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

TEST_CASE("a payload that is not a record is refused with its reason", "[codec]")
{
    auto refused = [](const std::string& payload) {
        auto read = store::decode(payload);
        return read ? std::string{"read"} : read.error().detail;
    };
    CHECK(refused("") == "the payload is no JSON object");
    CHECK(refused("[]") == "the payload is no JSON object");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z"})") == "\"kind\" is missing");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_deleted"})") == "\"kind\" is a word this version does not know: post_deleted");
    CHECK(refused(R"({"at":"yesterday","kind":"post_kept"})") == "\"at\" is not a time as in RFC 3339");
    CHECK(refused(R"({"kind":"post_kept"})") == "\"at\" is missing");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","pins":[1]})") == "\"pins\" is not a list of texts");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","flagged":1})") == "\"flagged\" is not true or false");
    CHECK(refused(R"({"at":"2026-03-01T14:30:00Z","kind":"post_kept","of_a_later_version":{}})") == "read");
}
