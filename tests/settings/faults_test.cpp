// Every kind of fault, with its exact place.
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;

namespace {

// An account without a fault; what is in `more` follows its keys.
std::string with_account(const std::string& more = {}, const std::string& id = "acme")
{
    return "[[account]]\nid = \"" + id
           + "\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { env = \"HALFMAST_TEST_TOKEN\" }\n" + more;
}

struct with_token {
    with_token() { ::setenv("HALFMAST_TEST_TOKEN", "s3cret", 1); }
};
const with_token token_is_set;

}  // namespace

TEST_CASE("a sound file has no fault", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account()) == lines{});
    CHECK(here.faults("") == lines{});
    CHECK(here.load(with_account()).value.accounts.size() == 1);
}

TEST_CASE("five faults in one file give five, in file order", "[settings]")
{
    folder here;
    CHECK(here.faults("[daemon]\n"
                      "listn = \"127.0.0.1:7413\"\n"
                      "[[account]]\n"
                      "id = \"acme/blog\"\n"
                      "connector = \"fake\"\n"
                      "url = \"http://blog.example\"\n"
                      "token = \"hush\"\n"
                      "poll_every = \"soon\"\n")
          == lines{"main.toml:2:1: daemon: unknown key 'listn'. Did you mean 'listen'?",
                   "main.toml:4:6: account #1: id 'acme/blog' has a '/'; that stands between account and post",
                   "main.toml:6:7: account #1: url is not an https URL; http is for this machine only, or with allow_http = true",
                   "main.toml:7:9: account #1: token: a secret does not stand in the settings; write { file = \"...\" }, { env = "
                   "\"...\" } or "
                   "{ credential = \"...\" }",
                   "main.toml:8:14: account #1: poll_every: 'soon' is not a duration; write it as 90s, 45m or 1h30m"});
}

TEST_CASE("what is not TOML is one fault with its place, and none is invented from the half that was read", "[settings]")
{
    folder here;
    auto found = here.load("[daemon]\nlisten = \n[[account]]\nid = \"a\"\n").faults;
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == 2);
    CHECK(found[0].column == 10);
    CHECK(found[0].text.starts_with("not TOML: "));
    auto twice = here.load("[daemon]\nstate_dir = \"/a\"\nstate_dir = \"/b\"\n").faults;
    REQUIRE(twice.size() == 1);
    CHECK(twice[0].line == 3);
    auto binary = here.load(std::string{"\xFF\xFE\x00\x01", 4}).faults;
    CHECK(binary.size() == 1);
}

TEST_CASE("a file that is not there says what was tried", "[settings]")
{
    folder here;
    auto got = settings::load(here.path("none.toml"), tests::fake_rooms());
    CHECK(here.shown(got) == lines{"none.toml: cannot be read: No such file or directory"});
    CHECK_FALSE(got.usable());
    CHECK(here.shown(settings::load(here.path(""), tests::fake_rooms())).size() == 1);
}

TEST_CASE("unknown keys are faults, with the nearest known one", "[settings]")
{
    folder here;
    CHECK(here.faults("acount = 1\n") == lines{"main.toml:1:1: unknown key 'acount'. Did you mean 'account'?"});
    CHECK(here.faults(with_account("pol_every = \"5s\"\n"))
          == lines{"main.toml:6:1: account acme: unknown key 'pol_every'. Did you mean 'poll_every'?"});
    CHECK(here.faults(with_account("limt = 3\n"))
          == lines{"main.toml:6:1: account acme: unknown key 'limt'. Did you mean 'limit'?"});
    CHECK(here.faults("[judgement]\npromotional.tagz = [\"a\"]\n")
          == lines{"main.toml:2:13: judgement: promotional: unknown key 'tagz'. Did you mean 'tags'?"});
    CHECK(here.faults("[daemon]\nxyzzy = 1\n")[0].starts_with(
        "main.toml:2:1: daemon: unknown key 'xyzzy'. Known here: state_dir, control_socket,"));
}

