// say, tasks and the all-clear from outside, against a daemon that follows a script; and what may be said about an edition.
#include <algorithm>
#include <atomic>

#include <nlohmann/json.hpp>

#include "daemon/ctl/truth.hpp"
#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace say_test {

using halfmast::ctl::tests::problem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// halfmast.crisis/1 with two editions, the second one in that state.
std::string with_edition(const std::string& state, const std::string& accounts, const std::string& more = {},
                         const std::string& undo_until = "2026-03-01T14:40:00Z")
{
    auto text = crisis(true, R"("held":1)", accounts, {}, R"(,"edition":2)");
    auto editions =
        R"("editions":[{"number":1,"kind":"summary","state":"out","out":2,"of":2},{"number":2,"kind":"update","state":")" + state
        + R"(","by":"dana","out":1,"of":2,"undo_until":")" + undo_until + R"("}],)";
    text.insert(text.find(R"("settled")"), editions + more);
    return text;
}

const std::string shows_it = account("a", R"(,"summary":"pinned","edition":2,"wanted_edition":2)");
const std::string is_behind =
    account("b", R"(,"summary":"pinned","edition":1,"wanted_edition":2,"summary_detail":"four in this hour; next at 15:10 UTC")");
const std::string caught_up = account("b", R"(,"summary":"pinned","edition":2,"wanted_edition":2)");

struct stage {
    explicit stage(fake_daemon::script answers) : daemon{here / "sock", std::move(answers)} {}

    run_result run(std::vector<std::string> words, run_input input = {})
    {
        words.insert(words.end(), {"--socket", here / "sock"});
        return run_halfmast(words, input);
    }

    folder here;
    fake_daemon daemon;
};

}  // namespace

TEST_CASE("an edition is said when every account shows it as well as it can; else who does not, and why", "[ctl]")
{
    struct story {
        const char* name;
        std::string message;
        bool said;
        int code;
        std::string sentence;
    };
    const story stories[] = {
        {"everywhere", with_edition("out", shows_it + "," + caught_up), true, exit_code::done,
         "edition 2 (update) is out on 2 of 2 accounts, pinned on 2"},
        {"one is behind", with_edition("going-out", shows_it + "," + is_behind), false, exit_code::partly,
         "edition 2 (update) is out on 1 of 2 accounts, pinned on 1; NOT done on b (still shows edition 1: four in this hour; next "
         "at 15:10 UTC)"},
        {"out and not pinned yet", with_edition("out", account("a", R"(,"summary":"published","edition":2,"wanted_edition":2)")),
         false, exit_code::partly,
         "edition 2 (update) is out on 1 of 1 account, pinned on 0; NOT done on a (published, not pinned)"},
        {"a person has to post it",
         with_edition("going-out", account("a", R"(,"summary":"manual","edition":1,"wanted_edition":2)"), R"("tasks":1,)"), true,
         exit_code::partly,
         "edition 2 (update) is out on 0 of 1 account, pinned on 0; NOT done on a (still shows edition 1); 1 task is open "
         "('halfmast tasks list')"},
        {"an account without words of it",
         with_edition("out", shows_it + "," + account("c", R"(,"summary":"pinned","edition":1,"wanted_edition":1)")), true,
         exit_code::done, "edition 2 (update) is out on 1 of 1 account, pinned on 1"},
        {"taken back", with_edition("undone", is_behind), true, exit_code::conflict,
         "edition 2 (update) was taken back by somebody: nothing of it became public"},
        {"overtaken", with_edition("skipped", shows_it), true, exit_code::conflict,
         "edition 2 (update) was overtaken: a later one stands in its place"},
        {"waits for a word", with_edition("waits-for-approval", is_behind), true, exit_code::partly,
         "edition 2 (update) waits for 'halfmast say approve c-1 --edition 2'"},
    };
    for (const auto& told : stories) {
        INFO(told.name);
        auto message = parsed(told.message);
        CHECK(is_said(message, 2) == told.said);
        auto found = tell_edition(message, 2);
        CHECK(found.sentence == told.sentence);
        CHECK(found.code == told.code);
    }
}

