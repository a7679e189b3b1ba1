// Profiles that others change, summaries, servers without an AppView: the connector against answers from a script.
#include "tests/connectors/bluesky/script.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("the pin changes and nothing else in the profile does", "[bluesky]")
{
    stage on;
    auto before = on.net.profile;
    REQUIRE(on.run(on.to.pin(post_id{"3new#" + hash_b})).has_value());
    CHECK(on.net.profile["pinnedPost"] == pin_on("3new", hash_b));
    CHECK(on.net.calls.back().body.at("swapRecord") == "bafyprofile1");
    REQUIRE(on.run(on.to.unpin(post_id{"3new#" + hash_b})).has_value());
    CHECK(on.net.profile == before);
    CHECK(on.net.count(put) == 2);
}

TEST_CASE("what somebody else writes into the profile meanwhile is kept", "[bluesky]")
{
    stage on;
    on.net.answer(get, 200, post_at("3new"));
    on.net.answer(get, 200, {{"uri", "at://x"}, {"cid", "bafyprofile0"}, {"value", {{"displayName", "stale"}}}});
    on.net.answer(put, 400, failing("InvalidSwap"));
    REQUIRE(on.run(on.to.pin(post_id{"3new#" + hash_a})).has_value());
    CHECK(on.net.profile["displayName"] == "Acme");
    CHECK(on.net.count(put) == 2);

    SECTION("again and again: that is a conflict")
    {
        for (int number = 0; number < 10; ++number)
            on.net.answer(put, 400, failing("InvalidSwap"));
        auto refused = on.run(on.to.unpin(post_id{"3new"}));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::conflict);
    }
}

TEST_CASE("a pin that somebody set is not pushed out", "[bluesky]")
{
    stage on;
    on.net.profile["pinnedPost"] = pin_on("3other");
    auto refused = on.run(on.to.pin(post_id{"3new#" + hash_a}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rejected);
    REQUIRE(on.run(on.to.unpin(post_id{"3new#" + hash_a})).has_value());
    CHECK(on.net.profile["pinnedPost"] == pin_on("3other"));
    CHECK(on.net.count(put) == 0);
}

TEST_CASE("a pinned post that was deleted meanwhile is not pinned again", "[bluesky]")
{
    stage on;
    on.net.answer(get, 400, failing("RecordNotFound"));
    auto refused = on.run(on.to.pin(post_id{"3gone#" + hash_a}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::not_found);
    CHECK(on.net.count(put) == 0);
}

TEST_CASE("a former pin comes back in its version, one without a hash in the version of today", "[bluesky]")
{
    stage on;
    REQUIRE(on.run(on.to.pin(post_id{"3old#" + hash_b})).has_value());  // the post is at hash_a now
    CHECK(on.net.profile["pinnedPost"] == pin_on("3old", hash_b));
    on.net.profile["pinnedPost"] = uri_of("3old");  // as other programs wrote it
    auto seen = on.run(on.to.pins()).value();
    REQUIRE(seen.size() == 1);
    REQUIRE(on.run(on.to.unpin(seen[0])).has_value());
    CHECK_FALSE(on.net.profile.contains("pinnedPost"));
    REQUIRE(on.run(on.to.pin(seen[0])).has_value());
    CHECK(on.net.profile["pinnedPost"] == pin_on("3old", hash_a));
}

TEST_CASE("another account's post comes back as a pin without being looked for", "[bluesky]")
{
    stage on;
    json theirs{{"uri", "at://did:plc:other/app.bsky.feed.post/3x"}, {"cid", hash_b}};
    on.net.profile["pinnedPost"] = theirs;
    auto before = on.net.profile;
    auto seen = on.run(on.to.pins()).value();
    REQUIRE(seen.size() == 1);
    REQUIRE(on.run(on.to.unpin(seen[0])).has_value());
    REQUIRE(on.run(on.to.pin(seen[0])).has_value());
    CHECK(on.net.profile == before);
}

TEST_CASE("an account without a profile can pin all the same", "[bluesky]")
{
    stage on;
    on.net.answer(get, 200, post_at("3new"));
    on.net.answer(get, 400, failing("RecordNotFound"));
    REQUIRE(on.run(on.to.pin(post_id{"3new#" + hash_a})).has_value());
    CHECK(on.net.calls.back().body.at("swapRecord").is_null());
    CHECK(on.net.profile == json{{"$type", "app.bsky.actor.profile"}, {"pinnedPost", pin_on("3new")}});
}

TEST_CASE("a summary that is there already is taken, whoever says so", "[bluesky]")
{
    stage on;
    SECTION("the search")
    {
        REQUIRE(on.publish(true).has_value());
        CHECK(on.net.count(put) == 0);
    }
    SECTION("the server, to a call that did not search")
    {
        on.net.answer(put, 400, failing("InvalidSwap"));
        auto made = on.publish();
        REQUIRE(made.has_value());
        CHECK(made->remote.value.ends_with("#" + hash_a));
        CHECK(made->url.starts_with("https://bsky.app/profile/" + did + "/post/"));
        CHECK(on.net.count(put) == 1);
    }
}

TEST_CASE("with the flag down a summary is looked for, and not published", "[bluesky]")
{
    stage on;
    on.net.answer(get, 400, failing("RecordNotFound"));
    auto none = on.publish(true, true);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().kind == failure::not_found);
    CHECK(on.net.count(put) == 0);
    CHECK(on.publish(true, true).has_value());
}

TEST_CASE("who is mentioned is linked; who cannot be found does not hold up a summary", "[bluesky]")
{
    stage on;
    on.net.answer("com.atproto.identity.resolveHandle", 400, failing("HandleNotFound"));
    REQUIRE(on.publish(false, false, "@nobody.test and @acme.example are on it").has_value());
    auto sent = std::ranges::find(on.net.calls, put, &script::call::nsid)->body.at("record");
    REQUIRE(sent.at("facets").size() == 1);
    CHECK(sent["facets"][0]["index"] == json{{"byteStart", 17}, {"byteEnd", 30}});
    CHECK(sent["createdAt"] == "2026-03-02T14:00:00Z");
}

TEST_CASE("a summary that is too long is not sent", "[bluesky]")
{
    stage on;
    auto refused = on.publish(false, false, std::string(301, 'x'));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rejected);
    CHECK(on.net.count(put) == 0);
}

