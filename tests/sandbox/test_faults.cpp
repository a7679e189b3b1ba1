// What goes wrong on purpose: limits, the fault plan, and the endpoints that set the stage.
#include "tests/sandbox/visit.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using texts = std::vector<std::string>;

namespace {

const std::string queue_path = "/api/v1/scheduled_statuses";
const std::string publish_path = "/api/v1/statuses";

}  // namespace

TEST_CASE("300 calls in five minutes, then 429 until the window ends", "[sandbox]")
{
    auto there = visit{sandbox::platform_settings{}, "2026-03-01T12:01:00Z"};
    const auto first = there.get(queue_path);
    CHECK(first.header("X-RateLimit-Limit") == "300");
    CHECK(first.header("X-RateLimit-Remaining") == "299");
    CHECK(first.header("X-RateLimit-Reset") == "2026-03-01T12:05:00.000000Z");
    for (auto n = 0; n < 299; ++n)
        REQUIRE(there.get(queue_path).status == 200);
    const auto over = there.schedule("too many", 1h);
    CHECK(over.status == 429);
    CHECK(over.error() == "Too many requests");
    CHECK(over.header("X-RateLimit-Remaining") == "0");
    CHECK(over.header("Retry-After").empty());
    CHECK(there.as("token-1").get(queue_path).status == 200);  // another token has its own
    CHECK(there.account()["counts"]["rate_limited"] == 1);
    there.as("token-alice").wait(4min);
    CHECK(there.get(queue_path).header("X-RateLimit-Remaining") == "299");
    CHECK(there.queue().empty());
}

TEST_CASE("pages, uploads, deletions and posts have limits of their own; the closest one is shown", "[sandbox]")
{
    auto there = visit{sandbox::platform_settings{}};
    CHECK(there.upload(small_picture()).header("X-RateLimit-Limit") == "30");
    for (auto n = 0; n < 29; ++n)
        REQUIRE(there.upload(small_picture()).status == 200);
    CHECK(there.upload(small_picture()).status == 429);
    CHECK(there.get(queue_path).header("X-RateLimit-Limit") == "300");
    there.wait(10min);
    CHECK(there.upload(small_picture()).status == 429);  // half an hour, not five minutes
    for (auto n = 0; n < 30; ++n)
        REQUIRE(there.remove(publish_path + "/1").status == 404);
    CHECK(there.remove(publish_path + "/1").status == 429);
    CHECK(there.remove(queue_path + "/1").status == 404);  // deleting scheduled ones is not counted there
    CHECK(there.get(queue_path + "?max_id=5").header("X-RateLimit-Reset") == "2026-03-01T12:15:00.000000Z");
}

TEST_CASE("other limits are set while it runs: a window, a bucket, none", "[sandbox]")
{
    auto there = visit{};
    CHECK(there.control("rules", {{"rate_limit", "10/1s"}, {"burst", 2}}).status == 200);
    CHECK(there.get(queue_path).status == 200);
    CHECK(there.get(queue_path).status == 200);
    CHECK(there.get(queue_path).status == 429);
    there.wait(100ms);
    CHECK(there.get(queue_path).status == 200);
    CHECK(there.get(queue_path).status == 429);
    CHECK(there.control("rules", {{"rate_limit", "0"}}).status == 200);
    CHECK(there.get(queue_path).header("X-RateLimit-Limit").empty());
    CHECK(there.control("rules", {{"rate_limit", "many"}}).status == 422);
    CHECK(there.control("rules", {{"rate_limit", "10/1s"}, {"burst", -1}}).status == 422);
}

TEST_CASE("a status code stands for a refusal: nothing is done", "[sandbox]")
{
    auto there = visit{};
    REQUIRE(there.faults({{{"method", "POST"}, {"path", publish_path}, {"count", 1}, {"fault", {{"status", 503}}}}}).status == 200);
    const auto refused = there.schedule("first try", 1h);
    CHECK(refused.status == 503);
    CHECK(refused.error() == "There was a temporary problem");
    CHECK(there.schedule("second try", 1h).status == 200);
    CHECK(there.queue() == texts{"second try"});
    CHECK(there.get("/control/faults").body["rules"][0]["struck"] == 1);
}

