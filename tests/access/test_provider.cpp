// The whole way through a provider, against one that lies in every way a provider or somebody between can.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "daemon/access/provider.hpp"
#include "daemon/access/secrets.hpp"
#include "daemon/net/http_server.hpp"
#include "tests/access/signer.hpp"
#include "tests/access/result_text.hpp"

using namespace halfmast;
using namespace halfmast::access;
using namespace halfmast::access::testing;

namespace {

constexpr const char* issuer_url = "https://id.example";

struct lying_provider final : http_port {
    signer key{"p1"};
    time_point now = *parse_rfc3339("2026-03-01T08:00:00Z");
    json description{{"issuer", issuer_url},
                     {"authorization_endpoint", "https://id.example/auth"},
                     {"token_endpoint", "https://id.example/token"},
                     {"userinfo_endpoint", "https://id.example/me"},
                     {"jwks_uri", "https://id.example/jwks"}};
    json keys;
    json claims = json::object();  // what the next token says beside the usual ones
    std::string token;             // instead of one that is made
    json userinfo;
    int token_status = 200;
    std::string verifier_hash;
    std::vector<http_request> asked;
    asio::io_context context{1};
    provider_options wanted;
    std::unique_ptr<provider> there;

    lying_provider()
    {
        keys = {{"keys", {key.public_key()}}};
        wanted.issuer = issuer_url;
        wanted.client_id = "halfmast";
        wanted.client_secret = secret{"s&cret"};
        wanted.groups = {{"managers", {role::manager}}, {"desk", {role::ops, role::on_call}}};
        there = std::make_unique<provider>(wanted, *this, [this] { return now; });
    }

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        asked.push_back(request);
        http_response made;
        made.status = 200;
        if (request.url == std::string{issuer_url} + "/.well-known/openid-configuration") {
            made.body = description.dump();
        } else if (request.url == "https://id.example/jwks") {
            made.body = keys.dump();
        } else if (request.url == "https://id.example/me") {
            made.body = userinfo.dump();
        } else if (request.url == "https://id.example/token") {
            made.status = token_status;
            made.body =
                token_status == 200 ? json{{"id_token", token}, {"access_token", "at-1"}}.dump() : R"({"error":"invalid_grant"})";
        } else {
            co_return problem{failure::unreachable, "nobody there", {}};
        }
        co_return made;
    }

    template <class T>
    T wait(asio::awaitable<T> work)
    {
        context.restart();
        auto answer = asio::co_spawn(context, std::move(work), asio::use_future);
        context.run();
        return answer.get();
    }

    std::map<std::string, std::string> sent_to;  // members of the address the browser was sent to
    std::string cookie;

    void begin()
    {
        auto made = wait(there->begin("https://halfmast.acme.example/auth/oidc/callback"));
        REQUIRE(made);
        cookie = made->cookie;
        sent_to.clear();
        auto rest = made->url.substr(made->url.find('?') + 1);
        while (!rest.empty()) {
            auto pair = rest.substr(0, rest.find('&'));
            rest.erase(0, std::min(rest.size(), pair.size() + 1));
            sent_to[pair.substr(0, pair.find('='))] = *net::percent_decode(pair.substr(pair.find('=') + 1));
        }
        json usual{{"iss", issuer_url},
                   {"aud", "halfmast"},
                   {"sub", "u1"},
                   {"nonce", sent_to["nonce"]},
                   {"iat", seconds_now()},
                   {"exp", seconds_now() + 300},
                   {"preferred_username", "maria"},
                   {"groups", {"managers", "staff"}},
                   {"locale", "hu-HU"}};
        usual.update(claims);
        token = key.sign(usual);
    }

    result<proved_person> come_back(std::map<std::string, std::string> query = {})
    {
        query.emplace("state", sent_to["state"]);
        query.emplace("code", "c-1");
        return wait(there->finish(query, cookie));
    }

    [[nodiscard]] std::int64_t seconds_now() const { return std::chrono::duration_cast<seconds>(now.time_since_epoch()).count(); }
};

}  // namespace

TEST_CASE("the way there and back: code, PKCE, state, nonce, groups", "[oidc]")
{
    lying_provider id;
    id.begin();
    CHECK(id.sent_to["response_type"] == "code");
    CHECK(id.sent_to["client_id"] == "halfmast");
    CHECK(id.sent_to["code_challenge_method"] == "S256");
    CHECK(id.sent_to["scope"] == "openid profile");
    CHECK(id.sent_to["state"].size() >= 43);
    CHECK(id.sent_to["nonce"].size() >= 43);
    auto person = id.come_back();
    REQUIRE(person);
    CHECK(person->name == "maria");
    CHECK(person->roles == std::set{role::manager});
    CHECK(person->language == "hu");
    const auto& exchange = id.asked.at(1);
    CHECK(exchange.url == "https://id.example/token");
    CHECK(exchange.publishes);
    CHECK(find_header(exchange.headers, "Authorization") == "Basic " + base64("halfmast:s%26cret"));
    auto at = exchange.body.find("code_verifier=") + 14;
    CHECK(base64url(sha256_bytes(exchange.body.substr(at, 43))) == id.sent_to["code_challenge"]);
    CHECK(exchange.body.find("s&cret") == std::string::npos);
}

