// Desired against observed: what a poll changes.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

publication out(const std::string& id, time_point when, const std::string& text)
{
    return {post_id{id}, when, text, text, {}, "https://blog.example/" + id};
}

desk with_held(std::vector<post_ptr> posts)
{
    desk here;
    here.sees(std::move(posts));
    here.raise();
    here.hold_all();
    here.later(1s);
    return here;
}

}  // namespace

TEST_CASE("a promo scheduled after the flag went up is held too, once", "[observe]")
{
    desk here;
    here.raise();
    here.later(1min);
    here.sees({promo("late", at("14:10")), notice("n", at("14:05"))});
    here.sees({promo("late", at("14:10")), notice("n", at("14:05"))});
    here.happen(clock_ticked{});
    CHECK(here.of("late").state == hold_state::planned);
    CHECK_FALSE(here.has_hold("n"));
    here.sees({promo("late", at("14:10"))});
    here.happen(clock_ticked{});
    CHECK(here.total(record_kind::hold_planned) == 1);
}

TEST_CASE("somebody resumes by hand: held again, for the time it now has", "[observe]")
{
    auto here = with_held({promo("a", at("15:00"))});
    here.sees({promo("a", at("14:20"))});
    CHECK(here.noted(record_kind::hold_drifted, "a"));
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("a").due == at("14:20"));
    CHECK_FALSE(here.of("a").silence_proved);
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    here.later(1s);
    here.lower();
    here.sees({promo("a", at("18:00"))});  // no flag: it is their own business
    CHECK(here.of("a").state == hold_state::released);
    CHECK(here.of("a").due == at("18:00"));
    CHECK(here.ledger.back().actor == actor_id{"at the source"});
}

TEST_CASE("what was stored of a taken out post is stored again when it came back changed", "[observe]")
{
    desk here{make_policy({make_account("blog", {{rung::takeout}})})};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.offer();
    outcome stored;
    stored.saved.push_back({"post.json", "aa", nullptr});
    here.answer<save_post>(stored);
    here.offer();
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::absent);
    REQUIRE(here.of("a").state == hold_state::held);
    here.later(1s);
    here.sees({promo("a", at("15:00"), "new words")});
    CHECK(here.of("a").post->text == "new words");
    CHECK(here.next<save_post>());
}

TEST_CASE("a picture older than what we know changes nothing", "[observe]")
{
    desk here;
    here.sees({promo("a", at("15:00"))});
    here.raise();
    auto before = here.now;
    here.later(2s);
    here.hold_all();
    here.later(2s);
    here.happen(queue_observed{account_id{"blog"}, before, {promo("a", at("15:00"))}});
    CHECK(here.of("a").state == hold_state::held);
    CHECK_FALSE(here.noted(record_kind::hold_drifted));
}

TEST_CASE("a post edited twice before it was held is held as it is now", "[observe]")
{
    auto blog = make_account("blog");
    desk here{make_policy({blog})};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.later(1s);
    here.sees({promo("a", at("14:30"), "second")});
    here.later(1s);
    here.sees({promo("a", at("14:20"), "third")});
    CHECK(here.of("a").post->text == "third");
    CHECK(here.of("a").due == at("14:20"));
    CHECK(here.of("a").covered_by.size() == 1);
    CHECK(here.count(hold_state::planned) == 1);
    CHECK(here.next<hold_post>()->snapshot->text == "third");
}

TEST_CASE("a post that was missing and is in the queue again is held for the time it has now", "[observe]")
{
    desk here;
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.offer();
    here.answer<hold_post>(failure::not_found);
    REQUIRE(here.of("a").missing);
    here.later(1s);
    here.sees({promo("a", at("14:10"))});
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("a").due == at("14:10"));
    CHECK_FALSE(here.of("a").missing);
    CHECK(here.next<hold_post>());
}

TEST_CASE("an edit can make a post promotional", "[observe]")
{
    desk here;
    here.sees({make_post("a", at("15:00"), "team")});
    here.raise();
    CHECK_FALSE(here.has_hold("a"));
    here.later(1s);
    here.sees({promo("a", at("15:00"))});
    here.happen(clock_ticked{});
    CHECK(here.of("a").state == hold_state::planned);
}

TEST_CASE("an escape is found by id and by words, but not in what is due much later", "[observe]")
{
    auto here = with_held(
        {promo("a", at("14:10")), promo("b", at("14:20"), "twenty per cent off"), promo("c", at("18:00"), "twenty per cent off")});
    here.now = at("14:21");
    here.reads_feed({out("a", at("14:10"), "edited words"), out("900", at("14:20"), "twenty per cent off")});
    CHECK(here.of("a").state == hold_state::escaped);
    CHECK(here.of("b").state == hold_state::escaped);
    CHECK(here.of("b").escaped_as == post_id{"900"});
    CHECK(here.of("c").state == hold_state::held);
    here.reads_feed({out("a", at("14:10"), "edited words"), out("900", at("14:20"), "twenty per cent off")});
    CHECK(here.last.empty());
}

