// What is said of the daemon's own clock.
#include "daemon/app/pager.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace std::chrono_literals;

TEST_CASE("a clock that is moved is said once, in words, and a clock that drifts is not", "[pages][app]")
{
    auto now = *parse_rfc3339("2026-03-01T14:05:00Z");
    for (auto [clock, steady] : {std::pair{5'000ms, 5'000ms}, {5'400ms, 5'000ms}, {10'000ms, 5'000ms}, {0ms, 5'000ms}})
        CHECK_FALSE(app::clock_moved(clock, steady, now));
    auto ahead = app::clock_moved(3'605'000ms, 5'000ms, now);
    REQUIRE(ahead);
    CHECK(ahead->name == "clock");
    CHECK(ahead->level == page_level::major);
    CHECK(ahead->happened_once);  // a person's word ends it
    CHECK_FALSE(ahead->set_back);
    CHECK(ahead->what
          == "this machine's clock was moved by 1h ahead, to 2026-03-01T14:05:00Z: due times were judged by the old one");
    auto back = app::clock_moved(-115'000ms, 5'000ms, now);
    REQUIRE(back);
    CHECK(back->what.find("moved by 2m back") != std::string::npos);
    CHECK(back->set_back);
}