TEST_CASE("without an AppView the account's own repository is the feed", "[bluesky]")
{
    stage on;
    auto sick =
        GENERATE(std::pair<int, const char*>{502, "UpstreamFailure"}, std::pair<int, const char*>{501, "MethodNotImplemented"},
                 std::pair<int, const char*>{404, "XRPCNotSupported"}, std::pair<int, const char*>{400, "InvalidRequest"});
    auto wrong = failing(sick.second);
    if (sick.first == 400)
        wrong["message"] = "Profile not found";
    on.net.answer(feed, sick.first, wrong);
    json mine{
        {"uri", uri_of("3mg3bqbe37nev")}, {"cid", hash_a}, {"value", {{"text", "Out"}, {"createdAt", "2026-03-02T13:59:00Z"}}}};
    on.net.answer(records, 200, {{"records", json::array({mine})}});
    auto seen = on.run(on.to.since(on.now - 1h));
    REQUIRE(seen.has_value());
    REQUIRE(seen->size() == 1);
    CHECK(seen->front().text == "Out");
}

TEST_CASE("a limit on the feed is a limit, and not evaded", "[bluesky]")
{
    stage on;
    on.net.answer(feed, 429, failing("RateLimitExceeded"));
    auto refused = on.run(on.to.since(on.now - 1h));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rate_limited);
    CHECK(on.net.count(records) == 0);
}

TEST_CASE("a feed without an end is an error, not a loop", "[bluesky]")
{
    stage on;
    json mine{{"uri", uri_of("3mg3bqbe37nev")}, {"cid", hash_a}, {"value", {{"createdAt", "2026-03-02T13:59:00Z"}}}};
    on.net.answer(feed, 502, failing("UpstreamFailure"));
    for (int number = 0; number < 3; ++number)
        on.net.answer(records, 200, {{"cursor", "same"}, {"records", json::array({mine})}});
    auto refused = on.run(on.to.since(on.now - 10h));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::bad_reply);
}
