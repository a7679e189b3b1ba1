// What is said in a crisis, through the API: statements, taking back, approval, the owner, replies, tasks, and how status shows them.
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

// Whatever is to be published, changed or pinned there is, until nothing is left to do.
void let_out(desk& here, const std::string& id)
{
    static int posts = 0;
    for (int turn = 0; turn < 50; ++turn) {
        here.offer(100, id);
        outcome made;
        made.remote = post_id{"p" + std::to_string(++posts)};
        made.url = "https://blog.example/" + made.remote.value;
        auto pinned = [&] {
            auto found = here.known.accounts.at(account_id{id}).summaries.find(crisis_id{"c-1"});
            outcome pins;
            if (found != here.known.accounts.at(account_id{id}).summaries.end() && !found->second.remote.empty())
                pins.pins = {found->second.remote};
            return pins;
        };
        bool worked = here.answer<publish_summary>(made) || here.answer<read_pins>(outcome{}) || here.answer<pin_summary>(pinned());
        if (!worked)
            return;
    }
}

json body_of(const net::server_response& given) { return json::parse(given.body); }

void check_refused(const net::server_response& given, int status, int exit_code, const std::string& part)
{
    INFO(given.body);
    CHECK(given.status == status);
    CHECK(body_of(given).at("exit_code") == exit_code);
    CHECK(body_of(given).at("detail").get<std::string>().find(part) != std::string::npos);
}

struct crisis_day {
    crisis_day()
    {
        auto& desk = here.daemon.here;
        desk.rules.playbooks.at("outage").undo = 20s;
        desk.rules.accounts.at(account_id{"acme-blog"}).can_reply = true;
        desk.rules.accounts.erase(account_id{"other"});
        desk.sees({}, "acme-blog");
        desk.raise("outage", {}, true);
        desk.later(21s);
        let_out(desk, "acme-blog");
    }
    net::server_response post(const std::string& path, const std::string& body = {})
    {
        return here.ask("POST", "/api/v1" + path, body);
    }

    window here;
};

}  // namespace

TEST_CASE("a statement is asked for, shown with its window, and taken back within it", "[api][saying]")
{
    crisis_day day;
    auto before = day.here.get("/crises/c-1");
    CHECK(before.at("crisis").at("editions").size() == 1);
    CHECK(before.at("crisis").at("editions").at(0).at("state") == "out");
    CHECK(before.at("accounts").at(0).at("edition") == 1);

    auto asked = day.post("/crises/c-1/statements", R"({"kind":"update","about":"Cards work again.","next_update":"30m"})");
    CHECK(asked.status == 202);
    CHECK(body_of(asked).at("edition") == 2);
    auto edition = body_of(asked).at("crisis").at("editions").at(1);
    CHECK(edition.at("kind") == "update");
    CHECK(edition.at("state") == "undo-window");
    CHECK(edition.at("by") == "maria");
    CHECK(edition.at("about") == "Cards work again.");
    CHECK(edition.at("undo_until") == "2026-03-01T14:00:41Z");
    CHECK(edition.at("next_update_by") == "2026-03-01T14:30:21Z");
    CHECK(edition.at("out") == 0);
    CHECK(edition.at("of") == 1);
    CHECK(body_of(asked).at("accounts").at(0).at("wanted_edition") == 2);

    check_refused(day.post("/crises/c-1/statements/undo", R"({"edition":1})"), 409, 9, "edition 2");
    auto undone = day.post("/crises/c-1/statements/undo", R"({"edition":2,"reason":"typo"})");
    CHECK(undone.status == 200);
    CHECK(body_of(undone).at("crisis").at("editions").at(1).at("state") == "undone");
    CHECK(body_of(undone).at("accounts").at(0).at("wanted_edition") == 1);
}

TEST_CASE("what is public is not taken back: a correction is the way", "[api][saying]")
{
    crisis_day day;
    check_refused(day.post("/crises/c-1/statements/undo"), 409, 9, "say correct");
    auto asked = day.post("/crises/c-1/statements", R"({"kind":"correction","about":"It is Mill Lane.","now":true})");
    CHECK(asked.status == 202);
    let_out(day.here.daemon.here, "acme-blog");
    auto now = day.here.get("/crises/c-1");
    CHECK(now.at("crisis").at("editions").at(1).at("state") == "out");
    CHECK(now.at("crisis").at("editions").at(1).at("out") == 1);
    auto account = now.at("accounts").at(0);
    CHECK(account.at("edition") == 2);
    CHECK(account.at("copies").size() == 2);
    CHECK(account.at("public_acts") == 2);
    CHECK(account.at("summary") == "pinned");
    auto shows = day.here.get("/status").at("accounts").at(0).at("shows").at(0);
    CHECK(shows.at("crisis") == "c-1");
    CHECK(shows.at("edition") == 2);
    CHECK(shows.at("url") == account.at("url"));
}

