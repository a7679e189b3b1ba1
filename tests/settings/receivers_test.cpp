// [[receiver]], [[route]], [pages], [heartbeat]: what is read, and every fault with its place.
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;

namespace {

const std::string slack_url = "https://hooks.slack.com/services/T/B/key";

std::string duty() { return "[[receiver]]\nname = \"duty\"\nkind = \"ntfy\"\ntopic = \"oncall\"\n"; }
std::string mail()
{
    return "[[receiver]]\nname = \"mail\"\nkind = \"smtp\"\nurl = \"smtp://mail.example:587\"\nfrom = "
           "\"halfmast@acme.example\"\nto = [\"oncall@acme.example\"]\n";
}

struct with_secrets {
    with_secrets()
    {
        ::setenv("HALFMAST_TEST_WHSEC", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1);
        ::setenv("HALFMAST_TEST_SLACK", slack_url.c_str(), 1);
        ::setenv("HALFMAST_TEST_KEY", "a-key", 1);
    }
};
const with_secrets secrets_are_set;

}  // namespace

TEST_CASE("receivers and routes are read", "[settings][receivers]")
{
    folder here;
    auto got = here.load(duty() + "instead = \"mail\"\npatience = \"90s\"\ntimeout = \"3s\"\n" + mail()
        + "[[route]]\nname = \"acme\"\nmatch = { brand = \"acme\", kind = \"escape\" }\nseverity = \"major\"\nto = "
          "[\"duty\"]\ngather = \"0s\"\n"
          "repeat = \"0s\"\nescalate = [{ after = \"5m\", to = [\"mail\"] }, { after = \"1h\", to = [\"duty\", \"mail\"] }]\n"
          "[[route]]\nto = [\"mail\"]\n"
          "[pages]\ncrisis_open = \"2h\"\nmanual_ahead = \"45m\"\n"
          "[heartbeat]\nurl = \"https://hc.example/ping/x\"\nevery = \"30s\"\n");
    CHECK(here.shown(got) == lines{});
    const auto& pages = got.value.pages;
    REQUIRE(got.value.receivers.size() == 2);
    CHECK(got.value.receivers[0].url == "https://ntfy.sh");
    CHECK(got.value.receivers[0].timeout == milliseconds{3'000});
    CHECK(got.value.receivers[1].timeout == milliseconds{30'000});
    CHECK(pages.receivers.at("duty").instead == "mail");
    CHECK(pages.receivers.at("duty").patience == milliseconds{90'000});
    REQUIRE(pages.routes.size() == 2);
    CHECK(pages.routes[0].match == scope{{"brand", "acme"}, {"kind", "escape"}});
    CHECK(pages.routes[0].least == page_level::major);
    REQUIRE(pages.routes[0].steps.size() == 3);
    CHECK(pages.routes[0].steps[2].after == std::chrono::hours{1});
    CHECK(pages.routes[0].steps[2].to == std::vector<std::string>{"duty", "mail"});
    CHECK(pages.routes[0].repeat == milliseconds{0});
    CHECK(pages.crisis_open == std::chrono::hours{2});
    CHECK(pages.manual_ahead == std::chrono::minutes{45});
    CHECK(got.value.heartbeat.every == milliseconds{30'000});
    CHECK(settings::make_policy(got.value).pages.routes.size() == 2);
}

TEST_CASE("without a route everybody hears of everything; without receivers there is no route", "[settings][receivers]")
{
    folder here;
    auto got = here.load(duty() + mail());
    REQUIRE(got.value.pages.routes.size() == 1);
    CHECK(got.value.pages.routes[0].steps.at(0).to == std::vector<std::string>{"duty", "mail"});
    CHECK(got.value.pages.routes[0].least == page_level::minor);
    CHECK(here.load("").value.pages.routes.empty());
}

TEST_CASE("every kind with its keys has no fault", "[settings][receivers]")
{
    folder here;
    auto env = [](const std::string& name) { return "{ env = \"HALFMAST_TEST_" + name + "\" }\n"; };
    const std::vector<std::pair<std::string, std::string>> kinds{
        {"webhook", "url = \"https://acme.example/pages\"\nsecret = " + env("WHSEC")},
        {"alertmanager", "url = \"http://127.0.0.1:9093\"\n"},
        {"alertmanager", "url = \"https://am.example\"\nusername = \"u\"\npassword = " + env("KEY")},
        {"alertmanager", "url = \"https://am.example\"\ntoken = " + env("KEY")},
        {"smtp", "url = \"smtps://mail.example:465\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\nusername = \"u\"\npassword = "
                     + env("KEY")},
        {"smtp", "url = \"smtp://127.0.0.1:25\"\nplain = true\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\n"},
        {"pagerduty", "routing_key = " + env("KEY")},
        {"opsgenie", "url = \"https://api.eu.opsgenie.com\"\napi_key = " + env("KEY")},
        {"ntfy", "topic = \"t\"\ntoken = " + env("KEY")},
        {"gotify", "url = \"https://push.example\"\ntoken = " + env("KEY")},
        {"goalert", "url = \"https://goalert.example\"\ntoken = " + env("KEY")},
        {"slack", "url = " + env("SLACK")},
        {"discord", "url = " + env("SLACK")},
        {"teams", "url = " + env("SLACK")},
        {"grafana-irm", "url = " + env("SLACK")},
        {"pushover", "token = " + env("KEY") + "user = " + env("KEY")},
        {"twilio", "account = \"AC1\"\ntoken = " + env("KEY") + "from = \"+1\"\nto = \"+2\"\n"},
    };
    for (const auto& [kind, keys] : kinds) {
        CAPTURE(kind, keys);
        auto got = here.load("[[receiver]]\nname = \"one\"\nkind = \"" + kind + "\"\n" + keys);
        CHECK(here.shown(got) == lines{});
        REQUIRE(got.value.receivers.size() == 1);
        CHECK_FALSE(got.value.receivers[0].url.empty());
    }
    auto slack = here.load("[[receiver]]\nname = \"one\"\nkind = \"slack\"\nurl = { env = \"HALFMAST_TEST_SLACK\" }\n");
    CHECK(slack.value.receivers.at(0).url == slack_url);
}

TEST_CASE("every fault of a receiver at once, with its place", "[settings][receivers]")
{
    folder here;
    CHECK(here.faults("[[receiver]]\nname = \"Duty!\"\nkind = \"slak\"\n")
          == lines{"main.toml:2:8: receiver #1: name: 'Duty!' is no name; small letters, digits, '-' and '_'",
                   "main.toml:3:8: receiver #1: kind: 'slak' is none of alertmanager, discord, goalert, gotify, grafana-irm, ntfy, "
                   "opsgenie, pagerduty, "
                   "pushover, slack, smtp, teams, twilio, webhook. Did you mean 'slack'?"});
    CHECK(
        here.faults("[[receiver]]\nname = \"a\"\nkind = \"slack\"\nurl = \"https://hooks.slack.com/x\"\n")
        == lines{"main.toml:4:7: receiver a: url: who knows this address may write there, so it is a secret; write url = { file = "
                 "\"...\" }"});
    CHECK(here.faults("[[receiver]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"http://acme.example\"\nsecret = { env = "
                      "\"HALFMAST_TEST_KEY\" }\ncolour = 1\n")
              .size()
          == 3);
    CHECK(here.faults(mail() + "plain = true\n")
          == lines{"main.toml:7:9: receiver mail: plain: mail without TLS is for a server on this machine only"});
    CHECK(here.faults("[[receiver]]\nname = \"a\"\nkind = \"smtp\"\nurl = \"mail.example\"\nfrom = \"nobody\"\nto = "
                      "[\"x@y.example\", \"no\"]\n")
              .size()
          == 3);
    CHECK(here.faults(duty() + duty()) == lines{"main.toml:6:8: receiver duty: there is a receiver of that name already"});
}

TEST_CASE("a route and a stand-in name receivers that are there; steps come one after the other", "[settings][receivers]")
{
    folder here;
    CHECK(here.faults(duty() + "[[route]]\nto = [\"dutty\"]\n")
          == lines{"main.toml:6:7: route #1: there is no receiver 'dutty'. Did you mean 'duty'?"});
    CHECK(here.faults(duty() + "instead = \"boss\"\n").size() == 1);
    CHECK(here.faults(duty() + "[[route]]\n") == lines{"main.toml:5:1: route #1: to names nobody; write to = [\"NAME\"]"});
    CHECK(here.faults(duty()
                      + "[[route]]\nto = [\"duty\"]\nescalate = [{ after = \"5m\", to = [\"duty\"] }, { after = \"5m\", to = "
                        "[\"duty\"] }]\n")
              .size()
          == 1);
    CHECK(here.faults(duty() + "[[route]]\nto = [\"duty\"]\n[[route]]\nto = [\"duty\"]\n").size() == 1);
    CHECK(here.faults(duty() + "[[route]]\nto = [\"duty\"]\nseverity = \"high\"\nfrom = \"x\"\n").size() == 2);
    CHECK(here.faults(duty() + "[heartbeat]\nreceiver = \"duty\"\n").size() == 1);
    CHECK(here.faults("[heartbeat]\n").size() == 1);
}

TEST_CASE("quiet hours are those of the place, over midnight too", "[settings][receivers]")
{
    folder here;
    auto got = here.load("[pages]\nquiet = { from = \"22:00\", to = \"07:00\", time_zone = \"Europe/Budapest\" }\n");
    CHECK(here.shown(got) == lines{});
    const auto& quiet = got.value.pages.quiet_until;
    REQUIRE(quiet);
    auto utc = [](const char* text) { return *parse_rfc3339(text); };
    CHECK_FALSE(quiet(utc("2026-01-15T12:00:00Z")).has_value());
    CHECK_FALSE(quiet(utc("2026-01-15T20:59:59Z")).has_value());
    CHECK(quiet(utc("2026-01-15T21:00:00Z")) == utc("2026-01-16T06:00:00Z"));
    CHECK(quiet(utc("2026-01-16T05:59:00Z")) == utc("2026-01-16T06:00:00Z"));
    CHECK_FALSE(quiet(utc("2026-01-16T06:00:00Z")).has_value());
    CHECK(quiet(utc("2026-07-15T20:30:00Z")) == utc("2026-07-16T05:00:00Z"));  // in summer it is two hours ahead
    CHECK(here.faults("[pages]\nquiet = { from = \"25:00\", to = \"07:00\", time_zone = \"Europe/Buda\" }\n").size() == 2);
}
