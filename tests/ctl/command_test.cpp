// The built program from outside: help, wrong usage, errors in both forms, a daemon that is down.
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::vector<std::vector<std::string>> commands{
    {"raise"},
    {"status"},
    {"plan"},
    {"lower"},
    {"queue"},
    {"queue", "list"},
    {"queue", "show"},
    {"queue", "why"},
    {"queue", "hold"},
    {"queue", "release"},
    {"queue", "reschedule"},
    {"queue", "keep"},
    {"say"},
    {"say", "draft"},
    {"say", "publish"},
    {"say", "correct"},
    {"say", "undo"},
    {"say", "approve"},
    {"say", "owner"},
    {"say", "reply"},
    {"say", "replies"},
    {"say", "drop"},
    {"tasks"},
    {"tasks", "list"},
    {"tasks", "done"},
    {"pages"},
    {"pages", "list"},
    {"pages", "ack"},
    {"audit"},
    {"audit", "list"},
    {"audit", "verify"},
    {"audit", "export"},
    {"audit", "silence"},
    {"check-config"},
    {"doctor"},
    {"judge"},
    {"help"},
};

}  // namespace

TEST_CASE("every command has help, and the leaves have examples", "[ctl][program]")
{
    for (auto words : commands) {
        auto name = "halfmast " + words[0] + (words.size() > 1 ? " " + words[1] : "");
        INFO(name);
        words.emplace_back("--help");
        auto told = run_halfmast(words);
        CHECK(told.code == 0);
        CHECK(has(told.out, "Usage: " + name));
        bool is_group = has(told.out, "Subcommands:") || words[0] == "help";
        CHECK((is_group || has(told.out, "Examples:\n")));
        CHECK(has(told.out, "Options of every command"));
        CHECK(told.err.empty());
    }
    auto overview = run_halfmast({"--help"});
    CHECK(overview.code == 0);
    for (const auto& words : commands)
        CHECK(has(overview.out, "\n  " + words[0]));
    CHECK(run_halfmast({"--version"}).out == std::string{"halfmast "} + HALFMAST_VERSION + "\n");
}

TEST_CASE("help has topics, and knows commands by name", "[ctl][program]")
{
    auto codes = run_halfmast({"help", "exit-codes"});
    CHECK(codes.code == 0);
    for (const char* code : {"  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  6  ", "  7  ", "  8  ", "  9  ", "130  "})
        CHECK(has(codes.out, code));
    CHECK(has(run_halfmast({"help", "environment"}).out, "HALFMAST_SOCKET"));
    CHECK(has(run_halfmast({"help", "formats"}).out, "halfmast.error/1"));
    CHECK(has(run_halfmast({"help", "queue", "list"}).out, "Usage: halfmast queue list"));
    auto unknown = run_halfmast({"help", "exit-code"});
    CHECK(unknown.code == 2);
    CHECK(has(unknown.err, "Did you mean 'exit-codes'?"));
}

TEST_CASE("wrong usage ends with 2, changes nothing, and says what was probably meant", "[ctl][program]")
{
    struct slip {
        std::vector<std::string> words;
        const char* says;
    };
    const slip slips[] = {
        {{}, "needs a command"},
        {{"rase"}, "Did you mean 'raise'?"},
        {{"rase", "outage", "--reason", "x"}, "Did you mean 'raise'?"},
        {{"queue"}, "'halfmast queue' needs a command"},
        {{"queue", "relase", "a/1"}, "Did you mean 'release'?"},
        {{"raise", "--resaon", "x"}, "Did you mean '--reason'?"},
        {{"status", "now"}, "does not know what to do with 'now'"},
        {{"raise", "a", "b"}, "does not know what to do with 'b'"},
        {{"raise", "--severity", "majr"}, "Did you mean 'major'?"},
        {{"raise", "--scope", "acme"}, "must be label=value"},
        {{"raise", "--next-update", "soon"}, "is no duration"},
        {{"raise", "--next-update", "0"}, "more than 0"},
        {{"raise", "--wait", "60"}, "is no duration"},
        {{"raise", "-n", "--direct"}, "excludes"},
        {{"status", "-o", "xml"}, "xml"},
        {{"queue", "show"}, "required"},
        {{"queue", "show", "123"}, "ACCOUNT/POST"},
        {{"queue", "reschedule", "a/1"}, "--at"},
        {{"queue", "release", "a/1", "--at", "tomorrow"}, "is no time"},
        {{"queue", "keep", "-"}, "no post was named on standard input"},
        {{"audit", "export", "--format", "csv"}, "csv"},
        {{"say", "correct"}, "--about"},
        {{"say", "publish", "--next-update", "0"}, "more than 0"},
        {{"say", "draft", "--update", "--correct"}, "excludes"},
        {{"lower", "--now"}, "--all-clear"},
        {{"tasks", "done"}, "ID"},
    };
    folder here;
    fake_daemon daemon{here / "sock", [](const asked&) { return answered{}; }};
    for (const auto& [words, says] : slips) {
        INFO(says);
        run_input input;
        input.env["HALFMAST_SOCKET"] = here / "sock";
        auto told = run_halfmast(words, input);
        CHECK(told.code == 2);
        CHECK(has(told.err, says));
        CHECK(told.out.empty());

        auto with_json = words;
        with_json.emplace_back("-ojson");
        if (has(says, "xml"))
            continue;
        auto as_json = run_halfmast(with_json, input);
        CHECK(as_json.code == 2);
        CHECK(as_json.json()["schema"] == "halfmast.error/1");
        CHECK(as_json.json()["type"] == "usage");
        CHECK(as_json.json()["exit_code"] == 2);
        CHECK(has(as_json.json()["detail"], says));
    }
    CHECK(daemon.log().empty());
}