TEST_CASE("headers and body of a fault are given as written", "[sandbox]")
{
    auto there = visit{sandbox::platform_settings{}};
    there.faults({{{"path", queue_path + "*"},
                   {"fault", {{"status", 429}, {"headers", {{"Retry-After", "7"}, {"X-RateLimit-Remaining", "0"}}}}}},
                  {{"path", "/api/v2/instance"},
                   {"fault", {{"status", 200}, {"body", "not JSON"}, {"headers", {{"Content-Type", "text/plain"}}}}}}});
    const auto limited = there.get(queue_path);
    CHECK(limited.status == 429);
    CHECK(limited.header("Retry-After") == "7");
    CHECK(limited.header("X-RateLimit-Remaining") == "0");
    CHECK(std::ranges::count(limited.raw.headers, "X-RateLimit-Remaining", &std::pair<std::string, std::string>::first) == 1);
    const auto odd = there.get("/api/v2/instance");
    CHECK(odd.raw.body == "not JSON");
    CHECK(odd.raw.content_type == "text/plain");
}

TEST_CASE("a cut answer: the act is done, the answer breaks off", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("moved", 1h).id();
    there.faults({{{"method", "PUT"}, {"path", queue_path + "/*"}, {"fault", {{"cut_after", 10}}}}});
    const auto cut = there.put(path, {{"scheduled_at", there.in(9h)}});
    CHECK(cut.raw.cut_after == 10u);
    CHECK(cut.raw.body.size() > 10);
    CHECK(there.get(path).body["scheduled_at"] == there.in(9h));
    CHECK(there.get("/control/log?limit=3").body["log"][1]["cut"] == true);
}

TEST_CASE("no answer: nothing is done, unless the plan says that it was", "[sandbox]")
{
    auto there = visit{};
    there.faults({{{"method", "POST"}, {"path", publish_path}, {"count", 1}, {"fault", {{"no_answer", true}, {"delay", "30s"}}}},
                  {{"method", "POST"}, {"path", publish_path}, {"count", 1}, {"effect", true}, {"fault", {{"no_answer", true}}}}});
    const auto lost = there.schedule("lost on the way", 1h);
    CHECK(lost.raw.no_answer);
    CHECK(lost.raw.delay == 30s);
    CHECK(there.queue().empty());
    CHECK(there.schedule("answer lost", 1h).raw.no_answer);
    CHECK(there.queue() == texts{"answer lost"});
    CHECK(there.get("/control/log?limit=4").body["log"][0]["status"] == 0);
}

TEST_CASE("a refusal that did it all the same", "[sandbox]")
{
    auto there = visit{};
    there.faults({{{"method", "POST"}, {"path", publish_path}, {"effect", true}, {"fault", {{"status", 502}}}}});
    CHECK(there.schedule("done and denied", 1h).status == 502);
    CHECK(there.queue() == texts{"done and denied"});
}

TEST_CASE("a lying 200 looks like the real one, and nothing was done", "[sandbox]")
{
    auto there = visit{};
    const auto picture = there.upload(small_picture()).id();
    const auto made = there.post(publish_path, {{"status", "kettle"}, {"media_ids", {picture}}, {"scheduled_at", there.in(1h)}});
    const auto path = queue_path + "/" + made.id();
    const auto before = there.account();
    there.faults({{{"method", "*"}, {"path", "/api/*"}, {"count", 7}, {"fault", {{"lie", true}}}}});

    const auto moved = there.put(path, {{"scheduled_at", there.in(9h)}});
    CHECK(moved.status == 200);
    CHECK(moved.body["scheduled_at"] == there.in(9h));
    CHECK(there.remove(path).status == 200);
    CHECK(there.schedule("never stored", 2h).status == 200);
    const auto out = there.post(publish_path, {{"status", "@acct-1 never out"}});
    CHECK(out.status == 200);
    CHECK(there.upload(small_picture()).status == 200);
    CHECK(there.form("PATCH", "/api/v1/accounts/update_credentials", "note=never").body["source"]["note"] == "never");
    CHECK(there.remove("/api/v1/media/" + picture).status == 200);

    auto after = there.account();
    after["counts"] = before["counts"];
    CHECK(after == before);
    CHECK(there.get(path).body == made.body);
    CHECK(there.get(publish_path + "/" + out.id()).status == 404);
    CHECK(there.as("token-1").get("/api/v1/notifications").body.empty());
    CHECK(there.as("token-alice").get("/api/v1/accounts/verify_credentials").body["source"]["note"] == "");
    there.wait(1h);
    CHECK(there.published() == texts{"kettle"});
}

