// queue and audit list from outside.
#include <atomic>

#include <nlohmann/json.hpp>

#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace queue_test {

using halfmast::ctl::tests::problem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

answered post(const std::string& state, const std::string& more = {})
{
    return {
        200,
        R"({"schema":"halfmast.post/1","post":{"id":"a/1","account":"a","due":"2026-03-01T14:30:00Z","class":"promotional","why":[],"state":")"
            + state + R"(","rung":"draft","text":"Sale")" + more + "}}"};
}

}  // namespace

TEST_CASE("queue list asks for what was asked for, and shows text safely", "[ctl][program]")
{
    folder here;
    std::string list =
        R"({"schema":"halfmast.queue/1","posts":[{"id":"a/1","account":"a","due":"2026-03-01T14:30:00Z","class":"promotional",)"
        R"("why":[],"state":"held","rung":"draft","text":"Sale\n\u001b]0;x\u0007now"}],"next":"17~a/1"})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, list}; }};
    auto told = run_halfmast({"queue", "list", "--state", "held,manual", "--account", "a", "--class", "promotional", "--limit", "1",
                              "--cursor", "16~a/0", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.out == "a/1  2026-03-01 14:30 UTC  promotional  held  draft  Sale ]0;x now\n");
    CHECK(told.err == "There are more: --cursor '17~a/1'\n");
    CHECK(daemon.times("GET", "/posts?state=held%2Cmanual&account=a&class=promotional&limit=1&cursor=16~a%2F0") == 1);
    CHECK(run_halfmast({"queue", "list", "-o", "json", "--socket", here / "sock"}).out == list + "\n");
}

TEST_CASE("queue show and why give the daemon's document as it came", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{
        here / "sock", [&](const asked& request) {
            if (has(request.target, "/why"))
                return answered{
                    200,
                    R"({"schema":"halfmast.why/1","id":"a/1","class":"promotional","why":[{"rule":"judgement.promotional.tags","match":"promo"}],)"
                    R"("state":"held","sentence":"promotional, because 'promo' matches","hold":"held by draft"})"};
            return post(
                "held",
                R"(,"original":{"id":12345678901234567890123},"history":[{"at":"2026-03-01T14:00:00Z","actor":"dana","action":"hold_planned"}])");
        }};
    auto socket = here / "sock";
    CHECK(has(run_halfmast({"queue", "show", "a/1", "-o", "json", "--socket", socket}).out, "12345678901234567890123"));
    auto shown = run_halfmast({"queue", "show", "a/1", "--socket", socket});
    CHECK(shown.code == 0);
    CHECK(has(shown.out, "hold_planned"));
    auto why = run_halfmast({"queue", "why", "a/1", "--socket", socket});
    CHECK(why.out == "a/1  promotional, because 'promo' matches\n    judgement.promotional.tags: 'promo'\n  held by draft\n");
    CHECK(run_halfmast({"queue", "show", "a/1", "a/2", "-o", "json", "--socket", socket}).json()["posts"].size() == 2);
}

TEST_CASE("release waits until the post is read back", "[ctl][program]")
{
    folder here;
    std::atomic<int> looked{0};
    fake_daemon daemon{here / "sock", [&](const asked& request) {
                           if (request.method == "POST")
                               return post("releasing");
                           return ++looked < 2
                                      ? post("releasing")
                                      : post("rescheduled", R"(,"order":{"by":"dana","at":"2027-03-01T14:30:00Z","reason":""})");
                       }};
    auto told = run_halfmast({"queue", "release", "a/1", "--at", "2027-03-01T15:30:00+01:00", "--reason", "it is over",
                              "--during-crisis", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "a/1: rescheduled, goes out 2027-03-01 14:30 UTC\n"));
    auto log = daemon.log();
    CHECK(log[0].target == "/api/v1/posts/a/1/release");
    CHECK(log[0].body == R"({"at":"2027-03-01T14:30:00Z","reason":"it is over","during_crisis":true})");
    CHECK(log[1].target == "/api/v1/posts/a/1?brief=1");
    looked = 0;
    auto as_json = run_halfmast({"queue", "reschedule", "a/1", "--at", "+20min", "-o", "json", "--socket", here / "sock"}).json();
    CHECK(as_json["schema"] == "halfmast.queue-reschedule/1");
    CHECK(as_json["results"][0]["ok"] == true);
    CHECK(as_json["results"][0]["post"]["state"] == "rescheduled");
    CHECK(as_json["exit_code"] == 0);
}

