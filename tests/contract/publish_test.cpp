// What every connector promises about the summary, its pin and the feed.
#include <algorithm>

#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

constexpr auto undescribed = "not among what is described for this account";

publish_summary summary(bool look_first = false)
{
    publish_summary call;
    call.crisis = crisis_id{"c-1"};
    call.words = {
        "en",
        "We know that checkout is failing & are working on it.\n\nNext update by 14:45 UTC. https://status.example/1 #status"};
    call.key = "halfmast-c-1-acme-1772460000";
    call.look_first = look_first;
    return call;
}

result<receipt> publish(stage& on, bool look_first = false)
{
    auto call = summary(look_first);
    return on.run(on.to.pins->publish(std::move(call)));
}

}  // namespace

TEST_CASE("a summary goes out once, in its language", "[contract]")
{
    auto which = every_platform("publish: once, in its language");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", undescribed);
    auto done = publish(on);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    CHECK_FALSE(done->url.empty());
    auto out = on.platform->published();
    REQUIRE(out.size() == 1);
    CHECK(out[0].id == done->remote);
    CHECK(out[0].text.find("checkout is failing") != std::string::npos);
    if (on.platform->has(feature::language))
        CHECK(out[0].language == "en");
    CHECK(on.net.details == std::vector<std::string>{});

    SECTION("and a second look takes the first one")
    {
        on.pass(2h);  // any idempotency key has been forgotten
        auto again = publish(on, true);
        REQUIRE(again.has_value());
        CHECK(again->remote == done->remote);
        CHECK(on.platform->published().size() == 1);
    }
}

TEST_CASE("a summary whose answer was lost is found, not repeated", "[contract]")
{
    auto which = every_platform("publish: found again when its answer was lost");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", undescribed);
    fault lost{.on = call_kind::publishes, .carried_out = true};
    SECTION("cut") { lost.cut = true; }
    SECTION("500") { lost.status = 500; }
    SECTION("503") { lost.status = 503; }
    on.net.fail(lost);
    auto first = publish(on);
    REQUIRE_FALSE(first.has_value());
    CHECK(first.error().kind == failure::unknown_outcome);
    on.pass(90min);
    auto second = publish(on, true);
    REQUIRE(second.has_value());
    CHECK(on.platform->published().size() == 1);
    CHECK(on.platform->published()[0].id == second->remote);
}

TEST_CASE("a summary that never arrived is published by the next try", "[contract]")
{
    auto which = every_platform("publish: repeated when it never arrived");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", undescribed);
    on.platform->publish("An older post about checkout", false, on.now - 10min);
    on.net.fail({.on = call_kind::publishes, .cut = true});
    REQUIRE_FALSE(publish(on).has_value());
    auto second = publish(on, true);
    REQUIRE(second.has_value());
    CHECK(on.platform->published().size() == 2);
}

TEST_CASE("an answer that lies about a summary is not taken for a publication", "[contract]")
{
    auto which = every_platform("publish: a 2xx that lies is no publication");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", undescribed);
    on.net.fail({.on = call_kind::publishes, .lie = true});
    auto first = publish(on);
    REQUIRE_FALSE(first.has_value());
    CHECK(first.error().kind == failure::unknown_outcome);
    CHECK(on.platform->published().empty());
    REQUIRE(publish(on, true).has_value());
    CHECK(on.platform->published().size() == 1);
}

TEST_CASE("pins are read, set twice, and put back as they were", "[contract]")
{
    auto which = every_platform("pins: read, set twice, put back");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_pin)
        return not_possible(which, "pin", undescribed);
    if (on.declared.most_pins > 0 && on.declared.most_pins < 3)
        return not_possible(which, "several pins", undescribed);
    auto older = on.platform->publish("Welcome", true, on.now - 48h);
    auto newer = on.platform->publish("Opening hours", true, on.now - 24h);
    on.platform->publish("Not pinned", false, on.now - 12h);
    auto before = on.run(on.to.pins->pins());
    REQUIRE(before.has_value());
    CHECK(*before == on.platform->pinned());
    CHECK(before->size() == 2);

    auto out = publish(on).value().remote;
    for (int turn = 0; turn < 2; ++turn) {
        auto pinned = on.run(on.to.pins->pin(out));
        INFO((pinned ? "" : pinned.error().detail));
        REQUIRE(pinned.has_value());
    }
    auto with = on.run(on.to.pins->pins()).value();
    CHECK(std::ranges::find(with, out) != with.end());
    CHECK(with.size() == 3);

    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->unpin(out)).has_value());
    CHECK(on.run(on.to.pins->pins()).value() == *before);
    CHECK(on.platform->look(out).where == whereabouts::published);

    // One made room and comes back.
    REQUIRE(on.run(on.to.pins->unpin(older)).has_value());
    REQUIRE(on.run(on.to.pins->pin(older)).has_value());
    CHECK(on.platform->pinned() == *before);
    CHECK(newer == before->front());
}

