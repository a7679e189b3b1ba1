// [access] and [daemon] tls: what is read, and every fault with its place.
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;

namespace {

const std::string some_hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";

struct with_access_secrets {
    with_access_secrets()
    {
        ::setenv("HALFMAST_TEST_HASH", some_hash.c_str(), 1);
        ::setenv("HALFMAST_TEST_PLAIN", "correct horse", 1);
        ::setenv("HALFMAST_TEST_CLIENT", "client-secret", 1);
    }
};
const with_access_secrets access_secrets_are_set;

}  // namespace

TEST_CASE("who may come in is read", "[settings][access]")
{
    folder here;
    auto got = here.load(R"([daemon]
listen = "10.0.0.1:7413"
tls = { certificate = "own.pem", key = "own.key", client_ca = "ca.pem" }
[access]
url = "https://halfmast.acme.example/"
session_idle = "30m"
session_longest = "8h"
[access.groups]
social-managers = ["manager"]
duty = ["ops", "on_call"]
[[access.user]]
name = "maria"
password = { env = "HALFMAST_TEST_HASH" }
roles = ["manager"]
language = "hu"
[[access.user]]
name = "olaf"
roles = ["ops", "admin"]
certificate = "olaf's laptop"
[access.oidc]
issuer = "https://id.acme.example/realms/acme/"
client_id = "halfmast"
client_secret = { env = "HALFMAST_TEST_CLIENT" }
groups_claim = "roles"
name_claim = "email"
scope = "openid email"
recheck = "2m"
session_max = "30m"
[access.oidc.groups]
"/social/managers" = ["manager", "auditor"]
)");
    CHECK(here.shown(got) == lines{});
    const auto& rules = got.value.access_rules;
    CHECK(rules.set);
    CHECK(rules.url == "https://halfmast.acme.example");
    CHECK(rules.listen == "10.0.0.1:7413");
    CHECK(rules.session_idle == std::chrono::minutes{30});
    CHECK(rules.session_longest == std::chrono::hours{8});
    CHECK(rules.unix_groups.at("duty") == std::set{role::ops, role::on_call});
    REQUIRE(rules.users.size() == 2);
    CHECK(rules.users[0].password_hash == some_hash);
    CHECK(rules.users[0].language == "hu");
    CHECK(rules.users[1].password_hash.empty());
    CHECK(rules.users[1].certificate == "olaf's laptop");
    REQUIRE(rules.provider);
    CHECK(rules.provider->issuer == "https://id.acme.example/realms/acme/");  // as the provider writes it
    CHECK(rules.provider->client_secret.text() == "client-secret");
    CHECK(rules.provider->recheck == std::chrono::minutes{2});
    CHECK(rules.provider->session_max == std::chrono::minutes{30});
    CHECK(rules.provider->groups.at("/social/managers") == std::set{role::manager, role::auditor});
    REQUIRE(got.value.tls);
    CHECK(got.value.tls->certificate.ends_with("/own.pem"));
    CHECK(got.value.tls->client_ca.ends_with("/ca.pem"));
    CHECK_FALSE(here.load("").value.access_rules.set);
}

TEST_CASE("faults of [access], all at once", "[settings][access]")
{
    folder here;
    auto got = here.faults(R"([daemon]
listen = "10.0.0.1:7413"
[access]
url = "http://halfmast.acme.example"
[access.groups]
social = ["managr"]
[[access.user]]
name = "halfmast"
roles = ["manager"]
[[access.user]]
name = "maria"
password = "correct horse"
[[access.user]]
name = "maria"
password = { env = "HALFMAST_TEST_PLAIN" }
roles = ["root"]
pasword = "x"
[access.oidc]
issuer = "id.acme.example"
scope = "profile"
)");
    auto said = [&](const std::string& part) {
        for (const auto& line : got)
            if (line.find(part) != std::string::npos)
                return true;
        UNSCOPED_INFO(part);
        return false;
    };
    CHECK(said("main.toml:2:10: daemon: listen: 10.0.0.1:7413 can be reached from other machines"));
    CHECK(said("main.toml:4:7: access: url is not an https URL"));
    CHECK(said("'managr' is no role; ops, manager, on_call, auditor, admin are. Did you mean 'manager'?"));
    CHECK(said("'halfmast' cannot be a person's name here"));
    CHECK(said("access user maria: password: a secret does not stand in the settings"));
    CHECK(said("access user maria: roles is missing"));
    CHECK(said("there is a person of that name already"));
    CHECK(said("what stands there is no argon2id hash; make one: halfmastd --hash-password"));
    CHECK(said("'root' is no role"));
    CHECK(said("unknown key 'pasword'. Did you mean 'password'?"));
    CHECK(said("issuer is not a URL"));
    CHECK(said("client_id is missing"));
    CHECK(said("client_secret is missing"));
    CHECK(said("without 'openid'"));
    CHECK(said("groups is missing"));
    for (const auto& line : got)
        CHECK(line.find("correct horse") == std::string::npos);
    CHECK(here.faults("[daemon]\ntls = { certificate = \"a\", key = \"b\" }\n").at(0).find("tls without listen")
          != std::string::npos);
    CHECK(here.faults("[daemon]\nlisten = \"127.0.0.1:1\"\ntls = { key = \"b\" }\n").at(0).find("certificate is missing")
          != std::string::npos);
    CHECK(here.faults("[daemon]\nlisten = \"127.0.0.1:1\"\n[access.oidc]\nissuer = \"https://i.example\"\nclient_id = \"h\"\n"
                      "client_secret = { env = \"HALFMAST_TEST_CLIENT\" }\ngroups = { a = [\"ops\"] }\n")
              .at(0)
              .find("oidc needs url")
          != std::string::npos);
}
