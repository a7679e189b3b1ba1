// The clock is set back by a day: nothing that holds, looks or tells people waits for it, and nothing is let go or said earlier.
#include "tests/core/paging.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

void set_back(desk& here, milliseconds by = 24h)
{
    here.now -= by;
    health_changed moved;
    moved.name = "clock";
    moved.what = "this machine's clock was moved back";
    moved.happened_once = true;
    moved.set_back = true;
    here.happen(moved);
}

const account_state& blog_of(const desk& here) { return here.known.accounts.at(account_id{"blog"}); }

}  // namespace

TEST_CASE("a hold that waits for its next try leaves at once when the clock is set back", "[clock]")
{
    desk here;
    here.sees({promo("sale", at("18:00"))});
    here.raise();
    here.offer();
    REQUIRE(here.answer<hold_post>(failure::unreachable));
    here.now -= 24h;
    REQUIRE_FALSE(here.next<hold_post>());
    here.now += 24h;
    SECTION("while it runs")
    {
        set_back(here);
        CHECK(here.next<hold_post>());
    }
    SECTION("while it was stopped")
    {
        here.now -= 24h;
        here.restart();
        here.sees({promo("sale", at("18:00"))});
        CHECK(here.next<hold_post>());
    }
}

TEST_CASE("a wait stays within its longest when the clock is set back a little", "[clock]")
{
    desk here;
    here.sees({promo("sale", at("18:00"))});
    here.raise();
    here.offer();
    REQUIRE(here.answer<hold_post>(failure::unreachable));
    set_back(here, 30s);
    CHECK_FALSE(here.next<hold_post>());
    here.later(32s);
    here.happen(clock_ticked{});
    CHECK(here.next<hold_post>());
}

TEST_CASE("what is seen after the clock was set back is newer than what was done before", "[clock]")
{
    desk here;
    here.sees({promo("sale", at("18:00"))});
    here.raise();
    here.hold_all();
    here.sees({});
    REQUIRE(here.of("sale").state == hold_state::held);
    auto settled = [&] { return is_settled(here.rules, here.known, here.known.crises.at(crisis_id{"c-1"})); };
    CHECK(settled());

    set_back(here);
    CHECK_FALSE(settled());  // until it is looked at again
    here.later(1s);
    here.sees({});
    CHECK(settled());
    here.later(1s);
    here.sees({promo("sale", at("18:00"))});  // somebody put it back
    CHECK(here.noted(record_kind::hold_drifted, "sale"));
    CHECK(here.next<hold_post>());
}

TEST_CASE("the public posts and the pins are looked at as before when the clock is set back", "[clock]")
{
    desk here;
    here.raise("outage", {}, true);
    here.reads_feed({});
    here.later(61s);
    CHECK(wants_feed(blog_of(here), here.now));
    here.reads_feed({});
    set_back(here);
    here.later(61s);
    CHECK(wants_feed(blog_of(here), here.now));
}

TEST_CASE("what is let go keeps its time, and a call that failed waits once more, when the clock is set back", "[clock]")
{
    desk here;
    here.sees({promo("sale", at("18:00"))});
    here.raise();
    here.hold_all();
    here.lower();
    here.happen(release_requested{account_id{"blog"}, post_id{"sale"}, actor_id{"maria"}, at("20:00"), "", false});
    REQUIRE(here.next<release_post>());
    REQUIRE(here.answer<release_post>(failure::unreachable));
    set_back(here);
    CHECK(here.of("sale").order->at == at("20:00"));
    here.later(59s);
    here.happen(clock_ticked{});
    CHECK_FALSE(here.next<release_post>());
    here.later(2s);
    here.happen(clock_ticked{});
    auto call = here.next<release_post>();
    REQUIRE(call);
    CHECK(call->at == at("20:00"));
}

