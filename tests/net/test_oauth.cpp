// The tokens of OAuth 2: rotation, one renewal for many, lost answers, refusals.
#include "tests/net/oauth_stage.hpp"

using namespace halfmast;
using namespace halfmast::test::oauth;
using namespace std::chrono_literals;
using nlohmann::json;

namespace test_oauth {

using test::oauth::stage;

TEST_CASE("the first call gets a token by the refresh token of the settings, and the next one is kept before it is used",
          "[net][oauth]")
{
    stage on;
    on.there.before_call = [&] { CHECK(on.kept().at("refresh") == "refresh-1-of-the-account"); };
    REQUIRE(on.call().has_value());
    REQUIRE(on.call().has_value());
    CHECK(on.there.called == std::vector<std::string>{"GET /posts access-1-of-the-account", "GET /posts access-1-of-the-account"});
    REQUIRE(on.there.asked_tokens.size() == 1);
    const auto& asked = on.there.asked_tokens[0];
    CHECK(asked.method == "POST");
    CHECK(asked.body == "grant_type=refresh_token&refresh_token=seed-refresh-token");
    // RFC 6749, 2.3.1: both are form-encoded first.
    CHECK(find_header(asked.headers, "Authorization") == "Basic aGFsZm1hc3QlM0ExOmNsaWVudC1zM2NyZXQ=");
    CHECK(asked.publishes);  // the library must not show a token twice that is spent by its use
    CHECK(on.vault.written.size() == 1);
}

TEST_CASE("ways to say who asks", "[net][oauth]")
{
    auto own = account_of();
    SECTION("in the form")
    {
        own.proof = net::oauth_proof::body;
        auto made = net::token_request(own, secret{"r/1"});
        CHECK(made.body == "grant_type=refresh_token&refresh_token=r%2F1&client_id=halfmast%3A1&client_secret=client-s3cret");
        CHECK(find_header(made.headers, "Authorization").empty());
    }
    SECTION("a public client")
    {
        own.client_secret = {};
        CHECK(net::token_request(own, secret{"r"}).body == "grant_type=refresh_token&refresh_token=r&client_id=halfmast%3A1");
    }
    SECTION("the application itself")
    {
        own.grant = net::oauth_grant::client_credentials;
        CHECK(net::token_request(own, {}).body == "grant_type=client_credentials&scope=read%20write%3Aposts");
    }
}

TEST_CASE("a token is renewed ahead of its end, with the newest refresh token", "[net][oauth]")
{
    stage on;
    on.call();
    on.now += 58min;
    on.call();
    CHECK(on.there.asked_tokens.size() == 1);
    on.now += 61s;
    on.call();
    REQUIRE(on.there.asked_tokens.size() == 2);
    CHECK(on.shown(1).find("refresh_token=refresh-1-of-the-account") != std::string::npos);
    CHECK(on.there.called.back() == "GET /posts access-2-of-the-account");
    CHECK(on.kept().at("refresh") == "refresh-2-of-the-account");

    SECTION("and when that fails, the old one serves to its end")
    {
        on.now += 59min + 10s;
        on.there.of_tokens = {problem{failure::unreachable, "connection refused", {}}};
        CHECK(on.call().has_value());
        CHECK(on.there.called.back() == "GET /posts access-2-of-the-account");
        CHECK(on.call().has_value());
        CHECK(on.there.asked_tokens.size() == 3);  // not asked again with each call
        on.now += 11s;
        CHECK(on.call().has_value());
        CHECK(on.there.called.back() == "GET /posts access-3-of-the-account");
    }
}

TEST_CASE("many calls at once make one renewal", "[net][oauth]")
{
    stage on;
    std::vector<std::shared_ptr<std::optional<result<http_response>>>> all;
    for (int number = 0; number < 20; ++number)
        all.push_back(on.begin(http_request{"GET", "https://api.example/posts"}));
    on.turn();
    for (const auto& one : all)
        CHECK((one->has_value() && (*one)->has_value()));
    CHECK(on.there.asked_tokens.size() == 1);
    CHECK(on.there.called.size() == 20);

    on.now += 2min;
    on.there.refuses = "access-1-of-the-account";
    all.clear();
    for (int number = 0; number < 5; ++number)
        all.push_back(on.begin(http_request{"GET", "https://api.example/posts"}));
    on.turn();
    for (const auto& one : all)
        CHECK((one->has_value() && (*one)->has_value() && (**one)->status == 200));
    CHECK(on.there.asked_tokens.size() == 2);
    auto once_more =
        std::ranges::count_if(on.there.called, [](const auto& one) { return one.ends_with("access-2-of-the-account"); });
    CHECK(once_more == 5);
}

TEST_CASE("a refused token is renewed once, and the call sent again", "[net][oauth]")
{
    stage on;
    on.call();
    on.now += 2min;
    on.there.of_calls = {expired()};
    CHECK(on.call()->status == 200);
    CHECK(on.there.called
          == std::vector<std::string>{"GET /posts access-1-of-the-account", "GET /posts access-1-of-the-account",
                                      "GET /posts access-2-of-the-account"});

    SECTION("a platform that refuses each token is not asked for ever more of them")
    {
        on.now += 2min;
        for (int number = 0; number < 50; ++number)
            on.there.of_calls.push_back(expired());
        for (int number = 0; number < 10; ++number)
            CHECK(on.call()->status == 401);
        CHECK(on.there.asked_tokens.size() == 3);
    }
}

TEST_CASE("what publishes is sent again only when the token was the reason", "[net][oauth]")
{
    stage on;
    on.call();
    on.now += 2min;
    SECTION("the server says so in its header")
    {
        on.there.of_calls = {expired()};
        CHECK(on.call("POST", true)->status == 200);
        CHECK(on.there.called.size() == 3);
    }
    SECTION("or in its body")
    {
        on.there.of_calls = {answer(401, {{"error", "invalid_token"}})};
        CHECK(on.call("POST", true)->status == 200);
        CHECK(on.there.called.size() == 3);
    }
    SECTION("it does not say so")
    {
        on.there.of_calls = {answer(401, {{"message", "Unauthorized"}})};
        CHECK(on.call("POST", true)->status == 401);
        CHECK(on.there.called.size() == 2);
        CHECK(on.call("POST", true)->status == 200);  // the next try has a new token
        CHECK(on.there.called.back() == "POST /posts access-2-of-the-account");
    }
}

TEST_CASE("a lost answer is asked for once more with the same token", "[net][oauth]")
{
    stage on;
    auto how = GENERATE(as<std::string>{}, "cut", "502", "no JSON", "no token");
    CAPTURE(how);
    auto once = [&]() -> result<http_response> {
        if (how == "cut")
            return lost();
        if (how == "502")
            return answer(502, "Bad Gateway");
        auto made = answer(200, json::object());
        if (how == "no JSON")
            made.body = "<html>";
        return made;
    };
    on.there.of_tokens = {once()};
    SECTION("and it may know it still")
    {
        CHECK(on.call().has_value());
        REQUIRE(on.there.asked_tokens.size() == 2);
        CHECK(on.shown(0) == on.shown(1));
    }
    SECTION("or count it as spent: then a person is told how that came")
    {
        on.there.of_tokens.push_back(answer(400, {{"error", "invalid_grant"}, {"error_description", "Token was used: " + seed}}));
        auto refused = on.call();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::auth_expired);
        CHECK(refused.error().detail
              == "Scheduler (rest): no access token from POST https://login.example/token: the refresh token is not taken any more (400 invalid_grant:"
                 " Token was used: [secret]): it ran out, was taken back, or another program used it. Authorize the application anew, and put the new"
                 " refresh token where 'refresh_token' of the account points. An answer of the token server was lost before, and the next refresh"
                 " token with it");
    }
    SECTION("or be lost again: nothing was sent to the platform, and it goes on later")
    {
        on.there.of_tokens.push_back(once());
        auto refused = on.call();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::unreachable);
        CHECK_FALSE(holds_secret(refused.error().detail));
        CHECK(on.there.called.empty());
        CHECK(on.there.asked_tokens.size() == 2);
        CHECK(on.call().has_value());
    }
}