TEST_CASE("a daemon that is down is exit code 7, with what to do", "[ctl][program]")
{
    folder here;
    auto nobody = here / "sock";
    for (auto words : std::vector<std::vector<std::string>>{{"status"},
                                                            {"plan"},
                                                            {"lower"},
                                                            {"lower", "c-1"},
                                                            {"queue", "list"},
                                                            {"queue", "show", "a/1"},
                                                            {"queue", "hold", "a/1", "a/2"},
                                                            {"say", "approve"},
                                                            {"audit", "list"},
                                                            {"raise", "-n"},
                                                            {"status", "--watch"},
                                                            {"say", "publish"},
                                                            {"say", "approve", "r-1"},
                                                            {"say", "draft"},
                                                            {"say", "undo", "c-1"},
                                                            {"tasks", "list"},
                                                            {"tasks", "done", "t-1"},
                                                            {"pages", "list"},
                                                            {"pages", "ack"},
                                                            {"doctor", "--pages"}}) {
        INFO(words[0]);
        words.insert(words.begin(), {"--socket", nobody});
        auto told = run_halfmast(words);
        CHECK(told.code == 7);
        CHECK(has(told.err, "systemctl start halfmastd"));
        CHECK(has(told.err, nobody));
        words.insert(words.end(), {"-o", "json"});
        auto as_json = run_halfmast(words);
        CHECK(as_json.code == 7);
        CHECK(as_json.json()["type"] == "unreachable");
        CHECK(as_json.err.empty());
    }
}

TEST_CASE("a raise while the daemon is down is kept where the settings say", "[ctl][program]")
{
    folder here;
    here.write("halfmast.toml", "[daemon]\nstate_dir = \"" + here.path() + "\"\n");
    std::vector<std::string> words{"raise",   "outage",     "--reason",    "it \"burns\"", "--severity",          "3",
                                   "--scope", "brand=acme", "--scope",     "region=eu",    "--next-update",       "30m",
                                   "--now",   "--socket",   here / "sock", "--config",     here / "halfmast.toml"};
    auto told = run_halfmast(words);
    CHECK(told.code == 7);
    CHECK(has(told.err, "systemctl start halfmastd"));
    CHECK(has(told.err, "halfmast raise --direct"));
    CHECK(has(told.err, "NOTHING is held"));
    auto names = here.names("spool");
    REQUIRE(names.size() == 1);
    CHECK(has(told.err, here / ("spool/" + *names.begin())));
    auto kept = parsed(here.read("spool/" + *names.begin()));
    CHECK(kept["playbook"] == "outage");
    CHECK(kept["reason"] == "it \"burns\"");
    CHECK(kept["severity"] == "critical");
    CHECK(kept["scope"].dump() == R"({"brand":"acme","region":"eu"})");
    CHECK(kept["next_update"] == "30m");
    CHECK(kept["now"] == true);
    CHECK_FALSE(kept["by"].get<std::string>().empty());
    CHECK(halfmast::parse_rfc3339(kept["at"].get<std::string>()).has_value());
    CHECK(kept.size() == 8);

    words.insert(words.end(), {"-o", "json"});
    auto as_json = run_halfmast(words);
    CHECK(as_json.code == 7);
    CHECK(as_json.json()["type"] == "spooled");
    CHECK(as_json.json()["exit_code"] == 7);
    CHECK(std::filesystem::exists(as_json.json()["spooled"].get<std::string>()));
    CHECK(here.names("spool").size() == 2);
}

TEST_CASE("the state directory is found beside the socket when nobody names it", "[ctl][program]")
{
    folder here;
    here.write("sock.info", R"({"state_dir":")" + here.path() + R"(","config":"/nowhere","pid":1})");
    run_input input;
    input.env["HALFMAST_SOCKET"] = here / "sock";
    CHECK(run_halfmast({"raise"}, input).code == 7);
    CHECK(here.names("spool").size() == 1);
}

