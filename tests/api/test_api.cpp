// The API against a core that really decides, with no loop, no disk and no sockets: requests in, answers out.
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/api/listing.hpp"
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

std::string filled(std::string_view pattern)
{
    std::string path{"/api/v1"};
    path += pattern;
    for (auto [name, value] : {std::pair{"{crisis}", "c-1"}, std::pair{"{account}", "acme-blog"}, std::pair{"{post}", "a"},
                               std::pair{"{reply}", "r-1"}, std::pair{"{task}", "t-1"}, std::pair{"{token}", "t-1"},
                               std::pair{"{secret}", "s"}, std::pair{"{ask}", "a-1"}, std::pair{"{proposal}", "p-1"}})
        if (auto place = path.find(name); place != std::string::npos)
            path.replace(place, std::string_view{name}.size(), value);
    return path;
}

}  // namespace

TEST_CASE("reading changes nothing: every GET is for readers and hands nothing to the loop; every other one is for persons",
          "[api]")
{
    window here;
    here.daemon.here.sees({promo("a", at("15:00"))}, "acme-blog");
    here.daemon.here.rules.accounts.at(account_id{"acme-blog"}).can_reply = true;
    here.daemon.here.rules.accounts.at(account_id{"other"}).can_publish = false;  // a task
    here.daemon.here.raise("outage", {}, true);
    CHECK(here.ask("POST", "/api/v1/crises/c-1/replies", R"({"account":"acme-blog","to":"5","text":"Sorry."})").status == 202);
    ask waiting;
    waiting.id = "a-1";
    waiting.by = actor_id{"jon"};
    waiting.account = account_id{"acme-blog"};
    waiting.post = post_id{"a"};
    here.daemon.here.known.asks["a-1"] = waiting;
    signal_received signal;
    signal.what.source = "hook/shop";
    signal.what.what = "checkout answers 500";
    signal.what.playbook = "recall";
    here.daemon.here.happen(signal);
    CHECK(api::routes().size() >= 27);
    std::set<std::string> seen;
    for (const auto& route : api::routes()) {
        INFO(route.method << " " << route.pattern);
        CHECK(seen.insert(std::string{route.method} + " " + std::string{route.pattern}).second);
        CHECK((route.method == "GET" || route.method == "POST" || route.method == "DELETE"));
        CHECK((route.needs == may::read || route.needs == may::audit || route.needs == may::nothing || route.method != "GET"));
        auto changes = here.daemon.changes;
        auto records = here.daemon.here.ledger.size();
        auto given = here.ask(std::string{route.method}, filled(route.pattern));
        CHECK(given.status != 404);
        CHECK(given.status < 500);
        CHECK((given.body.empty() || given.content_type == "text/html; charset=utf-8" || json::accept(given.body)));
        if (route.method == "GET") {
            CHECK(here.daemon.changes == changes);
            CHECK(here.daemon.here.ledger.size() == records);
        }
    }
}

TEST_CASE("over TCP everything can be read and nothing changed", "[api]")
{
    window here;
    here.daemon.here.sees({promo("a", at("15:00"))}, "acme-blog");
    here.daemon.here.raise();
    here.over_tcp = true;
    here.host = "localhost:7413";
    for (const auto& route : api::routes()) {
        INFO(route.method << " " << route.pattern);
        auto given = here.ask(std::string{route.method}, filled(route.pattern), "{}");
        CHECK((given.status == 403) == (route.needs != may::read && route.needs != may::nothing));
    }
    CHECK(here.daemon.changes == 0);
}

TEST_CASE("over TCP the Host header must be a name of this machine", "[api]")
{
    window here;
    here.over_tcp = true;
    for (auto good : {"localhost", "localhost:7413", "127.0.0.1:7413", "[::1]:7413", "[::1]"}) {
        here.host = good;
        INFO(good);
        CHECK(here.ask("GET", "/api/v1/status").status == 200);
    }
    for (auto bad : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:80a", "127.0.0.10"}) {
        here.host = bad;
        INFO(bad);
        check_problem(here.ask("GET", "/api/v1/status"), 403, 4, "Host");
    }
    here.over_tcp = false;  // the socket's own permissions have let them in
    CHECK(here.ask("GET", "/api/v1/status").status == 200);
}

TEST_CASE("wrong paths, methods and bodies", "[api]")
{
    window here;
    check_problem(here.ask("GET", "/api/v1/nothing"), 404, 1, "/api/v1/nothing");
    check_problem(here.ask("GET", "/api/v2/status"), 404, 1, "nothing is served");
    auto wrong = here.ask("DELETE", "/api/v1/posts/acme-blog/a");
    check_problem(wrong, 405, 1, "GET");
    CHECK(find_header(wrong.headers, "Allow") == "GET");
    CHECK(here.ask("GET", "/livez").status == 200);
    here.type = "text/plain";
    check_problem(here.ask("POST", "/api/v1/crises", "{}"), 415, 2, "application/json");
    here.type = "application/json; charset=utf-8";
    CHECK(here.ask("POST", "/api/v1/crises", "{}").status == 201);
}

