// Tokens, sessions and links, and how often something may be tried; on a clock that the test moves.
#include "daemon/access/book.hpp"
#include "daemon/access/cookies.hpp"
#include "daemon/access/limits.hpp"
#include "daemon/access/passwords.hpp"
#include "daemon/access/places.hpp"
#include "daemon/access/secrets.hpp"
#include "tests/access/result_text.hpp"

using namespace halfmast;
using namespace halfmast::access;
using namespace std::chrono_literals;

namespace {

const time_point morning = *parse_rfc3339("2026-03-01T08:00:00Z");

kept_token some_token(const std::string& secret)
{
    kept_token made;
    made.name = "ci";
    made.user = "ci";
    made.by = "maria";
    made.roles = {role::ops, role::on_call};
    made.hash = hash_of(secret);
    made.made_at = morning;
    return made;
}

kept_session some_session(const std::string& secret, const std::string& user = "maria")
{
    kept_session made;
    made.hash = hash_of(secret);
    made.user = user;
    made.way = "password";
    made.mark = "m";
    made.made_at = morning;
    made.seen_at = morning;
    return made;
}

}  // namespace

TEST_CASE("a token is known by its hash, until it ends or is revoked", "[access]")
{
    book here;
    auto ending = some_token("one");
    ending.ends_at = morning + 1h;
    auto id = here.add_token(std::move(ending)).id;
    here.add_token(some_token("two"));
    CHECK(id == "t-1");
    REQUIRE(here.token(hash_of("one"), morning + 59min) != nullptr);
    CHECK(here.token(hash_of("one"), morning + 59min)->used_at == morning + 59min);
    CHECK(here.token(hash_of("one"), morning + 1h) == nullptr);
    CHECK(here.token("one", morning) == nullptr);
    CHECK(here.tokens(morning + 2h).size() == 1);
    CHECK(here.revoke("t-2")->name == "ci");
    CHECK(here.token(hash_of("two"), morning) == nullptr);
    CHECK_FALSE(here.revoke("t-2"));
}

TEST_CASE("what is written is read back, holds no secret, and gives no number twice", "[access]")
{
    book here;
    auto secret = random_text();
    auto token = some_token(secret);
    token.ends_at = morning + 24h;
    here.add_token(std::move(token));
    here.add_token(some_token("gone"));
    here.revoke("t-2");
    auto session = some_session("cookie");
    session.roles = std::set{role::manager};
    here.add_session(std::move(session));
    auto text = here.write();
    CHECK(text.find(secret) == std::string::npos);
    CHECK(text.find("cookie") == std::string::npos);
    book again;
    REQUIRE_FALSE(again.read(text));
    CHECK(again.write() == text);
    CHECK(again.token(hash_of(secret), morning)->roles == std::set{role::ops, role::on_call});
    CHECK(again.session(hash_of("cookie"), morning, 1h, 12h)->roles == std::set{role::manager});
    CHECK(again.add_token(some_token("next")).id == "t-3");
    for (auto broken : {"", "{", "[]", R"({"schema":"halfmast.access/9"})",
                        R"({"schema":"halfmast.access/1","last_token":1,"tokens":[{}],"sessions":[]})",
                        R"({"schema":"halfmast.access/1","last_token":"x","tokens":[],"sessions":[]})"}) {
        INFO(broken);
        book other;
        CHECK(other.read(broken));
        CHECK(other.tokens(morning).empty());
    }
}

TEST_CASE("a session ends when it is idle, when it is old, and when its person has too many", "[access]")
{
    book here;
    here.add_session(some_session("a"));
    CHECK(here.session(hash_of("a"), morning + 59min, 1h, 3h) != nullptr);
    CHECK(here.session(hash_of("a"), morning + 118min, 1h, 3h) != nullptr);  // it was used meanwhile
    CHECK(here.session(hash_of("a"), morning + 177min, 1h, 3h) != nullptr);
    CHECK(here.session(hash_of("a"), morning + 180min, 1h, 3h) == nullptr);
    CHECK(here.session(hash_of("a"), morning, 1h, 3h) == nullptr);  // over is over
    here.add_session(some_session("b"));
    CHECK(here.session(hash_of("b"), morning + 1h, 1h, 3h) == nullptr);
    here.add_session(some_session("first"));
    for (int i = 0; i < 20; ++i) {
        auto later = some_session("s" + std::to_string(i));
        later.seen_at = morning + seconds{i + 1};
        here.add_session(std::move(later));
    }
    CHECK(here.session(hash_of("first"), morning, 1h, 3h) == nullptr);
    CHECK(here.session(hash_of("s0"), morning + 1min, 1h, 3h) != nullptr);
    CHECK(here.end_session(hash_of("s0")));
    CHECK_FALSE(here.end_session(hash_of("s0")));
}

