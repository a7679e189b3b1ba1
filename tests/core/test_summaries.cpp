// One summary for each account and flag: published once, pinned, and at the end the pins as they were.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

outcome published(const std::string& id)
{
    outcome result;
    result.remote = post_id{id};
    result.url = "https://blog.example/" + id;
    return result;
}

outcome pins(std::vector<std::string> ids)
{
    outcome result;
    for (auto& id : ids)
        result.pins.push_back(post_id{std::move(id)});
    return result;
}

desk raised(int most_pins = 0)
{
    auto blog = make_account("blog");
    blog.most_pins = most_pins;
    desk here{make_policy({blog})};
    here.raise("outage", {}, true);
    return here;
}

// Publishes and pins the summary of the flag raised last.
void pin_next(desk& here, const std::string& id, std::vector<std::string> before, std::vector<std::string> after)
{
    here.offer();
    REQUIRE(here.answer<publish_summary>(published(id)));
    here.offer();
    REQUIRE(here.answer<read_pins>(pins(std::move(before))));
    here.offer();
    REQUIRE(here.answer<pin_summary>(pins(std::move(after))));
}

}  // namespace

TEST_CASE("a summary is published once, pinned, and unpinned at the end", "[summaries]")
{
    auto here = raised();
    auto call = here.next<publish_summary>();
    REQUIRE(call);
    CHECK_FALSE(call->look_first);
    CHECK_FALSE(call->look_only);
    CHECK(call->words.text == "We are on it.");
    here.offer();
    CHECK(here.asked.empty());
    here.answer<publish_summary>(published("s1"));
    CHECK(here.summary_of().state == summary_state::published);
    here.offer();
    here.answer<read_pins>(pins({"x"}));
    auto pin = here.next<pin_summary>();
    REQUIRE(pin);
    CHECK(pin->displaced.empty());
    here.answer<pin_summary>(pins({"s1", "x"}));
    CHECK(here.summary_of().state == summary_state::pinned);
    here.offer();
    CHECK(here.asked.empty());
    here.lower();
    auto unpin = here.next<unpin_summary>();
    REQUIRE(unpin);
    CHECK(unpin->restore.empty());
    here.answer<unpin_summary>(pins({"x"}));
    CHECK(here.summary_of().state == summary_state::unpinned);
    CHECK(here.total(record_kind::summary_started) == 1);
}

TEST_CASE("what has to make room is displaced within the limit, and restored", "[summaries]")
{
    auto here = raised(3);
    here.offer();
    here.answer<publish_summary>(published("s1"));
    here.offer();
    here.answer<read_pins>(pins({"x", "y", "z"}));
    auto pin = here.next<pin_summary>();
    REQUIRE(pin);
    CHECK(pin->displaced == std::vector{post_id{"z"}});
    CHECK(here.summary_of().former_pins == std::vector{post_id{"x"}, post_id{"y"}, post_id{"z"}});
    here.answer<pin_summary>(pins({"s1", "x", "y"}));
    here.lower();
    CHECK(here.next<unpin_summary>()->restore == std::vector{post_id{"z"}});
    here.answer<unpin_summary>(pins({"x", "y"}));  // z is not back
    CHECK(here.summary_of().state == summary_state::unpinning);
    here.later(2min);
    REQUIRE(here.next<unpin_summary>());
    here.answer<unpin_summary>(pins({"x", "y", "z"}));
    CHECK(here.summary_of().state == summary_state::unpinned);
}

TEST_CASE("a former pin that somebody deleted does not keep the crisis from ending", "[summaries]")
{
    auto here = raised(1);
    pin_next(here, "s1", {"x"}, {"s1"});
    here.lower();
    for (int turn = 0; turn < 20 && here.summary_of().state != summary_state::unpinned; ++turn) {
        here.later(2min);
        here.offer();
        here.answer<unpin_summary>(pins({}));
    }
    CHECK(here.summary_of().state == summary_state::unpinned);
    CHECK(here.summary_of().detail.find("not there any more") != std::string::npos);
}

TEST_CASE("after an unknown outcome the platform is searched before anything is published again", "[summaries]")
{
    auto here = raised();
    here.offer();
    here.answer<publish_summary>(failure::unknown_outcome);
    here.later(2min);
    auto again = here.next<publish_summary>();
    REQUIRE(again);
    CHECK(again->look_first);
    here.answer<publish_summary>(failure::rate_limited);  // says nothing about the first one
    here.later(5min);
    auto third = here.next<publish_summary>();
    REQUIRE(third);
    CHECK(third->look_first);
    CHECK(third->key == again->key);
    here.answer<publish_summary>(published("s1"));
    CHECK(here.summary_of().state == summary_state::published);
}

TEST_CASE("a call that certainly did nothing needs no search", "[summaries]")
{
    auto here = raised();
    for (auto kind : {failure::unreachable, failure::rate_limited, failure::rejected, failure::auth_expired}) {
        here.offer();
        here.answer<publish_summary>(kind);
        here.later(5min);
        CHECK_FALSE(here.summary_of().recalled);
    }
    CHECK_FALSE(here.next<publish_summary>()->look_first);
}