TEST_CASE("a lie about pins, edits and deletions leaves everything as it was", "[sandbox]")
{
    auto there = visit{};
    const auto id = there.post(publish_path, {{"status", "@acct-1 statement"}}).id();
    const auto before = there.account();
    there.faults({{{"path", "/api/v1/statuses/*"}, {"count", 3}, {"fault", {{"lie", true}, {"status", 200}}}}});
    CHECK(there.send("POST", publish_path + "/" + id + "/pin").body["pinned"] == true);
    CHECK(there.form("PUT", publish_path + "/" + id, "status=other").body["content"] == "<p>other</p>");
    CHECK(there.remove(publish_path + "/" + id).body["text"] == "@acct-1 statement");
    auto after = there.account();
    after["counts"] = before["counts"];
    CHECK(after == before);
    CHECK(there.as("token-1").get("/api/v1/notifications").body.size() == 1);
}

TEST_CASE("a late act is answered at once and done afterwards", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("late", 1h).id();
    there.faults({{{"method", "DELETE"}, {"fault", {{"late", true}, {"delay", "20s"}}}}});
    const auto early = there.remove(path);
    CHECK(early.status == 200);
    CHECK(early.raw.delay == 0ms);
    CHECK(there.queue().size() == 1);
    there.wait(19s);
    CHECK(there.queue().size() == 1);
    there.wait(1s);
    CHECK(there.queue().empty());
}

TEST_CASE("somebody else was there between what a client saw and its call", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/";
    const auto cancelled = there.schedule("cancelled", 1h).id();
    const auto sent = there.schedule("sent", 1h).id();
    const auto moved = there.schedule("moved", 1h).id();
    const auto edit = [](json what) { return json::array({{{"edit", std::move(what)}}}); };
    const auto before_call = [](const std::string& id, const json& acts) {
        return json{{"path", "*/" + id}, {"count", 1}, {"fault", {{"meanwhile", acts}}}};
    };
    REQUIRE(there
                .faults({before_call(cancelled, edit({{"account", "alice"}, {"id", cancelled}, {"delete", true}})),
                         before_call(sent, edit({{"account", "alice"}, {"id", sent}, {"due", "+0s"}})),
                         before_call(moved, edit({{"account", "alice"}, {"id", moved}, {"due", "+7h"}}))})
                .status
            == 200);
    CHECK(there.remove(path + cancelled).status == 404);
    CHECK(there.remove(path + sent).status == 404);
    CHECK(there.get(path + moved).body["scheduled_at"] == there.in(7h));
    CHECK(there.published("alice") == texts{"sent"});
    CHECK(there.queue() == texts{"moved"});
    CHECK(there.get("/control/faults").body["rules"][0]["fault"]["meanwhile"][0]["edit"]["id"] == cancelled);
}

TEST_CASE("a token is revoked in the middle: even what everybody may read is refused to it", "[sandbox]")
{
    auto there = visit{};
    const auto id = there.account()["id"].get<std::string>();
    REQUIRE(there
                .faults({{{"path", queue_path},
                          {"after", 1},
                          {"count", 1},
                          {"fault", {{"meanwhile", {{{"revoke", {{"account", "alice"}}}}}}}}}})
                .status
            == 200);
    CHECK(there.get(queue_path).status == 200);
    CHECK(there.get(queue_path).status == 401);
    CHECK(there.get("/api/v1/accounts/" + id + "/statuses").status == 401);
    CHECK(there.get("/api/v2/instance").status == 200);
    CHECK(there.as("").get("/api/v1/accounts/" + id + "/statuses").status == 200);
    there.control("revoke", {{"account", "alice"}, {"restore", true}});
    CHECK(there.as("token-alice").get(queue_path).status == 200);
}

TEST_CASE("what could not be done meanwhile shows with the plan; only what changes something may be asked for", "[sandbox]")
{
    auto there = visit{};
    REQUIRE(there.faults({{{"fault", {{"meanwhile", {{{"edit", {{"account", "alice"}, {"id", "77"}}}}}}}}}}).status == 200);
    CHECK(there.get(queue_path).status == 200);
    CHECK(there.get("/control/faults").body["rules"][0]["trouble"].get<std::string>().find("no post 77") != std::string::npos);
    CHECK(there.faults({{{"fault", {{"meanwhile", {{{"faults", json::object()}}}}}}}}).status == 422);
    CHECK(there.faults({{{"fault", {{"meanwhile", "edit"}}}}}).status == 422);
}

