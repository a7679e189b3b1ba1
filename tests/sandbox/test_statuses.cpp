// What is published: pins, media, mentions, and who may do what.
#include "tests/sandbox/visit.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using texts = std::vector<std::string>;

namespace {

std::string my_statuses(visit& there)
{
    return "/api/v1/accounts/" + there.get("/api/v1/accounts/verify_credentials").id() + "/statuses";
}

std::string post_now(visit& there, const std::string& text, const std::string& visibility = "public")
{
    const auto made = there.post("/api/v1/statuses", {{"status", text}, {"visibility", visibility}});
    REQUIRE(made.status == 200);
    return made.id();
}

}  // namespace

TEST_CASE("an unknown token and none at all are refused where a user is needed", "[sandbox]")
{
    auto there = visit{};
    CHECK(there.as("guessed").get("/api/v1/accounts/verify_credentials").status == 401);
    CHECK(there.get("/api/v1/accounts/verify_credentials").error() == "The access token is invalid");
    CHECK(there.as("").schedule("x", 1h).status == 401);
    CHECK(there.get("/api/v1/scheduled_statuses").status == 401);
    CHECK(there.get("/api/v2/instance").status == 200);
    CHECK(there.send("HEAD", "/api/v2/instance").status == 200);
    CHECK(there.as("token-alice").get("/api/v1/nothing/here").status == 404);

    CHECK(there.control("revoke", {{"account", "alice"}}).status == 200);
    CHECK(there.get("/api/v1/accounts/verify_credentials").error() == "The access token was revoked");
    CHECK(there.control("revoke", {{"account", "alice"}, {"restore", true}}).status == 200);
    CHECK(there.get("/api/v1/accounts/verify_credentials").body["acct"] == "alice");
}

TEST_CASE("the instance tells its limits, and follows when they change", "[sandbox]")
{
    auto there = visit{};
    const auto before = there.get("/api/v2/instance").body;
    CHECK(before["version"] == "4.4.0");
    CHECK(before["configuration"]["accounts"]["max_pinned_statuses"] == 5);
    CHECK(before["configuration"]["statuses"]["max_characters"] == 500);
    CHECK(there.control("rules", {{"most_pins", 10}, {"most_characters", 5000}, {"version", "4.6.1"}}).status == 200);
    const auto after = there.get("/api/v1/instance").body;
    CHECK(after["version"] == "4.6.1");
    CHECK(after["configuration"]["accounts"]["max_pinned_statuses"] == 10);
    CHECK(there.schedule(std::string(5000, 'x'), 1h).status == 200);
    CHECK(there.control("rules", {{"most_pins", 3}, {"no_such_rule", 1}}).status == 422);
    CHECK(there.get("/api/v2/instance").body["configuration"]["accounts"]["max_pinned_statuses"] == 10);
}

TEST_CASE("five pins, one's own, not direct; the newest post comes first, whenever it was pinned", "[sandbox]")
{
    auto there = visit{};
    auto ids = texts{};
    for (auto n = 0; n < 6; ++n) {
        ids.push_back(post_now(there, "post " + std::to_string(n)));
        there.wait(1s);
    }
    auto pin = [&](const std::string& id) { return there.send("POST", "/api/v1/statuses/" + id + "/pin"); };
    for (const auto n : {4u, 0u, 3u, 1u, 2u}) {
        const auto pinned = pin(ids[n]);
        CHECK(pinned.status == 200);
        CHECK(pinned.body["pinned"] == true);
    }
    const auto sixth = pin(ids[5]);
    CHECK(sixth.status == 422);
    CHECK(sixth.error() == "Validation failed: You have already pinned the maximum number of posts");

    const auto list = there.get(my_statuses(there) + "?pinned=true").body;
    auto order = texts{};
    for (const auto& each : list)
        order.push_back(each["id"].get<std::string>());
    CHECK(order == texts{ids[4], ids[3], ids[2], ids[1], ids[0]});

    const auto unpinned = there.send("POST", "/api/v1/statuses/" + ids[4] + "/unpin");
    CHECK(unpinned.body["pinned"] == false);
    CHECK(pin(ids[3]).status == 422);  // already pinned
    CHECK(pin(post_now(there, "@acct-1 hush", "direct")).status == 422);
    CHECK(pin(ids[5]).status == 200);
    CHECK(there.as("token-1").send("POST", "/api/v1/statuses/" + ids[0] + "/pin").status == 422);
    CHECK(pin("12345").status == 404);
    CHECK(there.as("token-alice").get(my_statuses(there) + "?pinned=true").body[0]["id"] == ids[5]);

    CHECK(there.remove("/api/v1/statuses/" + ids[5]).status == 200);
    CHECK(there.get(my_statuses(there) + "?pinned=true").body.size() == 4);
}