TEST_CASE("a refusal says what a person has to do, and is not asked for again and again", "[net][oauth]")
{
    struct expectation {
        int status;
        json body;
        failure kind;
        std::string says;
    };
    auto met =
        GENERATE(expectation{400, {{"error", "invalid_grant"}}, failure::auth_expired, "Authorize the application anew"},
                 expectation{401, {{"error", "invalid_client"}}, failure::auth_expired, "correct 'client_id' and 'client_secret'"},
                 expectation{400, {{"error", "invalid_scope"}}, failure::auth_expired, "give the application read write:posts"},
                 expectation{400, {{"error", "unauthorized_client"}}, failure::auth_expired, "allow it there"},
                 expectation{400, "Bad Request", failure::auth_expired, "is token_url right"},
                 expectation{403, json::object(), failure::auth_expired, "the application is refused"},
                 expectation{404, json::object(), failure::auth_expired, "correct token_url"},
                 expectation{200, {{"error", "invalid_grant"}}, failure::auth_expired, "Authorize the application anew"});
    CAPTURE(met.status, met.body.dump());
    stage on;
    on.there.of_tokens = {answer(met.status, met.body)};
    auto refused = on.call();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == met.kind);
    CAPTURE(refused.error().detail);
    CHECK(refused.error().detail.find(met.says) != std::string::npos);
    CHECK(refused.error().detail.find("lost") == std::string::npos);
    CHECK_FALSE(holds_secret(refused.error().detail));
    CHECK(on.call().error() == refused.error());
    CHECK(on.there.asked_tokens.size() == 1);
    CHECK(on.there.called.empty());
    CHECK(on.vault.written.empty());
    SECTION("it is tried again after a while")
    {
        on.now += 5min;
        CHECK(on.call().has_value());
    }
    SECTION("or when the clock is set back")
    {
        on.now -= 24h;
        CHECK(on.call().has_value());
    }
    SECTION("or when a person looks")
    {
        CHECK_FALSE(on.look().trouble);
        CHECK(on.call().has_value());
    }
}

