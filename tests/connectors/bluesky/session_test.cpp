// The session over a restart: a start that needs no log-in, and every way in which what is kept may be of no use.
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "connectors/bluesky/connector.hpp"
#include "connectors/bluesky/session.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// A server that gives a new session for each log-in and each renewal, and takes the newest access token alone.
struct server final : http_port {
    int logins = 0;
    int renewals = 0;
    int number = 0;
    bool renews = true;
    std::function<void()> before_call;

    [[nodiscard]] std::string access() const { return "access-" + std::to_string(number); }
    [[nodiscard]] std::string refresh() const { return "refresh-" + std::to_string(number); }

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        auto shown = find_header(request.headers, "Authorization");
        http_response given;
        given.status = 200;
        auto session = [&] {
            ++number;
            return json{{"did", "did:plc:acme"}, {"handle", "acme.example"}, {"accessJwt", access()}, {"refreshJwt", refresh()}};
        };
        json body = json::object();
        if (request.url.ends_with("createSession")) {
            ++logins;
            body = session();
        } else if (request.url.ends_with("refreshSession")) {
            ++renewals;
            if (!renews || shown != "Bearer " + refresh()) {
                given.status = 400;
                body = {{"error", "ExpiredToken"}, {"message", "Token has expired"}};
            } else {
                body = session();
            }
        } else {
            if (before_call)
                before_call();
            if (shown != "Bearer " + access()) {
                given.status = 400;
                body = {{"error", "ExpiredToken"}, {"message", "Token has expired"}};
            } else if (request.url.find("getRecord") != std::string::npos) {
                body = {{"uri", "at://did:plc:acme/app.bsky.actor.profile/self"},
                        {"cid", "bafy"},
                        {"value", {{"$type", "app.bsky.actor.profile"}}}};
            } else {
                body = {{"did", "did:plc:acme"}, {"handle", "acme.example"}, {"feed", json::array()}, {"records", json::array()}};
            }
        }
        given.body = body.dump();
        co_return given;
    }
};

struct house {
    server net;
    test::memory_vault vault;
    time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
    asio::io_context context;
    std::unique_ptr<bluesky::connector> to;

    house() { start(); }
    void start(const std::string& password = "s3cr-et00-s3cr-et00")
    {
        auto own = std::make_shared<bluesky::settings>();
        own->url = "https://pds.example";
        own->handle = "acme.example";
        own->password = password;
        to = std::make_unique<bluesky::connector>(own, net, vault, [this] { return now; });
    }
    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> given;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            if (!error)
                given = std::move(value);
        });
        context.restart();
        context.run_for(10s);
        REQUIRE(given.has_value());
        return std::move(*given);
    }
    bool works() { return run(to->pins()).has_value(); }
};

std::string token_that_ends(std::int64_t at)
{
    // {"exp":N} in base64url; the other two parts are nobody's business here.
    auto claims = json{{"exp", at}}.dump();
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    unsigned held = 0;
    int bits = 0;
    for (unsigned char c : claims) {
        held = held << 8 | c;
        for (bits += 8; bits >= 6; bits -= 6)
            text += letters[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        text += letters[held << (6 - bits) & 63];
    return "eyJhbGciOiJIUzI1NiJ9." + text + ".c2lnbmF0dXJl";
}

}  // namespace

TEST_CASE("a restart does not log in anew", "[bluesky][session]")
{
    house on;
    on.net.before_call = [&] {
        CHECK(json::parse(on.vault.kept.at("session")).at("refresh") == on.net.refresh());
    };  // kept, then used
    REQUIRE(on.works());
    for (int restart = 0; restart < 5; ++restart) {
        on.start();
        CHECK(on.works());
    }
    CHECK(on.net.logins == 1);
    CHECK(on.net.renewals == 0);

    SECTION("and renews what ran out meanwhile")
    {
        on.net.number++;  // the access token is none any more, and neither is the refresh token
        json kept = json::parse(on.vault.kept.at("session"));
        kept["refresh"] = on.net.refresh();
        on.vault.kept["session"] = kept.dump();
        on.start();
        on.net.before_call = nullptr;
        CHECK(on.works());
        CHECK(on.net.logins == 1);
        CHECK(on.net.renewals == 1);
        CHECK(json::parse(on.vault.kept.at("session")).at("refresh") == on.net.refresh());
    }
    SECTION("or logs in when the server does not know it any more")
    {
        on.net.number++;
        on.net.renews = false;
        on.start();
        on.net.before_call = nullptr;
        CHECK(on.works());
        CHECK(on.net.logins == 2);
    }
    SECTION("but does with another app password")
    {
        on.start("an0t-her0-an0t-her0");
        CHECK(on.works());
        CHECK(on.net.logins == 2);
    }
}

TEST_CASE("whatever is wrong with the vault, there is the password", "[bluesky][session]")
{
    house on;
    SECTION("no key") { on.vault.open = false; }
    SECTION("what is there is no session") { on.vault.kept["session"] = "{\"keys\":7}"; }
    SECTION("a wrong key")
    {
        on.vault.unreadable = problem{failure::local, "FILE was written with another vault_key", {}};
        CHECK(on.works());
        auto lines = on.run(on.to->check());
        auto told = std::ranges::find(lines, "the session is kept", &check_line::what);
        REQUIRE(told != lines.end());
        CHECK(told->advice);
        CHECK(told->detail.find("another vault_key") != std::string::npos);
    }
    SECTION("no room") { on.vault.full = problem{failure::local, "No space left on device", {}}; }
    CHECK(on.works());
    CHECK(on.net.logins == 1);
}

TEST_CASE("the end of a token is read out of it, and a session that is over is not tried", "[bluesky][session]")
{
    auto now = *parse_rfc3339("2026-03-02T14:00:00Z");
    CHECK(bluesky::end_of_token(token_that_ends(1'772'460'000)) == *parse_rfc3339("2026-03-02T14:00:00Z"));
    for (const std::string wrong :
         {"", ".", "..", "a.b.c", "a.e30.c", "a.eyJleHAiOiJzb29uIn0.c", "a.====.c", "refresh-1", "a.eyJleHAiOi0xfQ.c"})
        CHECK_FALSE(bluesky::end_of_token(wrong));
    bluesky::wire::session who;
    who.did = "did:plc:acme";
    who.handle = "acme.example";
    who.access = "access";
    who.refresh = token_that_ends(1'772'460'000);
    auto text = bluesky::dump_session(who, "print");
    CHECK_FALSE(bluesky::parse_session(text, "print", now));
    auto read = bluesky::parse_session(text, "print", now - 1s);
    REQUIRE(read);
    CHECK(read->did == who.did);
    CHECK(read->access == who.access);
    CHECK(read->refresh == who.refresh);
    CHECK_FALSE(bluesky::parse_session(text, "another", now - 1s));
    CHECK_FALSE(bluesky::parse_session(secret{"[]"}, "print", now));
    CHECK_FALSE(bluesky::parse_session(secret{"{}"}, "", now));
}
