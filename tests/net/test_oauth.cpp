// The tokens of OAuth 2 against a token server whose answers a test writes: rotation, one renewal for many, lost answers, refusals.
#include <deque>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/net/http_date.hpp"
#include "daemon/net/oauth_http.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto token_url = "https://login.example/token";
const std::string seed = "seed-refresh-token";

http_response answer(int status, const json& body)
{
    http_response made;
    made.status = status;
    made.body = body.dump();
    return made;
}

json tokens(int number, bool rotates = true)
{
    json made{{"access_token", "access-" + std::to_string(number) + "-of-the-account"}, {"token_type", "bearer"}, {"expires_in", 3600}};
    if (rotates)
        made["refresh_token"] = "refresh-" + std::to_string(number) + "-of-the-account";
    return made;
}

// A platform and its token server. What is not planned goes well.
struct platform final : http_port {
    time_point& now;
    std::deque<result<http_response>> of_tokens;    // the next answers of the token server
    std::deque<http_response> of_calls;             // and of the platform
    std::string refuses;                            // a token it does not take
    std::vector<http_request> asked_tokens;
    std::vector<std::string> called;                // "GET /posts access-1-of-the-account"
    int given = 0;
    std::function<void()> before_call;
    std::function<void()> before_token;
    asio::steady_timer* slow = nullptr;             // the token server answers when it rings

    explicit platform(time_point& now_) : now(now_) {}

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        if (request.url == token_url) {
            asked_tokens.push_back(request);
            if (before_token)
                before_token();
            if (slow != nullptr) {
                boost::system::error_code rung;
                co_await slow->async_wait(asio::redirect_error(asio::use_awaitable, rung));
            }
            if (!of_tokens.empty()) {
                auto next = of_tokens.front();
                of_tokens.pop_front();
                co_return next;
            }
            auto made = answer(200, tokens(++given));
            made.headers.emplace_back("Date", net::format_http_date(now));
            co_return made;
        }
        if (before_call)
            before_call();
        auto shown = find_header(request.headers, "Authorization");
        called.push_back(request.method + " " + request.url.substr(request.url.rfind('/')) + " " + std::string{shown.substr(std::min<std::size_t>(7, shown.size()))});
        http_response made = answer(200, {{"fine", true}});
        if (!of_calls.empty()) {
            made = of_calls.front();
            of_calls.pop_front();
        }
        if (!refuses.empty() && shown.ends_with(refuses)) {
            made = answer(401, json::object());
            made.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        }
        made.headers.emplace_back("Date", net::format_http_date(now));
        co_return made;
    }
};

net::oauth_account account_of(net::oauth_grant grant = net::oauth_grant::refresh_token)
{
    net::oauth_account own;
    own.name = "Scheduler (rest)";
    own.token_url = token_url;
    own.grant = grant;
    own.client_id = "halfmast:1";
    own.client_secret = secret{"client-s3cret"};
    own.scopes = {"read", "write:posts"};
    own.seed = secret{seed};
    return own;
}

struct stage {
    asio::io_context context;
    time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
    test::memory_vault vault;
    platform there{now};
    std::unique_ptr<net::oauth_http> by;

    explicit stage(net::oauth_account own = account_of()) { start(std::move(own)); }
    void start(net::oauth_account own = account_of())
    {
        by = std::make_unique<net::oauth_http>(std::move(own), there, vault, [this] { return now; });
    }

    std::shared_ptr<std::optional<result<http_response>>> begin(http_request request)
    {
        auto given = std::make_shared<std::optional<result<http_response>>>();
        auto work = by->fetch(std::move(request));
        asio::co_spawn(context, std::move(work), [given](std::exception_ptr error, result<http_response> value) {
            if (!error)
                given->emplace(std::move(value));
        });
        return given;
    }
    void turn()
    {
        context.restart();
        context.run_for(20s);
    }
    result<http_response> call(const std::string& method = "GET", bool publishes = false)
    {
        http_request request(method, "https://api.example/posts");
        request.publishes = publishes;
        auto given = begin(std::move(request));
        turn();
        REQUIRE(given->has_value());
        return **given;
    }
    net::oauth_http::report look()
    {
        std::optional<net::oauth_http::report> given;
        auto work = by->look();
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, net::oauth_http::report value) {
            if (!error)
                given = std::move(value);
        });
        turn();
        REQUIRE(given.has_value());
        return *given;
    }
    std::string shown(std::size_t index) const { return there.asked_tokens.at(index).body; }
    json kept() const { return json::parse(vault.kept.at("oauth")); }
};

http_response expired()
{
    auto made = answer(401, {{"message", "expired"}});
    made.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="x", error="invalid_token", error_description="The access token expired")");
    return made;
}

bool holds_secret(const std::string& text)
{
    for (const std::string one : {seed.c_str(), "client-s3cret", "of-the-account"})
        if (text.find(one) != std::string::npos)
            return true;
    return false;
}

problem lost() { return {failure::unknown_outcome, "POST https://login.example/token: the connection closed before the whole answer came", {}}; }

}  // namespace

TEST_CASE("the first call gets a token by the refresh token of the settings, and the next one is kept before it is used", "[net][oauth]")
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
    auto once_more = std::ranges::count_if(on.there.called, [](const auto& one) { return one.ends_with("access-2-of-the-account"); });
    CHECK(once_more == 5);
}

TEST_CASE("a refused token is renewed once, and the call sent again", "[net][oauth]")
{
    stage on;
    on.call();
    on.now += 2min;
    on.there.of_calls = {expired()};
    CHECK(on.call()->status == 200);
    CHECK(on.there.called == std::vector<std::string>{"GET /posts access-1-of-the-account", "GET /posts access-1-of-the-account", "GET /posts access-2-of-the-account"});

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
    auto met = GENERATE(expectation{400, {{"error", "invalid_grant"}}, failure::auth_expired, "Authorize the application anew"},
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
    auto body = GENERATE_COPY(as<std::string>{}, "", "null", "[]", "7", "\"text\"", "{", deep, R"({"access_token":null})", R"({"access_token":""})",
                              R"({"access_token":"has a blank"})", R"({"access_token":{"a":1}})", R"({"access_token":"a","refresh_token":7})",
                              R"({"access_token":"a","refresh_token":"b\nc"})", R"({"access_token":"abcdefgh","token_type":"mac"})");
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
