// The connector against answers from a script: sessions that end, profiles that others change, servers without an AppView.
#include <algorithm>
#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "connectors/bluesky/connector.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const std::string hash_a = "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const std::string hash_b = "bafyreibbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

std::string uri_of(const std::string& rkey) { return "at://" + did + "/app.bsky.feed.post/" + rkey; }
json pin_on(const std::string& rkey, const std::string& cid = hash_a) { return {{"uri", uri_of(rkey)}, {"cid", cid}}; }
json post_at(const std::string& rkey, const std::string& cid = hash_a)
{
    return {{"uri", uri_of(rkey)}, {"cid", cid}, {"value", {{"text", "x"}}}};
}
json failing(const std::string& name) { return {{"error", name}, {"message", name}}; }

// Answers by call: those planned for it first, then a server that has nothing against anything.
class script final : public http_port {
public:
    struct call {
        std::string nsid;
        std::string query;
        std::string token;
        json body;
    };
    std::vector<call> calls;
    std::map<std::string, std::deque<std::pair<int, json>>> planned;
    json profile{{"$type", "app.bsky.actor.profile"}, {"displayName", "Acme"}, {"unknown", {1, nullptr, "\xC3\xA9"}}};
    int version = 1;  // of the profile

    void answer(const std::string& nsid, int status, const json& body) { planned[nsid].emplace_back(status, body); }
    [[nodiscard]] long count(const std::string& nsid) const { return std::ranges::count(calls, nsid, &call::nsid); }

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);  // others get their turn, as on a real wire
        call one;
        auto path = request.url.find("/xrpc/") + 6;
        auto question = request.url.find('?');
        one.nsid = request.url.substr(path, question == std::string::npos ? question : question - path);
        one.query = question == std::string::npos ? "" : request.url.substr(question + 1);
        one.token = find_header(request.headers, "Authorization");
        one.body = json::parse(request.body, nullptr, false);
        calls.push_back(one);
        http_response given;
        json body;
        if (auto& mine = planned[one.nsid]; !mine.empty()) {
            std::tie(given.status, body) = mine.front();
            mine.pop_front();
        } else {
            given.status = 200;
            body = usual(one);
        }
        given.body = body.dump();
        co_return given;
    }

private:
    json usual(const call& asked)
    {
        auto number = std::to_string(calls.size());
        if (asked.nsid == "com.atproto.server.createSession" || asked.nsid == "com.atproto.server.refreshSession")
            return {
                {"did", did}, {"handle", "acme.example"}, {"accessJwt", "access-" + number}, {"refreshJwt", "refresh-" + number}};
        if (asked.nsid == "com.atproto.server.getSession")
            return {{"did", did}, {"handle", "acme.example"}};
        if (asked.nsid == "com.atproto.repo.getRecord" && asked.query.find("profile") != std::string::npos)
            return {{"uri", "at://" + did + "/app.bsky.actor.profile/self"},
                    {"cid", "bafyprofile" + std::to_string(version)},
                    {"value", profile}};
        if (asked.nsid == "com.atproto.repo.getRecord")
            return post_at(asked.query.substr(asked.query.rfind('=') + 1));
        if (asked.nsid == "com.atproto.repo.putRecord") {
            if (asked.body.at("rkey") == "self") {
                profile = asked.body.at("record");
                ++version;
            }
            return {{"uri", uri_of(asked.body.at("rkey").get<std::string>())}, {"cid", hash_a}};
        }
        if (asked.nsid == "com.atproto.identity.resolveHandle")
            return {{"did", did}};
        return {{"feed", json::array()}, {"records", json::array()}, {"notifications", json::array()}};
    }
};

struct stage {
    script net;
    time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
    test::memory_vault vault;  // closed: as without a key
    bluesky::connector to{make_settings(), net, vault, [this] { return now; }};
    stage() { vault.open = false; }
    asio::io_context context;

    static std::shared_ptr<const bluesky::settings> make_settings()
    {
        auto own = std::make_shared<bluesky::settings>();
        own->url = "https://pds.example";
        own->handle = "acme.example";
        own->password = "s3cr-et00-s3cr-et00";
        return own;
    }

    // Runs them all at once.
    template <class T>
    std::vector<T> run_all(std::vector<asio::awaitable<T>> work)
    {
        std::vector<T> given;
        for (auto& one : work)
            asio::co_spawn(context, std::move(one), [&](std::exception_ptr error, T value) {
                if (error)
                    std::rethrow_exception(error);
                given.push_back(std::move(value));
            });
        context.restart();
        context.run_for(10s);
        REQUIRE(given.size() == work.size());
        return given;
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::vector<asio::awaitable<T>> one;
        one.push_back(std::move(work));
        return run_all(std::move(one)).front();
    }

    result<receipt> publish(bool look_first = false, bool look_only = false, const std::string& text = "We are on it.")
    {
        publish_summary call;
        call.crisis = crisis_id{"c-1"};
        call.words = {"en", text};
        call.key = "halfmast-c-1-acme-1772460000";
        call.look_first = look_first;
        call.look_only = look_only;
        return run(to.publish(std::move(call)));
    }
};

constexpr auto login = "com.atproto.server.createSession";
constexpr auto renewal = "com.atproto.server.refreshSession";
constexpr auto get = "com.atproto.repo.getRecord";
constexpr auto put = "com.atproto.repo.putRecord";
constexpr auto feed = "app.bsky.feed.getAuthorFeed";
constexpr auto records = "com.atproto.repo.listRecords";

}  // namespace

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