TEST_CASE("bodies are read strictly, and the fault names the member", "[api]")
{
    struct row {
        std::string body;
        std::string part;
    };
    window here;
    for (const auto& row : std::vector<row>{{R"({"scop":{}})", "scop"},
                                            {R"({"reason":5})", "reason"},
                                            {R"({"severity":"huge"})", "severity"},
                                            {R"({"scope":"brand=acme"})", "scope"},
                                            {R"({"scope":{"brand":1}})", "scope.brand"},
                                            {R"({"next_update":"soon"})", "next_update"},
                                            {R"({"now":"yes"})", "now"},
                                            {"[]", "object"},
                                            {"{", "JSON"}}) {
        INFO(row.body);
        check_problem(here.ask("POST", "/api/v1/crises", row.body), 400, 2, row.part);
    }
    CHECK(here.daemon.changes == 0);
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/a/release", R"({"at":"16:00"})"), 400, 2, "RFC 3339");
    check_problem(here.ask("GET", "/api/v1/posts?stat=held"), 400, 2, "stat");
    check_problem(here.ask("GET", "/api/v1/posts?state=holded"), 400, 2, "holded");
    check_problem(here.ask("GET", "/api/v1/posts?cursor=x"), 400, 2, "cursor");
    check_problem(here.ask("GET", "/api/v1/posts?limit=0"), 400, 2, "limit");
}

TEST_CASE("a refusal becomes a problem with the exit code of the command", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.sees({promo("a", at("15:00"))}, "acme-blog");
    check_problem(here.ask("POST", "/api/v1/crises", R"({"playbook":"outrage"})"), 404, 1, "outage");
    check_problem(here.ask("POST", "/api/v1/crises/c-9/lower"), 404, 1, "c-9");
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/zz/hold"), 404, 1, "zz");
    auto raised = here.ask("POST", "/api/v1/crises",
                           R"({"playbook":"outage","reason":"checkout","severity":"critical","next_update":"30m"})");
    CHECK(raised.status == 201);
    auto body = json::parse(raised.body);
    CHECK(body.at("schema") == "halfmast.crisis/1");
    CHECK(body.at("created") == true);
    CHECK(body.at("crisis").at("raised_by") == "maria");
    CHECK(body.at("crisis").at("severity") == "critical");
    CHECK(body.at("crisis").at("next_update_by") == "2026-03-01T14:30:00Z");
    auto again = here.ask("POST", "/api/v1/crises", R"({"playbook":"outage"})");
    CHECK(again.status == 200);
    CHECK(json::parse(again.body).at("created") == false);
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/a/release", R"({"at":"2026-03-01T16:00:00Z"})"), 409, 9,
                  "only what is held");
    desk.hold_all("acme-blog");
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/a/release", R"({"at":"2026-03-01T16:00:00Z"})"), 409, 4, "c-1");
    CHECK(here.ask("POST", "/api/v1/crises/c-1/lower", R"({"reason":"over"})").status == 200);
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/a/release", R"({"at":"2026-03-01T13:00:00Z"})"), 422, 1, "has passed");
    CHECK(here.ask("POST", "/api/v1/posts/acme-blog/a/release", R"({"at":"2026-03-01T16:00:00Z"})").status == 202);
}

TEST_CASE("without the ledger a raise goes on and says so; a lower and a release did not happen", "[api]")
{
    window here;
    here.daemon.here.sees({promo("a", at("15:00"))}, "acme-blog");
    here.daemon.ledger_error = "disk full";
    auto raised = here.ask("POST", "/api/v1/crises", "{\"playbook\":\"outage\"}");
    CHECK(raised.status == 201);
    CHECK(json::parse(raised.body).at("degraded").get<std::string>().find("disk full") != std::string::npos);
    CHECK(here.ask("POST", "/api/v1/posts/acme-blog/a/hold").status == 202);
    check_problem(here.ask("POST", "/api/v1/crises/c-1/lower"), 503, 1, "disk full");
    here.daemon.sick = {"the ledger cannot be written"};
    CHECK(here.ask("GET", "/readyz").status == 503);
    CHECK(here.get("/status").at("degraded").size() == 1);
}

