// raise, lower and say approve from outside, against a daemon that follows a script.
#include <atomic>
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

namespace raise_test {

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string one_account = account("a", R"(,"total":2,"held":2,"summary":"pinned")");
const std::string held = crisis(true, R"("held":2)", one_account);
const std::string under_way = crisis(false, R"("held":1,"stopping":1)", account("a", R"(,"total":2,"held":1,"summary":"waiting")"));
const std::string created = R"(,"created":true)";

// Takes the raise, and answers what `messages` say one after the other, the last one for ever.
class raising {
public:
    raising(std::vector<std::string> messages, std::string more = created, int status = 201)
        : daemon_{here / "sock", [this, messages, more, status](const asked& request) {
                      if (request.method == "POST") {
                          auto text = messages.front();
                          text.insert(text.size() - 1, more);
                          return answered{status, text};
                      }
                      auto turn = std::min<std::size_t>(++looked_, messages.size() - 1);
                      return answered{200, messages[turn]};
                  }}
    {
    }

    run_result run(std::vector<std::string> words, const run_input& input = {})
    {
        words.insert(words.end(), {"--socket", here / "sock"});
        return run_halfmast(words, input);
    }

    fake_daemon& daemon() { return daemon_; }
    folder here;

private:
    std::atomic<std::size_t> looked_{0};
    fake_daemon daemon_;
};

}  // namespace

TEST_CASE("raise waits until everything is confirmed; the truth is its last line", "[ctl][program]")
{
    raising stage{{under_way, under_way, held}};
    auto told = stage.run({"raise", "outage", "--reason", "checkout is failing", "--severity", "2", "--scope", "brand=acme",
                           "--owner", "dana", "--next-update", "45m"});
    CHECK(told.code == 0);
    CHECK(told.last_line() == "2 held and confirmed; summary pinned on 1 of 1 account");
    CHECK(has(told.out, "The flag is up: c-1 outage (major)"));
    CHECK(told.err == "a: 1 of 2 held, summary waiting\na: 2 of 2 held, summary pinned\n");
    auto log = stage.daemon().log();
    CHECK(log[0].method == "POST");  // before anything else
    CHECK(log[0].target == "/api/v1/crises");
    CHECK(
        parsed(log[0].body).dump()
        == R"({"playbook":"outage","reason":"checkout is failing","severity":"major","scope":{"brand":"acme"},"owner":"dana","next_update":"45m"})");
}

TEST_CASE("with -o json raise prints one document and draws nothing", "[ctl][program]")
{
    raising stage{{under_way, held}};
    auto told = stage.run({"-o", "json", "raise"});
    CHECK(told.code == 0);
    CHECK(told.err.empty());
    auto message = told.json();
    CHECK(message["schema"] == "halfmast.raise/1");
    CHECK(message["crisis"]["id"] == "c-1");
    CHECK(message["created"] == true);
    CHECK(message["accounts"].size() == 1);
    CHECK(message["attention"].is_array());
    CHECK(message["sentence"] == "2 held and confirmed; summary pinned on 1 of 1 account");
    CHECK(message["exit_code"] == 0);
}

TEST_CASE("while nothing is drawn only numbers are asked for, and what is said at the end was asked for whole", "[ctl][program]")
{
    raising stage{{under_way, under_way, under_way, held}};
    auto told = stage.run({"-o", "json", "raise"});
    CHECK(told.code == 0);
    CHECK(told.json()["accounts"][0]["held"] == 2);
    std::vector<std::string> looks;
    for (const auto& one : stage.daemon().log())
        if (one.method == "GET")
            looks.push_back(one.target.substr(one.target.find("c-1")));
    CHECK(looks == std::vector<std::string>{"c-1?brief=1", "c-1?brief=1", "c-1?brief=1", "c-1"});
}

