// The loop and its looks when this machine's clock is set back.
#include "tests/engine/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

void set_clock_of(stage& here, std::chrono::hours back)
{
    here.now -= back;
    health_changed moved;
    moved.name = "clock";
    moved.what = "this machine's clock was moved back";
    moved.happened_once = moved.set_back = true;
    here.loop->tell(moved);
}

}  // namespace

TEST_CASE("holding goes on at once when the clock is set back, and the ledger is asked again", "[engine]")
{
    stage here;
    bool down = true;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (down && call.starts_with("hold"))
            return problem{failure::unreachable, "connection refused", {}};
        return std::nullopt;
    };
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until(
        [&] { return here.platform->calls.size() > 1 && here.loop->known().accounts.at(account_id{"blog"}).failures > 0; }));
    here.ledger.refuses = true;
    REQUIRE(here.run_until([&] { return !here.refusals.empty(); }));
    down = false;
    here.ledger.refuses = false;
    auto before = here.now;
    set_clock_of(here, std::chrono::hours{24});
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held && here.refusals.back().empty(); }));
    CHECK(here.now < before - 23h);
}

TEST_CASE("a look during which the clock is set back is not of the future", "[engine][poller]")
{
    stage here;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call == "list")
            here.now -= 24h;
        return std::nullopt;
    };
    here.start();
    engine::poller looking{here.context.get_executor(),
                           *here.loop,
                           here.calls,
                           here.clock(),
                           [](std::string_view text) { return std::string{text}; },
                           [](const account_id&, const std::vector<post_ptr>&) {}};
    looking.add(account_id{"blog"}, {milliseconds{3'600'000}, milliseconds{3'600'000}});
    auto seen = [&] {
        auto where = here.loop->known().accounts.find(account_id{"blog"});
        return where == here.loop->known().accounts.end() ? time_point{} : where->second.last_poll;
    };
    auto deadline = std::chrono::steady_clock::now() + 60s;
    while (seen() == time_point{} && std::chrono::steady_clock::now() < deadline)
        here.run_until([turns = 0]() mutable { return ++turns > 20; });
    CHECK(seen() != time_point{});
    CHECK(seen() <= here.now);
    looking.stop();
    here.loop->stop();
    CHECK(here.run_until([&] { return here.ended; }));
}
