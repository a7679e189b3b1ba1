#include "daemon/net/header_value.hpp"

#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace std::chrono_literals;

TEST_CASE("a count is digits and nothing else", "[net]")
{
    CHECK(net::whole_number("0") == 0);
    CHECK(net::whole_number("9007199254740993") == 9'007'199'254'740'993);
    for (const auto* wrong : {"", " 1", "1 ", "-1", "+1", "1.5", "1, 1", "ten", "99999999999999999999"})
        CHECK_FALSE(net::whole_number(wrong).has_value());
}

TEST_CASE("a wait is read however it is written", "[net]")
{
    const auto now = *parse_rfc3339("2026-03-02T14:00:00Z");
    CHECK(net::wait_of("90", now, 24h) == 90s);
    CHECK(net::wait_of("0", now, 24h) == 0s);
    CHECK(net::wait_of("1772460090", now, 24h) == 90s);
    CHECK(net::wait_of("1772460090500", now, 24h) == 90'500ms);
    CHECK(net::wait_of("2026-03-02T14:01:30Z", now, 24h) == 90s);
    CHECK(net::wait_of("Mon, 02 Mar 2026 14:01:30 GMT", now, 24h) == 90s);

    // Never longer, whatever a wrong header says, and never back in time.
    CHECK(net::wait_of("999999999", now, 24h) == 24h);
    CHECK(net::wait_of("Wed, 02 Mar 2050 14:01:30 GMT", now, 1h) == 1h);
    CHECK(net::wait_of("9223372036854775807", now, 24h) == 24h);
    CHECK(net::wait_of("Mon, 02 Mar 2026 13:00:00 GMT", now, 24h) == 0s);

    CHECK_FALSE(net::wait_of("soon", now, 24h).has_value());
    CHECK_FALSE(net::wait_of("", now, 24h).has_value());
    CHECK_FALSE(net::wait_of("-5", now, 24h).has_value());
    CHECK_FALSE(net::wait_of("Mon, 02 Mar 2026 14:01:30 GMT", std::nullopt, 24h).has_value());
    CHECK(net::wait_of("90", std::nullopt, 24h) == 90s);
}