TEST_CASE("a brief look at a crisis has the numbers and nothing of single posts", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.sees({promo("a", at("15:00")), promo("b", at("16:00"))}, "acme-blog");
    desk.raise("outage", {{"brand", "acme"}}, true);
    auto whole = here.get("/crises/c-1");
    auto brief = here.get("/crises/c-1?brief=1");
    CHECK(brief.at("schema") == "halfmast.crisis/1");
    CHECK(brief.at("crisis") == whole.at("crisis"));
    CHECK_FALSE(brief.contains("accounts"));
    CHECK_FALSE(brief.contains("attention"));
    check_problem(here.ask("GET", "/api/v1/crises/c-1?brif=1"), 400, 2, "brief");
}

TEST_CASE("status, queue and post have the shapes that scripts are written against", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.sees({promo("a", at("15:00")), notice("n", at("14:30"))}, "acme-blog");
    desk.raise("outage", {{"brand", "acme"}}, true);
    desk.hold_all("acme-blog");

    auto status = here.get("/status");
    CHECK(status.at("schema") == "halfmast.status/1");
    auto flag = status.at("crises").at(0);
    for (auto name :
         {"id", "playbook", "severity", "reason", "owner", "raised_at", "next_update_by", "phase", "scope", "holds", "summary"})
        CHECK(flag.contains(name));
    CHECK(flag.at("scope") == json{{"brand", "acme"}});
    CHECK(flag.at("phase") == "raised");
    CHECK(flag.at("holds").at("held") == 1);
    for (auto name : {"planned", "stopping", "unconfirmed", "escaped", "manual", "failed", "gone"})
        CHECK(flag.at("holds").at(name) == 0);
    for (auto name : {"pinned", "published", "manual", "failed"})
        CHECK(flag.at("summary").contains(name));
    auto account = status.at("accounts").at(0);
    CHECK(account.at("id") == "acme-blog");
    CHECK(account.at("connector") == "wordpress");
    CHECK(account.at("reachable") == true);
    CHECK(account.at("last_poll") == "2026-03-01T14:00:00Z");
    CHECK(account.at("queued") == 1);
    CHECK(status.at("accounts").at(1).at("queued") == 0);
    desk.rules.accounts.at(account_id{"other"}).has_queue = false;
    CHECK(here.get("/status").at("accounts").at(1).at("queued").is_null());

    auto queue = here.get("/posts");
    CHECK(queue.at("schema") == "halfmast.queue/1");
    REQUIRE(queue.at("posts").size() == 2);
    CHECK(queue.at("posts").at(0).at("id") == "acme-blog/n");
    CHECK(queue.at("posts").at(0).at("state") == "queued");
    auto post = queue.at("posts").at(1);
    CHECK(post.at("id") == "acme-blog/a");
    CHECK(post.at("account") == "acme-blog");
    CHECK(post.at("remote_id") == "a");
    CHECK(post.at("due") == "2026-03-01T15:00:00Z");
    CHECK(post.at("class") == "promotional");
    CHECK(post.at("why") == json::array({{{"rule", "judgement.promotional.tags"}, {"match", "promo"}}}));
    CHECK(post.at("state") == "held");
    CHECK(post.at("rung") == "draft");
    CHECK(post.at("text") == "post a");

    auto raw = here.ask("GET", "/api/v1/posts/acme-blog/a").body;
    CHECK(raw.find(R"("original":{"id":12345678901234567890,"price":1.10})") != std::string::npos);  // byte for byte
    auto shown = json::parse(raw);
    CHECK(shown.at("schema") == "halfmast.post/1");
    auto entry = shown.at("post").at("history").at(0);
    for (auto name : {"at", "actor", "action", "outcome"})
        CHECK(entry.contains(name));
    CHECK(entry.at("action") == "hold_planned");
    CHECK(here.get("/posts/acme-blog/a/why").at("sentence").get<std::string>().find("'promo'") != std::string::npos);

    here.ask("POST", "/api/v1/crises/c-1/lower");
    CHECK(here.get("/status").at("crises").empty());
    CHECK(here.get("/status?all=1").at("crises").size() == 1);
}

TEST_CASE("pages join without a gap or a double, although posts come and go between them", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    std::vector<post_ptr> posts;
    for (int i = 0; i < 50; ++i)
        posts.push_back(promo("p" + std::to_string(i), at("15:00") + std::chrono::minutes{i / 5}));
    desk.sees(posts, "acme-blog");
    std::vector<std::string> ids;
    std::string cursor;
    int pages = 0;
    do {
        auto page = here.get("/posts?limit=7" + (cursor.empty() ? "" : "&cursor=" + net::percent_encode(cursor)));
        for (const auto& post : page.at("posts"))
            ids.push_back(post.at("id"));
        cursor = page.at("next").is_null() ? "" : page.at("next").get<std::string>();
        desk.later(1s);
        if (++pages == 2) {
            posts.erase(posts.begin(), posts.begin() + 3);  // already shown: gone now
            posts.push_back(promo("new", at("14:30")));     // before the place of the cursor
            desk.sees(posts, "acme-blog");
        }
    } while (!cursor.empty());
    CHECK(pages == 8);
    CHECK(ids.size() == 50);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 50);
}