TEST_CASE("an open task is in the truth about a raise and about a lower", "[ctl]")
{
    auto raised = parsed(with_edition("out", shows_it, R"("tasks":2,)"));
    CHECK(tell_raise(raised).code == exit_code::partly);
    CHECK(has(tell_raise(raised).sentence, "2 tasks are open ('halfmast tasks list')"));
    CHECK(tell_lower(parsed(with_edition("out", account("a", R"(,"summary":"unpinned")"), R"("tasks":1,)"))).code
          == exit_code::partly);
    CHECK(tell_lower(parsed(with_edition("out", account("a", R"(,"summary":"unpinned")"), R"("tasks":0,)"))).code
          == exit_code::done);
}

TEST_CASE("say publish waits until every account shows it, and the last line is the truth", "[ctl][program]")
{
    std::atomic<int> looked{0};
    stage here{[&](const asked& request) {
        bool done = request.method == "GET" && ++looked > 2;
        return answered{request.method == "POST" ? 202 : 200,
                        with_edition(done ? "out" : "going-out", shows_it + "," + (done ? caught_up : is_behind))};
    }};
    auto told = here.run({"say", "publish", "c-1", "--about", "Cards work again.", "--next-update", "30m", "--now"});
    CHECK(told.code == 0);
    CHECK(told.last_line() == "edition 2 (update) is out on 2 of 2 accounts, pinned on 2");
    auto log = here.daemon.log();
    CHECK(log[0].target == "/api/v1/crises/c-1/statements");
    CHECK(log[0].body == R"({"kind":"update","about":"Cards work again.","next_update":"30m","now":true})");

    looked = -1000;
    auto short_wait = here.run({"say", "correct", "c-1", "--about", "It is Mill Lane.", "--wait", "300ms", "-o", "json"});
    CHECK(short_wait.code == 8);
    auto message = short_wait.json();
    CHECK(message["schema"] == "halfmast.say-correct/1");
    CHECK(message["edition"] == 2);
    CHECK(message["exit_code"] == 8);
    CHECK(has(message["sentence"], "NOT done on b (still shows edition 1"));
    CHECK(short_wait.err.empty());
    CHECK(here.daemon.log().back().method == "GET");
}

TEST_CASE("Ctrl-C in the undo window takes the statement back, and only that one", "[ctl][program]")
{
    std::string refusal;
    stage here{[&](const asked& request) {
        if (has(request.target, "/undo"))
            return refusal.empty() ? answered{200, with_edition("undone", is_behind)} : problem(409, 9, "wrong-state", refusal);
        return answered{202, with_edition("undo-window", is_behind, {}, "2099-01-01T00:00:00Z")};
    }};
    run_input input;
    input.interrupt_when = [&] { return here.daemon.times("POST", "/crises/c-1/statements") >= 1; };
    auto told = here.run({"say", "publish", "c-1"}, input);
    CHECK(told.code == 130);
    CHECK(told.last_line() == "taken back: nothing of edition 2 (update) became public");
    CHECK(has(told.err, "Ctrl-C takes it back"));
    CHECK(here.daemon.log().back().body == R"({"edition":2,"reason":"Ctrl-C"})");

    refusal = "edition 2 is public already; see 'halfmast say correct'";
    auto before = here.daemon.times("POST", "/crises/c-1/statements");
    input.interrupt_when = [&] { return here.daemon.times("POST", "/crises/c-1/statements") > before; };
    auto late = here.run({"say", "publish", "c-1", "-o", "json"}, input);
    CHECK(late.code == 130);
    CHECK(has(late.json()["detail"], "could NOT be taken back"));
    CHECK(has(late.json()["detail"], "say correct"));
}