TEST_CASE("answers of another shape, of another kind, and huge ones", "[sandbox]")
{
    auto there = visit{};
    there.schedule("x", 1h);
    there.faults({{{"path", queue_path}, {"count", 1}, {"fault", {{"wrong_type", true}}}},
                  {{"path", queue_path}, {"count", 1}, {"fault", {{"wrong_type", "html"}}}},
                  {{"path", queue_path}, {"fault", {{"huge", 2'000'000}}}}});
    CHECK(there.get(queue_path).body["unexpected"][0]["id"] == 42);
    const auto page = there.get(queue_path);
    CHECK(page.status == 200);
    CHECK(page.raw.content_type == "text/html; charset=utf-8");
    CHECK(there.get(queue_path).raw.body.size() == 2'000'000);
}

TEST_CASE("which calls a rule strikes: account, method, path, after, every, count, chance", "[sandbox]")
{
    auto there = visit{};
    there.faults({{{"account", "acct-*"},
                   {"method", "GET"},
                   {"path", queue_path},
                   {"after", 1},
                   {"every", 2},
                   {"count", 2},
                   {"fault", {{"status", 500}}}}});
    auto codes = std::vector<int>{};
    there.as("token-1");
    for (auto n = 0; n < 7; ++n)
        codes.push_back(there.get(queue_path).status);
    CHECK(codes == std::vector{200, 500, 200, 500, 200, 200, 200});
    CHECK(there.as("token-alice").get(queue_path).status == 200);

    auto roll = [&] {
        auto struck = std::string{};
        there.control("faults",
                      {{"seed", 7}, {"rules", {{{"path", queue_path}, {"probability", 0.5}, {"fault", {{"status", 500}}}}}}});
        for (auto n = 0; n < 40; ++n)
            struck += there.get(queue_path).status == 500 ? 'x' : '.';
        return struck;
    };
    const auto once = roll();
    CHECK(once == roll());
    CHECK(std::ranges::count(once, 'x') > 8);
    CHECK(std::ranges::count(once, 'x') < 32);
    CHECK(there.remove("/control/faults").status == 200);
    CHECK(there.get(queue_path).status == 200);
}

TEST_CASE("every fault of a fault plan is named", "[sandbox]")
{
    auto there = visit{};
    const auto wrong = there.faults({{{"path", 3}, {"fault", {{"status", 99}, {"delay", "soon"}}}},
                                     {{"fautl", 1}},
                                     {{"every", 0}, {"fault", {{"lie", "yes"}}}}});
    CHECK(wrong.status == 422);
    CHECK(wrong.error()
        == "fault plan: rules[0].path: not a text; rules[0].fault.status: not between 200 and 599; rules[0].fault.delay: not a duration such as 3s or "
           "500ms; rules[1].fautl: unknown key; rules[1].fault: missing, or not an object; rules[2].every: must be at least 1; rules[2].fault.lie: "
           "neither true nor false");
    CHECK(there.send("POST", "/control/faults", "nonsense").status == 422);
    CHECK(there.get("/control/faults").body["rules"].empty());
}

TEST_CASE("latency delays every answer but the control endpoints'", "[sandbox]")
{
    auto settings = without_limits();
    settings.latency = 80ms;
    auto there = visit{std::move(settings)};
    CHECK(there.get(queue_path).raw.delay == 80ms);
    CHECK(there.get("/control/state").raw.delay == 0ms);
    there.control("rules", {{"latency", "5ms"}});
    CHECK(there.get(queue_path).raw.delay == 5ms);
}

