// When an account is tried: after the start, when the core says so, when a person asks; never before acts or under a flag.
#include "daemon/engine/readiness.hpp"
#include "tests/engine/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id blog_id{"blog"};

struct memory_checks final : check_port {
    int asked = 0;
    bool breaks = false;
    std::vector<check_line> lines{
        {ability::credential, "credential", true, ""}, {ability::list, "queue", true, ""}, {ability::read_feed, "feed", true, ""}};

    asio::awaitable<std::vector<check_line>> check() override
    {
        ++asked;
        if (breaks)
            throw std::runtime_error("a fault of the connector");
        co_return lines;
    }
};

class checked_stage : public stage {
public:
    checked_stage() : checks(std::make_shared<memory_checks>())
    {
        auto to = calls.at(blog_id);
        to.checks = checks;
        calls.connect(blog_id, to);
    }

    void begin(engine::check_rhythm beat = {0ms, 0ms, 0ms, 1ms})
    {
        start();
        runner = std::make_unique<engine::checker>(context.get_executor(), *loop, calls, clock(), beat);
        check_now = [this](const account_id& id) { runner->check_now(id); };
        observe();
        run_until([&] { return ledger.has("account_reachable "); });
    }
    std::vector<check_line> by_person()
    {
        std::optional<std::vector<check_line>> given;
        auto asking = [&]() -> asio::awaitable<void> {
            auto work = runner->check(blog_id);
            auto lines = co_await std::move(work);
            given = std::move(lines);
        };
        auto work = asking();
        asio::co_spawn(context, std::move(work), asio::detached);
        run_until([&] { return given.has_value(); });
        return given.value_or(std::vector<check_line>{});
    }
    [[nodiscard]] const readiness& ready() const { return loop->known().accounts.at(blog_id).ready; }

    std::shared_ptr<memory_checks> checks;
    std::unique_ptr<engine::checker> runner;
};

}  // namespace

TEST_CASE("an account is tried after the start, and the state says what was found", "[engine][readiness]")
{
    checked_stage here;
    here.begin();
    here.runner->start({blog_id});
    REQUIRE(here.run_until([&] { return here.ready().checked_at != time_point{}; }));
    CHECK(here.checks->asked == 1);
    CHECK(find_ability(here.ready(), ability::hold, rung::draft)->now == standing::ready);
    CHECK(here.ledger.count("readiness_lost ") == 0);
}

TEST_CASE("a call that is refused has the account tried at once, and so has a queue that can be read again", "[engine][readiness]")
{
    checked_stage here;
    here.begin();
    here.runner->start({blog_id});
    REQUIRE(here.run_until([&] { return here.checks->asked == 1; }));

    here.checks->lines = {{ability::credential, "credential", problem{failure::auth_expired, "token refused (401)", {}}}};
    here.loop->tell(account_unread{blog_id, problem{failure::auth_expired, "token refused (401)", {}}});
    REQUIRE(here.run_until([&] { return here.ledger.count("readiness_lost ") == 6; }));
    CHECK(here.checks->asked == 2);

    here.checks->lines = memory_checks{}.lines;
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.count("readiness_back ") == 6; }));
    CHECK(here.checks->asked == 3);
}

TEST_CASE("two reasons to try an account at once are one check", "[engine][readiness]")
{
    checked_stage here;
    here.begin({0ms, 0ms, 3'600'000ms, 1ms});
    here.runner->start({blog_id});
    REQUIRE(here.run_until([&] { return here.checks->asked == 1; }));
    here.runner->check_now(blog_id);
    here.runner->check_now(blog_id);
    CHECK_FALSE(here.run_until([&] { return here.checks->asked > 1; }));
}

TEST_CASE("while a flag covers the account, or it has work, it is not tried; afterwards it is", "[engine][readiness]")
{
    checked_stage here;
    here.schedule("sale", 30min, "promo");
    here.begin();
    here.raise();
    here.runner->start({blog_id});
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    CHECK_FALSE(here.run_until([&] { return here.checks->asked > 0; }));

    SECTION("but a person may ask")
    {
        auto lines = here.by_person();
        CHECK(here.checks->asked == 1);
        CHECK(std::ranges::any_of(lines, [](const auto& line) { return line.of == ability::hold && line.by == rung::draft; }));
    }
    SECTION("when it is lowered")
    {
        here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, "over"});
        REQUIRE(here.run_until([&] { return here.checks->asked == 1; }));
    }
}

TEST_CASE("what a person's check finds is known to the loop before it is answered", "[engine][readiness]")
{
    checked_stage here;
    here.begin();
    here.checks->lines[1] = {ability::list, "queue", false, "the role is Author"};
    here.by_person();
    CHECK(is_lost(here.ready(), ability::list));
    CHECK(here.ledger.count("readiness_lost ") == 2);  // the queue, and with it the hold
}

TEST_CASE("an exception of a connector is a check that was not answered", "[engine][readiness]")
{
    checked_stage here;
    here.begin();
    here.checks->breaks = true;
    auto lines = here.by_person();
    REQUIRE_FALSE(lines.empty());
    CHECK(is_unanswered(lines.front()));
    CHECK(lines.front().detail.find("a fault of the connector") != std::string::npos);
    CHECK(here.ready().failures == 1);
    CHECK(here.ledger.count("readiness_lost ") == 0);
}

TEST_CASE("a checker that is stopped asks nobody any more", "[engine][readiness]")
{
    checked_stage here;
    here.begin();
    here.runner->start({blog_id});
    here.runner->stop();
    here.runner->check_now(blog_id);
    CHECK_FALSE(here.run_until([&] { return here.checks->asked > 0; }));
}