TEST_CASE("say draft shows every account's words with what is wrong with them, and publishes nothing", "[ctl][program]")
{
    std::string links = R"([{"url":"https://acme.example/help","ok":true,"said":"HEAD: 200 OK"}])";
    stage here{[&](const asked&) {
        return answered{
            200,
            R"({"schema":"halfmast.statements/1","statements":[{"account":"a","kind":"update","by":"edit","language":"hu","text":"Első sor\nmásodik\u001b[2J","form":"short",)"
            R"("length":17,"limit":300,"can_publish":true,"can_pin":true,"unpins":["https://x/9"],"links":)"
                + links + R"(,"trouble":null}]})"};
    }};
    auto told = here.run({"say", "draft", "c-1", "--correct", "--about", "x"});
    CHECK(told.code == 0);
    CHECK(has(told.out,
              "It would say on a (hu, short form, 17 of 300 characters, edits the pinned post):\n  Első sor\n  második [2J\n"));
    CHECK(has(told.out, "unpins for it: https://x/9"));
    CHECK(has(told.out, "link answers: https://acme.example/help (HEAD: 200 OK)"));
    CHECK(told.last_line() == "Nothing was published. It would go out on 1 account");
    CHECK(here.daemon.log().back().target == "/api/v1/crises/c-1/statements/preview");
    CHECK(here.daemon.log().back().body == R"({"kind":"correction","about":"x"})");

    links = R"([{"url":"https://acme.example/gone","ok":false,"said":"HEAD: 404 Not Found"}])";
    auto dead = here.run({"say", "draft", "c-1"});
    CHECK(dead.code == 8);
    CHECK(has(dead.out, "DEAD LINK: https://acme.example/gone (HEAD: 404 Not Found)"));
    CHECK(has(dead.last_line(), "with 1 DEAD link"));
    auto as_json = here.run({"say", "draft", "c-1", "--all-clear", "-o", "json"});
    CHECK(as_json.code == 8);
    CHECK(as_json.json()["schema"] == "halfmast.say-draft/1");
    CHECK(as_json.json()["exit_code"] == 8);
    for (const auto& one : here.daemon.log())
        CHECK(has(one.target, "/preview"));
}

TEST_CASE("what is typed may be given by language, and cannot be taken for anything else", "[ctl][program]")
{
    stage here{[&](const asked&) { return answered{202, with_edition("out", shows_it + "," + caught_up)}; }};
    auto body_of = [&](std::vector<std::string> words) {
        words.insert(words.end(), {"--wait", "0"});
        auto told = here.run(words);
        INFO(told.err);
        CHECK(told.code == 0);
        for (const auto& one : here.daemon.log())
            if (one.method == "POST")
                return one.body;
        return std::string{};
    };
    CHECK(body_of({"say", "publish", "--about-in", "en", "a=b, c", "--about-in", "hu", "nem = igen", "c-1", "--now"})
          == R"({"kind":"update","about":{"en":"a=b, c","hu":"nem = igen"},"now":true})");
    struct story {
        std::vector<std::string> words;
        const char* body;
    };
    const story stories[] = {
        {{"say", "publish", "c-1", "--about", "x", "--about-in", "hu", "y"}, R"({"kind":"update","about":{"und":"x","hu":"y"}})"},
        {{"say", "publish", "c-1", "--summary", "--reason", "the tills"}, R"({"kind":"summary","reason":"the tills"})"},
        {{"say", "correct", "c-1", "--about-in", "hu", "y"}, R"({"kind":"correction","about":{"hu":"y"}})"},
        {{"say", "publish", "c-1", "--about", "x", "--break-glass", "alone"},
         R"({"kind":"update","about":"x","break_glass":"alone"})"},
        {{"lower", "c-1", "--all-clear", "--about-in", "ru", "x"}, R"({"all_clear":true,"about":{"ru":"x"}})"},
        {{"raise", "outage", "--reason-in", "en", "x", "--reason-in", "zh-Hans", "y"},
         R"({"playbook":"outage","reason":{"en":"x","zh-Hans":"y"}})"},
    };
    for (const auto& told : stories) {
        auto before = here.daemon.log().size();
        auto words = told.words;
        words.insert(words.end(), {"--wait", "0"});
        auto done = here.run(words);
        INFO(told.body << " " << done.err);
        REQUIRE(here.daemon.log().size() > before);
        CHECK(here.daemon.log()[before].body == told.body);
    }
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"say", "correct", "c-1"},
                                               {"say", "publish", "c-1", "--about-in", "hu", "x", "--about-in", "hu", "y"},
                                               {"say", "publish", "c-1", "--about-in", "hu", ""},
                                               {"say", "publish", "c-1", "--about-in", "hu"},
                                               {"lower", "c-1", "--about-in", "hu", "x"}})
        CHECK(here.run(words).code == 2);
}

