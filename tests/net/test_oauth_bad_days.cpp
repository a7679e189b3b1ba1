// The tokens of OAuth 2 on bad days: a vault or a disk that fails, calls that are thrown away, scopes and ends, nonsense.
#include "tests/net/oauth_stage.hpp"

using namespace halfmast;
using namespace halfmast::test::oauth;
using namespace std::chrono_literals;
using nlohmann::json;

namespace test_oauth_bad_days {

using test::oauth::stage;

TEST_CASE("a vault that cannot be read keeps the account out: the seed is older than what is there", "[net][oauth]")
{
    stage on;
    on.vault.unreadable = problem{failure::local, "FILE was written with another vault_key", {}};
    auto refused = on.call();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == problem{failure::auth_expired, "Scheduler (rest): FILE was written with another vault_key", {}});
    CHECK(on.there.asked_tokens.empty());
    on.vault.unreadable.reset();  // a person gave the key back
    CHECK(on.call().has_value());

    SECTION("nor is one written by another version taken for nothing")
    {
        on.vault.kept["oauth"] = "{}";
        on.start();
        CHECK(on.call().error().kind == failure::auth_expired);
        CHECK(on.vault.kept["oauth"] == "{}");
    }
}

TEST_CASE("a full disk does not stop a hold: the token is used, said, and kept when there is room", "[net][oauth]")
{
    stage on;
    on.vault.full = problem{failure::local, "cannot write: No space left on device", {}};
    CHECK(on.call().has_value());
    CHECK(on.there.called.size() == 1);
    CHECK(on.look().not_kept == on.vault.full);
    on.vault.full.reset();
    CHECK(on.call().has_value());
    CHECK(on.vault.kept.empty());  // not tried with each call
    on.now += 11s;
    CHECK(on.call().has_value());
    CHECK(on.kept().at("refresh") == "refresh-1-of-the-account");
    CHECK_FALSE(on.look().not_kept);
    CHECK(on.there.asked_tokens.size() == 1);
}

TEST_CASE("a call that is thrown away takes no answer with it", "[net][oauth]")
{
    stage on;
    asio::steady_timer bell(on.context, asio::steady_timer::time_point::max());
    on.there.slow = &bell;
    asio::cancellation_signal away;
    auto work = on.by->fetch(http_request{"GET", "https://api.example/posts"});
    bool ended = false;
    asio::co_spawn(on.context, std::move(work),
                   asio::bind_cancellation_slot(away.slot(), [&](std::exception_ptr, result<http_response>) { ended = true; }));
    on.there.before_token = [&] {
        asio::post(on.context, [&] { away.emit(asio::cancellation_type::terminal); });
        asio::post(on.context, [&] { asio::post(on.context, [&] { bell.cancel(); }); });
    };
    on.turn();
    CHECK(ended);
    CHECK(on.kept().at("refresh") == "refresh-1-of-the-account");
}

TEST_CASE("an answer that repeats the token is shown without it", "[net][oauth]")
{
    stage on;
    on.there.of_calls = {answer(400, {{"message", "bad header: Bearer access-1-of-the-account, twice: access-1-of-the-account"}})};
    auto given = on.call();
    REQUIRE(given.has_value());
    CHECK(json::parse(given->body).at("message") == "bad header: Bearer [secret], twice: [secret]");
}

TEST_CASE("scopes that were not granted are named", "[net][oauth]")
{
    CHECK(net::missing_scopes({"read", "write:posts"}, {"read", "write"}).empty());
    CHECK(net::missing_scopes({"read:posts", "write:posts"}, {"read:posts"}) == std::vector<std::string>{"write:posts"});
    stage on;
    auto form = GENERATE(0, 1, 2, 3);
    auto given = tokens(1);
    if (form == 0)
        given["scope"] = "read profile";
    else if (form == 1)
        given["scope"] = "profile,read";
    else if (form == 2)
        given["scope"] = {"read", "profile"};
    on.there.of_tokens = {answer(200, given)};
    CHECK(on.look().missing == (form == 3 ? std::vector<std::string>{} : std::vector<std::string>{"write:posts"}));
    on.now += 2h;  // an answer that does not name them leaves them as they are
    CHECK(on.look().missing == (form == 3 ? std::vector<std::string>{} : std::vector<std::string>{"write:posts"}));
}

TEST_CASE("the end of the refresh token is told when a person will meet it", "[net][oauth]")
{
    stage on;
    auto with_end = [](int number, const char* name, const json& end) {
        auto made = tokens(number);
        made[name] = end;
        return answer(200, made);
    };
    SECTION("it does not move")
    {
        on.there.of_tokens = {with_end(1, "refresh_token_expires_in", 30 * 86'400)};
        auto first = on.look();
        REQUIRE(first.ends);
        CHECK(*first.ends == on.now + 24h * 30);
        on.now += 24h;
        on.there.of_tokens = {with_end(2, "refresh_token_expires_in", std::to_string(29 * 86'400))};
        CHECK(on.look().ends == first.ends);
        on.start();
        CHECK(on.look().ends == first.ends);
    }
    SECTION("each renewal moves it on")
    {
        on.there.of_tokens = {with_end(1, "refresh_expires_in", 1800)};
        CHECK_FALSE(on.look().ends);  // who knows
        on.now += 59min + 30s;
        on.there.of_tokens = {with_end(2, "refresh_expires_in", 40 * 86'400)};
        CHECK_FALSE(on.look().ends);
        on.start();
        CHECK_FALSE(on.look().ends);
    }
    SECTION("nobody says, or 'never'")
    {
        on.there.of_tokens = {with_end(1, "refresh_expires_in", 0)};
        CHECK_FALSE(on.look().ends);
    }
}

TEST_CASE("a token server may answer anything", "[net][oauth]")
{
    const std::string deep(60'000, '[');
    auto body = GENERATE_COPY(as<std::string>{}, "", "null", "[]", "7", "\"text\"", "{", deep, R"({"access_token":null})",
                              R"({"access_token":""})", R"({"access_token":"has a blank"})", R"({"access_token":{"a":1}})",
                              R"({"access_token":"a","refresh_token":7})", R"({"access_token":"a","refresh_token":"b\nc"})",
                              R"({"access_token":"abcdefgh","token_type":"mac"})");
    CAPTURE(body.substr(0, 60));
    http_response reply;
    reply.status = 200;
    reply.body = body;
    auto read = net::read_tokens(account_of(), secret{seed}, reply, {});
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == failure::bad_reply);
    CHECK(reply.body.empty());  // wiped

    for (const auto* end : {"-1", "0", "1e300", "\"soon\"", "null", "[]", "1e999", "\"9999999999999999999999\""}) {
        reply.body = R"({"access_token":"abcdefgh","expires_in":)" + std::string{end} + "}";
        auto fine = net::read_tokens(account_of(), secret{seed}, reply, {});
        if (fine.has_value())  // 1e999 is no JSON
            CHECK_FALSE(fine->access_ends);
    }
}

}  // namespace test_oauth_bad_days