TEST_CASE("a raise that cannot even be kept says so", "[ctl][program]")
{
    folder here;
    auto told = run_halfmast({"raise", "--socket", here / "sock", "--state-dir", here / "nowhere", "-o", "json"});
    CHECK(told.code == 7);
    CHECK(told.json()["type"] == "not-spooled");
    CHECK(has(told.json()["detail"], "could NOT be kept"));
    CHECK(has(told.json()["detail"], "--direct"));
}

TEST_CASE("a refusal of the daemon keeps its reason and its exit code", "[ctl][program]")
{
    folder here;
    fake_daemon daemon{here / "sock", [](const asked& request) {
                           if (request.target == "/api/v1/posts/a/1/release")
                               return problem(422, 1, "past-time", "its old time has passed");
                           if (request.target == "/api/v1/crises")
                               return problem(404, 1, "unknown-target", "there is no playbook 'outrage'");
                           return problem(409, 9, "conflict", "dana changed it first");
                       }};
    auto socket = here / "sock";
    auto refused = run_halfmast({"queue", "release", "a/1", "--socket", socket});
    CHECK(refused.code == 1);
    CHECK(refused.err == "halfmast: its old time has passed\n");
    auto as_json = run_halfmast({"queue", "release", "a/1", "--socket", socket, "-o", "json"});
    CHECK(as_json.json().dump()
          == R"({"schema":"halfmast.error/1","type":"past-time","detail":"its old time has passed","exit_code":1})");
    CHECK(run_halfmast({"lower", "c-1", "--socket", socket}).code == 9);
    auto raise = run_halfmast({"raise", "outrage", "--socket", socket, "--state-dir", here.path()});
    CHECK(raise.code == 1);
    CHECK(has(raise.err, "outrage"));
    CHECK_FALSE(std::filesystem::exists(here / "spool"));  // the daemon lives and said no: nothing to keep
}

TEST_CASE("what is no answer of ours is said, not believed", "[ctl][program]")
{
    folder here;
    std::string body = "<html>";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    auto told = run_halfmast({"status", "--socket", here / "sock"});
    CHECK(told.code == 1);
    CHECK(has(told.err, "halfmastd"));
}

TEST_CASE("status shows what is up and what is not well", "[ctl][program]")
{
    folder here;
    std::string body =
        R"({"schema":"halfmast.status/1","crises":[{"id":"c-1","playbook":"outage","severity":"major","reason":"fire\u001b[2J",)"
        R"("owner":"dana","raised_by":"eve","raised_at":"2026-03-01T14:30:00Z","next_update_by":"2026-03-01T15:15:00Z","phase":"raised",)"
        R"("scope":{"brand":"acme"},"holds":{"held":4,"manual":1},"summary":{"pinned":2,"failed":0}}],)"
        R"("accounts":[{"id":"a","connector":"ghost","reachable":false,"last_poll":null,"queued":3,"trouble":"401: token refused"},)"
        R"({"id":"b","connector":"bluesky","reachable":false,"last_poll":null,"queued":null}],)"
        R"("degraded":["a: 401: token refused"]})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, body}; }};
    auto told = run_halfmast({"status", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "c-1 outage (major): fire [2J\n"));
    CHECK(has(told.out, "for brand=acme"));
    CHECK(has(told.out, "OVERDUE: next update by 2026-03-01 15:15 UTC"));
    CHECK(has(told.out, "posts: 4 held, 1 manual\n"));
    CHECK(has(told.out, "summary: 2 pinned\n"));
    CHECK(has(told.out, "NOT READ: 401: token refused"));
    CHECK(has(told.out, "3 queued"));
    CHECK(has(told.out, "no queue there"));
    CHECK(told.last_line() == "1 flag is up: 4 held and confirmed, 1 NOT confirmed; 1 thing is NOT well.");
    CHECK_FALSE(has(told.out, "\x1b"));
    CHECK(run_halfmast({"status", "--socket", here / "sock", "-o", "json"}).out == body + "\n");
    CHECK(daemon.times("GET", "/status") == 2);
    run_halfmast({"status", "--all", "--socket", here / "sock"});
    CHECK(daemon.times("GET", "/status?all=1") == 1);
}

TEST_CASE("status --watch goes on until Ctrl-C and prints what changed", "[ctl][program]")
{
    folder here;
    int asked_for = 0;
    fake_daemon daemon{here / "sock", [&](const asked&) {
                           return answered{200, R"({"crises":[],"accounts":[],"degraded":[],"turn":)"
                                                    + std::to_string(++asked_for > 2 ? 2 : 1) + "}"};
                       }};
    run_input input;
    input.interrupt_when = [&] { return daemon.times("GET", "/status") >= 4; };
    auto told = run_halfmast({"status", "--watch", "-o", "json", "--socket", here / "sock"}, input);
    CHECK(told.code == 130);
    CHECK(told.out == "{\"crises\":[],\"accounts\":[],\"degraded\":[],\"turn\":1}\n{\"crises\":[],\"accounts\":[],\"degraded\":[],\"turn\":2}\n");
}