TEST_CASE("what waits because of a hole says which field is missing and what to type", "[ctl]")
{
    auto editions = [](const std::string& kind) {
        return R"("editions":[{"number":1,"kind":")" + kind + R"(","state":"waits-for-approval","hole":"reason","out":0,"of":1}],)";
    };
    auto text = crisis(true, R"("held":3)", account("a", R"(,"summary":"waiting","edition":0,"wanted_edition":0)"));
    text.insert(text.find(R"("settled")"), editions("summary"));
    auto told = tell_raise(parsed(text));
    CHECK(told.code == exit_code::partly);
    CHECK(told.sentence
          == "3 held and confirmed; summary pinned on 0 of 1 account, summary NOT out on a (waits for 'halfmast say approve c-1 --edition 1'); nothing "
             "is given for {{reason}}: 'halfmast say approve c-1 --edition 1' sends the words without it, 'halfmast say publish --summary c-1 --reason TEXT' says them whole");
    auto update = tell_edition(parsed(text), 1);
    CHECK(update.code == exit_code::partly);
    CHECK(has(update.sentence, "nothing is given for {{reason}}"));
}

TEST_CASE("what a person said that they posted counts as out, where nobody can look", "[ctl]")
{
    auto by_hand =
        R"({"id":"q","connector":"exec","reachable":true,"can_publish":false,"can_pin":false,"summary":"manual","edition":)";
    auto told = [&](const std::string& edition) {
        return tell_raise(parsed(crisis(true, R"("held":1)", by_hand + edition + R"(,"wanted_edition":1})")));
    };
    CHECK(told("1").code == exit_code::done);
    CHECK(told("0").code == exit_code::partly);
}

TEST_CASE("a draft says in which language what was typed stands in each text", "[ctl][program]")
{
    stage here{[&](const asked&) {
        return answered{
            200,
            R"({"schema":"halfmast.statements/1","statements":[{"account":"a","language":"hu","text":"x","length":1,"limit":null,"can_publish":false,)"
            R"("can_pin":false,"fillings":[{"field":"about","language":"hu","differs":false},{"field":"reason","language":"en","differs":true},)"
            R"({"field":"owner","language":"und","differs":false}],"trouble":null}]})"};
    }};
    auto told = here.run({"say", "draft", "c-1"});
    CHECK(told.code == 0);
    CHECK(has(told.out,
              "  filled in: about in hu\n  filled in: reason in en, NOT the language of the text\n  filled in: owner, in a "
              "language that was not said\n"));
}

TEST_CASE("say undo, owner and approve each ask once and say what is so", "[ctl][program]")
{
    stage here{[&](const asked& request) {
        auto text = with_edition(has(request.target, "undo") ? "undone" : "out", shows_it + "," + caught_up);
        return answered{200, text};
    }};
    auto undone = here.run({"say", "undo", "c-1", "--reason", "typo"});
    CHECK(undone.code == 0);
    CHECK(undone.last_line() == "edition 2 (update) of c-1 is taken back: nothing of it became public");
    CHECK(here.daemon.log().back().body == R"({"reason":"typo"})");
    auto owner = here.run({"say", "owner", "dana", "c-1", "-o", "json"});
    CHECK(owner.code == 0);
    CHECK(owner.json()["schema"] == "halfmast.say-owner/1");
    CHECK(here.daemon.log().back().body == R"({"owner":"dana"})");
    auto approved = here.run({"say", "approve", "c-1"});
    CHECK(approved.code == 0);
    CHECK(approved.last_line()
          == "edition 2 (update) of c-1 is approved; edition 2 (update) is out on 2 of 2 accounts, pinned on 2");
}