TEST_CASE("one public post is one escape: after a restart, and whatever else is missing", "[observe]")
{
    auto here = with_held({promo("a", at("14:10"), "same words"), promo("b", at("14:12"), "same words")});
    here.now = at("14:11");
    here.reads_feed({out("900", at("14:10"), "same words")});
    CHECK(here.of("a").state == hold_state::escaped);
    here.restart();
    here.reads_feed({out("900", at("14:10"), "same words")});
    CHECK(here.of("b").state == hold_state::held);
}

TEST_CASE("an escape that the feed shows while a call is under way is not forgotten", "[observe]")
{
    desk here;
    here.sees({promo("a", at("14:01"))});
    here.raise();
    here.offer();
    here.now = at("14:02");
    here.reads_feed({out("900", at("14:01"), "post a")});
    CHECK(here.of("a").state == hold_state::escaped);
    here.answer<hold_post>(outcome{});
    CHECK(here.of("a").state == hold_state::escaped);
    CHECK(here.count(hold_state::escaped) == 1);
}

TEST_CASE("silence is proved by a feed read after the due time and the margin", "[observe]")
{
    auto here = with_held({promo("a", at("14:10")), promo("b", at("15:10"))});
    here.now = at("14:11");
    here.reads_feed({});
    CHECK_FALSE(here.of("a").silence_proved);
    here.now = at("14:12:01");
    here.reads_feed({});
    CHECK(here.of("a").silence_proved);
    CHECK_FALSE(here.of("b").silence_proved);
    CHECK(wants_feed(here.known.accounts.at(account_id{"blog"}), here.now));
    here.now = at("15:20");
    here.reads_feed({});
    CHECK(here.of("b").silence_proved);
    CHECK_FALSE(wants_feed(here.known.accounts.at(account_id{"blog"}), here.now));
}

TEST_CASE("silence is proved by the platform's clock when that is slow", "[observe]")
{
    auto here = with_held({promo("a", at("14:10"))});
    auto reads_feed = [&] { here.happen(feed_observed{account_id{"blog"}, here.now, at("14:00"), {}, milliseconds{-180'000}}); };
    here.now = at("14:14:59");  // 14:11:59 there
    reads_feed();
    CHECK_FALSE(here.of("a").silence_proved);
    here.now = at("14:15:01");
    reads_feed();
    CHECK(here.of("a").silence_proved);
}

TEST_CASE("one post that is stuck does not keep the silence of the others from being proved", "[observe]")
{
    desk here;
    here.sees({promo("stuck", at("14:05")), promo("b", at("14:10"))});
    here.raise();
    here.offer();
    here.answer<hold_post>(failure::rejected);  // stuck: a person has to do it
    here.hold_all();
    REQUIRE(here.of("stuck").state == hold_state::manual);
    here.now = at("14:20");
    here.reads_feed({});
    CHECK(here.of("b").silence_proved);
}

TEST_CASE("a post that a person has to stop and that leaves the queue is looked for, after a restart too", "[observe]")
{
    for (bool restarted : {false, true}) {
        desk here{make_policy({make_account("blog", {})})};
        here.sees({promo("a", at("15:00"))});
        here.raise();
        here.offer();
        REQUIRE(here.of("a").state == hold_state::manual);
        if (restarted)
            here.restart();
        here.later(1s);
        here.sees({});
        CHECK(here.of("a").state == hold_state::unconfirmed);
        here.offer();
        here.answer_read(whereabouts::parked);
        CHECK(here.of("a").state == hold_state::held);
    }
}

TEST_CASE("trouble is noted once and cleared by the next look", "[observe]")
{
    desk here;
    here.sees({});
    for (int i = 0; i < 3; ++i)
        here.happen(account_unread{account_id{"blog"}, problem{failure::auth_expired, "token refused", {}}});
    CHECK(here.total(record_kind::account_unreachable) == 1);
    CHECK_FALSE(here.known.accounts.at(account_id{"blog"}).reachable);
    here.sees({});
    CHECK(here.known.accounts.at(account_id{"blog"}).reachable);
    here.happen(account_unread{account_id{"blog"}, problem{failure::rate_limited, "slow down", {}}});
    CHECK(here.known.accounts.at(account_id{"blog"}).reachable);
}

TEST_CASE("a kept post stays where it is parked, and comes under a flag only when it is put back", "[observe]")
{
    desk here{make_policy({make_account("blog", {{rung::postpone}})})};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    auto call = here.next<hold_post>();
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::queued, call->until);
    here.lower();
    here.happen(keep_requested{account_id{"blog"}, post_id{"a"}, actor_id{"maria"}, ""});
    REQUIRE(here.of("a").state == hold_state::kept);
    here.later(1s);
    here.sees({promo("a", call->until)});
    here.raise();
    here.happen(clock_ticked{});
    CHECK(here.of("a").state == hold_state::kept);
    CHECK(here.of("a").due == at("15:00"));
    here.later(1s);
    here.sees({promo("a", at("16:00"))});
    here.happen(clock_ticked{});
    CHECK(here.of("a").state == hold_state::planned);
}