TEST_CASE("an upload keeps its description and focus, and belongs to one post", "[sandbox]")
{
    auto there = visit{};
    const auto picture = there.upload(small_picture(), "A red kettle");
    REQUIRE(picture.status == 200);
    CHECK(picture.body["type"] == "image");
    CHECK(picture.body["description"] == "A red kettle");
    CHECK(picture.body["meta"]["original"]["size"] == "2x1");
    const auto path = "/api/v1/media/" + picture.id();
    CHECK(there.form("PUT", path, "description=A+blue+kettle&focus=0.5,-0.25").body["meta"]["focus"]
          == json{{"x", 0.5}, {"y", -0.25}});

    const auto later =
        there.post("/api/v1/statuses", {{"status", "kettle"}, {"media_ids", {picture.id()}}, {"scheduled_at", there.in(1h)}});
    REQUIRE(later.status == 200);
    CHECK(later.body["params"]["media_ids"] == json::array({picture.id()}));
    CHECK(later.body["media_attachments"][0]["description"] == "A blue kettle");
    const auto url = later.body["media_attachments"][0]["url"].get<std::string>();
    const auto bytes = there.get(url.substr(std::string{"http://127.0.0.1:8080"}.size()));
    CHECK(bytes.raw.body == small_picture());
    CHECK(bytes.raw.content_type == "image/png");

    there.wait(1h);
    CHECK(there.get(path).status == 404);
    const auto taken = there.post("/api/v1/statuses", {{"status", "again"}, {"media_ids", {picture.id()}}});
    CHECK(taken.status == 422);
    CHECK(taken.error() == "Media " + picture.id() + " not found or already attached to another post");
    CHECK(there.remove(path).status == 422);
    CHECK(there.control("rules", {{"traps", {{"unknown-media", false}}}}).status == 200);
    const auto without = there.post("/api/v1/statuses", {{"status", "again"}, {"media_ids", {picture.id()}}});
    CHECK(without.status == 200);
    CHECK(without.body["media_attachments"].empty());
    CHECK(there.as("token-1").remove(path).status == 404);
    CHECK(there.upload("", "nothing").status == 422);
}

TEST_CASE("a slow upload answers 202, then 206, and cannot be posted yet", "[sandbox]")
{
    auto settings = without_limits();
    settings.set.media_processing = 10s;
    auto there = visit{std::move(settings)};
    const auto picture = there.upload(small_picture());
    CHECK(picture.status == 202);
    CHECK(picture.body["url"].is_null());
    CHECK(there.get("/api/v1/media/" + picture.id()).status == 206);
    const auto body = json{{"status", "kettle"}, {"media_ids", {picture.id()}}};
    CHECK(there.post("/api/v1/statuses", body).status == 422);
    there.wait(10s);
    CHECK(there.get("/api/v1/media/" + picture.id()).status == 200);
    CHECK(there.post("/api/v1/statuses", body).status == 200);
    CHECK(there.upload(small_picture(), {}, "/api/v1/media").status == 200);
}