TEST_CASE("a preview has the words and asks each link once", "[api][saying]")
{
    crisis_day day;
    auto changes = day.here.daemon.changes;
    auto shown = day.post("/crises/c-1/statements/preview", R"({"about":"x"})");
    CHECK(shown.status == 200);
    CHECK(body_of(shown).at("schema") == "halfmast.statements/1");
    auto statements = body_of(shown).at("statements");
    REQUIRE(statements.size() == 2);
    CHECK(day.here.daemon.links_asked == 1);
    for (const auto& one : statements) {
        CHECK(one.at("kind") == "update");
        CHECK(one.at("form") == "long");
        REQUIRE(one.at("links").size() == 1);
        CHECK(one.at("links").at(0).at("ok") == false);
        CHECK(one.at("links").at(0).at("said") == "HEAD: 404 Not Found");
    }
    CHECK(day.here.daemon.changes == changes);
}

TEST_CASE("an edition that waits for approval says so, and which one was approved", "[api][saying]")
{
    crisis_day day;
    day.here.daemon.here.rules.playbooks.at("recall").publish = publish_mode::after_approval;
    day.here.daemon.here.raise("recall", {}, true);
    auto waits = day.here.get("/crises/c-2").at("crisis").at("editions").at(0);
    CHECK(waits.at("state") == "waits-for-approval");
    REQUIRE(waits.at("texts").size() == 1);
    CHECK(waits.at("texts").at(0).at("language") == "en");
    CHECK_FALSE(waits.at("texts").at(0).at("text").get<std::string>().empty());
    CHECK(waits.at("texts").at(0).at("accounts") == json::array({"acme-blog"}));
    auto approved = day.post("/crises/c-2/approve");
    CHECK(approved.status == 200);
    CHECK(body_of(approved).at("edition") == 1);
    CHECK(body_of(approved).at("crisis").at("editions").at(0).at("approved_by") == "maria");
    CHECK_FALSE(body_of(approved).at("crisis").at("editions").at(0).contains("texts"));
}

TEST_CASE("an approval may name the edition it is for, and is for no other", "[api][saying]")
{
    crisis_day day;
    day.here.daemon.here.known.crises.at(crisis_id{"c-1"}).publish = publish_mode::after_approval;
    for (auto about : {"Half of it works.", "All of it works."})
        CHECK(day.post("/crises/c-1/statements", json{{"kind", "update"}, {"about", about}}.dump()).status == 202);
    auto editions = [&] { return day.here.get("/crises/c-1").at("crisis").at("editions"); };
    CHECK(editions().at(2).at("state") == "waits-for-approval");
    check_refused(day.post("/crises/c-1/approve", R"({"edition":7})"), 404, 1, "no edition 7");
    CHECK(day.post("/crises/c-1/statements/undo", R"({"edition":3})").status == 200);
    check_refused(day.post("/crises/c-1/approve", R"({"edition":3})"), 409, 9, "edition 2 (update) waits now");
    CHECK(editions().at(1).at("state") == "waits-for-approval");
    auto approved = day.post("/crises/c-1/approve", R"({"edition":2})");
    CHECK(approved.status == 200);
    CHECK(body_of(approved).at("edition") == 2);
    CHECK(editions().at(1).at("approved_by") == "maria");
}

TEST_CASE("one owner, handed over by name", "[api][saying]")
{
    crisis_day day;
    auto given = day.post("/crises/c-1/owner", R"({"owner":"dana","reason":"night shift"})");
    CHECK(given.status == 200);
    CHECK(body_of(given).at("crisis").at("owner") == "dana");
    check_refused(day.post("/crises/c-1/owner", "{}"), 400, 2, "'owner' is missing");
}

TEST_CASE("the promise is in status: what is promised, kept, missed, and whether it is late", "[api][saying]")
{
    crisis_day day;
    day.post("/crises/c-1/statements", R"({"about":"x","next_update":"5m","now":true})");
    let_out(day.here.daemon.here, "acme-blog");
    auto promise = day.here.get("/status").at("crises").at(0).at("promise");
    CHECK(promise.at("next_update_by") == "2026-03-01T14:05:21Z");
    CHECK(promise.at("late") == false);
    day.here.daemon.here.later(6min);
    day.here.daemon.here.happen(clock_ticked{});
    promise = day.here.get("/status").at("crises").at(0).at("promise");
    CHECK(promise.at("late") == true);
    CHECK(promise.at("missed") == 1);
}