TEST_CASE("the clock goes forward, and everything in between happens, sweeps too", "[sandbox]")
{
    auto there = visit{};
    there.schedule("in ten minutes", 10min);
    const auto trapped = queue_path + "/" + there.schedule("in twelve minutes", 12min).id();
    CHECK(there.control("clock", {{"forward", "9m"}}).body["now"] == "2026-03-01T12:09:00.000Z");
    CHECK(there.published().empty());
    CHECK(there.put(trapped, {{"scheduled_at", "2026-03-01T20:00:00Z"}}).status == 200);
    CHECK(there.control("clock", {{"forward", "90s"}}).body["skew_ms"] == 630'000);
    CHECK(there.published() == texts{"in ten minutes"});
    CHECK(there.account()["published"][0]["at"] == "2026-03-01T12:10:00.000Z");
    // 12:05 looked as far as 12:10 only, the sweep at 12:10 found the new date: this one was moved in time.
    there.control("clock", {{"forward", "1h"}});
    CHECK(there.published().size() == 1);
    there.control("clock", {{"forward", "8h"}});
    CHECK(there.published().size() == 2);

    CHECK(there.get(queue_path).header("Date") == "Sun, 01 Mar 2026 21:10:30 GMT");

    CHECK(there.control("clock", {{"skew", "-10s"}}).body["now"] == "2026-03-01T11:59:50.000Z");
    CHECK(there.schedule("by the platform's clock", 5min - 9s).status == 200);
    CHECK(there.control("clock", {{"forward", "-5m"}}).status == 422);
    CHECK(there.control("clock", {{"skew", "late"}}).status == 422);
    CHECK(there.control("clock", json::object()).status == 422);
}

TEST_CASE("the stage: accounts, posts, pins, other people's edits, and a sweep by hand", "[sandbox]")
{
    auto there = visit{};
    CHECK(there.control("accounts", {{"name", "carol"}}).body["token"] == "token-of-carol");
    CHECK(there.control("accounts", {{"name", "carol"}}).status == 422);
    const auto seeded = there.control(
        "seed",
        json::array(
            {{{"account", "carol"},
              {"posts",
               json::array({{{"text", "soon"}, {"due", "+90s"}},
                            {{"text", "later"}, {"due", "2026-03-02T08:00:00Z"}, {"poll", {{"options", {"a", "b"}}}}}})}}}));
    REQUIRE(seeded.status == 200);
    const auto ids = seeded.body["accounts"][0]["ids"];
    REQUIRE(ids.size() == 2);
    CHECK(there.control("seed", {{"account", "dave"}, {"text", "x"}, {"due", "+1m"}}).status == 422);
    CHECK(there.control("seed", {{"account", "carol"}, {"text", "x"}, {"due", "soon"}}).status == 422);
    CHECK(there.control("seed", {{"account", "carol"}, {"text", "x"}, {"due", "+1m"}, {"count", -1}}).status == 422);

    there.as("token-of-carol");
    CHECK(there.control("sweep", json::object()).body["handed"] == 1);
    CHECK(there.put(queue_path + "/" + ids[0].get<std::string>(), {{"scheduled_at", there.in(1h)}}).status == 200);
    CHECK(there.control("edit", {{"account", "carol"}, {"id", ids[1]}, {"text", "reworded"}, {"due", "+3d"}}).status == 200);
    CHECK(there.queue() == texts{"reworded", "soon"});
    there.wait(90s);
    CHECK(there.published("carol") == texts{"soon"});

    const auto pinned = there.control("published", {{"account", "carol"}, {"text", "old"}, {"at", "-2d"}, {"pinned", true}});
    CHECK(there.account("carol")["published"][0]["pinned"] == true);
    CHECK(there.control("edit", {{"account", "carol"}, {"id", pinned.id()}, {"delete", true}}).status == 200);
    CHECK(there.published("carol") == texts{"soon"});
    CHECK(there.control("edit", {{"account", "carol"}, {"id", ids[1]}, {"delete", true}}).status == 200);
    CHECK(there.queue().empty());
    CHECK(there.control("edit", {{"account", "carol"}, {"id", ids[1]}, {"delete", true}}).status == 404);
    CHECK(there.send("GET", "/control").body["POST"].size() == 11);
    CHECK(there.control("nothing", json::object()).status == 404);
}

TEST_CASE("the log shows what was called and by whom, and never a token", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("x", 1h).id();
    there.remove(path);
    there.as("").get(queue_path + "?access_token=token-alice&limit=1");
    const auto log = there.get("/control/log");
    REQUIRE(log.body["log"].size() == 3);
    CHECK(log.body["log"][1]["route"] == "DELETE /api/v1/scheduled_statuses/:id");
    CHECK(log.body["log"][1]["account"] == "alice");
    CHECK(log.body["log"][2]["account"] == "-");
    CHECK(log.raw.body.find("token-alice") == std::string::npos);
    CHECK(there.account()["counts"]["scheduled_deletes"] == 1);
    CHECK(there.account()["counts"]["status_deletes"] == 0);
    CHECK(there.remove("/control/log").status == 200);
    CHECK(there.get("/control/state").body["total"]["calls"] == 0);
}

TEST_CASE("control answers this machine only", "[sandbox]")
{
    auto there = visit{};
    auto request = net::server_request{};
    request.method = "GET";
    request.target = request.path = "/control/state";
    request.remote = "192.0.2.7:5000";
    CHECK(there.place().handle(request, there.now()).status == 403);
    request.remote = "[::1]:5000";
    CHECK(there.place().handle(request, there.now()).status == 200);
}