TEST_CASE("an undo window keeps its end when the clock is set back", "[clock]")
{
    auto rules = make_policy();
    rules.playbooks["outage"].undo = 20s;
    desk here{rules};
    here.raise("outage", {}, true);
    auto until = here.known.crises.at(crisis_id{"c-1"}).editions.front().undo_until;
    set_back(here);
    CHECK(here.known.crises.at(crisis_id{"c-1"}).editions.front().undo_until == until);
    here.later(1min);
    here.happen(clock_ticked{});
    CHECK_FALSE(here.next<publish_summary>());
}

TEST_CASE("a letter that was not taken is sent at once when the clock is set back, and nobody who does not answer is waited for",
          "[clock]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.trouble_of["duty"] = down();
    here.raise();
    here.pass(5s, 1s);
    REQUIRE(here.refused_letters > 0);
    REQUIRE(here.heard("duty").empty());
    here.trouble_of.clear();
    SECTION("while it runs")
    {
        set_back(here);
        here.answer_all();
        here.pass(5s, 1s);
        CHECK(here.heard_of("duty", "crisis/c-1") == 1);
        here.pass(10min);
        CHECK(here.heard_of("boss", "crisis/c-1") == 1);
    }
    SECTION("while it was stopped")
    {
        here.now -= 24h;
        here.restart();
        here.pass(5s, 1s);
        CHECK(here.heard_of("duty", "crisis/c-1") == 1);
    }
}

TEST_CASE("a receiver that fails for too long has somebody else told, also when the clock is set back meanwhile", "[clock]")
{
    auto rules = paging_policy();
    rules.pages.crisis_open = 0ms;
    rules.pages.receivers["duty"].instead = "mail";
    paging_desk here{rules};
    here.trouble_of["duty"] = down();
    here.raise();
    here.pass(1min);
    REQUIRE(here.heard("mail").empty());
    set_back(here);
    here.answer_all();
    here.pass(3min);
    CHECK(here.heard_of("mail", "crisis/c-1") == 1);
}

TEST_CASE("who was told is reminded as before when the clock is set back", "[clock]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.raise();
    here.pass(5s, 1s);
    REQUIRE(here.heard_of("duty", "crisis/c-1") == 1);
    set_back(here);
    here.answer_all();
    here.pass(31min);
    CHECK(here.heard_of("duty", "crisis/c-1") == 2);
    CHECK(here.heard_of("boss", "crisis/c-1") == 1);
}

TEST_CASE("what ends while its letter could not be sent is told of still when the clock is set back", "[clock]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.raise();
    here.pass(5s, 1s);
    here.trouble_of["duty"] = down();
    here.lower();
    here.pass(5s, 1s);
    set_back(here);
    here.answer_all();
    here.trouble_of.clear();
    here.pass(2min);
    CHECK(here.last_letter("crisis/c-1").verb == page_verb::resolve);
    CHECK_FALSE(here.has_group("crisis/c-1"));
}

TEST_CASE("a signal's silence ends, and a proposal expires, when the clock is set back", "[clock]")
{
    desk here;
    here.rules.signals.hush = 1h;
    signal_received heard;
    heard.what.source = "hook/shop";
    heard.what.what = "the shop is down";
    heard.what.playbook = "outage";
    here.happen(heard);
    REQUIRE(find_proposal(here.known.proposals, "p-1")->now == proposal_state::open);
    SECTION("nobody decides")
    {
        set_back(here);
        here.later(here.rules.signals.expire + 1min);
        here.happen(clock_ticked{});
        CHECK(find_proposal(here.known.proposals, "p-1")->now == proposal_state::expired);
    }
    SECTION("somebody dismissed it")
    {
        proposal_decided no;
        no.proposal = "p-1";
        no.by = actor_id{"ann"};
        no.verdict = proposal_verdict::dismiss;
        here.happen(no);
        set_back(here);
        here.later(61min);
        heard.what.source = "hook/other";
        here.happen(heard);
        REQUIRE(find_proposal(here.known.proposals, "p-2") != nullptr);
        CHECK(find_proposal(here.known.proposals, "p-2")->now == proposal_state::open);
    }
}