TEST_CASE("a former pin makes room for the summary and comes back", "[contract]")
{
    auto which = every_platform("pins: a former one makes room and comes back");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_pin)
        return not_possible(which, "pin", undescribed);
    if (on.declared.most_pins == 0)
        return not_possible(which, "limit of pins", "as described for this account: any number");
    for (int number = 0; number < on.declared.most_pins; ++number)
        on.platform->publish("Pin " + std::to_string(number), true, on.now - 24h + number * 1min);
    auto before = on.run(on.to.pins->pins()).value();
    REQUIRE(before.size() == static_cast<std::size_t>(on.declared.most_pins));
    auto former = before.back();
    auto out = publish(on).value().remote;
    REQUIRE(on.run(on.to.pins->unpin(former)).has_value());
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->pin(out)).has_value());
    auto with = on.run(on.to.pins->pins()).value();
    CHECK(std::ranges::find(with, out) != with.end());
    CHECK(std::ranges::find(with, former) == with.end());
    // A post that is not pinned is nothing to unpin, and the summary stays.
    REQUIRE(on.run(on.to.pins->unpin(former)).has_value());
    CHECK(on.run(on.to.pins->pins()).value() == with);
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->unpin(out)).has_value());
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->pin(former)).has_value());
    auto after = on.run(on.to.pins->pins()).value();
    std::ranges::sort(before);
    std::ranges::sort(after);
    CHECK(after == before);
    CHECK(on.platform->look(out).where == whereabouts::published);
    CHECK(on.platform->look(former).where == whereabouts::published);
}

TEST_CASE("where there is no room for a pin, that is said", "[contract]")
{
    auto which = every_platform("pins: no room is said");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_pin)
        return not_possible(which, "pin", undescribed);
    if (on.declared.most_pins == 0)
        return not_possible(which, "limit of pins", "as described for this account: any number");
    for (int number = 0; number < on.declared.most_pins; ++number)
        on.platform->publish("Pin " + std::to_string(number), true, on.now - 24h + number * 1min);
    auto out = on.platform->publish("One too many", false, on.now);
    auto refused = on.run(on.to.pins->pin(out));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rejected);
    // A post that is pinned already needs no room.
    CHECK(on.run(on.to.pins->pin(on.platform->pinned().front())).has_value());
}

TEST_CASE("the feed is read back to the moment asked for, newest first, over all pages", "[contract]")
{
    auto which = every_platform("feed: newest first, over all pages");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_read_feed)
        return not_possible(which, "feed", undescribed);
    constexpr int many = 130;
    for (int number = 0; number < many; ++number)
        on.platform->publish("News " + std::to_string(number) + " https://shop.example/?n=" + std::to_string(number), false,
                             on.now - (many - number) * 1min);
    auto feed = on.run(on.to.feed->since(on.now - 100min));
    REQUIRE(feed.has_value());
    CHECK(feed->size() >= 99);
    CHECK(feed->size() <= 101);
    CHECK(std::ranges::is_sorted(*feed, std::ranges::greater{}, &publication::at));
    CHECK(feed->front().text.find("News 129") != std::string::npos);
    CHECK(feed->front().links == std::vector<std::string>{"https://shop.example/?n=129"});
    CHECK_FALSE(feed->front().url.empty());
    CHECK(feed->front().folded.empty());
}

TEST_CASE("a scheduled post reads the same in the queue and in the feed", "[contract]")
{
    auto which = every_platform("feed: a post reads as it did in the queue");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    if (!on.declared.can_read_feed)
        return not_possible(which, "feed", undescribed);
    auto post =
        on.listed(on.platform->schedule(promo(on, "Sale & more, see https://shop.example/?a=1&b=2\n\nToday only!", 10min), on.now));
    on.pass(20min);
    auto feed = on.run(on.to.feed->since(on.now - 30min)).value();
    REQUIRE(feed.size() == 1);
    CHECK(feed[0].links == post->links);
    auto words = [](std::string text) {
        std::erase_if(text, [](unsigned char c) { return c <= ' '; });
        return text;
    };
    CHECK(words(feed[0].text) == words(post->text));
}

TEST_CASE("doctor finds a sound account sound, and names a refused credential", "[contract]")
{
    auto which = every_platform("doctor: finds a sound account sound");
    CAPTURE(which.name);
    stage on{which};
    auto lines = on.run(on.to.checks->check());
    REQUIRE_FALSE(lines.empty());
    for (const auto& line : lines) {
        INFO(line.what << ": " << line.detail);
        CHECK(line.ok);
    }
    about(which, "doctor: names a refused credential");
    if (!on.platform->has(feature::credential_check))
        return not_possible(which, "credential check", "nothing there tells a refused credential");
    for (auto kind : {call_kind::reads, call_kind::lists, call_kind::other, call_kind::reads_pins, call_kind::reads_feed})
        on.net.fail({.on = kind, .times = 1000, .status = 401});
    lines = on.run(on.to.checks->check());
    auto bad = std::ranges::find(lines, false, &check_line::ok);
    REQUIRE(bad != lines.end());
    CHECK_FALSE(bad->detail.empty());
}