TEST_CASE("wrong types name what is needed and what stands there", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account("limit = \"3\"\nquick = 1\nnick = [\"a\"]\nlabels = 4\nlanguage = true\n"))
          == lines{"main.toml:6:9: account acme: limit must be a whole number, not text",
                   "main.toml:7:9: account acme: quick must be true or false, not a number",
                   "main.toml:8:8: account acme: nick must be text, not a list",
                   "main.toml:9:10: account acme: labels must be a table, not a number",
                   "main.toml:10:12: account acme: language must be text, not true or false"});
    CHECK(here.faults("daemon = 3\n") == lines{"main.toml:1:10: daemon must be a table, not a number"});
    CHECK(here.faults("[account]\nid = \"a\"\n")
          == lines{"main.toml:1:1: account may stand there several times: write [[account]] with two brackets"});
    CHECK(here.faults("[judgement]\nneutral.tags = [\"a\", 3, \"\"]\ncampaign_links = \"no\"\n")
          == lines{"main.toml:2:22: judgement: neutral: each of tags must be text, not a number",
                   "main.toml:2:25: judgement: neutral: tags: an empty text stands in the list",
                   "main.toml:3:18: judgement: campaign_links must be true or false, not text"});
}

TEST_CASE("durations have a unit and bounds", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account("poll_every = 60\nsweep_every = \"1\"\n"))
          == lines{
              "main.toml:6:14: account acme: poll_every must be a duration in quotes, such as \"90s\" or \"1h30m\", not a number",
              "main.toml:7:15: account acme: sweep_every: '1' is not a duration; write it as 90s, 45m or 1h30m"});
    CHECK(here.faults(with_account("poll_every = \"9d\"\n"))
          == lines{"main.toml:6:14: account acme: poll_every: 9d is not possible; it must lie between 100ms and 1d"});
    CHECK(here.faults(with_account("poll_every = \"5s\"\nsweep_every = \"10s\"\n"))
          == lines{"main.toml:7:15: warning: account acme: sweep_every is longer than poll_every: during a crisis the account "
                   "would be seen less often"});
    auto quick = here.load(with_account("poll_every = \"5s\"\n"));
    CHECK(quick.value.accounts.at(0).sweep_every == seconds{5});
}

TEST_CASE("languages and time zones are checked", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account("language = \"en_US\"\ntime_zone = \"Mars/Olympus\"\n"))
          == lines{"main.toml:6:12: account acme: language: 'en_US' is not a language tag; write it as en, hu or zh-Hans",
                   "main.toml:7:13: account acme: time_zone: 'Mars/Olympus' is not known; write a name of the IANA list, such as "
                   "Europe/Budapest"});
    CHECK(here.load(with_account("language = \"EN-us\"\n")).value.accounts.at(0).declared.language == "en-US");
}

TEST_CASE("ids are unique and can be typed", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account() + with_account())
          == lines{"main.toml:7:6: account acme: the id is taken by the account in line 2"});
    CHECK(here.faults(with_account("", "a b"))[0].starts_with(
        "main.toml:2:6: account #1: id 'a b' has a blank, comma, '=', quote or control"));
    CHECK(here.faults("[[account]]\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { env = \"HALFMAST_TEST_TOKEN\" }\n")
          == lines{"main.toml:1:1: account #1: id is missing"});
}

TEST_CASE("an unknown connector lists the known ones, and its own keys are not judged", "[settings]")
{
    folder here;
    CHECK(here.faults("[[account]]\nid = \"a\"\nconnector = \"mastodom\"\nserver = \"x\"\n")
          == lines{"main.toml:3:13: account a: there is no connector 'mastodom'. Did you mean 'mastodon'? Known: fake, mastodon, "
                   "wordpress"});
    CHECK(here.faults("[[account]]\nid = \"a\"\n") == lines{"main.toml:1:1: account a: connector is missing"});
}

TEST_CASE("a connector's own rules and missing keys are faults of its account", "[settings]")
{
    folder here;
    CHECK(here.faults("[[account]]\nid = \"a\"\nconnector = \"fake\"\nlimit = 0\n")
          == lines{"main.toml:1:1: account a: url is missing", "main.toml:1:1: account a: token is missing",
                   "main.toml:4:9: account a: limit must be at least 1"});
}