TEST_CASE("a release that came to nothing is exit code 1, one that is not known yet 8", "[ctl][program]")
{
    folder here;
    std::string after = "held";
    fake_daemon daemon{here / "sock", [&](const asked& request) {
                           return request.method == "POST" ? post("releasing")
                                                           : post(after, R"(,"detail":"422: the platform refused it")");
                       }};
    auto told = run_halfmast({"queue", "release", "a/1", "--socket", here / "sock"});
    CHECK(told.code == 1);
    CHECK(told.out == "a/1: NOT released: it is held (422: the platform refused it)\n");
    after = "releasing";
    auto open = run_halfmast({"queue", "release", "a/1", "--wait", "300ms", "--socket", here / "sock"});
    CHECK(open.code == 8);
    CHECK(has(open.out, "NOT released yet"));
}

TEST_CASE("ids come from standard input, one line each; mixed results end with 8", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{here / "sock", [&](const asked& request) {
                           if (has(request.target, "/a/2/"))
                               return problem(409, 9, "wrong-state", "a/2 is escaped");
                           return post("kept");
                       }};
    run_input input;
    input.text = "a/1\n\n  a/2\r\na/1\n";
    auto told = run_halfmast({"queue", "keep", "-", "--socket", here / "sock"}, input);
    CHECK(told.code == 8);
    CHECK(told.out == "a/1: kept\na/2: NOT kept: a/2 is escaped\n1 of 2 posts kept\n");
    CHECK(daemon.log().size() == 2);
    auto message = run_halfmast({"queue", "keep", "-", "-o", "json", "--socket", here / "sock"}, input).json();
    CHECK(message["exit_code"] == 8);
    CHECK(message["results"][1]["type"] == "wrong-state");
    CHECK(message["results"][1]["exit_code"] == 9);
    input.text = "a/2\n";
    CHECK(run_halfmast({"queue", "keep", "-", "--socket", here / "sock"}, input).code == 9);
}

TEST_CASE("audit list shows records, newest first, and where it goes on", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{
        here / "sock", [&](const asked&) {
            return answered{
                200,
                R"({"schema":"halfmast.audit/1","records":[{"seq":7,"at":"2026-03-01T14:30:00Z","kind":"hold_planned","actor":"dana",)"
                R"("account":"a","post":"1","outcome":"intent","why":"fire"}],"next":7})"};
        }};
    auto told = run_halfmast({"audit", "list", "--target", "a/1", "--limit", "1", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.out == "7  2026-03-01 14:30 UTC  hold_planned  intent  dana  a/1  fire\n");
    CHECK(told.err == "There are older ones: --before 7\n");
    CHECK(daemon.times("GET", "/audit?target=a%2F1&limit=1") == 1);
}

TEST_CASE("audit silence names what got out", "[ctl][program]")
{
    folder here;
    std::string escaped =
        R"(,{"id":"a/2","state":"escaped","escaped_as":"99","due":"2026-03-01T14:30:00Z","old_due":"2026-03-01T14:30:00Z","unseen_at":null,"silence_proved":false})";
    fake_daemon daemon{
        here / "sock", [&](const asked&) {
            return answered{
                200,
                R"({"posts":[{"id":"a/1","state":"held","old_due":"2026-03-01T14:00:00Z","unseen_at":"2026-03-01T14:05:00Z","silence_proved":true})"
                    + escaped + R"(],"next":null})"};
        }};
    auto told = run_halfmast({"audit", "silence", "c-1", "--socket", here / "sock"});
    CHECK(told.code == 1);
    CHECK(has(told.out, "a/1  silent   due 2026-03-01 14:00 UTC  not in the feed at 2026-03-01 14:05 UTC  held"));
    CHECK(has(told.out, "a/2  escaped  due 2026-03-01 14:30 UTC  went out as 99"));
    CHECK(told.last_line() == "2 holds of c-1: 1 escaped, silence is proved for 1");
    escaped.clear();
    auto message = run_halfmast({"audit", "silence", "c-1", "-o", "json", "--socket", here / "sock"});
    CHECK(message.code == 0);
    CHECK(message.json()["schema"] == "halfmast.audit-silence/1");
    CHECK(message.json()["proved"] == 1);
    CHECK(message.json()["posts"][0]["unseen_at"] == "2026-03-01T14:05:00Z");
    CHECK(message.json()["posts"][0]["verdict"] == "silent");
}

}  // namespace queue_test