TEST_CASE("say approve is a word for one edition, and shows whose words it lets out", "[ctl][program]")
{
    auto waits = [](int number, const std::string& text) {
        return R"({"number":)" + std::to_string(number)
               + R"(,"kind":"update","state":"waits-for-approval","by":"dana","approved":false,"undone":false,"texts":[{"language":"en","text":")"
               + text + R"(","accounts":["a","b"]},{"language":"hu","text":"Már megy.","accounts":["c"]}]})";
    };
    std::string editions = waits(2, R"(Cards work again.\nTransfers do not yet.)");
    stage here{[&](const asked& request) {
        if (request.method == "POST" && has(request.body, R"("edition":3)"))
            return problem(409, 9, "wrong-state", "approve c-1: edition 3 (update) was taken back");
        if (request.method == "POST")
            return answered{200, with_edition("out", shows_it + "," + caught_up)};
        auto text = crisis(true, R"("held":1)", shows_it + "," + caught_up);
        text.insert(text.find(R"("settled")"), R"("editions":[)" + editions + "],");
        return answered{200, text};
    }};
    auto posted = [&] {
        auto log = here.daemon.log();
        auto found = std::find_if(log.rbegin(), log.rend(), [](const auto& one) { return one.method == "POST"; });
        return found == log.rend() ? std::string{} : found->body;
    };
    auto only = here.run({"say", "approve", "c-1", "--break-glass", "alone", "--wait", "0"});
    CHECK(only.code == 0);
    CHECK(has(only.out,
              "edition 2 (update) by dana says:\nin en on 2 accounts:\n  Cards work again.\n  Transfers do not yet.\n"
              "in hu on 1 account:\n  Már megy.\n"));
    CHECK(has(only.last_line(), "edition 2 (update) of c-1, \"Cards work again.\", is approved; edition 2 (update) is out on"));
    CHECK(posted() == R"({"edition":2,"break_glass":"alone"})");
    auto as_json = here.run({"say", "approve", "c-1", "--wait", "0", "-o", "json"});
    CHECK(as_json.json()["schema"] == "halfmast.say-approve/1");
    CHECK(as_json.json()["texts"][0]["text"] == "Cards work again.\nTransfers do not yet.");

    auto stale = here.run({"say", "approve", "c-1", "--edition", "3"});
    CHECK(stale.code == 9);
    CHECK(has(stale.err, "edition 3 (update) was taken back"));

    editions += "," + waits(4, "All of it works.");
    auto before = here.daemon.times("POST", "/crises/c-1/approve");
    auto which = here.run({"say", "approve", "c-1"});
    CHECK(which.code == 2);
    CHECK(has(which.err, "2 editions of c-1 wait; say which one: 'halfmast say approve c-1 --edition 4'"));
    CHECK(has(which.err, "edition 2 (update) by dana: \"Cards work again.\""));
    CHECK(has(which.err, "edition 4 (update) by dana: \"All of it works.\""));
    CHECK(here.daemon.times("POST", "/crises/c-1/approve") == before);
    CHECK(here.run({"say", "approve", "c-1", "--edition", "2", "--wait", "0"}).code == 0);
    CHECK(posted() == R"({"edition":2})");

    editions.clear();
    auto nothing = here.run({"say", "approve", "c-1"});
    CHECK(nothing.code == 0);
    CHECK(here.daemon.times("POST", "/crises/c-1/approve") == before + 1);
    CHECK(here.run({"say", "approve", "r-1", "--edition", "2"}).code == 2);
    CHECK(here.run({"say", "approve", "c-1", "--edition", "0"}).code == 2);
}