TEST_CASE("a reply waits for another person's word, and can be dropped", "[api][saying]")
{
    crisis_day day;
    auto asked = day.post("/crises/c-1/replies", R"({"account":"acme-blog","to":"113","text":"We are sorry.","language":"en"})");
    CHECK(asked.status == 202);
    auto reply = body_of(asked).at("reply");
    CHECK(body_of(asked).at("schema") == "halfmast.reply/1");
    CHECK(reply.at("id") == "r-1");
    CHECK(reply.at("to") == "113");
    CHECK(reply.at("state") == "waiting");
    CHECK(reply.at("approved") == false);
    CHECK(reply.at("not_before") == "2026-03-01T14:05:21Z");
    CHECK(day.here.get("/status").at("crises").at(0).at("replies") == 1);
    auto alone = day.post("/replies/r-1/approve");
    CHECK(alone.status >= 400);
    day.here.user = "dana";
    auto approved = day.post("/replies/r-1/approve");
    CHECK(approved.status == 200);
    CHECK(body_of(approved).at("reply").at("approved_by") == "dana");
    auto dropped = day.post("/replies/r-1/drop", R"({"reason":"said already"})");
    CHECK(dropped.status == 200);
    CHECK(body_of(dropped).at("reply").at("state") == "dropped");
    CHECK(day.here.get("/crises/c-1/replies").at("replies").size() == 1);
    CHECK(day.here.get("/status").at("crises").at(0).at("replies") == 0);
    check_refused(day.post("/replies/r-9/approve"), 404, 1, "r-9");
}

TEST_CASE("tasks are listed with what a person needs, and end by a word", "[api][saying]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.rules.accounts.at(account_id{"other"}).can_publish = false;
    desk.sees({}, "acme-blog");
    desk.raise("outage", {}, true);
    auto list = here.get("/tasks");
    CHECK(list.at("schema") == "halfmast.tasks/1");
    REQUIRE(list.at("tasks").size() >= 1);
    auto task = list.at("tasks").at(0);
    CHECK(task.at("kind") == "publish");
    CHECK(task.at("account") == "other");
    CHECK(task.at("text") == "We are on it.");
    CHECK(task.at("state") == "open");
    CHECK(task.at("owner") == "ops");
    auto open = list.at("tasks").size();
    CHECK(here.get("/crises/c-1").at("crisis").at("tasks") == open);
    CHECK(here.get("/status").at("tasks").size() == open);
    auto id = task.at("id").get<std::string>();
    auto done = here.ask("POST", "/api/v1/tasks/" + id + "/done", R"({"reason":"posted"})");
    CHECK(done.status == 200);
    CHECK(body_of(done).at("task").at("state") == "done");
    CHECK(body_of(done).at("task").at("by") == "maria");
    CHECK(here.get("/tasks?all=1").at("tasks").size() >= open);
    CHECK(here.ask("POST", "/api/v1/tasks/" + id + "/done").status == 200);  // saying it twice is fine
    check_refused(here.ask("POST", "/api/v1/tasks/t-77/done"), 404, 1, "t-77");
}

TEST_CASE("bodies about what is said are read strictly", "[api][saying]")
{
    crisis_day day;
    auto changes = day.here.daemon.changes;
    struct row {
        const char* path;
        const char* body;
        const char* part;
    };
    for (const auto& [path, body, part] :
         std::vector<row>{{"statements", R"({"kind":"news"})", "summary, update, correction or all_clear"},
                          {"statements", R"({"kind":"summary","about":"x"})", "'about' does not go with a summary"},
                          {"statements", R"({"about":{"no such tag":"x"}})", "not a language tag"},
                          {"statements", R"({"about":{"hu":" "}})", "'about.hu' is empty"},
                          {"statements", R"({"about":{"hu":1}})", "'about.hu' must be a string"},
                          {"statements", R"({"about":{"zh-hans":"x","zh-Hans":"y"}})", "zh-Hans twice"},
                          {"statements", R"({"reason":["x"]})", "'reason' must be a string"},
                          {"approve", R"({"break_glas":"x"})", "break_glass"},
                          {"approve", R"({"edition":"2"})", "'edition'"},
                          {"lower", R"({"about":{"hu":"x"}})", "all_clear"},
                          {"statements", R"({"kind":"correction"})", "'about' is missing"},
                          {"statements", R"({"kind":"all_clear","next_update":"5m"})", "promises no further word"},
                          {"statements", R"({"next_update":"soon"})", "duration"},
                          {"statements/preview", R"({"abuot":"x"})", "abuot"},
                          {"statements/undo", R"({"edition":-1})", "whole number"},
                          {"replies", R"({"account":"acme-blog","text":"x"})", "'to' is missing"},
                          {"lower", R"({"now":true})", "all_clear"}}) {
        INFO(path << " " << body);
        check_refused(day.post("/crises/c-1/" + std::string{path}, body), 400, 2, part);
    }
    for (auto path : {"statements", "statements/preview", "statements/undo", "owner", "replies", "approve"})
        CHECK(day.post("/crises/c-9/" + std::string{path}, R"({"owner":"x","account":"a","to":"1","text":"x"})").status >= 400);
    CHECK(day.here.daemon.changes == changes);
}