TEST_CASE("a hundred thousand posts are listed in slices: other work has its turn", "[api]")
{
    fake_backend daemon;
    std::vector<post_ptr> posts;
    for (int i = 0; i < 100'000; ++i)
        posts.push_back(promo("p" + std::to_string(i), at("15:00") + std::chrono::seconds{i}));
    daemon.here.sees(posts, "acme-blog");
    asio::io_context context;
    auto page = api::list_posts(daemon.known(), {}, {});
    REQUIRE(page.keys.size() == 100'000);
    CHECK(std::ranges::is_sorted(page.keys));
    page.keys.resize(2'000);
    auto work = api::write_posts(daemon, page);
    auto text = asio::co_spawn(context, std::move(work), asio::use_future);
    int turns = 0;
    auto other = [&]() -> asio::awaitable<void> {
        auto on = co_await asio::this_coro::executor;
        while (text.wait_for(0s) != std::future_status::ready) {
            ++turns;
            if (turns == 2)  // a post that is gone by the time it is to be written is left out
                daemon.here.known.accounts.at(account_id{"acme-blog"}).queue.erase(post_id{"p1999"});
            co_await asio::post(on, asio::use_awaitable);
        }
    };
    auto others = other();
    asio::co_spawn(context, std::move(others), asio::use_future);
    context.run();
    CHECK(turns >= static_cast<int>(2'000 / api::slice));
    CHECK(json::parse(text.get()).at("posts").size() == 1'999);
}

TEST_CASE("a kept post that was postponed is not shown as queued", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.rules.accounts.at(account_id{"acme-blog"}).rungs = {{rung::postpone}};
    desk.sees({promo("a", at("15:00"))}, "acme-blog");
    desk.raise();
    desk.offer(100, "acme-blog");
    auto until = desk.of("a", "acme-blog").until;
    desk.answer<hold_post>(outcome{});
    desk.offer(100, "acme-blog");
    desk.answer_read(whereabouts::queued, until);
    here.ask("POST", "/api/v1/crises/c-1/lower");
    CHECK(here.ask("POST", "/api/v1/posts/acme-blog/a/keep").status == 202);
    desk.later(1s);
    desk.sees({promo("a", until)}, "acme-blog");
    CHECK(here.get("/posts/acme-blog/a").at("post").at("state") == "kept");
    CHECK(here.get("/posts?all=1").at("posts").at(0).at("state") == "kept");
}

TEST_CASE("pages: the worst first, by whom they are in hand, and what status says of the rest", "[api]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.raise();
    desk.happen(account_unread{account_id{"acme-blog"}, {failure::unreachable, "no route", {}}});
    desk.happen(health_changed{"clock", page_level::critical, "the clock was moved", "look", true});
    auto pages = here.get("/pages");
    CHECK(pages.at("schema") == "halfmast.pages/1");
    REQUIRE(pages.at("pages").size() == 3);
    CHECK(pages["pages"][0].at("key") == "clock");
    CHECK(pages["pages"][0].at("severity") == "critical");
    CHECK(here.get("/status").at("pages").size() == 3);

    auto taken = here.ask("POST", "/api/v1/pages/acknowledge", R"({"page":"crisis/c-1","reason":"on it"})");
    CHECK(taken.status == 200);
    auto page = json::parse(taken.body);
    CHECK(page.at("created") == true);
    CHECK(page.at("page").at("acknowledged_by") == "maria");
    CHECK(json::parse(here.ask("POST", "/api/v1/pages/acknowledge", R"({"page":"crisis/c-1"})").body).at("created") == false);
    CHECK(here.get("/status").at("pages").size() == 2);
    CHECK(json::parse(here.ask("POST", "/api/v1/pages/acknowledge", R"({"page":"clock"})").body)
              .at("page")
              .is_null());  // a word ends it
    check_problem(here.ask("POST", "/api/v1/pages/acknowledge", R"({"page":"crisis/c-12"})"), 404, 1, "Did you mean 'crisis/c-1'?");
    check_problem(here.ask("POST", "/api/v1/pages/acknowledge", "{}"), 400, 2, "'page' is missing");
    here.daemon.ledger_error = "disk full";
    auto unwritten = here.ask("POST", "/api/v1/pages/acknowledge", R"({"page":"account-unreachable/acme-blog"})");
    CHECK(unwritten.status == 200);  // nobody else shall be called, disk or no disk
    CHECK(json::parse(unwritten.body).at("degraded").get<std::string>().find("disk full") != std::string::npos);
    CHECK(json::parse(here.ask("POST", "/api/v1/pages/test").body).at("receivers").empty());
}
