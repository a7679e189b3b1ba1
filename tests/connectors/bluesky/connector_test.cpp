// Sessions that end, accounts that were put to sleep or live elsewhere: the connector against answers from a script.
#include "tests/connectors/bluesky/script.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("many calls at once log in once", "[bluesky]")
{
    stage on;
    std::vector<asio::awaitable<result<std::vector<post_id>>>> work;
    for (int number = 0; number < 5; ++number)
        work.push_back(on.to.pins());
    for (const auto& one : on.run_all(std::move(work)))
        CHECK(one.has_value());
    CHECK(on.net.count(login) == 1);
    CHECK(on.net.calls[0].body == json{{"identifier", "acme.example"}, {"password", "s3cr-et00-s3cr-et00"}});
}

TEST_CASE("an expired token is renewed once, by the refresh token, and the call is sent again", "[bluesky]")
{
    stage on;
    REQUIRE(on.run(on.to.pins()).has_value());
    for (int number = 0; number < 3; ++number)
        on.net.answer(get, 400, failing("ExpiredToken"));
    std::vector<asio::awaitable<result<std::vector<post_id>>>> work;
    for (int number = 0; number < 3; ++number)
        work.push_back(on.to.pins());
    for (const auto& one : on.run_all(std::move(work)))
        CHECK(one.has_value());
    CHECK(on.net.count(renewal) == 1);
    CHECK(on.net.count(login) == 1);
    auto renewed = std::ranges::find(on.net.calls, renewal, &script::call::nsid);
    CHECK(renewed->token == "Bearer refresh-1");
    CHECK(on.net.calls.back().token.starts_with("Bearer access-"));
    CHECK(on.net.calls.back().token != "Bearer access-1");

    SECTION("and again with the token that came with it")
    {
        on.net.answer(get, 401, failing("AuthenticationRequired"));
        REQUIRE(on.run(on.to.pins()).has_value());
        auto last = std::ranges::find(on.net.calls.rbegin(), on.net.calls.rend(), renewal, &script::call::nsid);
        CHECK(last->token.starts_with("Bearer refresh-"));
        CHECK(last->token != "Bearer refresh-1");
    }
}

TEST_CASE("a refresh token that is refused too is followed by the password", "[bluesky]")
{
    stage on;
    REQUIRE(on.run(on.to.pins()).has_value());
    on.net.answer(get, 400, failing("ExpiredToken"));
    on.net.answer(renewal, 400, failing("ExpiredToken"));
    CHECK(on.run(on.to.pins()).has_value());
    CHECK(on.net.count(login) == 2);
}

TEST_CASE("a token that is refused fresh from the server is a refused credential", "[bluesky]")
{
    stage on;
    on.net.answer(get, 400, failing("InvalidToken"));
    on.net.answer(get, 400, failing("InvalidToken"));
    auto refused = on.run(on.to.pins());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::auth_expired);
    CHECK(on.net.count(get) == 2);
}

TEST_CASE("an outage while renewing is an outage; the session is not thrown away", "[bluesky]")
{
    stage on;
    REQUIRE(on.run(on.to.pins()).has_value());
    on.net.answer(get, 400, failing("ExpiredToken"));
    on.net.answer(renewal, 503, failing("x"));
    auto failed = on.run(on.to.pins());
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == failure::unknown_outcome);
    on.net.answer(get, 400, failing("ExpiredToken"));
    CHECK(on.run(on.to.pins()).has_value());
    CHECK(on.net.count(login) == 1);
}

TEST_CASE("a refused password is not tried again and again, and doctor tries it at once", "[bluesky]")
{
    stage on;
    on.net.answer(login, 401, failing("AuthenticationRequired"));
    for (int number = 0; number < 3; ++number) {
        auto refused = on.run(on.to.pins());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::auth_expired);
        CHECK(refused.error().detail.find("app password") != std::string::npos);
        CHECK(refused.error().detail.find("s3cr") == std::string::npos);
    }
    CHECK(on.net.count(login) == 1);
    SECTION("minutes later it may be right again")
    {
        on.now += 5min;
        CHECK(on.run(on.to.pins()).has_value());
    }
    SECTION("doctor")
    {
        auto lines = on.run(on.to.check());
        CHECK(lines.size() >= 3);
        CHECK(std::ranges::all_of(lines, &check_line::ok));
    }
    CHECK(on.net.count(login) == 2);
}

TEST_CASE("accounts that were taken down or put to sleep are named", "[bluesky]")
{
    stage on;
    SECTION("at the log-in")
    {
        on.net.answer(login, 200,
                      {{"did", did}, {"accessJwt", "a"}, {"refreshJwt", "b"}, {"active", false}, {"status", "deactivated"}});
        auto refused = on.run(on.to.pins());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::forbidden);
        CHECK(refused.error().detail.find("deactivated") != std::string::npos);
    }
    SECTION("in the middle")
    {
        REQUIRE(on.run(on.to.pins()).has_value());
        on.net.answer(put, 401, failing("AccountTakedown"));
        auto refused = on.publish();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::forbidden);
        CHECK(refused.error().detail.find("taken down") != std::string::npos);
        CHECK(on.net.count(renewal) == 0);
    }
    SECTION("when the session is renewed")
    {
        REQUIRE(on.run(on.to.pins()).has_value());
        on.net.answer(get, 400, failing("ExpiredToken"));
        on.net.answer(renewal, 401, failing("AccountTakedown"));
        auto refused = on.run(on.to.pins());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::forbidden);
        CHECK(on.net.count(login) == 1);  // the password would only be called wrong
    }
    SECTION("doctor")
    {
        on.net.answer("com.atproto.server.getSession", 200, {{"did", did}, {"active", false}, {"status", "suspended"}});
        auto lines = on.run(on.to.check());
        auto bad = std::ranges::find(lines, false, &check_line::ok);
        REQUIRE(bad != lines.end());
        CHECK(bad->detail.find("suspended") != std::string::npos);
    }
}

TEST_CASE("doctor says when the account lives elsewhere", "[bluesky]")
{
    stage on;
    json elsewhere{{"type", "AtprotoPersonalDataServer"}, {"serviceEndpoint", "https://other.example"}};
    on.net.answer("com.atproto.server.getSession", 200,
                  {{"did", did}, {"didDoc", {{"id", did}, {"service", json::array({elsewhere})}}}});
    auto lines = on.run(on.to.check());
    auto bad = std::ranges::find(lines, false, &check_line::ok);
    REQUIRE(bad != lines.end());
    CHECK(bad->detail.find("https://other.example") != std::string::npos);
}