TEST_CASE("raise says what is not confirmed, and ends with 8", "[ctl][program]")
{
    raising stage{{crisis(true, R"("held":1,"manual":1)", one_account,
                          R"({"id":"a/7","state":"manual","detail":"403: refused","url":"https://x/7"})")}};
    auto told = stage.run({"raise"});
    CHECK(told.code == 8);
    CHECK(told.last_line()
          == "1 held and confirmed, 1 NOT confirmed: a/7 (manual: 403: refused); summary pinned on 1 of 1 account");
    CHECK(has(told.out, "  not confirmed: a/7 (manual: 403: refused)  https://x/7\n"));
}

TEST_CASE("raise returns when its wait is over, and at once with 0", "[ctl][program]")
{
    raising stage{{under_way}};
    auto at_once = stage.run({"raise", "--wait", "0"});
    CHECK(at_once.code == 8);
    CHECK(has(at_once.last_line(), "still under way"));
    CHECK(stage.daemon().times("GET", "/crises/c-1") == 0);
    auto later = stage.run({"raise", "--wait", "500ms"});
    CHECK(later.code == 8);
    CHECK(stage.daemon().times("GET", "/crises/c-1") >= 2);
}

TEST_CASE("a second raise reports the flag that is up", "[ctl][program]")
{
    raising stage{{held}, R"(,"created":false)", 200};
    auto told = stage.run({"raise"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "The flag was up already: c-1 outage (major), raised 2026-03-01 14:30 UTC"));
    CHECK(has(told.out, "by dana"));
    CHECK(stage.run({"raise", "-o", "json"}).json()["created"] == false);
}

TEST_CASE("Ctrl-C leaves the flag up and says so", "[ctl][program]")
{
    raising stage{{under_way}};
    run_input input;
    input.interrupt_when = [&] { return stage.daemon().times("GET", "/crises/c-1") >= 2; };
    auto told = stage.run({"raise"}, input);
    CHECK(told.code == 130);
    CHECK(has(told.last_line(), "the flag c-1 stays up and halfmastd goes on"));
}

TEST_CASE("a daemon that goes away under a raise is waited for, and then not believed", "[ctl][program]")
{
    folder here;
    std::atomic<int> looked{0};
    std::atomic<bool> comes_back{true};
    fake_daemon daemon{here / "sock", [&](const asked& request) {
                           if (request.method == "POST") {
                               auto text = under_way;
                               text.insert(text.size() - 1, created);
                               return answered{201, text};
                           }
                           answered answer{200, held};
                           answer.silent = !comes_back || ++looked < 3;
                           return answer;
                       }};
    CHECK(run_halfmast({"raise", "--socket", here / "sock"}).code == 0);
    comes_back = false;
    auto told = run_halfmast({"raise", "--wait", "600ms", "--socket", here / "sock"});
    CHECK(told.code == 8);
    CHECK(has(told.last_line(), "the flag c-1 is up, but the daemon stopped answering"));
}

TEST_CASE("a raise that got no answer is asked again, for asking twice is safe", "[ctl][program]")
{
    folder here;
    std::atomic<int> asked_for{0};
    fake_daemon daemon{here / "sock", [&](const asked&) {
                           auto text = held;
                           text.insert(text.size() - 1, created);
                           answered answer{201, text};
                           answer.silent = ++asked_for == 1;
                           return answer;
                       }};
    CHECK(run_halfmast({"raise", "--socket", here / "sock", "--state-dir", here.path()}).code == 0);
    CHECK(daemon.times("POST", "/crises") == 2);

    fake_daemon mute{here / "mute", [&](const asked&) {
                         answered answer;
                         answer.silent = true;
                         return answer;
                     }};
    auto told = run_halfmast({"raise", "--socket", here / "mute", "--state-dir", here.path()});
    CHECK(told.code == 7);
    CHECK(has(told.err, "NOT known"));
    CHECK_FALSE(std::filesystem::exists(here / "spool"));
}

TEST_CASE("raise -n shows the plan and raises nothing", "[ctl][program]")
{
    folder here;
    std::string plan =
        R"({"schema":"halfmast.plan/1","playbook":"outage","severity":"major",)"
        R"("accounts":[{"id":"a","would_hold":1,"leaves":2,"rungs":{"draft":1},"quiet_in":"12s"}],)"
        R"("statements":[{"account":"a","language":"en","text":"We know.","length":8,"limit":500,"can_publish":true,"can_pin":false,"trouble":null}],)"
        R"("posts":[{"id":"a/1","account":"a","due":"2026-03-01T14:30:00Z","class":"promotional","would_hold":true,"rung":"draft","text":"Sale"},)"
        R"({"id":"a/2","account":"a","due":"2026-03-01T14:30:00Z","class":"essential","would_hold":false,"rung":null,"text":"Recall"}]})";
    fake_daemon daemon{here / "sock", [&](const asked&) { return answered{200, plan}; }};
    auto told = run_halfmast({"raise", "-n", "--reason", "x", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "a/1"));
    CHECK_FALSE(has(told.out, "a/2"));
    CHECK(has(told.out, "We know."));
    CHECK(has(told.out, "a person has to pin it"));
    CHECK(has(told.out, "1 to hold  2 to leave  quiet in 12s  1 by draft"));
    CHECK(told.last_line() == "Nothing was done. 'outage' (major) would hold 1 post of 1 account");
    CHECK(daemon.times("POST", "/crises/preview") == 1);
    CHECK(run_halfmast({"plan", "outage", "--scope", "brand=acme", "-o", "json", "--socket", here / "sock"}).out == plan + "\n");
    CHECK(daemon.times("GET", "/plan?playbook=outage&scope=brand%3Dacme") == 1);
    CHECK(daemon.log().size() == 2);
}

TEST_CASE("lower takes the only flag, and names them when there are several", "[ctl][program]")
{
    folder here;
    std::string flags = R"({"id":"c-1","phase":"raised"})";
    std::atomic<int> looked{0};
    fake_daemon daemon{
        here / "sock", [&](const asked& request) {
            if (request.target == "/api/v1/status")
                return answered{200, R"({"crises":[)" + flags + "]}"};
            bool back = request.method == "GET" && ++looked > 1;
            return answered{
                200, crisis(back, R"("held":3)", account("a", back ? R"(,"summary":"unpinned")" : R"(,"summary":"unpinning")"))};
        }};
    auto socket = here / "sock";
    auto told = run_halfmast({"lower", "--reason", "it works again", "--socket", socket});
    CHECK(told.code == 0);
    CHECK(told.last_line()
          == "the flag c-1 is down; nothing was released, 3 posts wait for review; former pins restored on 1 of 1 account");
    CHECK(daemon.log()[1].body == R"({"reason":"it works again"})");
    auto as_json = run_halfmast({"lower", "c-1", "-o", "json", "--socket", socket});
    CHECK(as_json.json()["schema"] == "halfmast.lower/1");
    CHECK(as_json.json()["exit_code"] == 0);
    looked = -1000;
    CHECK(run_halfmast({"lower", "c-1", "--wait", "0", "--socket", socket}).code == 8);

    flags = R"({"id":"c-1","phase":"raised"},{"id":"c-2","phase":"raised"})";
    auto several = run_halfmast({"lower", "--socket", socket});
    CHECK(several.code == 2);
    CHECK(has(several.err, "c-1, c-2"));
    flags.clear();
    auto none = run_halfmast({"lower", "--socket", socket});
    CHECK(none.code == 1);
    CHECK(has(none.err, "no flag is up"));
}

TEST_CASE("say approve waits until the summary is out and pinned", "[ctl][program]")
{
    folder here;
    std::atomic<int> looked{0};
    fake_daemon daemon{
        here / "sock", [&](const asked& request) {
            bool out = request.method == "GET" && ++looked > 2;
            auto text = crisis(out, R"("held":3)", account("a", out ? R"(,"summary":"pinned")" : R"(,"summary":"publishing")"));
            text.insert(text.find(R"("settled")"), R"("editions":[{"number":1,"kind":"summary","state":"going-out"}],)");
            return answered{200, text};
        }};
    auto told = run_halfmast({"say", "approve", "c-1", "-o", "json", "--socket", here / "sock"});
    CHECK(told.code == 0);
    CHECK(told.json()["schema"] == "halfmast.say-approve/1");
    CHECK(daemon.times("POST", "/crises/c-1/approve") == 1);
}

}  // namespace raise_test
