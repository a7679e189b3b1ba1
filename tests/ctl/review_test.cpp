// queue release with its conditions, note, judge, second and asks from outside.
#include <nlohmann/json.hpp>

#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

answered post_in(const std::string& state, const std::string& beside = {}, const std::string& within = {})
{
    return {
        202,
        R"({"schema":"halfmast.post/1","post":{"id":"a/1","account":"a","due":"2026-03-01T14:30:00Z","class":"promotional","why":[],"state":")"
            + state + R"(","rung":"draft","text":"Sale")" + within + "}" + beside + "}"};
}

answered refused(int status, int code, const std::string& type, const std::string& more)
{
    return {status, R"({"type":"urn:halfmast:problem:)" + type + R"(","title":"t","status":)" + std::to_string(status)
                        + R"(,"detail":"d","exit_code":)" + std::to_string(code) + more + "}"};
}

}  // namespace

TEST_CASE("release sends its conditions, and says what waits for a second person", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{here / "sock", [&](const asked&) { return post_in("held", R"(,"waits_for_second":true,"ask":"a-1")"); }};
    auto told = run_halfmast({"queue", "release", "a/1", "--shift", "--text", "We are back", "--break-glass", "nobody is awake",
                              "--seen", "p-1", "--etag", "p-2", "--socket", here / "sock"});
    CHECK(told.code == 8);
    CHECK(holds(told.out, "halfmast queue second a-1"));
    CHECK(daemon.log()[0].body == R"({"shift":true,"text":"We are back","break_glass":"nobody is awake","seen":"p-1"})");
    CHECK(daemon.log().size() == 1);  // nothing is on its way
}

TEST_CASE("what another one changed, changed at its source, or stands too near is said with what goes on from there",
          "[ctl][program]")
{
    folder here;
    answered next =
        refused(412, 9, "stale", R"(,"current":{"etag":"p-9","by":"jon","at":"2026-03-01T14:00:00Z","action":"post_kept"})");
    fake_daemon daemon{here / "sock", [&](const asked&) { return next; }};
    auto socket = here / "sock";
    auto told = run_halfmast({"queue", "keep", "a/1", "--etag", "p-1", "-o", "json", "--socket", socket});
    CHECK(told.code == 9);
    CHECK(told.json()["by"] == "jon");
    CHECK(told.json()["etag"] == "p-9");
    next = refused(409, 9, "changed-at-source", R"(,"difference":{"before":"Sale","after":"Lottery"},"etag":"p-3")");
    told = run_halfmast({"queue", "release", "a/1", "--socket", socket});
    CHECK(told.code == 9);
    CHECK(holds(told.err, "Lottery"));
    CHECK(holds(told.err, "--seen p-3"));
    next = refused(409, 1, "too-near", R"(,"free_at":"2026-03-01T15:15:00Z")");
    CHECK(run_halfmast({"queue", "release", "a/1", "-o", "json", "--socket", socket}).json()["free_at"] == "2026-03-01T15:15:00Z");
}

TEST_CASE("note, judge, second and asks ask for what they say", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{
        here / "sock", [&](const asked& request) {
            if (request.target.ends_with("/asks"))
                return answered{
                    200,
                    R"({"schema":"halfmast.asks/1","asks":[{"id":"a-2","kind":"lower","crisis":"c-1","post":null,"by":"jon","at":"2026-03-01T14:00:00Z","reason":"over","due":null,"text":null}]})"};
            if (request.method == "GET")
                return post_in("held", "",
                               R"(,"waits_for_second":{"ask":"a-1","by":"jon","at":"2026-03-01T14:00:00Z"},"notes":[])");
            if (request.target.ends_with("/a-2/second"))
                return answered{200, R"({"schema":"halfmast.crisis/1","crisis":{"id":"c-1","phase":"lowered"}})"};
            return post_in("releasing", "", R"(,"order":{"by":"jon","at":"2026-03-01T15:15:00Z","reason":""})");
        }};
    auto socket = here / "sock";
    CHECK(run_halfmast({"queue", "note", "a/1", "--text", "ask legal", "--socket", socket}).out == "a/1: noted\n");
    CHECK(run_halfmast({"queue", "judge", "a/1", "a/2", "--class", "neutral", "-o", "json", "--socket", socket})
              .json()["results"]
              .size()
          == 2);
    CHECK(holds(run_halfmast({"queue", "second", "a/1", "--reason", "read it", "--socket", socket}).out, "agreed"));
    CHECK(holds(run_halfmast({"queue", "second", "c-1", "--socket", socket}).out, "lowered"));
    CHECK(holds(run_halfmast({"queue", "asks", "--socket", socket}).out, "lower c-1"));
    CHECK(daemon.times("POST", "/posts/a/1/note") == 1);
    CHECK(daemon.times("POST", "/asks/a-1/second") == 1);
    CHECK(daemon.times("POST", "/asks/a-2/second") == 1);
    CHECK(daemon.log()[0].body == R"({"text":"ask legal"})");
}
