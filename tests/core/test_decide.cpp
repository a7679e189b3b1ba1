// Raising, lowering, approving: what a flag does, and what it does not do.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("a raise plans what is promotional or unknown, and nothing else", "[decide]")
{
    desk here;
    here.sees({promo("sale", at("14:30")), notice("notice", at("14:10")), make_post("riddle", at("15:00"), "other"),
               make_post("party", at("15:00"), "team")});
    CHECK(here.total(record_kind::hold_planned) == 0);
    here.raise();
    CHECK(here.crisis == crisis_id{"c-1"});
    CHECK_FALSE(here.repeated);
    CHECK(here.of("sale").state == hold_state::planned);
    CHECK(here.of("riddle").state == hold_state::planned);
    CHECK_FALSE(here.has_hold("notice"));
    CHECK_FALSE(here.has_hold("party"));
    CHECK(here.count(hold_state::planned) == 2);
    CHECK(here.asked.empty());  // nothing leaves before capacity is offered, and the records are durable
}

TEST_CASE("raising again reports the open flag; another playbook or scope is another flag", "[decide]")
{
    desk here;
    here.raise();
    auto records = here.ledger.size();
    here.raise();
    CHECK(here.repeated);
    CHECK(here.crisis == crisis_id{"c-1"});
    CHECK(here.ledger.size() == records);
    here.raise("recall");
    CHECK(here.crisis == crisis_id{"c-2"});
    here.raise("outage", {{"brand", "acme"}});
    CHECK(here.crisis == crisis_id{"c-3"});
    here.lower("c-1");
    here.raise();
    CHECK(here.crisis == crisis_id{"c-4"});  // the first one is down: this is a new one
}

TEST_CASE("an unknown playbook is refused, on record, and nothing changes", "[decide]")
{
    desk here;
    here.sees({promo("sale", at("14:30"))});
    here.raise("outrage");
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
    CHECK(here.refused->text.find("outage, recall") != std::string::npos);
    CHECK(here.noted(record_kind::request_refused));
    CHECK(here.known.crises.empty());
    CHECK_FALSE(here.has_hold("sale"));
}

TEST_CASE("a scope covers by label, account and connector", "[decide]")
{
    auto acme = make_account("acme-blog");
    auto other = make_account("other-blog");
    other.labels = {{"brand", "other"}};
    desk here{make_policy({acme, other})};
    here.sees({promo("sale", at("14:30"))}, "acme-blog");
    here.sees({promo("sale", at("14:30"))}, "other-blog");
    here.raise("outage", {{"brand", "acme"}});
    CHECK(here.has_hold("sale", "acme-blog"));
    CHECK_FALSE(here.has_hold("sale", "other-blog"));
    CHECK(matches({}, acme));
    CHECK(matches({{"account", "acme-blog"}, {"connector", "wordpress"}}, acme));
    CHECK_FALSE(matches({{"account", "acme-blog"}, {"brand", "other"}}, acme));
    CHECK_FALSE(matches({{"region", "eu"}}, acme));
}