TEST_CASE("addresses are https, or http on this machine, or where it is allowed", "[settings]")
{
    folder here;
    auto faults_of = [&](const std::string& url, const std::string& more = {}) {
        return here.faults("[[account]]\nid = \"a\"\nconnector = \"fake\"\ntoken = { env = \"HALFMAST_TEST_TOKEN\" }\nurl = \""
                           + url + "\"\n" + more);
    };
    for (const auto* good : {"https://a.example", "https://a.example:8443/blog/", "http://localhost:8080", "http://127.0.0.1",
                             "http://[::1]:80/", "http://blog.localhost"})
        CHECK(faults_of(good) == lines{});
    CHECK(faults_of("http://a.example", "allow_http = true\n") == lines{});
    for (const auto* bad : {"http://a.example", "http://127.0.0.1.example", "http://localhost.example", "ftp://a.example",
                            "a.example", "https://", "https://a b", "https://a.example?x=1", "https://a.example/#top",
                            "https://a.example:99999", "https://a.example:0", "http://10.0.0.1", "http://a.example#@localhost"}) {
        CAPTURE(bad);
        auto found = faults_of(bad);
        REQUIRE(found.size() == 1);
        CHECK(found[0].starts_with("main.toml:5:7: account a: url "));
    }
    auto with_password = faults_of("https://me:hunter2@a.example");
    REQUIRE(with_password.size() == 1);
    CHECK(with_password[0].find("hunter2") == std::string::npos);
    auto kept = here.load(
        "[[account]]\nid = \"a\"\nconnector = \"fake\"\ntoken = { env = \"HALFMAST_TEST_TOKEN\" }\nurl = "
        "\"https://a.example/blog//\"\n");
    CHECK(dynamic_cast<const tests::fake_settings&>(*kept.value.accounts.at(0).own).url == "https://a.example/blog");
}

TEST_CASE("labels can stand in a scope", "[settings]")
{
    folder here;
    CHECK(here.faults(with_account("labels = { account = \"x\", brand = 3, region = \"a,b\", \"k=v\" = \"x\" }\n"))
          == lines{"main.toml:6:12: account acme: labels: 'account' is taken: a scope matches the account's own account by it",
                   "main.toml:6:35: account acme: labels.brand must be text, not a number",
                   "main.toml:6:47: account acme: labels.region is empty or has a comma; a scope reads k=v,k=v",
                   "main.toml:6:54: account acme: labels: 'k=v' cannot stand in a scope, which reads k=v,k=v"});
}

TEST_CASE("the daemon's own addresses are checked", "[settings]")
{
    folder here;
    for (const auto* bad :
         {"7413", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "host.example:80", ":80", "127.0.0.1.example:80"}) {
        CAPTURE(bad);
        auto found = here.faults(std::string{"[daemon]\nlisten = \""} + bad + "\"\n");
        REQUIRE(found.size() == 1);
        CHECK(found[0].starts_with("main.toml:2:10: daemon: listen: '"));
    }
    CHECK(here.load("[daemon]\nlisten = \"127.0.0.1:7413\"\n").value.listen == "127.0.0.1:7413");
    CHECK(here.load("[daemon]\nlisten = \"[::1]:7413\"\n").value.listen == "::1:7413");
    CHECK(here.load("[daemon]\nlisten = \"localhost:7413\"\n").value.listen == "127.0.0.1:7413");
    CHECK(here.faults("[daemon]\nproxy = \"proxy.example\"\n").size() == 1);
    CHECK(here.load("[daemon]\nproxy = \"socks5h://127.0.0.1:1080\"\n").value.proxy == "socks5h://127.0.0.1:1080");
    auto inline_password = here.faults("[daemon]\nproxy = \"http://me:hunter2@proxy.example:3128\"\n");
    REQUIRE(inline_password.size() == 1);
    CHECK(inline_password[0].find("hunter2") == std::string::npos);
    here.write("proxy", "http://me:hunter2@proxy.example:3128\n");
    CHECK(here.load("[daemon]\nproxy = { file = \"proxy\" }\n").value.proxy == "http://me:hunter2@proxy.example:3128");
    CHECK(here.faults("[daemon]\ncontrol_socket = \"/" + std::string(120, 's') + "\"\n")
          == lines{"main.toml:2:18: daemon: control_socket: a socket's path has at most 107 bytes"});
    CHECK(here.load("[daemon]\nstate_dir = \"state\"\ncontrol_group = \"\"\n").value.state_dir == here.path("state"));
    CHECK(here.load("[daemon]\ncontrol_group = \"\"\n").value.control_group.empty());
}

TEST_CASE("letters of every script may stand where TOML wants none, and give one fault", "[settings]")
{
    folder here;
    for (const auto* letter : {"é", "ű", "ж", "ő", "号", "。", "\u3001", "\uFF0C", "\u00A0", "\u3000", "\uFEFF", "😀"}) {
        CAPTURE(letter);
        for (const auto& file : {std::string{"[daemon] "} + letter, std::string{letter} + " = 1",
                                 std::string{"a"} + letter + " = 1", std::string{"a = "} + letter})
            CHECK(here.faults(file + "\n").size() == 1);
    }
    auto odd = here.faults("# ő 号 ж\n\"é\" = 1\n");
    REQUIRE(odd.size() == 1);
    CHECK(odd[0].starts_with("main.toml:2:1: unknown key 'é'. Known here: daemon, account, access, judgement, playbook, "));
}