TEST_CASE("a state does once, in its browser, in its time", "[oidc]")
{
    lying_provider id;
    id.begin();
    CHECK(id.come_back());
    CHECK(id.come_back().error().detail.find("begin again") != std::string::npos);
    id.begin();
    CHECK_FALSE(id.come_back({{"state", "guessed"}}));
    id.begin();
    auto own = id.cookie;
    id.cookie = "of another browser";
    CHECK(id.come_back().error().detail.find("another browser") != std::string::npos);
    id.cookie = own;
    CHECK_FALSE(id.come_back());  // whoever tried it has spent it
    id.begin();
    id.cookie.clear();
    CHECK_FALSE(id.come_back());
    id.begin();
    id.now += std::chrono::minutes{10};
    CHECK_FALSE(id.come_back());
    id.begin();
    CHECK(id.come_back({{"error", "access_denied"}}).error().detail.find("access_denied") != std::string::npos);
    id.begin();
    CHECK_FALSE(id.come_back({{"iss", "https://evil.example"}}));
    id.begin();
    CHECK_FALSE(id.come_back({{"code", ""}}));
}

TEST_CASE("what the provider's token must not be", "[oidc]")
{
    lying_provider id;
    for (const auto& claims : {json{{"nonce", "another"}}, json{{"exp", id.seconds_now() - 100}},
                               json{{"iss", "https://evil.example"}}, json{{"aud", "other"}}}) {
        id.claims = claims;
        id.begin();
        INFO(claims.dump());
        auto person = id.come_back();
        REQUIRE_FALSE(person);
        CHECK(person.error().kind == failure::rejected);
    }
    id.claims = json::object();
    id.begin();
    auto honest = id.token;
    id.token = unsigned_token({{"alg", "none"}}, {{"iss", issuer_url}, {"sub", "u1"}});
    CHECK_FALSE(id.come_back());
    id.begin();
    id.token = honest;  // of the sign-in before
    CHECK(id.come_back().error().detail.find("nonce") != std::string::npos);
    id.begin();
    signer forger{"p1"};
    id.token = forger.sign({{"iss", issuer_url},
                            {"aud", "halfmast"},
                            {"sub", "u1"},
                            {"nonce", id.sent_to["nonce"]},
                            {"iat", id.seconds_now()},
                            {"exp", id.seconds_now() + 300},
                            {"preferred_username", "maria"},
                            {"groups", {"managers"}}});
    CHECK(id.come_back().error().detail.find("signature") != std::string::npos);
    id.begin();
    id.token_status = 400;
    CHECK(id.come_back().error().detail.find("invalid_grant") != std::string::npos);
}

TEST_CASE("groups count at each sign-in; whoever is in none has no way in", "[oidc]")
{
    lying_provider id;
    id.claims = {{"groups", {"desk", "managers"}}};
    id.begin();
    CHECK(id.come_back()->roles == std::set{role::manager, role::ops, role::on_call});
    id.claims = {{"groups", {"staff"}}};
    id.begin();
    CHECK(id.come_back().error().kind == failure::forbidden);
    id.claims = {{"groups", "managers"}};
    id.begin();
    CHECK(id.come_back().error().kind == failure::forbidden);
    for (auto name : {"halfmast", "loopback", "a b", "x\n"}) {
        id.claims = {{"preferred_username", name}};
        id.begin();
        INFO(name);
        CHECK_FALSE(id.come_back());
    }
}

TEST_CASE("groups from userinfo, of the same person alone", "[oidc]")
{
    lying_provider id;
    id.claims = {{"groups", nullptr}};
    auto token_without_groups = [&] {
        id.begin();
        id.token = id.key.sign({{"iss", issuer_url},
                                {"aud", "halfmast"},
                                {"sub", "u1"},
                                {"nonce", id.sent_to["nonce"]},
                                {"iat", id.seconds_now()},
                                {"exp", id.seconds_now() + 300},
                                {"preferred_username", "maria"}});
    };
    token_without_groups();
    id.userinfo = {{"sub", "u1"}, {"groups", {"desk"}}};
    CHECK(id.come_back()->roles == std::set{role::ops, role::on_call});
    CHECK(find_header(id.asked.back().headers, "Authorization") == "Bearer at-1");
    token_without_groups();
    id.userinfo = {{"sub", "u2"}, {"groups", {"managers"}}};
    CHECK(id.come_back().error().detail.find("another person") != std::string::npos);
}

TEST_CASE("new keys of the provider are found, and a description that is another's is not believed", "[oidc]")
{
    lying_provider id;
    id.begin();
    REQUIRE(id.come_back());
    signer fresh{"p2"};
    id.keys = {{"keys", {fresh.public_key()}}};
    id.begin();
    id.token = fresh.sign({{"iss", issuer_url},
                           {"aud", "halfmast"},
                           {"sub", "u1"},
                           {"nonce", id.sent_to["nonce"]},
                           {"iat", id.seconds_now()},
                           {"exp", id.seconds_now() + 300},
                           {"preferred_username", "maria"},
                           {"groups", {"managers"}}});
    id.now += seconds{10};
    CHECK(id.come_back());
    lying_provider other;
    other.description["issuer"] = "https://evil.example";
    CHECK_FALSE(other.wait(other.there->begin("https://x/")));
    lying_provider plain;
    plain.description["token_endpoint"] = "http://id.example/token";
    CHECK(plain.wait(plain.there->begin("https://x/")).error().detail.find("not https") != std::string::npos);
}