TEST_CASE("what people type may be given by language, and stays so on record", "[api][saying]")
{
    crisis_day day;
    auto said = day.post("/crises/c-1/statements",
                         R"({"about":{"EN":"Cards work.","hu":"A kártyák működnek."},"reason":{"und":"the cable"},"now":true})");
    CHECK(said.status == 202);
    auto edition = body_of(said).at("crisis").at("editions").at(1);
    CHECK(edition.at("about") == "Cards work.");
    CHECK(edition.at("about_in") == json{{"en", "Cards work."}, {"hu", "A kártyák működnek."}});
    CHECK(edition.at("reason") == "the cable");
    CHECK(edition.at("hole").is_null());
    CHECK_FALSE(body_of(said).at("crisis").at("editions").at(0).contains("about_in"));
    auto shown = day.post("/crises/c-1/statements/preview", R"({"about":{"hu":"A kártyák működnek."}})");
    auto statement = body_of(shown).at("statements").at(0);
    CHECK(statement.at("fillings") == json::array({{{"field", "about"}, {"language", "hu"}, {"differs", true}}}));
    CHECK(statement.at("hole").is_null());
    CHECK(body_of(day.post("/crises/c-1/statements/preview", "{}")).at("statements").at(0).at("hole") == "about");

    auto raised = day.post("/crises", R"({"playbook":"recall","reason":{"hu":"tűz","ru":"пожар"}})");
    CHECK(raised.status == 201);
    CHECK(body_of(raised).at("crisis").at("reason") == "tűz");
    CHECK(body_of(raised).at("crisis").at("reason_in") == json{{"hu", "tűz"}, {"ru", "пожар"}});
    CHECK_FALSE(day.here.get("/crises/c-1").at("crisis").contains("reason_in"));
}

TEST_CASE("a text with a hole waits and says which field is missing; a manager may break the glass for a statement",
          "[api][saying]")
{
    crisis_day day;
    auto& desk = day.here.daemon.here;
    desk.rules.playbooks.at("recall").two_person = severity::minor;
    crisis_raised flag;
    flag.by = actor_id{"maria"};
    flag.playbook = "recall";
    flag.statements[account_id{"acme-blog"}] = {"en", "We know that is so.", 0, "reason"};
    desk.happen(flag);
    auto edition = day.here.get("/crises/c-2").at("crisis").at("editions").at(0);
    CHECK(edition.at("state") == "waits-for-approval");
    CHECK(edition.at("hole") == "reason");
    check_refused(day.post("/crises/c-2/approve"), 403, 4, "somebody else has to agree");
    auto alone = day.post("/crises/c-2/approve", R"({"reason":"it is meant so","break_glass":"nobody else is awake"})");
    CHECK(alone.status == 200);
    CHECK(body_of(alone).at("crisis").at("editions").at(0).at("approved_by") == "maria");
    CHECK(desk.total(record_kind::glass_broken) == 1);
    auto update = day.post("/crises/c-2/statements", R"({"about":"x","break_glass":"nobody else is awake"})");
    CHECK(update.status == 202);
    CHECK(body_of(update).at("crisis").at("editions").at(1).at("approved") == true);
    CHECK(desk.total(record_kind::glass_broken) == 2);
    auto waits = day.post("/crises/c-2/statements", R"({"about":"y"})");
    CHECK(body_of(waits).at("crisis").at("editions").at(2).at("state") == "waits-for-approval");
}

TEST_CASE("without the ledger nothing is said", "[api][saying]")
{
    crisis_day day;
    day.here.daemon.ledger_error = "disk full";
    for (auto path : {"statements", "lower"})
        check_refused(day.post("/crises/c-1/" + std::string{path}), 503, 1, "disk full");
}

TEST_CASE("lowering with an all-clear says it first", "[api][saying]")
{
    crisis_day day;
    auto down = day.post("/crises/c-1/lower", R"({"reason":"works again","all_clear":true,"about":"A cable was cut.","now":true})");
    CHECK(down.status == 200);
    auto edition = body_of(down).at("crisis").at("editions").at(1);
    CHECK(edition.at("kind") == "all_clear");
    CHECK(edition.at("next_update_by").is_null());
    CHECK(body_of(down).at("crisis").at("phase") == "lowered");
}
