// The account's keys, through the loader of the settings.
#include <algorithm>

#include "daemon/settings/settings.hpp"
#include "tests/connectors/exec/support.hpp"

using namespace halfmast;
using namespace halfmast::exec_test;
using namespace std::chrono_literals;

namespace {

settings::loaded load(const house& here, const std::string& keys)
{
    std::ofstream(here.path("main.toml")) << "[[account]]\nid = \"acme-folder\"\nconnector = \"exec\"\n" << keys;
    static const std::vector<connector_room> rooms{exec::room()};
    return settings::load(here.path("main.toml"), rooms);
}

std::string all_of(const settings::loaded& got)
{
    std::string all;
    for (const auto& one : got.faults)
        all += to_string(one) + "\n";
    return all;
}

}  // namespace

TEST_CASE("a program's settings are read whole", "[exec][load]")
{
    house here;
    here.program("pass");
    std::ofstream(here.path("secret")) << "t0ken\n";
    std::filesystem::permissions(here.path("secret"), std::filesystem::perms{0600});
    auto got = load(here, R"(program = "program.py"
arguments = ["a", "b c"]
rungs = ["draft", "postpone:10m", "native"]
publishes = true
pins = true
feed = true
release_margin = "5m"
timeout = "45s"
at_once = 3
most_pins = 2
text_limit = 500
counting = "weighted"
token = { file = "secret" }
)");
    INFO(all_of(got));
    REQUIRE(got.usable());
    const auto& where = got.value.accounts.at(0).declared;
    CHECK(where.rungs == std::vector<rung_offer>{{rung::native}, {rung::draft}, {rung::postpone, 600s}});
    CHECK(where.release_margin == 300s);
    CHECK(where.can_publish);
    CHECK(where.can_pin);
    CHECK(where.most_in_flight == 3);
    CHECK(where.most_pins == 2);
    CHECK(where.text_limit == 500);
    CHECK(where.counting == text_counting::weighted);
    const auto& own = static_cast<const exec::settings&>(*got.value.accounts.at(0).own);
    CHECK(own.account == "acme-folder");
    CHECK(own.program == here.path("program.py"));
    CHECK(own.arguments == std::vector<std::string>{"a", "b c"});
    CHECK(own.secret == "t0ken");
    CHECK(own.timeout == 45s);
}

TEST_CASE("every fault of a program's settings is named at once", "[exec][load]")
{
    house here;
    auto got = load(here, R"(program = "none.py"
rungs = ["takeout", "draft", "draft", "postpone:soon"]
pins = true
timeout = "1ms"
at_once = 0
release_margin = "long"
shell = true
)");
    CHECK_FALSE(got.usable());
    auto all = all_of(got);
    CAPTURE(all);
    for (const auto* part :
         {"main.toml:4:11: account acme-folder: program is not there (", "main.toml:5:9: account acme-folder: rungs 'takeout'",
          "rungs 'draft': stands there twice", "rungs 'postpone:soon'", "pins needs publishes = true",
          "timeout '1ms' must be a duration", "at_once must lie between 1 and 64", "release_margin 'long' must be a duration",
          "main.toml:10:1: account acme-folder: unknown key 'shell'"}) {
        CAPTURE(part);
        CHECK(all.find(part) != std::string::npos);
    }
}

TEST_CASE("a program that others could change, or that cannot be run, is refused", "[exec][load]")
{
    house here;
    here.program("pass");
    std::filesystem::permissions(here.path("program.py"), std::filesystem::perms{0777});
    CHECK(all_of(load(here, "program = \"program.py\"\n")).find("can be changed by every user") != std::string::npos);
    std::filesystem::permissions(here.path("program.py"), std::filesystem::perms{0600});
    CHECK(all_of(load(here, "program = \"program.py\"\n")).find("cannot be run") != std::string::npos);
    CHECK(all_of(load(here, "program = \"python3\"\n")).find("not looked for in PATH") != std::string::npos);
}