TEST_CASE("trap: after DELETE the media of last week are gone the same night", "[sandbox]")
{
    auto there = visit{};
    const auto seeded = there.control("seed", {{"account", "alice"},
                                               {"text", "old picture {n}"},
                                               {"due", "+3d"},
                                               {"count", 2},
                                               {"media", json::array({{{"bytes_base64", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"},
                                                                       {"description", "A kettle"},
                                                                       {"uploaded", "-6d"}}})}});
    REQUIRE(seeded.status == 200);
    auto media_of = [&](std::size_t n) {
        const auto shown = there.get("/api/v1/scheduled_statuses/" + seeded.body["ids"][n].get<std::string>());
        return shown.body["media_attachments"].at(0)["id"].get<std::string>();
    };
    const auto first = media_of(0);
    const auto second = media_of(1);
    CHECK(first != second);

    there.remove("/api/v1/scheduled_statuses/" + seeded.body["ids"][0].get<std::string>());
    CHECK(there.get("/api/v1/media/" + first).status == 200);
    there.wait(14h + 59min);
    CHECK(there.get("/api/v1/media/" + first).status == 200);
    there.wait(1min);  // 03:00
    CHECK(there.get("/api/v1/media/" + first).status == 404);
    CHECK(there.get("/api/v1/media/" + second).status == 200);  // its post is still waiting
}

TEST_CASE("a post made anew with the same media keeps them when the old one is deleted", "[sandbox]")
{
    auto there = visit{};
    const auto picture = there.upload(small_picture(), "A kettle").id();
    const auto old =
        there.post("/api/v1/statuses", {{"status", "kettle"}, {"media_ids", {picture}}, {"scheduled_at", there.in(1h)}});
    const auto parked =
        there.post("/api/v1/statuses", {{"status", "kettle"}, {"media_ids", {picture}}, {"scheduled_at", there.in(100h)}});
    REQUIRE(parked.status == 200);
    CHECK(there.remove("/api/v1/scheduled_statuses/" + old.id()).status == 200);
    there.wait(72h);
    CHECK(there.control("vacuum", json::object()).body["removed"] == 0);
    CHECK(there.get("/api/v1/scheduled_statuses/" + parked.id()).body["media_attachments"].size() == 1);
    CHECK(there.remove("/api/v1/media/" + picture).status == 200);
    CHECK(there.get("/api/v1/scheduled_statuses/" + parked.id()).body["media_attachments"].empty());
}

TEST_CASE("mentions and replies are notified, filtered by type and paged", "[sandbox]")
{
    auto there = visit{};
    const auto root = post_now(there, "We are looking into it.");
    for (auto n = 1; n <= 3; ++n)
        there.control("mention", {{"account", "alice"},
                                  {"from", "bob@elsewhere.example"},
                                  {"text", "where is my kettle? " + std::to_string(n)},
                                  {"in_reply_to_id", root}});
    there.as("token-1").post("/api/v1/statuses", {{"status", "thanks @alice!"}});

    const auto list = there.as("token-alice").get("/api/v1/notifications?types[]=mention").body;
    REQUIRE(list.size() == 4);
    CHECK(list[0]["account"]["acct"] == "acct-1");
    CHECK(list[3]["account"]["acct"] == "bob@elsewhere.example");
    CHECK(list[3]["status"]["in_reply_to_id"] == root);
    CHECK(there.get("/api/v1/notifications?exclude_types[]=mention").body.empty());
    CHECK(there.get("/api/v1/notifications?types[]=follow").body.empty());
    const auto newer = there.get("/api/v1/notifications?types[]=mention&limit=2&since_id=" + list[3]["id"].get<std::string>());
    CHECK(newer.body.size() == 2);
    CHECK(newer.header("Link").find("types%5B%5D=mention") != std::string::npos);
    CHECK(there.get("/api/v1/statuses/" + root + "/context").body["descendants"].size() == 3);
    CHECK(there.get("/api/v1/statuses/" + root).body["replies_count"] == 3);

    there.control("mention", {{"account", "acct-1"}, {"text", "@acct-1 hello"}});
    CHECK(there.as("token-1").get("/api/v1/notifications").body.size() == 1);
    CHECK(there.control("mention", {{"account", "acct-1"}, {"from", "acct-1"}, {"text", "me"}}).status == 422);
    CHECK(there.remove("/api/v1/statuses/" + list[0]["status"]["id"].get<std::string>()).status == 200);
    CHECK(there.as("token-alice").get("/api/v1/notifications").body.size() == 3);

    // Their authors change their minds: an edit tells nobody anew, and what is deleted is gone here too.
    const auto theirs = list[3]["status"]["id"].get<std::string>();
    CHECK(there.control("edit", {{"account", "bob@elsewhere.example"}, {"id", theirs}, {"text", "@alice found it"}}).status == 200);
    const auto edited = there.get("/api/v1/notifications").body;
    REQUIRE(edited.size() == 3);
    CHECK(edited[2]["id"] == list[3]["id"]);
    CHECK(edited[2]["status"]["content"].get<std::string>().find("found it") != std::string::npos);
    CHECK(there.control("edit", {{"account", "carol@elsewhere.example"}, {"id", theirs}, {"delete", true}}).status == 422);
    CHECK(there.control("edit", {{"account", "bob@elsewhere.example"}, {"id", theirs}, {"delete", true}}).status == 200);
    CHECK(there.get("/api/v1/notifications").body.size() == 2);
}

TEST_CASE("who may see a post, and what an edit leaves behind", "[sandbox]")
{
    auto there = visit{};
    const auto hidden = post_now(there, "only @acct-1", "direct");
    const auto open = post_now(there, "<b>50 % off</b>\n\nhttps://shop.example/?a=1&b=2 #Sale");
    CHECK(there.get("/api/v1/statuses/" + open).body["content"]
        == "<p>&lt;b&gt;50 % off&lt;/b&gt;</p><p><a href=\"https://shop.example/?a=1&amp;b=2\" target=\"_blank\" rel=\"nofollow noopener noreferrer\">"
           "https://shop.example/?a=1&amp;b=2</a> <a href=\"http://127.0.0.1:8080/tags/Sale\" class=\"mention hashtag\" rel=\"tag\">#<span>Sale</span></a></p>");
    const auto list = my_statuses(there);
    CHECK(there.get(list).body.size() == 2);
    CHECK(there.as("").get(list).body.size() == 1);
    CHECK(there.get("/api/v1/statuses/" + hidden).status == 404);
    CHECK(there.as("token-1").get("/api/v1/statuses/" + hidden).status == 200);
    CHECK(there.form("PUT", "/api/v1/statuses/" + open, "status=mine").status == 404);
    CHECK(there.as("token-alice").form("PUT", "/api/v1/statuses/" + open, "status=corrected").body["content"]
          == "<p>corrected</p>");
    CHECK(there.get("/api/v1/statuses/" + open + "/history").body.size() == 2);
    CHECK(there.get("/api/v1/statuses/" + open + "/source").body["text"] == "corrected");
}

TEST_CASE("an edit keeps pin and replies, drops what it does not name, and is none when nothing changes", "[sandbox]")
{
    auto there = visit{};
    const auto first = post_now(there, "Checkout is failing");
    const auto path = "/api/v1/statuses/" + first;
    REQUIRE(there.send("POST", path + "/pin").status == 200);
    const auto below =
        there.post("/api/v1/statuses",
                   {{"status", "Update"}, {"in_reply_to_id", first}, {"poll", {{"options", {"a", "b"}}, {"expires_in", 600}}}});
    CHECK(below.body["in_reply_to_id"] == first);
    CHECK(there.put(path, {{"status", "Checkout is failing"}}).body["edited_at"] == nullptr);
    CHECK(there.get(path + "/history").body.size() == 1);
    const auto edited = there.put(path, {{"status", "Cards work again"}}).body;
    CHECK(edited["edited_at"].is_string());
    CHECK(edited["pinned"] == true);
    CHECK(edited["replies_count"] == 1);
    CHECK(there.get(path + "/history").body.size() == 2);
    const auto polled = "/api/v1/statuses/" + below.id();
    CHECK(there.get(polled).body["poll"].is_object());
    CHECK(there.put(polled, {{"status", "Update 2"}}).body["poll"] == nullptr);
    CHECK(there.put(path, {{"status", std::string(501, 'x')}}).status == 422);
    CHECK(there.put(path, {{"status", ""}}).error() == "Validation failed: Text can't be blank");
    CHECK(there.get(path).body["content"] == "<p>Cards work again</p>");
    CHECK(there.control("edit", {{"account", "alice"}, {"id", first}, {"pinned", false}}).status
          == 200);  // somebody else's program
    CHECK(there.get(path).body["pinned"] == false);
}

TEST_CASE("a text is as long as its reader finds it", "[sandbox]")
{
    auto there = visit{};
    auto taken = [&](const std::string& text) { return there.post("/api/v1/statuses", {{"status", text}}).status == 200; };
    auto times = [](int many, const std::string& one) {
        std::string all;
        for (int at = 0; at < many; ++at)
            all += one;
        return all;
    };
    CHECK(taken(times(500, "\U0001F468\u200D\U0001F469\u200D\U0001F467")));  // a family is one character
    CHECK(taken(times(500, "e\u0301")));
    CHECK_FALSE(taken(times(501, "e\u0301")));
    CHECK(taken("https://status.example/" + std::string(700, 'a') + " " + std::string(476, 'x')));
    CHECK_FALSE(taken("https://s.example/ " + std::string(477, 'x')));
    CHECK(taken("@kati@elsewhere.example " + std::string(494, 'x')));
    CHECK_FALSE(taken("@kati@elsewhere.example " + std::string(495, 'x')));
}

TEST_CASE("a client can log in by choosing an account", "[sandbox]")
{
    auto there = visit{};
    there.as("");
    CHECK(there.form("POST", "/api/v1/apps", "client_name=Tusky&redirect_uris=https%3A%2F%2Fexample.org%2Fback").body["client_id"]
          == "sandbox-client");
    const auto back = there.get("/oauth/authorize/accept?account=alice&redirect_uri=https%3A%2F%2Fexample.org%2Fback&state=s%201");
    CHECK(back.status == 302);
    CHECK(back.header("Location") == "https://example.org/back?code=alice&state=s%201");
    const auto token = there.form("POST", "/oauth/token", "grant_type=authorization_code&code=alice");
    CHECK(token.body["access_token"] == "token-alice");
    CHECK(there.form("POST", "/oauth/token", "grant_type=authorization_code&code=nobody").status == 400);
    CHECK(there.send("OPTIONS", "/api/v1/statuses").status == 204);
}
