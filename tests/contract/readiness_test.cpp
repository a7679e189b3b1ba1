// What check() says in peace: a line for every ability, nothing changed, and no answer told from a no.
#include "daemon/core/readiness.hpp"
#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

// As the daemon has it: every ability that the account declares, with a line.
std::vector<check_line> checked(stage& on)
{
    auto declared = on.declared;
    declared.has_queue = on.to.queue != nullptr;
    declared.can_read_feed = on.to.feed != nullptr;
    return complete(declared, on.run(on.to.checks->check()));
}

// Whatever is asked.
void fail_all(stage& on, fault what)
{
    for (auto kind : {call_kind::lists, call_kind::reads, call_kind::reads_pins, call_kind::reads_feed, call_kind::reads_mentions,
                      call_kind::other}) {
        what.on = kind;
        what.times = 1000;
        on.net.fail(what);
    }
}

}  // namespace

TEST_CASE("a sound account is ready for all that it declares, and was only looked at", "[contract][readiness]")
{
    auto which = every_platform("readiness: every declared ability has a line, and nothing is changed");
    CAPTURE(which.name);
    stage on{which};
    if (has_queue(which))
        on.platform->schedule(promo(on, "Half price", 2h), on.now);
    for (const auto& line : checked(on)) {
        INFO(to_string(line.of) << ", " << line.what << ": " << line.detail);
        CHECK(line.ok);
    }
    for (auto kind :
         {call_kind::holds, call_kind::releases, call_kind::uploads, call_kind::publishes, call_kind::pins, call_kind::unpins})
        CHECK(on.net.count(kind) == 0);
    CHECK(on.platform->published().empty());
}

TEST_CASE("an account that does not answer has lost nothing", "[contract][readiness]")
{
    auto which = every_platform("readiness: no answer is not taken for a no");
    CAPTURE(which.name);
    auto down = GENERATE(fault{.unreachable = true}, fault{.status = 503}, fault{.cut = true});
    CAPTURE(down.unreachable, down.cut);
    stage on{which};
    fail_all(on, down);
    auto lines = checked(on);
    CHECK(std::ranges::any_of(lines, is_unanswered));
    for (const auto& line : lines) {
        INFO(to_string(line.of) << ", " << line.what << ": " << line.detail);
        CHECK((line.ok || line.advice || is_unanswered(line)));
    }
}

TEST_CASE("a credential that is refused is lost, and all that needs it", "[contract][readiness]")
{
    auto which = every_platform("readiness: a refused credential loses what needs it");
    CAPTURE(which.name);
    stage on{which};
    if (!on.platform->has(feature::credential_check))
        return not_possible(which, "credential check", "nothing there tells a refused credential");
    fail_all(on, {.status = 401});
    for (const auto& line : checked(on)) {
        if (line.by_person || line.advice)
            continue;
        INFO(to_string(line.of) << ", " << line.what << ": " << line.detail);
        CHECK_FALSE(line.ok);
        CHECK_FALSE(is_unanswered(line));
    }
}
