// halfmast drill from outside, against a daemon that follows a script: the way of a raise, in words that nobody mistakes.
#include <filesystem>

#include <nlohmann/json.hpp>

#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A crisis document made one of a drill.
std::string drilled(std::string message)
{
    const std::string id = R"("id":"c-1",)";
    return message.insert(message.find(id), R"("drill":true,)");
}

const std::string sand = account("sand", R"(,"total":2,"held":2,"summary":"pinned")");
const std::string held_in_drill = drilled(crisis(true, R"("held":2)", sand));

}  // namespace

TEST_CASE("drill asks for the same as raise, marked, and says at the end how it ends", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{here / "sock", [](const asked& request) {
                           auto text = held_in_drill;
                           text.insert(text.size() - 1, R"(,"created":true)");
                           return answered{request.method == "POST" ? 201 : 200, text};
                       }};
    auto told = run_halfmast(
        {"drill", "outage", "--reason", "first Monday", "--scope", "brand=acme", "--owner", "dana", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(says(told.out, "The drill is on: DRILL c-1 outage (major)"));
    CHECK(told.last_line() == "DRILL: 2 held and confirmed; summary pinned on 1 of 1 account; it ends with 'halfmast lower c-1'");
    REQUIRE_FALSE(daemon.log().empty());
    CHECK(parsed(daemon.log()[0].body).dump()
          == R"({"playbook":"outage","reason":"first Monday","scope":{"brand":"acme"},"owner":"dana","drill":true})");
    auto json = run_halfmast({"drill", "-o", "json", "--socket", here / "sock"}).json();
    CHECK(json["schema"] == "halfmast.drill/1");
    CHECK(json["crisis"]["drill"] == true);
    CHECK(json["sentence"].get<std::string>().starts_with("DRILL: "));
    // The same message under another command is marked as well.
    CHECK(run_halfmast({"raise", "--socket", here / "sock"}).last_line().starts_with("DRILL: "));
}

TEST_CASE("drill -n shows what it would do", "[ctl][program]")
{
    folder here;
    std::string plan = R"({"schema":"halfmast.plan/1","playbook":"outage","severity":"major","drill":true,)"
                       R"("accounts":[{"id":"sand","would_hold":0,"leaves":2,"rungs":{}}],"statements":[],"posts":[]})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, plan}; }};
    auto told = run_halfmast({"drill", "-n", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.last_line() == "Nothing was done. A DRILL of 'outage' (major) would hold 0 posts of 1 account");
    CHECK(parsed(daemon.log()[0].body).dump() == R"({"drill":true})");
    CHECK(daemon.times("POST", "/crises/preview") == 1);
}

TEST_CASE("a drill that nothing is there for is refused; one without a daemon is not kept for later", "[ctl][program]")
{
    folder here;
    const std::string why = "drill: there is no practice account";
    fake_daemon daemon{here / "sock", [&](const asked&) { return problem(422, 3, "not-possible", why); }};
    auto none = run_halfmast({"drill", "--socket", here / "sock"});
    CHECK(none.code == 3);
    CHECK(says(none.err, "there is no practice account"));

    auto down = run_halfmast({"drill", "--socket", here / "nobody", "--state-dir", here.path()});
    CHECK(down.code == 7);
    CHECK(says(down.err, "nothing was kept for later"));
    CHECK_FALSE(std::filesystem::exists(here / "spool"));
    CHECK(run_halfmast({"drill", "--direct", "--socket", here / "sock"}).code == 2);
}

TEST_CASE("status shows a drill in a frame of its own, and counts it apart", "[ctl][program]")
{
    folder here;
    auto flag = [](const std::string& id, const std::string& more, int number) {
        return R"({"id":")" + id
               + R"(","playbook":"outage","severity":"major","raised_at":"2026-03-01T14:30:00Z",)"
                 R"("raised_by":"dana","phase":"raised","scope":{},"holds":{"held":)"
               + std::to_string(number) + R"(},"summary":{})" + more + "}";
    };
    std::string crises = flag("c-1", R"(,"drill":true)", 2);
    fake_daemon daemon{
        here / "sock", [&](const asked&) {
            return answered{200,
                            R"({"schema":"halfmast.status/1","crises":[)" + crises
                                + R"(],"accounts":[{"id":"sand",)"
                                  R"("connector":"mastodon","practice":true,"reachable":true,"queued":1,)"
                                  R"("last_poll":"2026-03-01T14:30:00Z"}],"degraded":[],"pages":[{"key":"drill-crisis/c-1",)"
                                  R"("drill":true,"severity":"major","what":"c-1 was raised","since":"2026-03-01T14:30:00Z"}]})"};
        }};
    auto only = run_halfmast({"status", "--socket", here / "sock"});
    CHECK(only.code == 0);
    CHECK(says(only.out, "+-- DRILL: practice accounts only"));
    CHECK(says(only.out, "\n| DRILL c-1 outage (major)"));
    CHECK(says(only.out, "\n|   posts: 2 held"));
    CHECK(says(only.out, "+-- it ends with: halfmast lower c-1 --"));
    CHECK(says(only.out, "sand (practice)"));
    CHECK(says(only.out, "DRILL page: c-1 was raised"));
    CHECK(only.last_line() == "No flag is up; 1 DRILL is on.");
    crises += "," + flag("c-2", "", 3);
    auto both = run_halfmast({"status", "--socket", here / "sock"});
    CHECK(says(both.out, "\nc-2 outage (major)"));
    CHECK(both.last_line() == "1 flag is up: 3 held and confirmed; 1 DRILL is on.");
}

TEST_CASE("lower says that it was a drill, and names which is one when both are up", "[ctl][program]")
{
    folder here;
    std::string flags = R"({"id":"c-1","phase":"raised","drill":true})";
    fake_daemon daemon{here / "sock", [&](const asked& request) {
                           if (request.target == "/api/v1/status")
                               return answered{200, R"({"crises":[)" + flags + "]}"};
                           return answered{200, drilled(crisis(true, R"("held":3)", account("sand", R"(,"summary":"unpinned")")))};
                       }};
    auto told = run_halfmast({"lower", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.last_line().starts_with("DRILL: the drill c-1 is over; nothing was released"));
    flags += R"(,{"id":"c-2","phase":"raised"})";
    auto both = run_halfmast({"lower", "--socket", here / "sock"});
    CHECK(both.code == 2);
    CHECK(says(both.err, "c-1 is a DRILL, c-2"));
}
