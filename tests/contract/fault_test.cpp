// What every connector makes of a platform that is in trouble: the same failure for the same trouble, on every kind of call.
#include <algorithm>
#include <functional>

#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

// A call of the connector, the kind of request its trouble is aimed at, and its outcome as a problem or none.
struct probe {
    std::string name;
    call_kind kind;
    std::function<std::optional<problem>()> call;
    bool changes = true;
};

template <class T>
std::optional<problem> trouble_of(const result<T>& given)
{
    return given ? std::nullopt : std::optional{given.error()};
}

// A post in the queue; null where there is none.
post_ptr one_post(stage& on) { return on.to.queue ? on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now)) : nullptr; }

// Everything that can be asked of an account which has one post in its queue.
std::vector<probe> probes(stage& on, const post_ptr& post)
{
    std::vector<probe> all;
    if (on.to.queue)
        all.push_back({"list", call_kind::lists, [&on] { return trouble_of(on.run(on.to.queue->list())); }, false});
    for (const auto& offer : on.rungs())
        all.push_back({"hold by " + std::string{to_string(offer.kind)}, call_kind::holds,
                       [&on, post, kind = offer.kind] { return trouble_of(on.hold(post, kind)); }});
    if (on.declared.can_publish)
        all.push_back({"publish", call_kind::publishes, [&on] {
                           publish_summary call{crisis_id{"c-1"}, {"en", "We are on it."}, "key", false};
                           return trouble_of(on.run(on.to.pins->publish(std::move(call))));
                       }});
    if (on.declared.can_edit) {
        auto out = on.platform->publish("A statement of before", false, on.now);
        all.push_back({"edit", call_kind::edits, [&on, out] {
                           edit_summary call;
                           call.remote = out;
                           call.words = {"en", "We are on it, and so are others."};
                           return trouble_of(on.run(on.to.pins->edit(std::move(call))));
                       }});
    }
    if (on.declared.can_pin) {
        auto out = on.platform->publish("A statement", false, on.now);
        all.push_back({"pin", call_kind::pins, [&on, out] { return trouble_of(on.run(on.to.pins->pin(out))); }});
        all.push_back({"unpin", call_kind::unpins, [&on] {
                           auto up = on.platform->publish("A pinned statement", true, on.now);
                           return trouble_of(on.run(on.to.pins->unpin(up)));
                       }});
        all.push_back({"pins", call_kind::reads_pins, [&on] { return trouble_of(on.run(on.to.pins->pins())); }, false});
    }
    if (on.declared.can_read_feed)
        all.push_back({"feed", call_kind::reads_feed, [&on] { return trouble_of(on.run(on.to.feed->since(on.now - 1h))); }, false});
    return all;
}

// Runs `check` for each probe on a stage of its own, with the fault in place.
void for_each_probe(const maker& which, const fault& shape,
                    const std::function<void(stage&, const probe&, const std::optional<problem>&)>& check)
{
    stage counting{which};
    auto many = probes(counting, one_post(counting)).size();
    for (std::size_t index = 0; index < many; ++index) {
        stage on{which};
        auto one = probes(on, one_post(on)).at(index);
        auto planned = shape;
        planned.on = one.kind;
        planned.times = 1000;
        on.net.fail(planned);
        INFO(which.name << ": " << one.name);
        auto met = one.call();
        INFO((met ? met->detail : "no problem"));
        check(on, one, met);
        CHECK(on.net.details == std::vector<std::string>{});
    }
}

bool names_no_secret(const stage& on, const problem& what)
{
    auto keys = on.platform->settings();
    return std::ranges::none_of(
        keys, [&](const auto& key) { return is_secret_key(key.first) && what.detail.find(key.second) != std::string::npos; });
}

}  // namespace

TEST_CASE("a status means the same on every call", "[contract][faults]")
{
    auto which = GENERATE(from_range(platforms()));
    CAPTURE(which.name);
    struct expectation {
        int status;
        failure kind;
    };
    auto expected =
        GENERATE(expectation{400, failure::rejected}, expectation{401, failure::auth_expired}, expectation{403, failure::forbidden},
                 expectation{404, failure::not_found}, expectation{410, failure::not_found}, expectation{409, failure::conflict},
                 expectation{412, failure::conflict}, expectation{422, failure::rejected}, expectation{429, failure::rate_limited},
                 expectation{500, failure::unknown_outcome}, expectation{502, failure::unknown_outcome},
                 expectation{503, failure::unknown_outcome}, expectation{504, failure::unknown_outcome});
    CAPTURE(expected.status);
    about(which, "status " + std::to_string(expected.status) + ": means the same on every call");
    fault shape;
    shape.status = expected.status;
    for_each_probe(which, shape, [&](stage& on, const probe& one, const std::optional<problem>& met) {
        REQUIRE(met.has_value());
        // "No such list" is no missing post, and a connector may say what is missing instead.
        if (expected.kind != failure::not_found || one.changes)
            CHECK(met->kind == expected.kind);
        CHECK_FALSE(met->detail.empty());
        CHECK(names_no_secret(on, *met));
        CHECK(met->detail.find('\n') == std::string::npos);
        if (one.kind == call_kind::holds)
            CHECK(on.platform->queued() == 1);
    });
}

