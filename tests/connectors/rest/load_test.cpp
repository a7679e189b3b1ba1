// A description through the loader of the settings: faults of both files at once, each with file, line and column.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <stdlib.h>

#include "connectors/rest/connector.hpp"
#include "daemon/settings/settings.hpp"
#include "tests/connectors/rest/support.hpp"

using namespace halfmast;
using namespace halfmast::rest_test;

namespace {

class desk {
public:
    desk()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-rest-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
        write("secret", "t0ken\n");
    }
    ~desk() { std::filesystem::remove_all(path_); }
    desk(const desk&) = delete;
    desk& operator=(const desk&) = delete;

    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path_ / name) << text;
        std::filesystem::permissions(path_ / name, std::filesystem::perms{0600});
    }

    settings::loaded load(const std::string& text) const
    {
        write("main.toml", text);
        const std::vector<connector_room> rooms{rest::room()};
        return settings::load((path_ / "main.toml").string(), rooms);
    }

    std::vector<std::string> faults(const std::string& text) const
    {
        std::vector<std::string> all;
        for (const auto& one : load(text).faults) {
            auto line = settings::to_string(one);
            for (auto at = line.find(path_.string() + "/"); at != std::string::npos; at = line.find(path_.string() + "/"))
                line.erase(at, path_.string().size() + 1);
            all.push_back(line);
        }
        return all;
    }

private:
    std::filesystem::path path_;
};

const std::string written = R"toml([[account]]
id = "one"
connector = "rest"
url = "https://api.example/v1"
description = "small.toml"
token = { file = "secret" }
)toml";

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("an account with a sound description is complete", "[rest][load]")
{
    desk here;
    here.write("small.toml", small);
    auto got = here.load(written);
    CHECK(here.faults(written) == lines{});
    REQUIRE(got.usable());
    REQUIRE(got.value.accounts.size() == 1);
    CHECK(got.value.accounts[0].declared.rungs == std::vector<rung_offer>{{rung::draft}});
    const auto& own = static_cast<const rest::settings&>(*got.value.accounts[0].own);
    CHECK(own.secret == "t0ken");
    CHECK(own.what->name == "Small");
}

TEST_CASE("faults of the settings and of a description are named together, and those of a shared one once", "[rest][load]")
{
    desk here;
    auto broken = small;
    broken.replace(broken.find("kind = \"bearer\""), 15, "kind = \"bare\"  ");
    broken += "colour = 1\n";
    here.write("small.toml", broken);
    auto second = written;
    second.replace(second.find("one"), 3, "two");
    auto got = here.faults(written + second + "nick = \"x\"\n");
    CHECK(got
          == lines{
              "main.toml:13:1: account two: unknown key 'nick'. Known here: id, connector, labels, language, time_zone, speaks, "
              "profile, practice, poll_every, sweep_every,"
              " credential_ends, warn_before, allow_http, url, description, token, username, password, client_id, client_secret, "
              "refresh_token.",
              "small.toml:3:8: [auth]: kind: there is no 'bare'. Known: none, bearer, basic, header, query, oauth2",
              "small.toml:26:1: [release]: unknown key 'colour'. Known here: answers, body, form, item, keeps_time, method, query, "
              "text, url.",
          });
}

TEST_CASE("a description that is not there or no TOML is one fault", "[rest][load]")
{
    desk here;
    CHECK(here.faults(written)
          == lines{"main.toml:5:15: account one: description: small.toml cannot be read: No such file or directory"});
    here.write("small.toml", "name = \n[");
    auto got = here.faults(written);
    REQUIRE(got.size() == 1);
    CHECK(got[0].starts_with("small.toml:1:"));
    CHECK(got[0].find("not TOML") != std::string::npos);
    here.write("small.toml", "name = \"x\"\n[!]\n");  // toml++ itself would end the program
    got = here.faults(written);
    REQUIRE(got.size() == 1);
    CHECK(got[0].starts_with("small.toml:2:2: not TOML"));
}

TEST_CASE("what a description asks of its account is asked of the settings", "[rest][load]")
{
    desk here;
    here.write("small.toml", "keys = [\"workspace\"]\n" + small);
    CHECK(here.faults(written) == lines{"main.toml:1:1: account one: workspace is missing"});
    CHECK(here.faults(written + "workspace = \"w\"\n") == lines{});
    auto basic = small;
    basic.replace(basic.find("\"bearer\""), 8, "\"basic\"");
    here.write("small.toml", basic);
    CHECK(here.faults(written).size() == 3);  // username and password are missing, and a token is none of its keys
}