TEST_CASE("a reply waits for a second person and says so; drop ends it", "[ctl][program]")
{
    std::string reply =
        R"({"id":"r-1","crisis":"c-1","account":"a","to":"113","by":"dana","text":"We are sorry.","state":"waiting","approved":false,)"
        R"("not_before":"2026-03-01T14:40:00Z","detail":null})";
    stage here{[&](const asked& request) {
        if (request.target == "/api/v1/status")
            return answered{200, R"({"crises":[{"id":"c-1","phase":"raised"}]})"};
        return answered{200, R"({"schema":"halfmast.reply/1","reply":)" + reply + "}"};
    }};
    auto asked_for = here.run({"say", "reply", "a", "113", "--text", "We are sorry.", "--language", "en"});
    CHECK(asked_for.code == 8);
    CHECK(has(asked_for.last_line(), "r-1 waits for a second person: 'halfmast say approve r-1'; not before 2026-03-01 14:40 UTC"));
    CHECK(here.daemon.log().back().target == "/api/v1/crises/c-1/replies");
    CHECK(here.daemon.log().back().body == R"({"account":"a","to":"113","text":"We are sorry.","language":"en"})");

    reply = R"({"id":"r-1","crisis":"c-1","account":"a","state":"published","approved":true,"url":"https://x/200"})";
    auto approved = here.run({"say", "approve", "r-1", "-o", "json"});
    CHECK(approved.code == 0);
    CHECK(approved.json()["sentence"] == "r-1 is out: https://x/200");
    CHECK(here.daemon.log().back().target == "/api/v1/replies/r-1/approve");
    reply.insert(1, R"("to":"113","text":"We are sorry.\nYour order is safe.",)");
    CHECK(has(here.run({"say", "approve", "r-1"}).out, "on a, to 113:\n  We are sorry.\n  Your order is safe.\n"));

    reply = R"({"id":"r-2","crisis":"c-1","account":"a","state":"dropped","approved":false})";
    auto dropped = here.run({"say", "drop", "r-2"});
    CHECK(dropped.code == 0);
    CHECK(dropped.last_line() == "r-2 is dropped and does not go out");
    CHECK(here.daemon.log().back().target == "/api/v1/replies/r-2/drop");
}

TEST_CASE("tasks: the text to paste whole, the place, until when; open ones are exit code 8", "[ctl][program]")
{
    std::string list =
        R"({"id":"t-1","kind":"publish","state":"open","account":"x","what":"Post edition 2 on x by hand","text":"First line\nsecond","link":"https://x/new",)"
        R"("owner":"dana","due":"2026-03-01T14:40:00Z"})";
    stage here{[&](const asked& request) {
        if (request.target == "/api/v1/tasks/t-9/done")
            return problem(404, 1, "unknown-target", "there is no task 't-9'");
        if (request.method == "POST")
            return answered{200, R"({"schema":"halfmast.task/1","task":{"id":"t-1","state":"done"}})"};
        return answered{200, R"({"schema":"halfmast.tasks/1","tasks":[)" + list + "]}"};
    }};
    auto told = here.run({"tasks", "list"});
    CHECK(told.code == 8);
    CHECK(has(told.out, "OVERDUE: t-1  publish on x, due 2026-03-01 14:40 UTC"));
    CHECK(has(told.out,
              "for dana\n  Post edition 2 on x by hand\n  where: https://x/new\n  the text:\n    First line\n    second\n  then: "
              "halfmast tasks done t-1\n"));
    CHECK(told.last_line() == "1 task is open.");
    auto done = here.run({"tasks", "done", "t-1", "--reason", "posted"});
    CHECK(done.code == 0);
    CHECK(done.last_line() == "t-1: done, as you say");
    CHECK(here.daemon.log().back().body == R"({"reason":"posted"})");
    CHECK(here.run({"tasks", "done", "t-9"}).code == 1);
    auto mixed = here.run({"tasks", "done", "t-9", "t-1", "-o", "json"});
    CHECK(mixed.code == 8);
    CHECK(mixed.json()["schema"] == "halfmast.tasks-done/1");
    CHECK(mixed.json()["results"].size() == 2);
    CHECK(mixed.json()["results"][1]["ok"] == true);
    list.clear();
    CHECK(here.run({"tasks", "list"}).last_line() == "No task is open.");
    CHECK(here.run({"tasks", "list", "-o", "json"}).code == 0);
    here.run({"tasks", "list", "--all"});
    CHECK(here.daemon.times("GET", "/tasks?all=1") == 1);
}

