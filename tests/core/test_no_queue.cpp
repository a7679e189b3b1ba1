// Accounts at platforms where nothing is ever scheduled: the summary is all there is to do, the public posts all there is to see.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

account make_feed_only()
{
    auto one = make_account("sky", {});
    one.connector = "bluesky";
    one.has_queue = false;
    return one;
}

}  // namespace

TEST_CASE("an account without a queue does not keep a flag from settling", "[core]")
{
    desk here(make_policy({make_feed_only(), make_account("blog")}));
    here.happen(daemon_started{"test"});
    here.raise();
    here.later(milliseconds{1'000});
    here.sees({}, "blog");
    CHECK(is_settled(here.rules, here.known, here.known.crises.at(crisis_id{"c-1"})));
}

TEST_CASE("its public posts show that it can be reached", "[core]")
{
    desk here(make_policy({make_feed_only(), make_account("blog")}));
    here.happen(daemon_started{"test"});
    here.reads_feed({}, "sky");
    here.reads_feed({}, "blog");
    const auto& sky = here.known.accounts.at(account_id{"sky"});
    CHECK(sky.reachable);
    CHECK(sky.polled);
    CHECK(sky.last_poll == here.now);
    CHECK(here.noted(record_kind::account_reachable) == false);  // the blog's queue was not read yet
    CHECK_FALSE(here.known.accounts.at(account_id{"blog"}).polled);

    account_unread trouble{account_id{"sky"}, problem{failure::unreachable, "refused", {}}};
    here.happen(trouble);
    CHECK(here.noted(record_kind::account_unreachable));
    here.reads_feed({}, "sky");
    CHECK_FALSE(here.known.accounts.at(account_id{"sky"}).trouble.has_value());
    CHECK(here.noted(record_kind::account_reachable));
}

TEST_CASE("its summary is published and pinned, its former pin makes room and comes back", "[core]")
{
    auto sky = make_feed_only();
    sky.most_pins = 1;
    desk here(make_policy({sky}));
    here.happen(daemon_started{"test"});
    here.raise("outage", {}, true);
    auto publish = here.next<publish_summary>("sky");
    REQUIRE(publish.has_value());
    outcome out;
    out.remote = post_id{"3new#bafy"};
    CHECK(here.answer<publish_summary>(out));
    CHECK_FALSE(is_settled(here.rules, here.known, here.known.crises.at(crisis_id{"c-1"})));
    REQUIRE(here.next<read_pins>("sky").has_value());
    outcome pins;
    pins.pins = {post_id{"3old#bafy"}};
    CHECK(here.answer<read_pins>(pins));
    auto pin = here.next<pin_summary>("sky");
    REQUIRE(pin.has_value());
    CHECK(pin->displaced == std::vector{post_id{"3old#bafy"}});
    pins.pins = {post_id{"3new#bafy"}};
    CHECK(here.answer<pin_summary>(pins));
    CHECK(is_settled(here.rules, here.known, here.known.crises.at(crisis_id{"c-1"})));
    here.lower();
    auto unpin = here.next<unpin_summary>("sky");
    REQUIRE(unpin.has_value());
    CHECK(unpin->restore == std::vector{post_id{"3old#bafy"}});
}
