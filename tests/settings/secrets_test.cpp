// Where secrets come from, and that they go nowhere else.
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;
using std::filesystem::perms;

namespace {

std::string with_token(const std::string& token)
{
    return "[[account]]\nid = \"a\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = " + token + "\n";
}

std::string token_of(const settings::loaded& got)
{
    return dynamic_cast<const tests::fake_settings&>(*got.value.accounts.at(0).own).token;
}

}  // namespace

TEST_CASE("a secret is read from a file beside the settings, and trimmed", "[settings]")
{
    folder here;
    here.write("secrets/a", "  s3cret\r\n");
    auto got = here.load(with_token("{ file = \"secrets/a\" }"));
    CHECK(here.shown(got) == lines{});
    CHECK(token_of(got) == "s3cret");
    CHECK(token_of(here.load(with_token("{ file = \"" + here.path("secrets/a") + "\" }"))) == "s3cret");
}

TEST_CASE("a secret is read from the environment and from systemd's credentials", "[settings]")
{
    folder here;
    ::setenv("HALFMAST_TEST_SECRET", "fr0m env", 1);
    CHECK(token_of(here.load(with_token("{ env = \"HALFMAST_TEST_SECRET\" }"))) == "fr0m env");
    CHECK(here.faults(with_token("{ env = \"HALFMAST_TEST_NOT_SET\" }"))
          == lines{"main.toml:5:17: account a: token: the environment variable HALFMAST_TEST_NOT_SET is not set"});
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK(here.faults(with_token("{ credential = \"acme\" }"))
          == lines{"main.toml:5:24: account a: token: credential acme needs systemd: LoadCredential=acme:PATH in the unit sets "
                   "CREDENTIALS_DIRECTORY"});
    here.write("credentials/acme", "cr3d\n");
    ::setenv("CREDENTIALS_DIRECTORY", here.path("credentials").c_str(), 1);
    CHECK(token_of(here.load(with_token("{ credential = \"acme\" }"))) == "cr3d");
    CHECK(here.faults(with_token("{ credential = \"../acme\" }"))
          == lines{"main.toml:5:24: account a: token: a credential has a name, not a path"});
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("a secret that cannot be read is a fault, but only where secrets are read", "[settings]")
{
    folder here;
    const auto missing = with_token("{ file = \"none\" }");
    CHECK(here.faults(missing)
          == lines{"main.toml:5:18: account a: token: file " + std::string{"none cannot be read: No such file or directory"}});
    CHECK(here.faults(missing, false) == lines{});
    CHECK(here.load(missing, false).value.accounts.size() == 1);
    CHECK(here.faults(with_token("{ env = \"HALFMAST_TEST_NOT_SET\" }"), false) == lines{});
    CHECK(here.faults(with_token("{ fille = \"x\" }"), false).size() == 1);
    here.write("empty", " \n");
    CHECK(here.faults(with_token("{ file = \"empty\" }")) == lines{"main.toml:5:18: account a: token: file empty is empty"});
    here.write("two", "one\ntwo\n");
    CHECK(here.faults(with_token("{ file = \"two\" }"))
          == lines{"main.toml:5:18: account a: token: file two has more than one line; the secret alone has to stand there"});
    CHECK(here.faults(with_token("{ file = \".\" }")).size() == 1);
    here.write("huge", std::string(70'000, 'x'));
    CHECK(here.faults(with_token("{ file = \"huge\" }")).size() == 1);
}

TEST_CASE("a secret that others can read is used, and said", "[settings]")
{
    folder here;
    here.write("open", "s3cret", perms{0644});
    auto got = here.load(with_token("{ file = \"open\" }"));
    CHECK(
        here.shown(got)
        == lines{"main.toml:5:18: warning: account a: token: file open can be read by every user of this machine; chmod o-r open"});
    CHECK(got.usable());
    CHECK(token_of(got) == "s3cret");
}

TEST_CASE("a secret has one source and never stands in the settings or in a fault", "[settings]")
{
    folder here;
    auto found = here.faults(with_token("\"hunter2\""));
    REQUIRE(found.size() == 1);
    CHECK(found[0].find("hunter2") == std::string::npos);
    CHECK(here.faults(with_token("{ file = \"a\", env = \"B\" }"))
          == lines{"main.toml:5:9: account a: token needs exactly one of file, env or credential"});
    CHECK(here.faults(with_token("{}")) == lines{"main.toml:5:9: account a: token needs exactly one of file, env or credential"});
    CHECK(here.faults(with_token("{ fil = \"a\" }"))
          == lines{"main.toml:5:11: account a: token: unknown key 'fil'. Did you mean 'file'?"});
}
