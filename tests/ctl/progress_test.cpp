#include <sstream>

#include "daemon/ctl/progress.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

document at_work(int held, const std::string& more = {})
{
    return parsed(crisis(
        false, "", account("a", R"(,"total":4,"held":)" + std::to_string(held) + more) + "," + account("b", R"(,"total":0)")));
}

}  // namespace

TEST_CASE("piped progress is one line for each change of an account", "[ctl]")
{
    std::ostringstream out;
    progress drawing{out, progress_style::lines};
    drawing.show(at_work(0));
    drawing.show(at_work(0));
    drawing.show(at_work(3, R"(,"escaped":1,"summary":"waiting")"));
    CHECK(out.str() == "a: 0 of 4 held\nb: 0 of 0 held\na: 3 of 4 held, 1 escaped, summary waiting\n");
}

TEST_CASE("bars are drawn again in place, and only when something changed", "[ctl]")
{
    std::ostringstream out;
    progress drawing{out, progress_style::bars};
    drawing.show(at_work(2));
    auto first = out.str();
    CHECK(first.find("a  [############............] 2/4") != std::string::npos);
    CHECK(first.find("\x1b[2A") == std::string::npos);
    drawing.show(at_work(2));
    CHECK(out.str() == first);
    drawing.show(at_work(4));
    auto second = out.str().substr(first.size());
    CHECK(second.starts_with("\x1b[2A"));
    CHECK(second.find("a  [########################] 4/4") != std::string::npos);
}

TEST_CASE("more accounts than lines: those with work left, and a number for the rest", "[ctl]")
{
    std::string accounts;
    for (int i = 0; i < 10; ++i)
        accounts +=
            (i == 0 ? "" : ",") + account("a" + std::to_string(i), i < 5 ? R"(,"total":1,"held":1)" : R"(,"total":1,"held":0)");
    std::ostringstream out;
    progress drawing{out, progress_style::bars, 6};
    drawing.show(parsed(crisis(false, "", accounts)));
    CHECK(out.str().find("a5") != std::string::npos);
    CHECK(out.str().find("a0") == std::string::npos);
    CHECK(out.str().find("5 accounts done, 3 more at work") != std::string::npos);
}

TEST_CASE("with -o json nothing is drawn", "[ctl]")
{
    std::ostringstream out;
    progress drawing{out, progress_style::none};
    drawing.show(at_work(2));
    CHECK(out.str().empty());
}
