#include <cstdlib>
#include <sstream>

#include "daemon/ctl/print.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

TEST_CASE("text from outside cannot steer a terminal", "[ctl]")
{
    struct pair {
        const char* name;
        std::string given;
        std::string shown;
    };
    const pair pairs[] = {
        {"plain", "Half price", "Half price"},
        {"letters of everywhere", "Őszi akció, 半价, скидка", "Őszi akció, 半价, скидка"},
        {"an escape sequence loses its escape", "a\x1b[2Jb", "a [2Jb"},
        {"the eight-bit form of one",
         "a\xC2\x9B"
         "31mb",
         "a 31mb"},
        {"line ends are one blank", "a\r\n\n\tb", "a b"},
        {"line and paragraph separators",
         "a\xE2\x80\xA8"
         "b",
         "a b"},
        {"right-to-left override",
         "a\xE2\x80\xAE"
         "b",
         "a b"},
        {"isolates",
         "a\xE2\x81\xA6"
         "b",
         "a b"},
        {"a NUL", std::string{"a\0b", 3}, "a b"},
        {"broken UTF-8",
         "a\xFF"
         "b\xC3",
         "a\xEF\xBF\xBD"
         "b\xEF\xBF\xBD"},
        {"overlong slash", "a\xC0\xAF", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    for (const auto& [name, given, shown] : pairs) {
        INFO(name);
        CHECK(safe(given) == shown);
    }
}

TEST_CASE("what is too wide is cut and says so", "[ctl]")
{
    CHECK(shorten("abcdef", 6) == "abcdef");
    CHECK(shorten("abcdefg", 6) == "abc...");
    CHECK(shorten("abc", 2) == "..");
}

TEST_CASE("a moment is a clock and a distance", "[ctl]")
{
    auto now = at("2026-03-01T14:30:00Z");
    CHECK(moment_of("2026-03-01T14:35:00Z", now) == "14:35 UTC (in 5m)");
    CHECK(moment_of("2026-03-01T14:29:30Z", now) == "14:29:30 UTC (30s ago)");
    CHECK(moment_of("2026-03-02T14:30:00Z", now) == "2026-03-02 14:30 UTC (in 1d)");
    CHECK(moment_of("2026-03-01T13:00:20Z", now) == "13:00:20 UTC (1h29m ago)");
    CHECK(moment_of(document(nullptr), now) == "never");
    CHECK(clock_of("yesterday", now) == "never");
}

TEST_CASE("a table is aligned and its last column takes the rest", "[ctl]")
{
    table rows;
    rows.row({"a/1", "held", "a text that is too long for this"});
    rows.row({"acme/22", "manual", ""});
    std::ostringstream out;
    rows.print(out, 30);
    CHECK(out.str() == "a/1      held    a text tha...\nacme/22  manual\n");
}

TEST_CASE("a member that is missing or of another kind is nothing, not an error", "[ctl]")
{
    auto value = document::parse(R"({"name":5,"number":"x","flag":1,"text":"a\u001bb"})");
    CHECK(text_of(value, "name").empty());
    CHECK(text_of(value, "text") == "a b");
    CHECK(number_of(value, "number") == 0);
    CHECK_FALSE(flag_of(value, "flag"));
    CHECK(member_of(value, "absent").is_null());
    CHECK(member_of(document(nullptr), "x").is_null());
    CHECK(count(1, "post") == "1 post");
    CHECK(count(0, "post") == "0 posts");
}
