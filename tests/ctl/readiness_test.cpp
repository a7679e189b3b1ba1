// Readiness as people read it: status, doctor and plan against a daemon that says what a test wants.
#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace readiness_test {

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string ready_account(const std::string& id, const std::string& ready)
{
    return R"({"id":")" + id
           + R"(","connector":"wordpress","reachable":true,"last_poll":"2026-03-01T14:00:00Z","queued":0,"ready":)" + ready + "}";
}

std::string status(const std::string& accounts)
{
    return R"({"schema":"halfmast.status/1","crises":[],"accounts":[)" + accounts + R"(],"degraded":[]})";
}

}  // namespace

TEST_CASE("status has one line for each account that is not wholly ready", "[ctl][program][readiness]")
{
    folder here;
    std::string body = status(
        ready_account("fine", R"({"ok":true,"lost":[],"trouble":null,"credential_ends":null})") + ","
        + ready_account("new", R"({"ok":null,"lost":[],"trouble":null,"credential_ends":null})") + ","
        + ready_account(
            "weak",
            R"({"ok":false,"lost":[{"ability":"hold","rung":"draft","since":"2026-03-01T14:00:00Z","detail":"give it the role\u001b[2J Editor"},)"
            R"({"ability":"publish","rung":null,"since":"2026-03-01T14:00:00Z","detail":"x"}],"trouble":null,"credential_ends":null})")
        + "," + ready_account("far", R"({"ok":false,"lost":[],"trouble":"credential: no route","credential_ends":null})") + ","
        + ready_account("old", R"({"ok":false,"lost":[],"trouble":null,"credential_ends":"2026-03-09T08:00:00Z"})"));
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    auto told = run_halfmast({"status", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "NOT READY: weak: hold by draft, publish, since 2026-03-01 14:00 UTC"));
    CHECK(has(told.out, "give it the role [2J Editor\n"));
    CHECK(has(told.out, "Not known to be ready: far: credential: no route\n"));
    CHECK(has(told.out, "Ends soon: the credential of old, 2026-03-09 08:00 UTC\n"));
    CHECK(has(told.out, "Ready for a crisis: 1 of 5 accounts, 1 not tried yet\n"));
    CHECK_FALSE(has(told.out, "NOT READY: fine"));
    CHECK_FALSE(has(told.out, "\x1b"));
}

TEST_CASE("a daemon that tells nothing of readiness is shown as before", "[ctl][program][readiness]")
{
    folder here;
    std::string body = status(R"({"id":"a","connector":"ghost","reachable":true,"last_poll":"2026-03-01T14:00:00Z","queued":0})");
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    CHECK_FALSE(has(run_halfmast({"status", "--socket", here / "sock"}).out, "Ready for a crisis"));
}

TEST_CASE("doctor says when a credential ends", "[ctl][program][readiness]")
{
    folder here;
    std::string body =
        R"({"schema":"halfmast.doctor/1","ok":true,"accounts":[{"id":"a","connector":"ghost","checks":[)"
        R"({"what":"credential","ok":true,"detail":"","ability":"credential","rung":null,"by_person":false,"ends":"2026-03-09T08:00:00Z"}]}],"degraded":[]})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    auto told = run_halfmast({"doctor", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.out == "ok   a: credential, ends 2026-03-09 08:00 UTC\nAll is well: 1 check\n");
}

TEST_CASE("a plan names the rung that an account is not ready for", "[ctl][program][readiness]")
{
    folder here;
    std::string body =
        R"({"schema":"halfmast.plan/1","playbook":"outage","severity":"major","posts":[{"id":"a/1","due":"2026-03-01T14:00:00Z","class":"promotional",)"
        R"("would_hold":true,"rung":"draft","doubt":"the role is Author","text":"Sale"}],"statements":[],"accounts":[{"id":"a","would_hold":1,"leaves":0,)"
        R"("rungs":{"draft":1},"not_ready":{"draft":"the role is Author"},"quiet_in":null}]})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    auto told = run_halfmast({"plan", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "draft (NOT READY)"));
    CHECK(has(told.out, "NOT READY: a to hold by draft: the role is Author\n"));
}

}  // namespace readiness_test