TEST_CASE("lowering releases nothing; what never left is let go", "[decide]")
{
    desk here;
    here.sees({promo("first", at("14:30"))});
    here.raise();
    here.hold_all();
    here.sees({promo("second", at("15:00"))});
    here.happen(clock_ticked{});
    REQUIRE(here.of("first").state == hold_state::held);
    REQUIRE(here.of("second").state == hold_state::planned);
    here.lower();
    CHECK(here.of("first").state == hold_state::held);
    CHECK(here.of("first").covered_by.empty());
    CHECK_FALSE(here.has_hold("second"));
    here.offer();
    CHECK(here.asked.empty());
    here.lower();
    CHECK(here.repeated);
    here.lower("c-9");
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("a flag lowered while calls are under way: what arrived waits for a person, what failed is not tried again", "[decide]")
{
    desk here;
    here.sees({promo("a", at("14:30")), promo("b", at("14:40")), promo("c", at("14:50"))});
    here.raise();
    here.offer(2);
    here.lower();
    CHECK_FALSE(here.has_hold("c"));
    here.answer<hold_post>(outcome{});
    here.answer<hold_post>(failure::rejected);
    CHECK(here.of("a").state == hold_state::unconfirmed);
    CHECK_FALSE(here.has_hold("b"));
    here.offer();
    here.answer_read(whereabouts::parked);
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("a flag lowered while a post is being stored: it is not taken out afterwards", "[decide]")
{
    desk here{make_policy({make_account("blog", {{rung::takeout}})})};
    here.sees({promo("a", at("14:30"))});
    here.raise();
    REQUIRE(here.next<save_post>());
    here.lower();
    outcome stored;
    stored.saved.push_back({"post.json", "aa", nullptr});
    here.answer<save_post>(stored);
    CHECK_FALSE(here.has_hold("a"));
    here.offer();
    CHECK(here.asked.empty());
}

TEST_CASE("what a person asked to hold outlives the flag that covers it too", "[decide]")
{
    desk here;
    here.sees({promo("a", at("14:30")), notice("n", at("14:40"))});
    here.raise();
    here.happen(hold_requested{account_id{"blog"}, post_id{"a"}, actor_id{"maria"}, "not today"});
    here.happen(hold_requested{account_id{"blog"}, post_id{"n"}, actor_id{"maria"}, "nor this"});
    here.lower();
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("n").state == hold_state::planned);
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("n").state == hold_state::held);
    here.happen(hold_requested{account_id{"blog"}, post_id{"nowhere"}, actor_id{"maria"}, ""});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("several crises: lowering one keeps what the other covers", "[decide]")
{
    desk here;
    here.sees({promo("a", at("14:30")), promo("b", at("14:40"))});
    here.raise();
    here.raise("recall");
    CHECK(here.of("a").covered_by == small_set<crisis_id>{{"c-1"}, {"c-2"}});
    here.lower("c-1");
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("a").covered_by == small_set<crisis_id>{{"c-2"}});
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.count(hold_state::held, "c-2") == 2);
    here.lower("c-2");
    CHECK(here.of("a").covered_by.empty());
    CHECK(here.of("b").state == hold_state::held);
}

TEST_CASE("an account that was unreachable at the raise is served when it is back", "[decide]")
{
    desk here;
    here.happen(account_unread{account_id{"blog"}, problem{failure::unreachable, "no route", {}}});
    here.raise("outage", {}, true);
    CHECK(here.known.accounts.at(account_id{"blog"}).trouble);
    here.offer();
    here.answer<publish_summary>(failure::unreachable);
    here.later(5min);
    here.sees({promo("a", at("14:30"))});
    CHECK_FALSE(here.known.accounts.at(account_id{"blog"}).trouble);
    CHECK(here.known.accounts.at(account_id{"blog"}).reachable);
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    REQUIRE(std::ranges::any_of(here.open, [](const auto& one) { return std::holds_alternative<publish_summary>(one.what); }));
}

TEST_CASE("an account that left the settings: nothing is asked of it, and nothing breaks", "[decide]")
{
    desk here{make_policy({make_account("blog"), make_account("old")})};
    here.sees({promo("a", at("14:30"))}, "old");
    here.raise("outage", {}, true);
    here.offer(1, "old");
    here.rules.accounts.erase(account_id{"old"});
    here.restart();
    here.offer(100, "old");
    CHECK(here.asked.empty());
    here.sees({promo("a", at("14:30"))}, "old");
    here.happen(clock_ticked{});
    here.lower();
    CHECK(here.asked.empty());
    here.happen(release_requested{account_id{"old"}, post_id{"a"}, actor_id{"maria"}, at("16:00"), "", false});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("a crisis is settled when nothing is under way", "[decide]")
{
    desk here;
    here.sees({promo("a", at("14:30"))});
    here.later(1s);
    here.raise();
    auto settled = [&] { return is_settled(here.rules, here.known, here.known.crises.at(crisis_id{"c-1"})); };
    CHECK_FALSE(settled());
    here.hold_all();
    CHECK_FALSE(settled());  // not looked at since the raise
    here.later(1s);
    here.sees({});
    CHECK(settled());
}

TEST_CASE("which acts may start although the ledger refuses", "[decide]")
{
    CHECK(is_safe_without_ledger(hold_post{}));
    CHECK(is_safe_without_ledger(save_post{}));
    CHECK(is_safe_without_ledger(read_posts{}));
    CHECK(is_safe_without_ledger(read_pins{}));
    CHECK_FALSE(is_safe_without_ledger(release_post{}));
    CHECK_FALSE(is_safe_without_ledger(publish_summary{}));
    CHECK_FALSE(is_safe_without_ledger(pin_summary{}));
    CHECK_FALSE(is_safe_without_ledger(unpin_summary{}));
}
