// [auth] kind = "oauth2": what a description and an account need for it, and the connector behind it.
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdlib.h>

#include "connectors/rest/connector.hpp"
#include "connectors/rest/oauth.hpp"
#include "daemon/settings/settings.hpp"
#include "tests/connectors/rest/support.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace halfmast::rest_test;

namespace {

std::string small_with(const std::string& auth)
{
    auto text = small;
    const std::string before = "kind = \"bearer\"\n";
    text.replace(text.find(before), before.size(), "kind = \"oauth2\"\n" + auth);
    return text;
}

const std::string token_url = "token_url = \"/oauth/token\"\n";

class folder {
public:
    folder()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-rest-oauth-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
        write("key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
        write("client", "cl1ent-s3cret\n");
        write("refresh", "rt-first\n");
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path_ / name) << text;
        std::filesystem::permissions(path_ / name, std::filesystem::perms{0600});
    }
    settings::loaded load(const std::string& account, bool key = true) const
    {
        const std::vector<connector_room> rooms{rest::room()};
        auto head = key ? std::string{"[daemon]\nvault_key = { file = \"key\" }\n"} : "[daemon]\n\n";
        write(
            "main.toml",
            head + "[[account]]\nid = \"a\"\nconnector = \"rest\"\nurl = \"https://api.example/v1\"\ndescription = \"small.toml\"\n"
                + account);
        return settings::load((path_ / "main.toml").string(), rooms);
    }
    std::vector<std::string> faults(const std::string& account, bool key = true) const
    {
        std::vector<std::string> all;
        for (const auto& one : load(account, key).faults)
            all.push_back(one.text);
        return all;
    }

private:
    std::filesystem::path path_;
};

const std::string whole = "client_id = \"app\"\nclient_secret = { file = \"client\" }\nrefresh_token = { file = \"refresh\" }\n";

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("an account behind OAuth 2 is complete with its application, the first token and a vault", "[rest][oauth]")
{
    folder here;
    here.write("small.toml", small_with(token_url + "scopes = [\"posts\"]\n"));
    auto got = here.load(whole);
    CHECK(here.faults(whole) == lines{});
    REQUIRE(got.usable());
    auto own = rest::oauth_of(static_cast<const rest::settings&>(*got.value.accounts.at(0).own));
    CHECK(own.name == "Small (rest)");
    CHECK(own.token_url == "https://api.example/v1/oauth/token");
    CHECK(own.grant == net::oauth_grant::refresh_token);
    CHECK(own.proof == net::oauth_proof::basic);
    CHECK(own.client_id == "app");
    CHECK(own.client_secret.text() == "cl1ent-s3cret");
    CHECK(own.seed.text() == "rt-first");
    CHECK(own.scopes == lines{"posts"});

    CHECK(here.faults(whole, false)
          == lines{"account a: its platform may give a new refresh token with each use, which has to be kept, so [daemon] needs a "
                   "vault_key:"
                   " 'openssl rand -hex 32 > FILE', and vault_key = { file = \"FILE\" }"});
    CHECK(here.faults("client_id = \"app\"\nrefresh_token = { file = \"refresh\" }\n") == lines{});  // a public client
    CHECK(here.faults("client_secret = { file = \"client\" }\n")
          == lines{"account a: client_id is missing", "account a: refresh_token is missing"});
    CHECK(here.faults(whole + "token = { file = \"refresh\" }\n").size() == 1);
}

TEST_CASE("an application of its own needs its secret, and neither a first token nor a vault", "[rest][oauth]")
{
    folder here;
    here.write("small.toml",
               small_with("token_url = \"https://login.example/token\"\ngrant = \"client_credentials\"\nclient = \"body\"\n"));
    const std::string account = "client_id = \"app\"\nclient_secret = { file = \"client\" }\n";
    CHECK(here.faults(account, false) == lines{});
    auto got = here.load(account, false);
    auto own = rest::oauth_of(static_cast<const rest::settings&>(*got.value.accounts.at(0).own));
    CHECK(own.token_url == "https://login.example/token");
    CHECK(own.proof == net::oauth_proof::body);
    CHECK(here.faults("client_id = \"app\"\n", false)
          == lines{"account a: client_secret is missing: with client_credentials it is all that proves who asks"});
}

TEST_CASE("every fault of an [auth] of OAuth 2 is named", "[rest][oauth]")
{
    CHECK(describe(small_with("")).faults == lines{"2:1: [auth]: token_url is missing"});
    for (const std::string url :
         {"http://login.example/token", "http://127.0.0.1.example/token", "http://user@localhost/token", "oauth/token",
          "//login.example/token", "/../token", "ftp://login.example", "https://", "https://login.example/token#now",
          "https://login.example/to ken", "http://localhost:80@login.example/token"}) {
        CAPTURE(url);
        CHECK(describe(small_with("token_url = \"" + url + "\"\n")).faults.size() == 1);
    }
    for (const std::string url : {"https://login.example/token", "http://127.0.0.1:8080/token", "http://localhost/token?x=1",
                                  "http://[::1]:9/t", "/token"}) {
        CAPTURE(url);
        CHECK(describe(small_with("token_url = \"" + url + "\"\n")).faults == lines{});
    }
    CHECK(describe(small_with(token_url + "grant = \"password\"\n")).faults.size() == 1);
    CHECK(describe(small_with(token_url + "client = \"jwt\"\n")).faults.size() == 1);
    CHECK(describe(small_with(token_url + "scopes = [\"a b\"]\n")).faults.size() == 1);
    CHECK(describe(small_with(token_url + "scope = \"a\"\n")).faults.size() == 1);
    // A key of the account with such a name would be read twice.
    auto text = small_with(token_url);
    text.insert(text.find("[auth]"), "keys = [\"client_secret\"]\n");
    CHECK(describe(text).faults.size() == 1);
}