TEST_CASE("a limit says how long to wait, whatever header it uses", "[contract][faults]")
{
    auto which = GENERATE(from_range(platforms()));
    CAPTURE(which.name);
    auto style = GENERATE(as<std::string>{}, "Retry-After in seconds", "Retry-After as a date", "a reset time",
                          "a reset time with microseconds", "a reset in seconds", "a reset since 1970", "no header at all",
                          "a nonsense header", "a reset that never comes");
    CAPTURE(style);
    about(which, "status 429: how long to wait, by " + style);
    stage clock{which};
    auto until = clock.now + 90s;
    fault shape;
    shape.status = 429;
    bool known = true;
    bool limit_headers = clock.platform->has(feature::rate_limit_reset);
    auto reset = clock.platform->reset_header();
    if (style == "Retry-After in seconds")
        shape.headers = {{"Retry-After", "90"}};
    else if (style == "Retry-After as a date")
        shape.headers = {{"Retry-After", "Mon, 02 Mar 2026 14:01:30 GMT"}};
    else if (style == "no header at all")
        known = false;
    else if (style == "a nonsense header") {
        shape.headers = {{"Retry-After", "soon"}};
        known = false;
    } else if (!limit_headers) {
        return not_possible(which, "rate-limit reset", "it says how long to wait in Retry-After, or not at all");
    } else if (style == "a reset time")
        shape.headers = {{reset, format_utc(until)}};
    else if (style == "a reset time with microseconds")
        shape.headers = {{reset, "2026-03-02T14:01:30.000000Z"}};
    else if (style == "a reset in seconds")
        shape.headers = {{reset, "90"}};
    else if (style == "a reset since 1970")
        shape.headers = {{reset, std::to_string(std::chrono::duration_cast<seconds>(until.time_since_epoch()).count())}};
    else
        shape.headers = {{reset, "9999-12-31T23:59:59Z"}};
    for_each_probe(which, shape, [&](stage&, const probe&, const std::optional<problem>& met) {
        REQUIRE(met.has_value());
        CHECK(met->kind == failure::rate_limited);
        CHECK(met->retry_after.has_value() == known);
        if (known && style == "a reset that never comes")
            CHECK(*met->retry_after <= 24h);
        else if (known) {
            CHECK(*met->retry_after >= 85s);
            CHECK(*met->retry_after <= 95s);
        }
    });
}

TEST_CASE("nothing sent and nothing answered are different troubles", "[contract][faults]")
{
    auto which = GENERATE(from_range(platforms()));
    CAPTURE(which.name);
    fault shape;
    auto expected = failure::unreachable;
    SECTION("unreachable")
    {
        about(which, "answer: none, for nothing was sent");
        shape.unreachable = true;
    }
    SECTION("cut, and not done")
    {
        about(which, "answer: cut, and nothing was done");
        shape.cut = true;
        expected = failure::unknown_outcome;
    }
    SECTION("cut, and done")
    {
        about(which, "answer: cut, and it was done");
        shape.cut = shape.carried_out = true;
        expected = failure::unknown_outcome;
    }
    for_each_probe(which, shape, [&](stage&, const probe&, const std::optional<problem>& met) {
        REQUIRE(met.has_value());
        CHECK(met->kind == expected);
    });
}

