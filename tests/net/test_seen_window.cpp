#include "daemon/net/seen_window.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace std::chrono_literals;

namespace test_seen_window {

namespace {

const time_point noon = parse_rfc3339("2026-03-02T12:00:00Z").value();

net::seen_window again(net::seen_window& window)
{
    auto read = net::seen_window::read(window.text());
    REQUIRE(read.has_value());
    return *read;
}

}  // namespace

TEST_CASE("what was seen is not new again, whatever shares its second", "[net]")
{
    net::seen_window window{noon};
    CHECK(window.take(noon + 5s, "a", noon + 10s));
    CHECK_FALSE(window.take(noon + 5s, "a", noon + 10s));
    CHECK(window.take(noon + 5s, "b", noon + 10s));
    auto next = again(window);
    CHECK_FALSE(next.take(noon + 5s, "a", noon + 20s));
    CHECK_FALSE(next.take(noon + 5s, "b", noon + 20s));
    CHECK(next.take(noon + 5s, "c", noon + 20s));
    CHECK_FALSE(next.take(noon, "of the beginning", noon + 20s));
    CHECK_FALSE(next.take(noon - 1h, "older", noon + 20s));
}

TEST_CASE("an entry that comes late under an earlier time is found within the reach", "[net]")
{
    net::seen_window window{noon - 3h};
    CHECK(window.take(noon, "on time", noon));
    auto next = again(window);
    CHECK(next.from() == noon - 1h);
    CHECK(next.take(noon - 59min, "late", noon + 1min));
    CHECK_FALSE(next.take(noon - 1h, "too late", noon + 1min));
}

TEST_CASE("an entry that dates itself ahead does not hide the others, and is given once", "[net]")
{
    net::seen_window window{noon};
    CHECK(window.take(noon + 24h, "from tomorrow", noon + 1min));
    auto next = again(window);
    CHECK(next.from() == noon);
    CHECK(next.take(noon + 2min, "of today", noon + 3min));
    for (auto now = noon + 10min; now < noon + 30h; now += 10min) {
        CHECK_FALSE(next.take(noon + 24h, "from tomorrow", now));
        CHECK(next.take(now, "at " + format_utc(now), now));
        next = again(next);
    }
}

TEST_CASE("a flood is remembered in part, and those of one moment are never parted", "[net]")
{
    net::seen_window window{noon};
    for (int number = 0; number < 3'000; ++number)
        CHECK(window.take(noon + 1s * (number / 600 + 1), "n" + std::to_string(number), noon + 1h));
    auto next = again(window);
    CHECK(next.from() == noon + 4s - 1ms);  // the last two groups: the last alone would be too few
    for (int number = 1'800; number < 3'000; ++number)
        CHECK_FALSE(next.take(noon + 1s * (number / 600 + 1), "n" + std::to_string(number), noon + 1h));
    CHECK_FALSE(next.take(noon + 3s, "n1799", noon + 1h));
    CHECK(next.take(noon + 4s, "one more", noon + 1h));
    CHECK(window.text().size() < 1'300 * 26);
}

TEST_CASE("no other text is a window", "[net]")
{
    CHECK(net::seen_window::read("1 1772452800000").has_value());
    CHECK(net::seen_window::read("1 -5 3:00000000000000ff").has_value());
    for (const auto* text : {"", "1", "1 ", "2 1772452800000", "1 x", "1 5 6", "1 5 6:", "1 5 -6:ff", "1 5 6:xx", "1 5 6:ff7:ff",
                             "1 5 6:ff x", "1 99999999999999999999", "1 5 6:11112222333344445"}) {
        CAPTURE(text);
        CHECK_FALSE(net::seen_window::read(text).has_value());
    }
}

}  // namespace test_seen_window