TEST_CASE("a login link does once, within its ten minutes", "[access]")
{
    book here;
    auto link = [&](const std::string& secret) {
        here.add_link({hash_of(secret), "maria", std::nullopt, "", morning + link_lasts}, morning);
    };
    link("a");
    CHECK(here.link(hash_of("a"), morning)->user == "maria");
    CHECK(here.use_link(hash_of("a"), morning + 9min)->user == "maria");
    CHECK_FALSE(here.use_link(hash_of("a"), morning + 9min));
    link("b");
    CHECK_FALSE(here.use_link(hash_of("b"), morning + 10min));
    CHECK(here.write().find(hash_of("b")) == std::string::npos);
}

TEST_CASE("limits: a burst, then a pace; and their memory is bounded", "[access]")
{
    limits here{{3, 0.5}, 4};
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(here.take("a", morning));
    CHECK(here.take("a", morning) == milliseconds{2'000});
    CHECK(here.take("a", morning + 1s) == milliseconds{1'000});
    CHECK_FALSE(here.take("a", morning + 2s));
    CHECK(here.take("a", morning + 1s));  // the clock was set back: nothing is filled
    CHECK_FALSE(here.take("b", morning));
    here.forgive("a");
    CHECK_FALSE(here.take("a", morning + 2s));
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(here.take("n" + std::to_string(i), morning + 3s));
    CHECK(here.size() <= 4);
}

TEST_CASE("a password fits its hash alone, and a hash is known when one is seen", "[access]")
{
    auto hash = hash_password(secret{"correct horse"});
    REQUIRE(hash);
    CHECK(is_password_hash(*hash));
    CHECK(hash->starts_with("$argon2id$v=19$m=65536,"));
    CHECK(hash->find("horse") == std::string::npos);
    CHECK(*hash_password(secret{"correct horse"}) != *hash);
    CHECK_FALSE(is_password_hash("correct horse"));
    CHECK_FALSE(is_password_hash("$argon2id$nonsense"));
    CHECK(hash_password(secret{"short"}).error().kind == failure::rejected);
    CHECK(hash_password(secret{std::string(2'000, 'x')}).error().kind == failure::rejected);
}

TEST_CASE("cookies, hosts and addresses as text", "[access]")
{
    CHECK(set_cookie("__Host-halfmast", "v", true, same_site::strict, 12h)
          == "__Host-halfmast=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure");
    CHECK(set_cookie("halfmast", "", false, same_site::lax, 0s) == "halfmast=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    CHECK(cookie_name("halfmast", true, "halfmast.acme.example") == "__Host-halfmast");
    CHECK(cookie_name("halfmast", false, "localhost:7413") == "halfmast-7413");
    CHECK(cookie_name("halfmast", true, "[::1]:7414") == "__Host-halfmast-7414");
    for (auto no_port : {"", "[::1]", "a:", ":", "a:7413; Domain=evil.example", "a:-1"})
        CHECK(cookie_name("halfmast", false, no_port) == "halfmast");
    CHECK(cookie_value("a=1; halfmast=x=y; b=2", "halfmast") == "x=y");
    CHECK(cookie_value("a=1;halfmast=x", "halfmast") == "x");
    CHECK(cookie_value("nothalfmast=1; halfmast", "halfmast").empty());
    CHECK(address_of("127.0.0.1:80") == "127.0.0.1");
    CHECK(address_of("[::1]:80") == "[::1]");
    CHECK(is_loopback_address("[::1]:80"));
    CHECK_FALSE(is_loopback_address("10.0.0.1:80"));
    CHECK(authority_of("https://a.example:8443/x?y") == "a.example:8443");
    CHECK(is_same_host("A.example:443", "a.example"));
    CHECK_FALSE(is_same_host("a.example.evil", "a.example"));
    CHECK_FALSE(is_same_host("", ""));
    CHECK(same("abc", "abc"));
    CHECK_FALSE(same("abc", "abd"));
    CHECK_FALSE(same("abc", "ab"));
    CHECK(random_text().size() == 43);
    CHECK(random_text() != random_text());
    // RFC 7636, appendix B
    CHECK(base64url(sha256_bytes("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    for (auto name : {"halfmast", "loopback", "", "a b", "a\nb"})
        CHECK_FALSE(is_name_of_person(name));
    CHECK(is_name_of_person("maria@acme.example"));
}