TEST_CASE("an answer that is none is a bad reply, not a success and not a crash", "[contract][faults]")
{
    auto which = GENERATE(from_range(platforms()));
    CAPTURE(which.name);
    fault shape;
    shape.carried_out = true;
    SECTION("a page to sign in")
    {
        about(which, "answer: wrong type, a page to sign in");
        shape.body = "<!doctype html><html><body><h1>Please sign in</h1></body></html>";
        shape.headers = {{"Content-Type", "text/html"}};
    }
    SECTION("half of it")
    {
        about(which, "answer: half of it");
        shape.spoil = [](std::string& body) { body.resize(body.size() / 2); };
    }
    SECTION("nothing")
    {
        about(which, "answer: empty");
        shape.body = "";
    }
    SECTION("a text")
    {
        about(which, "answer: JSON of another kind");
        shape.body = "\"ok\"";
    }
    SECTION("nested without end")
    {
        about(which, "answer: lists nested without end");
        shape.body = std::string(2'000'000, '[');
    }
    SECTION("objects without end")
    {
        about(which, "answer: objects nested without end");
        shape.body = "";
        for (int depth = 0; depth < 200'000; ++depth)
            *shape.body += "{\"a\":";
    }
    SECTION("a redirect")
    {
        about(which, "answer: a redirect elsewhere");
        shape.status = 301;
        shape.body = "";
        shape.headers = {{"Location", "https://elsewhere.example/"}};
    }
    SECTION("huge")
    {
        about(which, "answer: huge");
        shape.huge = 300u << 20;
    }
    for_each_probe(which, shape, [&](stage& on, const probe& one, const std::optional<problem>& met) {
        // A takeout's answer says nothing but yes; the read-back is what counts.
        if (!met && one.kind == call_kind::holds && on.platform->queued() == 0)
            return;
        REQUIRE(met.has_value());
        bool moved = shape.status == 301;  // the platform understood, and said "elsewhere"
        CHECK((met->kind == failure::bad_reply || met->kind == failure::unknown_outcome
               || (moved && met->kind == failure::rejected)));
    });
}

TEST_CASE("fields nobody knows change nothing", "[contract][faults]")
{
    auto which = every_platform("answer: fields nobody knows");
    CAPTURE(which.name);
    fault shape;
    shape.carried_out = true;
    shape.spoil = [](std::string& body) {
        for (auto at = body.find("{\""); at != std::string::npos; at = body.find("{\"", at + 1))
            body.insert(at + 1, R"("x_new":[null,1e3,[]],)");
    };
    for_each_probe(which, shape, [&](stage&, const probe&, const std::optional<problem>& met) { CHECK_FALSE(met.has_value()); });
}

TEST_CASE("a lying 200 does not survive the read-back", "[contract][faults]")
{
    auto which = every_platform("hold: a 2xx that lies does not survive the read-back");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
        on.net.fail({.on = call_kind::holds, .times = 1000, .lie = true});
        on.hold(post, offer.kind);
        on.net.heal();
        auto seen = on.read_one(post, post->id, offer.kind);
        CHECK(seen.where == whereabouts::queued);
        CHECK(seen.due < on.now + 3h);
    }
}

TEST_CASE("a hold whose answer was lost has happened, and the read-back says so", "[contract][faults]")
{
    auto which = every_platform("hold: lost answer, and the read-back says so");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
        on.net.fail({.on = call_kind::holds, .cut = true, .carried_out = true});
        auto lost = on.hold(post, offer.kind);
        REQUIRE_FALSE(lost.has_value());
        auto seen = on.read_one(post, post->id, offer.kind);
        CHECK((seen.where != whereabouts::queued || seen.due > on.now + 24h));
        on.pass(3h);
        CHECK(on.platform->published().empty());
    }
}

TEST_CASE("one page that cannot be read makes the whole queue unread", "[contract][faults]")
{
    auto which = every_platform("list: one page unread makes it unread");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    for (int number = 0; number < 120; ++number)
        on.platform->schedule(promo(on, "Offer " + std::to_string(number), 1h + number * 1min), on.now);
    on.net.fail({.on = call_kind::lists, .after = 1, .status = 500});
    auto all = on.run(on.to.queue->list());
    REQUIRE_FALSE(all.has_value());
    CHECK(all.error().kind == failure::unknown_outcome);
}

TEST_CASE("what cannot be stored whole is not given out as stored", "[contract][faults]")
{
    auto which = every_platform("takeout: nothing is given out as stored that is not");
    CAPTURE(which.name);
    stage on{which};
    if (!has_queue(which))
        return not_possible(which, "queue");
    if (!on.has(rung::takeout))
        return not_possible(which, "takeout", "not among what is described for this account");
    if (!on.platform->has(feature::media))
        return not_possible(which, "media", "its scheduled posts have no media");
    auto written = promo(on, "With a picture", 3min);
    written.media.push_back({"\x89PNG\r\n\x1a\n" + std::string(64, 'x'), "image/png", "A picture"});
    auto post = on.listed(on.platform->schedule(written, on.now));
    fault shape{.on = call_kind::downloads};
    SECTION("gone") { shape.status = 404; }
    SECTION("trouble") { shape.status = 503; }
    SECTION("a page instead")
    {
        shape.body = "<html></html>";
        shape.headers = {{"Content-Type", "text/html"}};
    }
    SECTION("cut") { shape.cut = true; }
    SECTION("empty") { shape.body = ""; }
    on.net.fail(shape);
    save_post call{post->id, post};
    auto saved = on.run(on.to.queue->save(call));
    REQUIRE_FALSE(saved.has_value());
    CHECK(saved.error().kind != failure::not_found);  // the post is there
    CHECK(on.platform->queued() == 1);
    CHECK(on.run(on.to.queue->save(call)).has_value());
}