TEST_CASE("a restart between the intent and the answer searches first", "[summaries]")
{
    auto here = raised();
    here.offer();
    here.restart();
    auto again = here.next<publish_summary>();
    REQUIRE(again);
    CHECK(again->look_first);
}

TEST_CASE("lowered before it went out: withdrawn, and nothing is published", "[summaries]")
{
    auto waiting = raised();
    waiting.lower();
    CHECK(waiting.summary_of().state == summary_state::withdrawn);
    waiting.offer();
    CHECK(waiting.asked.empty());

    auto rejected = raised();
    rejected.offer();
    rejected.answer<publish_summary>(failure::rejected);
    rejected.lower();
    CHECK(rejected.summary_of().state == summary_state::withdrawn);

    auto in_flight = raised();
    in_flight.offer();
    in_flight.lower();
    in_flight.answer<publish_summary>(failure::rejected);
    CHECK(in_flight.summary_of().state == summary_state::withdrawn);
    in_flight.later(5min);
    in_flight.offer();
    CHECK(in_flight.asked.empty());
}

TEST_CASE("lowered while the outcome is unknown: it is searched for, and never published after the flag", "[summaries]")
{
    for (bool there : {false, true}) {
        auto here = raised();
        here.offer();
        here.answer<publish_summary>(failure::unknown_outcome);
        here.lower();
        here.later(5min);
        auto call = here.next<publish_summary>();
        REQUIRE(call);
        CHECK(call->look_only);
        CHECK(call->look_first);
        if (!there) {
            here.answer<publish_summary>(failure::not_found);
            CHECK(here.summary_of().state == summary_state::withdrawn);
            continue;
        }
        here.answer<publish_summary>(published("s1"));
        here.offer();
        here.answer<unpin_summary>(pins({}));
        CHECK(here.summary_of().state == summary_state::unpinned);
    }
}

TEST_CASE("after-approval waits for one word; holds do not", "[summaries]")
{
    desk here;
    here.rules.playbooks.at("outage").publish = publish_mode::after_approval;
    here.sees({promo("a", at("15:00"))});
    here.raise("outage", {}, true);
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.total(record_kind::summary_started) == 0);
    here.happen(summary_approved{crisis_id{"c-1"}, actor_id{"maria"}});
    CHECK(here.next<publish_summary>());
    here.happen(summary_approved{crisis_id{"c-7"}, actor_id{"maria"}});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
    here.lower();
    here.happen(summary_approved{crisis_id{"c-1"}, actor_id{"maria"}});
    CHECK(here.refused->kind == refusal::cause::wrong_state);
}

TEST_CASE("nothing becomes public within the undo window, unless the raise says now", "[summaries]")
{
    desk here;
    here.rules.playbooks.at("outage").undo = 20s;
    here.raise("outage", {}, true);
    here.later(19s);
    here.offer();
    CHECK(here.asked.empty());
    here.later(1s);
    CHECK(here.next<publish_summary>());
}

TEST_CASE("what a platform cannot do is a person's task", "[summaries]")
{
    auto mute = make_account("blog");
    mute.can_publish = false;
    desk here{make_policy({mute})};
    here.raise("outage", {}, true);
    CHECK(here.summary_of().state == summary_state::manual);
    here.offer();
    CHECK(here.asked.empty());
    auto pinless = make_account("blog");
    pinless.can_pin = false;
    desk there{make_policy({pinless})};
    there.raise("outage", {}, true);
    there.offer();
    there.answer<publish_summary>(published("s1"));
    CHECK(there.summary_of().state == summary_state::manual);
    CHECK(there.summary_of().remote == post_id{"s1"});
}

TEST_CASE("two flags on an account with one pin: whichever is lowered first, the former pin is back at the end", "[summaries]")
{
    for (bool older_first : {true, false}) {
        auto here = raised(1);
        pin_next(here, "s1", {"x"}, {"s1"});
        here.raise("recall", {}, true);
        pin_next(here, "s2", {"s1"}, {"s2"});
        here.lower(older_first ? "c-1" : "c-2");
        auto first = here.next<unpin_summary>();
        REQUIRE(first);
        if (older_first) {
            CHECK(first->remote == post_id{"s1"});
            CHECK(first->restore.empty());  // its place is taken by the flag that is still up
            here.answer<unpin_summary>(pins({"s2"}));
        } else {
            CHECK(first->restore == std::vector{post_id{"s1"}});
            here.answer<unpin_summary>(pins({"s1"}));
        }
        here.lower(older_first ? "c-2" : "c-1");
        auto last = here.next<unpin_summary>();
        REQUIRE(last);
        CHECK(last->restore == std::vector{post_id{"x"}});
        here.answer<unpin_summary>(pins({"x"}));
        CHECK(here.summary_of("c-1").state == summary_state::unpinned);
        CHECK(here.summary_of("c-2").state == summary_state::unpinned);
    }
}

TEST_CASE("a hold that is due soon goes before the summary", "[summaries]")
{
    desk here;
    here.sees({promo("a", at("14:05")), promo("b", at("18:00"))});
    here.raise("outage", {}, true);
    here.offer(1);
    REQUIRE(std::holds_alternative<hold_post>(here.asked.at(0).what));
    here.offer(1);
    CHECK(std::holds_alternative<publish_summary>(here.asked.at(0).what));
}