TEST_CASE("a token server that has a limit is waited for", "[net][oauth]")
{
    stage on;
    auto limit = answer(429, {{"error", "slow_down"}});
    limit.headers.emplace_back("Retry-After", "90");
    on.there.of_tokens = {limit};
    auto refused = on.call();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rate_limited);
    CHECK(refused.error().retry_after == 90s);
    CHECK(on.there.asked_tokens.size() == 1);
}

TEST_CASE("after a restart the newest refresh token is used, and a token that is still good is not renewed", "[net][oauth]")
{
    stage on;
    on.call();
    on.start();
    on.call();
    CHECK(on.there.asked_tokens.size() == 1);
    CHECK(on.there.called.back() == "GET /posts access-1-of-the-account");
    on.now += 2h;
    on.start();
    on.call();
    REQUIRE(on.there.asked_tokens.size() == 2);
    CHECK(on.shown(1).find("refresh_token=refresh-1-of-the-account") != std::string::npos);

    SECTION("a new refresh token in the settings is newer than what is kept")
    {
        auto own = account_of();
        own.seed = secret{"another-seed-token"};
        on.start(own);
        on.call();
        REQUIRE(on.there.asked_tokens.size() == 3);
        CHECK(on.shown(2).find("refresh_token=another-seed-token") != std::string::npos);
        CHECK(on.kept().at("refresh") == "refresh-3-of-the-account");
        on.now += 2h;
        on.start(own);
        on.call();
        CHECK(on.shown(3).find("refresh_token=refresh-3-of-the-account") != std::string::npos);
    }
    SECTION("one that is refused leaves what is kept as it is")
    {
        auto own = account_of();
        own.seed = secret{"another-seed-token"};
        on.start(own);
        auto before = on.vault.kept;
        on.there.of_tokens = {answer(400, {{"error", "invalid_grant"}})};
        CHECK_FALSE(on.call().has_value());
        CHECK(on.vault.kept == before);
    }
}

TEST_CASE("a server that gives no new refresh token goes on with the old one", "[net][oauth]")
{
    stage on;
    on.there.of_tokens = {answer(200, tokens(1, false)), answer(200, tokens(2, false))};
    on.call();
    on.now += 2h;
    on.start();
    on.call();
    CHECK(on.shown(0) == on.shown(1));
    CHECK(on.kept().at("refresh") == seed);
}

TEST_CASE("the application itself needs no vault", "[net][oauth]")
{
    stage on{account_of(net::oauth_grant::client_credentials)};
    on.vault.open = false;
    CHECK(on.call().has_value());
    on.now += 2h;
    CHECK(on.call().has_value());
    CHECK(on.there.asked_tokens.size() == 2);
    CHECK_FALSE(on.look().ends);
}

}  // namespace test_oauth
