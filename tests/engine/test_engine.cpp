#include "tests/engine/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("a raise holds what is promotional, leaves the rest, and pins one summary", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.schedule("notice", 40min, "service");
    here.schedule("riddle", 50min, "whatever");
    here.start();
    here.observe();
    auto given = here.raise();
    here.observe();
    REQUIRE(given.crisis == crisis_id{"c-1"});
    REQUIRE(here.run_until([&] { return is_settled(here.rules, here.loop->known(), here.loop->known().crises.at(given.crisis)); }));
    CHECK(here.platform->posts.at("sale").state == "draft");
    CHECK(here.platform->posts.at("riddle").state == "draft");
    CHECK(here.platform->posts.at("notice").state == "future");
    CHECK(here.state_of("sale") == hold_state::held);
    CHECK(here.platform->published == 1);
    CHECK(here.platform->pinned == std::vector{post_id{"summary"}});
}

TEST_CASE("no call leaves before its intent is in the ledger", "[engine]")
{
    stage here;
    for (int i = 0; i < 40; ++i)
        here.schedule("p" + std::to_string(i), 30min + i * 1min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.ledger.count("pin_confirmed ") == 1 && count_holds(here.loop->known(), crisis_id{"c-1"})[static_cast<std::size_t>(hold_state::held)] == 40; }));
    CHECK(here.platform->unrecorded.empty());
    here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    here.ask(release_requested{account_id{"blog"}, post_id{"p9"}, actor_id{"maria"}, here.now + 2h, "", false});
    REQUIRE(here.run_until([&] { return here.state_of("p9") == hold_state::rescheduled; }));
    CHECK(here.platform->unrecorded.empty());
}

TEST_CASE("holds leave in order of due time", "[engine]")
{
    stage here;
    here.rules.accounts.at(account_id{"blog"}).most_in_flight = 1;
    here.schedule("last", 300min, "promo");
    here.schedule("first", 20min, "promo");
    here.schedule("middle", 100min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return count_holds(here.loop->known(), crisis_id{"c-1"})[static_cast<std::size_t>(hold_state::held)] == 3; }));
    std::vector<std::string> holds;
    for (const auto& call : here.platform->calls)
        if (call.starts_with("hold "))
            holds.push_back(call);
    CHECK(holds == std::vector<std::string>{"hold first", "hold middle", "hold last"});
}

TEST_CASE("when the ledger refuses, holds go on and nothing becomes public", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    here.ledger.refuses = true;
    auto given = here.raise();
    CHECK_FALSE(given.durable);
    CHECK(given.ledger_error == "disk full");
    here.observe();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    CHECK(here.platform->published == 0);
    CHECK(here.platform->pinned.empty());

    here.ledger.refuses = false;  // the disk has room again: what was done is written, marked late, and the summary goes out
    REQUIRE(here.run_until([&] { return here.platform->published == 1; }));
    CHECK(here.ledger.has("crisis_raised "));
    CHECK(here.ledger.has("hold_confirmed sale"));
    CHECK(here.refusals.back().empty());
}

TEST_CASE("a release is not carried out while the ledger refuses", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    here.ledger.refuses = true;
    auto given = here.ask(release_requested{account_id{"blog"}, post_id{"sale"}, actor_id{"maria"}, here.now + 2h, "", false});
    CHECK_FALSE(given.durable);
    here.run_until([&] { return here.refusals.size() > 10; });
    CHECK(here.platform->posts.at("sale").state == "draft");
}

TEST_CASE("an exception in a connector is an unknown outcome, not the end of the daemon", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    int thrown = 0;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call.starts_with("hold ") && thrown++ == 0)
            throw std::runtime_error("broken");
        return std::nullopt;
    };
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    CHECK(thrown == 2);
}