TEST_CASE("lower --all-clear says first that it is over", "[ctl][program]")
{
    stage here{[&](const asked&) {
        return answered{200, with_edition("out", account("a", R"(,"summary":"unpinned","edition":3,"wanted_edition":3)"))};
    }};
    auto told = here.run({"lower", "c-1", "--all-clear", "--about", "It is mended.", "--now"});
    CHECK(told.code == 0);
    CHECK(here.daemon.log().front().body == R"({"all_clear":true,"about":"It is mended.","now":true})");
    CHECK(here.run({"lower", "c-1", "--about", "x"}).code == 2);
}

TEST_CASE("a lower that needs a second person says so and waits for nothing", "[ctl][program]")
{
    stage here{[&](const asked&) {
        auto text = with_edition("out", shows_it);
        text.insert(text.size() - 1, R"(,"waits_for_second":true,"ask":"a-1")");
        return answered{202, text};
    }};
    auto told = here.run({"lower", "c-1"});
    CHECK(told.code == 8);
    CHECK(has(told.last_line(), "the flag c-1 is still up: lowering it waits for a second person"));
    CHECK(here.daemon.log().size() == 1);
}

TEST_CASE("status: the owner, each account's edition, the promise, the tasks and how much of the hour is used", "[ctl][program]")
{
    stage here{[&](const asked&) {
        return answered{
            200,
            R"({"schema":"halfmast.status/1","crises":[{"id":"c-1","playbook":"outage","severity":"major","reason":"","owner":"dana","raised_by":"eve",)"
            R"("raised_at":"2026-03-01T14:30:00Z","next_update_by":"2099-03-01T15:15:00Z","phase":"raised","scope":{},"holds":{"held":4},"summary":{"pinned":2},)"
            R"("promise":{"kept":2,"missed":1,"late":false},"most_public_acts":4,"replies":1,"editions":[{"number":1,"kind":"summary","state":"out","by":"eve","out":2,"of":2},)"
            R"({"number":2,"kind":"all_clear","state":"waits-for-approval","by":"dana","out":0,"of":2,)"
            R"("texts":[{"language":"en","text":"It is over.\nThank you.","accounts":["a","b"]}]}]}],)"
            R"("accounts":[{"id":"a","connector":"mastodon","reachable":true,"last_poll":null,"queued":0,"shows":[{"crisis":"c-1","summary":"pinned","edition":1,)"
            R"("wanted_edition":2,"public_acts":3,"public_acts_of_others":1}]}],"degraded":[],)"
            R"("tasks":[{"id":"t-1","owner":"dana","due":"2026-03-01T14:40:00Z","what":"Pin it on x"}]})"};
    }};
    auto told = here.run({"status"});
    CHECK(told.code == 0);
    CHECK(has(told.out, "owner dana"));
    CHECK(has(told.out, "; promises: 2 kept, 1 missed\n"));
    CHECK(has(told.out, "  edition 1 (summary) by eve: on 2 of 2 accounts\n"));
    CHECK(has(told.out,
              "  edition 2 (all-clear) by dana: on 0 of 2 accounts, waits for 'halfmast say approve c-1 --edition 2'\n"
              "    in en on 2 accounts: \"It is over.\"\n"));
    CHECK(has(told.out, "1 reply waits: halfmast say replies"));
    CHECK(has(told.out, "a shows edition 1 of c-1, NOT edition 2 (pinned), 3 of 4 public in the last hour, and 1 by others\n"));
    CHECK(has(told.out, "OVERDUE: Task t-1 for dana, due 2026-03-01 14:40 UTC"));
}

}  // namespace say_test
