// Scheduled posts and their traps: what a client of a real server meets.
#include "tests/sandbox/visit.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using texts = std::vector<std::string>;

namespace test_scheduled {

namespace {

const std::string queue_path = "/api/v1/scheduled_statuses";

// Fills the queue without the API's caps standing in the way.
void seed(visit& there, int count, const std::string& due, const std::string& every = "1s")
{
    const auto made =
        there.control("seed", {{"account", "alice"}, {"text", "seed {n}"}, {"due", due}, {"every", every}, {"count", count}});
    REQUIRE(made.status == 200);
    REQUIRE(made.body["ids"].size() == static_cast<std::size_t>(count));
}

}  // namespace

TEST_CASE("a scheduled post is listed, shown, moved, and goes out at its time", "[sandbox]")
{
    auto there = visit{};
    const auto made = there.post("/api/v1/statuses",
                                 {{"status", "Spring sale #promo"}, {"scheduled_at", there.in(1h)}, {"visibility", "unlisted"}});
    REQUIRE(made.status == 200);
    CHECK(made.body["scheduled_at"] == "2026-03-01T13:00:00.000Z");
    CHECK(made.body["params"]["text"] == "Spring sale #promo");
    CHECK(made.body["params"]["visibility"] == "unlisted");
    CHECK(made.body["params"]["scheduled_at"].is_null());
    CHECK(made.body["params"]["in_reply_to_id"].is_null());

    const auto path = queue_path + "/" + made.id();
    CHECK(there.get(path).body == made.body);
    CHECK(there.queue() == texts{"Spring sale #promo"});
    const auto moved = there.put(path, {{"scheduled_at", there.in(2h)}});
    CHECK(moved.status == 200);
    CHECK(moved.body["id"] == made.body["id"]);
    CHECK(moved.body["scheduled_at"] == "2026-03-01T14:00:00.000Z");

    there.wait(119min);
    CHECK(there.published().empty());
    there.wait(1min);
    CHECK(there.published() == texts{"Spring sale #promo"});
    CHECK(there.queue().empty());
    const auto out = there.account()["published"][0];
    CHECK(out["at"] == "2026-03-01T14:00:00.000Z");
    CHECK(out["was_scheduled"] == made.body["id"]);
    CHECK(out["visibility"] == "unlisted");
}

TEST_CASE("what was deleted or is not one's own is not found", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("mine", 1h).id();
    CHECK(there.as("token-1").get(path).status == 404);
    CHECK(there.put(path, {{"scheduled_at", there.in(2h)}}).status == 404);
    CHECK(there.remove(path).status == 404);
    CHECK(there.queue().empty());

    const auto gone = there.as("token-alice").remove(path);
    CHECK(gone.status == 200);
    CHECK(gone.body == json::object());
    const auto again = there.remove(path);
    CHECK(again.status == 404);
    CHECK(again.error() == "Record not found");
    there.wait(2h);
    CHECK(there.published().empty());
}

TEST_CASE("a published scheduled post is not found either", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("out", 10min).id();
    there.wait(10min);
    CHECK(there.remove(path).status == 404);
    CHECK(there.put(path, {{"scheduled_at", there.in(2h)}}).status == 404);
    CHECK(there.published() == texts{"out"});
}

TEST_CASE("trap: in the last five minutes a PUT is answered 200 and the post goes out all the same", "[sandbox]")
{
    auto there = visit{};
    const auto path = queue_path + "/" + there.schedule("too late", 10min).id();
    there.wait(6min);  // the sweep at 5 minutes handed it over
    const auto moved = there.put(path, {{"scheduled_at", there.in(24h)}});
    CHECK(moved.status == 200);
    CHECK(there.get(path).body["scheduled_at"] == there.in(24h));

    there.wait(4min);
    CHECK(there.published() == texts{"too late"});
    CHECK(there.get(path).status == 404);
    const auto account = there.account();
    CHECK(account["late_jobs"] == 1);
    CHECK(account["published"][0]["at"] == "2026-03-01T12:10:00.000Z");
    CHECK(account["published"][0]["ignored_due"] == "2026-03-02T12:06:00.000Z");
}

TEST_CASE("before the sweep a PUT holds, in the last five minutes only DELETE does", "[sandbox]")
{
    auto there = visit{};
    const auto early = queue_path + "/" + there.schedule("early", 11min).id();
    const auto late = queue_path + "/" + there.schedule("late", 10min).id();
    there.wait(4min);
    CHECK(there.put(early, {{"scheduled_at", there.in(24h)}}).status == 200);
    there.wait(2min);
    CHECK(there.remove(late).status == 200);
    there.wait(1h);
    CHECK(there.published().empty());
    CHECK(there.queue() == texts{"early"});
}

TEST_CASE("without the sweep trap the date is looked at again", "[sandbox]")
{
    auto settings = without_limits();
    settings.set.on.sweep = false;
    auto there = visit{std::move(settings)};
    const auto path = queue_path + "/" + there.schedule("held", 10min).id();
    there.wait(9min);
    CHECK(there.put(path, {{"scheduled_at", there.in(24h)}}).status == 200);
    there.wait(1h);
    CHECK(there.published().empty());
}

TEST_CASE("trap: a past date publishes at once", "[sandbox]")
{
    auto there = visit{};
    const auto out = there.schedule("yesterday's news", -24h);
    CHECK(out.status == 200);
    CHECK(out.body.contains("content"));
    CHECK_FALSE(out.body.contains("params"));
    CHECK(there.published() == texts{"yesterday's news"});

    CHECK(there.control("rules", {{"traps", {{"past", false}}}}).status == 200);
    CHECK(there.schedule("again", -24h).status == 422);
    CHECK(there.published().size() == 1);
}

TEST_CASE("less than five minutes ahead is refused, on PUT too", "[sandbox]")
{
    auto there = visit{};
    const auto soon = there.schedule("soon", 5min);
    CHECK(soon.status == 422);
    CHECK(soon.error() == "Validation failed: Scheduled at date must be in the future");
    CHECK(there.schedule("just enough", 5min + 1s).status == 200);
    const auto path = queue_path + "/" + there.schedule("later", 1h).id();
    CHECK(there.put(path, {{"scheduled_at", there.in(4min)}}).status == 422);
    CHECK(there.put(path, {{"scheduled_at", there.in(-1h)}}).status == 422);
    CHECK(there.put(path, {{"scheduled_at", "next Tuesday"}}).status == 422);
    CHECK(there.published().empty());
}

TEST_CASE("25 a day, and a PUT that stays on a full day or moves to one is refused", "[sandbox]")
{
    auto there = visit{};
    seed(there, 25, "2026-04-01T10:00:00Z");
    const auto full = there.post("/api/v1/statuses", {{"status", "one more"}, {"scheduled_at", "2026-04-01T23:59:00Z"}});
    CHECK(full.status == 422);
    CHECK(full.error() == "Validation failed: You have exceeded the limit of 25 scheduled posts for today");
    const auto next_day = there.post("/api/v1/statuses", {{"status", "one more"}, {"scheduled_at", "2026-04-02T00:00:00Z"}});
    CHECK(next_day.status == 200);

    const auto on_it = queue_path + "/" + there.get(queue_path + "?limit=2").body[1]["id"].get<std::string>();
    CHECK(there.put(on_it, {{"scheduled_at", "2026-04-01T20:00:00Z"}}).status == 422);
    CHECK(there.put(queue_path + "/" + next_day.id(), {{"scheduled_at", "2026-04-01T20:00:00Z"}}).status == 422);
    CHECK(there.put(on_it, {{"scheduled_at", "2026-04-03T20:00:00Z"}}).status == 200);
    CHECK(there.put(queue_path + "/" + next_day.id(), {{"scheduled_at", "2026-04-01T20:00:00Z"}}).status == 200);
}

TEST_CASE("300 in all, and then every PUT is refused", "[sandbox]")
{
    auto there = visit{};
    seed(there, 299, "+1d", "2h");
    const auto last = there.schedule("the 300th", 700h);
    CHECK(last.status == 200);
    const auto more = there.schedule("one more", 800h);
    CHECK(more.status == 422);
    CHECK(more.error() == "Validation failed: You have exceeded the limit of 300 scheduled posts");
    CHECK(there.put(queue_path + "/" + last.id(), {{"scheduled_at", there.in(900h)}}).status == 422);
    CHECK(there.remove(queue_path + "/" + last.id()).status == 200);
    CHECK(there.as("token-1").schedule("another account", 800h).status == 200);
    there.as("token-alice").control("rules", {{"traps", {{"caps", false}}}});
    CHECK(there.schedule("no caps", 800h).status == 200);
    CHECK(there.schedule("no caps", 800h).status == 200);
}

TEST_CASE("JSON, form, multipart and query say the same", "[sandbox]")
{
    auto there = visit{};
    CHECK(there
              .form("POST", "/api/v1/statuses",
                    "status=caf%C3%A9+sale&scheduled_at=2026-03-01T14%3A00%3A00.000Z&poll[options][]=yes&poll[options][]=no"
                    "&poll[expires_in]=3600")
              .status
          == 200);
    CHECK(there
              .post("/api/v1/statuses", {{"status", "café sale"},
                                         {"scheduled_at", "2026-03-01T14:00:00.000Z"},
                                         {"poll", {{"options", {"yes", "no"}}, {"expires_in", 3600}}}})
              .status
          == 200);
    CHECK(there
              .send("POST", "/api/v1/statuses?scheduled_at=2026-03-01T14:00",
                    "--b\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\ncafé sale\r\n"
                    "--b--\r\n",
                    "multipart/form-data; boundary=b")
              .status
          == 200);
    const auto list = there.get(queue_path).body;
    REQUIRE(list.size() == 3);
    for (const auto& each : list) {
        CHECK(each["params"]["text"] == "café sale");
        CHECK(each["scheduled_at"] == "2026-03-01T14:00:00.000Z");
    }
    CHECK(list[1]["params"]["poll"]["expires_in"] == 3600);
    CHECK(list[2]["params"]["poll"]["options"] == json{"yes", "no"});
    CHECK(list[2]["params"]["poll"]["expires_in"] == "3600");  // a form's values stay text, as on the real server
    CHECK(there.send("POST", "/api/v1/statuses", "{\"status\":", "application/json").status == 400);
}

TEST_CASE("a poll counts from publishing, and bad ones are refused", "[sandbox]")
{
    auto there = visit{};
    auto poll = json{{"options", {"yes", "no"}}, {"expires_in", 3600}, {"multiple", true}};
    const auto made = there.post("/api/v1/statuses", {{"status", "which?"}, {"scheduled_at", there.in(1h)}, {"poll", poll}});
    REQUIRE(made.status == 200);
    CHECK(made.body["params"]["poll"]["multiple"] == true);
    there.wait(1h);
    const auto me = there.get("/api/v1/accounts/verify_credentials").id();
    const auto out = there.get("/api/v1/accounts/" + me + "/statuses").body[0];
    CHECK(out["poll"]["expires_at"] == "2026-03-01T14:00:00.000Z");
    CHECK(out["poll"]["options"][1]["title"] == "no");
    CHECK(out["poll"]["expired"] == false);

    auto refused = [&](const json& bad) { return there.post("/api/v1/statuses", {{"status", "q"}, {"poll", bad}}).status == 422; };
    CHECK(refused({{"options", {"only one"}}}));
    CHECK(refused({{"options", {"same", "same"}}}));
    CHECK(refused({{"options", {"a", "b", "c", "d", "e"}}}));
    CHECK(refused({{"options", {"a", "b"}}, {"expires_in", 60}}));
    CHECK(refused({{"options", {"a", std::string(51, 'x')}}}));
}

TEST_CASE("the text is checked and counted as the platform counts", "[sandbox]")
{
    auto there = visit{};
    CHECK(there.schedule("", 1h).status == 422);
    CHECK(there.schedule(std::string(501, 'x'), 1h).status == 422);
    auto wide = std::string{};
    for (auto i = 0; i < 476; ++i)
        wide += "é";
    CHECK(there.schedule(wide + " https://example.org/" + std::string(300, 'x'), 1h).status == 200);  // 476 + 1 + 23
    CHECK(there.post("/api/v1/statuses", {{"status", "x"}, {"visibility", "secret"}}).status == 422);
    CHECK(there.post("/api/v1/statuses", {{"status", "x"}, {"in_reply_to_id", "1"}, {"scheduled_at", there.in(1h)}}).status == 404);
}

TEST_CASE("an error while publishing is swallowed: the post is simply gone", "[sandbox]")
{
    auto there = visit{};
    const auto parent = there.post("/api/v1/statuses", {{"status", "first"}});
    REQUIRE(there.post("/api/v1/statuses", {{"status", "answer"}, {"in_reply_to_id", parent.id()}, {"scheduled_at", there.in(1h)}})
                .status
            == 200);
    CHECK(there.remove("/api/v1/statuses/" + parent.id()).status == 200);
    there.wait(1h);
    CHECK(there.queue().empty());
    CHECK(there.published().empty());
    CHECK(there.account()["vanished"] == 1);
}

TEST_CASE("the default visibility is that of the publishing time", "[sandbox]")
{
    auto there = visit{};
    REQUIRE(there.schedule("quietly", 1h).body["params"]["visibility"].is_null());
    CHECK(there.form("PATCH", "/api/v1/accounts/update_credentials", "source[privacy]=private&note=We+are+closed.").status == 200);
    there.wait(1h);
    CHECK(there.account()["published"][0]["visibility"] == "private");
    CHECK(there.get("/api/v1/accounts/verify_credentials").body["source"]["note"] == "We are closed.");
}

TEST_CASE("a repeated Idempotency-Key: the same post at once, 404 for a scheduled one", "[sandbox]")
{
    auto there = visit{};
    const auto once = there.with("Idempotency-Key", "k1").post("/api/v1/statuses", {{"status", "now"}});
    const auto twice = there.with("Idempotency-Key", "k1").post("/api/v1/statuses", {{"status", "now"}});
    CHECK(once.id() == twice.id());
    CHECK(there.published().size() == 1);

    const auto later = json{{"status", "later"}, {"scheduled_at", there.in(2h)}};
    CHECK(there.with("Idempotency-Key", "k2").post("/api/v1/statuses", later).status == 200);
    CHECK(there.with("Idempotency-Key", "k2").post("/api/v1/statuses", later).status == 404);
    CHECK(there.queue().size() == 1);
    CHECK(there.as("token-1").with("Idempotency-Key", "k2").post("/api/v1/statuses", later).status == 200);

    there.as("token-alice").wait(1h + 1s);  // kept for one hour only
    CHECK(there.with("Idempotency-Key", "k1").post("/api/v1/statuses", {{"status", "now"}}).id() != once.id());
    CHECK(there.published().size() == 2);

    there.control("rules", {{"traps", {{"idempotency", false}}}});
    const auto kind = json{{"status", "kind"}, {"scheduled_at", there.in(2h)}};
    const auto first = there.with("Idempotency-Key", "k3").post("/api/v1/statuses", kind);
    CHECK(there.with("Idempotency-Key", "k3").post("/api/v1/statuses", kind).id() == first.id());
}

TEST_CASE("a long queue is read page by page over the Link header", "[sandbox]")
{
    auto there = visit{};
    seed(there, 93, "+1d", "1h");
    auto seen = texts{};
    auto target = queue_path + "?limit=40";
    auto pages = 0;
    for (; !target.empty() && pages < 10; ++pages) {
        const auto page = there.get(target);
        REQUIRE(page.status == 200);
        for (const auto& each : page.body)
            seen.push_back(each["id"].get<std::string>());
        const auto link = page.header("Link");
        const auto end = link.find(">; rel=\"next\"");
        target = end == std::string::npos ? ""
                                          : link.substr(std::string{"<http://127.0.0.1:8080"}.size(),
                                                        end - std::string{"<http://127.0.0.1:8080"}.size());
    }
    CHECK(pages == 3);
    CHECK(seen.size() == 93);
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 93);
    CHECK(there.get(queue_path).body.size() == 20);
    CHECK(there.get(queue_path + "?limit=1000").body.size() == 40);
    const auto above = there.get(queue_path + "?min_id=" + seen.back() + "&limit=2").body;
    CHECK(above[0]["id"] == seen[seen.size() - 3]);
    CHECK(above[1]["id"] == seen[seen.size() - 2]);
    const auto newest = there.get(queue_path + "?since_id=" + seen.back() + "&limit=2").body;
    CHECK(newest[0]["id"] == seen[0]);
    CHECK(there.get(queue_path + "?max_id=1").body.empty());
    CHECK(there.get(queue_path + "?max_id=1").header("Link").empty());
}

}  // namespace test_scheduled
