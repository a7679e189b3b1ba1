// [signals], [[hook]], [[signal]], [[flag_file]], [mentions], [dead_links] and [[rota]]: what is read, and every fault with its
// place.
#include "daemon/core/spike.hpp"
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;

namespace {

std::string book()
{
    return "[[playbook]]\nname = \"outage\"\nsummary.en = \"We are on it. Next update by {{next_update_by}}.\"\n";
}
std::string hook(const std::string& more = "kind = \"alertmanager\"\n")
{
    return "[[hook]]\nname = \"shop\"\nsecret = { env = \"HALFMAST_TEST_HOOK\" }\n" + more;
}
std::string ntfy(const std::string& name) { return "[[receiver]]\nname = \"" + name + "\"\nkind = \"ntfy\"\ntopic = \"t\"\n"; }

struct with_hook_secrets {
    with_hook_secrets()
    {
        ::setenv("HALFMAST_TEST_HOOK", "a-secret-of-some-length", 1);
        ::setenv("HALFMAST_TEST_SHORT", "short", 1);
        ::setenv("HALFMAST_TEST_WHSEC", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1);
    }
};
const with_hook_secrets hook_secrets_are_set;

}  // namespace

TEST_CASE("hooks and their rules are read", "[settings][signals]")
{
    folder here;
    auto got = here.load(book()
        + "[signals]\nraise_at_most = \"major\"\nexpire = \"2h\"\nhush = \"30m\"\npublic_url = \"https://hm.acme.example\"\n"
        + hook("kind = \"pagerduty\"\nacknowledges = true\nmost_a_minute = 30\nmost_body = 1000\n")
        + "[[signal]]\nhook = \"shop\"\nmatch = { \"/event/data/priority/summary\" = [\"P1\", \"P2\"], \"/event/event_type\" = "
          "\"incident.*\" }\n"
          "ended = { \"/event/event_type\" = \"incident.resolved\" }\nplaybook = \"outage\"\nseverity = \"critical\"\ndo = "
          "\"raise\"\n"
          "scope = { brand = \"{/event/data/service/summary}\" }\nwhat = \"{/event/data/title}\"\nkey = \"{/event/data/id}\"\n"
          "link = \"{/event/data/html_url}\"\nevidence = [\"{/event/data/number}\"]\n"
          "[[flag_file]]\npath = \"burning\"\nplaybook = \"outage\"\nscope = { brand = \"acme\" }\n"
          "[dead_links]\nplaybook = \"outage\"\nevery = \"5m\"\nahead = \"2h\"\nshare = 4\n");
    CHECK(here.shown(got) == lines{});
    const auto& made = got.value.signals;
    CHECK(got.value.proposals.raise_at_most == severity::major);
    CHECK(got.value.proposals.expire == std::chrono::hours{2});
    CHECK(settings::make_policy(got.value).signals == got.value.proposals);
    REQUIRE(made.hooks.size() == 1);
    CHECK(made.hooks[0].kind == hook_kind::pagerduty);
    CHECK(made.hooks[0].secrets == std::vector<std::string>{"a-secret-of-some-length"});
    CHECK(made.hooks[0].acknowledges);
    CHECK(made.hooks[0].most_a_minute == 30);
    CHECK(made.hooks[0].most_body == 1000);
    REQUIRE(made.rules.size() == 1);
    CHECK(made.rules[0].match.size() == 2);
    CHECK(made.rules[0].wish == signal_wish::raise);
    CHECK(made.rules[0].level == severity::critical);
    CHECK(made.rules[0].over.at("brand") == "{/event/data/service/summary}");
    REQUIRE(made.files.size() == 1);
    CHECK(made.files[0].path.ends_with("/burning"));
    CHECK(made.files[0].wish == signal_wish::raise);
    CHECK(made.links.share == 4);
    CHECK_FALSE(made.mentions.on);
    CHECK(made.public_url == "https://hm.acme.example");
    CHECK_FALSE(here.load("").value.proposals.raise_at_most);
    CHECK_FALSE(here.load("[signals]\nraise_at_most = \"never\"\n").value.proposals.raise_at_most);
}

TEST_CASE("two secrets while one is replaced by the next", "[settings][signals]")
{
    folder here;
    auto got = here.load(
        "[[hook]]\nname = \"ours\"\nkind = \"standard-webhooks\"\nsecret = [{ env = \"HALFMAST_TEST_WHSEC\" }, { "
        "env = \"HALFMAST_TEST_WHSEC\" }]\n");
    CHECK(here.shown(got) == lines{});
    CHECK(got.value.signals.hooks.at(0).secrets.size() == 2);
}

TEST_CASE("every fault of signals at once, with its place", "[settings][signals]")
{
    folder here;
    auto faults = [&](const std::string& text) {
        std::string all;
        for (const auto& line : here.shown(here.load(text)))
            all += line + "\n";
        return all;
    };
    auto names = [&](const std::string& text, const std::string& wanted) {
        auto all = faults(text);
        INFO(text << "\n" << all);
        CHECK(all.find(wanted) != std::string::npos);
    };
    names("[signals]\nraise_at_most = \"huge\"\n", "'huge' is none of minor, major, critical");
    names("[signals]\npublic_url = \"http://hm.acme.example\"\n", "public_url");
    names("[[hook]]\nname = \"acknowledge\"\nkind = \"github\"\nsecret = { env = \"HALFMAST_TEST_HOOK\" }\n", "no name of a hook");
    names("[[hook]]\nname = \"a\"\nkind = \"github\"\n", "secret is missing");
    names("[[hook]]\nname = \"a\"\nkind = \"github\"\nsecret = \"inline-inline-inline\"\n",
          "a secret does not stand in the settings");
    names("[[hook]]\nname = \"a\"\nkind = \"github\"\nsecret = { env = \"HALFMAST_TEST_SHORT\" }\n", "shorter than 16");
    names("[[hook]]\nname = \"a\"\nkind = \"standard-webhooks\"\nsecret = { env = \"HALFMAST_TEST_HOOK\" }\n", "whsec_");
    names("[[hook]]\nname = \"a\"\nkind = \"githb\"\nsecret = { env = \"HALFMAST_TEST_HOOK\" }\n", "Did you mean");
    names(hook("kind = \"github\"\nacknowledges = true\n"), "acknowledges");
    names(hook("kind = \"github\"\nmost_body = 99999999\n"), "most_body is from 1 to");
    names(hook() + hook(), "already");
    names(book() + "[[signal]]\nhook = \"shop\"\nplaybook = \"outage\"\n", "there is no hook 'shop'");
    names(book() + hook() + "[[signal]]\nhook = \"shop\"\nplaybook = \"outge\"\n", "there is no playbook 'outge'");
    names(book() + hook() + "[[signal]]\nhook = \"shop\"\nplaybook = \"outage\"\nmatch = { severity = \"page\" }\n",
          "no JSON pointer");
    names(book() + hook() + "[[signal]]\nhook = \"shop\"\nplaybook = \"outage\"\nwhat = \"{/open\"\n",
          "a field of the payload stands in braces");
    names(book() + hook() + "[[signal]]\nhook = \"shop\"\nplaybook = \"outage\"\ndo = \"fly\"\n", "none of propose, raise");
    names(book() + "[[flag_file]]\nplaybook = \"outage\"\n", "path");
    names(book() + "[dead_links]\nplaybook = \"outage\"\nshare = 0\n", "share is from 1 to 1000");
    names(book() + "[mentions]\nplaybook = \"outage\"\ntimes = 0.5\n", "times is from 1");
    names(book() + "[mentions]\nplaybook = \"outage\"\ncomplaints = [\"nowhere.toml\"]\n", "nowhere.toml");
    names(book() + "[dead_links]\nplaybook = \"outage\"\nshares = 3\n", "unknown key 'shares'");
}

TEST_CASE("complaint words: those that are built in, or a house's own", "[settings][signals]")
{
    folder here;
    auto got = here.load(book()
        + "[mentions]\nplaybook = \"outage\"\nby = \"brand\"\nleast = 20\ntimes = 4\nsure = 6\ncomplaint_weight = 2\nevery = "
          "\"30s\"\n");
    CHECK(here.shown(got) == lines{});
    const auto& watch = got.value.signals.mentions;
    REQUIRE(watch.complaints);
    CHECK(watch.rules.least == 20);
    CHECK(watch.rules.times == 4.0);
    // As they are folded where they are read.
    for (const auto* text :
         {"my order is not working", "i want a refund", "nem működik az oldal", "верните деньги", "这个应用闪退了",
          "das ist eine frechheit", "esto es una estafa", "у вас одни ошибки", "опасный товар", "pésima atención", "又坏了"}) {
        CAPTURE(text);
        CHECK_FALSE(complaints_in(*watch.complaints, text).empty());
    }
    for (const auto* text : {"what a lovely morning", "see you at the shop tomorrow", "köszönöm szépen", "спасибо большое",
                             "谢谢你们", "i recall our first visit", "frozen pizza again", "visszahívást kérek",
                             "отлично загорела на море", "高兴坏了", "垃圾分类从我做起"}) {
        CAPTURE(text);
        CHECK(complaints_in(*watch.complaints, text).empty());
    }
    here.write("own.toml", "language = \"en\"\n[[complaint]]\nphrases = [\"bananas\"]\n");
    auto own = here.load(book() + "[mentions]\nplaybook = \"outage\"\ncomplaints = [\"own.toml\"]\n");
    CHECK(here.shown(own) == lines{});
    CHECK_FALSE(complaints_in(*own.value.signals.mentions.complaints, "too many bananas").empty());
    CHECK(complaints_in(*own.value.signals.mentions.complaints, "i want a refund").empty());
}

TEST_CASE("who has the duty: turns that change at the same hour in summer and winter, and swaps", "[settings][rota]")
{
    folder here;
    auto got = here.load(ntfy("ann") + ntfy("bela") + ntfy("chen")
        + "[[rota]]\nname = \"on-call\"\nturns = [\"ann\", \"bela\"]\nfirst = \"2026-03-02T09:00:00+01:00\"\nevery = \"7d\"\n"
          "time_zone = \"Europe/Budapest\"\nswap = [{ who = \"chen\", from = \"2026-03-10T08:00:00Z\", until = "
          "\"2026-03-11T08:00:00Z\" }]\n"
          "[[route]]\nto = [\"on-call\"]\nescalate = [{ after = \"10m\", to = [\"chen\"] }]\n");
    CHECK(here.shown(got) == lines{});
    const auto& pages = got.value.pages;
    REQUIRE(pages.on_duty);
    auto at = [&](const char* when) { return pages.on_duty("on-call", *parse_rfc3339(when)).value(); };
    using who = std::vector<std::string>;
    CHECK(at("2026-03-02T08:00:00Z") == who{"ann"});
    CHECK(at("2026-03-09T07:59:59Z") == who{"ann"});
    CHECK(at("2026-03-09T08:00:00Z") == who{"bela"});
    CHECK(at("2026-03-10T08:00:00Z") == who{"chen"});
    CHECK(at("2026-03-11T08:00:00Z") == who{"bela"});
    CHECK(at("2026-03-02T07:59:59Z") == who{"bela"});  // before the first one
    // Clocks went ahead on 29 March: nine o'clock there is seven in UTC.
    CHECK(at("2026-03-30T06:59:59Z") == who{"bela"});
    CHECK(at("2026-03-30T07:00:00Z") == who{"ann"});
    CHECK_FALSE(pages.on_duty("ann", *parse_rfc3339("2026-03-02T08:00:00Z")));
    CHECK_FALSE(here.load(ntfy("ann")).value.pages.on_duty);
}

TEST_CASE("every fault of a rota", "[settings][rota]")
{
    folder here;
    auto shown =
        here.shown(here.load(ntfy("ann")
                             + "[[rota]]\nname = \"ann\"\nturns = [\"ann\", \"dora\"]\nfirst = \"monday\"\n"
                               "swap = [{ who = \"ann\", from = \"2026-03-10T08:00:00Z\", until = \"2026-03-09T08:00:00Z\" }]\n"));
    std::string all;
    for (const auto& line : shown)
        all += line + "\n";
    INFO(all);
    CHECK(all.find("there is a receiver or a rota of that name already") != std::string::npos);
    CHECK(all.find("there is no receiver 'dora'") != std::string::npos);
    CHECK(all.find("'monday' is no time with a zone") != std::string::npos);
    CHECK(all.find("until comes before from") != std::string::npos);
    auto instead = here.shown(
        here.load(ntfy("ann")
                  + "instead = \"on-call\"\n[[rota]]\nname = \"on-call\"\nturns = [\"ann\"]\nfirst = \"2026-03-02T09:00:00Z\"\n"));
    CHECK(instead.size() == 1);  // one person stands in for another, not a rota
}

TEST_CASE("a rota that a calendar fills", "[settings][rota]")
{
    folder here;
    auto got = here.load(ntfy("ann") + ntfy("boss")
        + "[[rota]]\nname = \"on-call\"\ncalendar = \"webcal://cal.acme.example/rota.ics?key=1\"\npeople = { \"Anna KOVÁCS\" = \"ann\" }\n"
          "otherwise = [\"boss\"]\ntime_zone = \"Europe/Budapest\"\nevery = \"10m\"\ngap_ahead = \"2d\"\nstale_after = \"3h\"\n"
          "[[rota]]\nname = \"turns\"\nturns = [\"ann\"]\nfirst = \"2026-03-02T09:00:00Z\"\n"
          "[[route]]\nto = [\"on-call\"]\n");
    CHECK(here.shown(got) == lines{});
    REQUIRE(got.value.calendars.size() == 1);
    const auto& from = got.value.calendars.front();
    CHECK(from.rota == "on-call");
    CHECK(from.url == "https://cal.acme.example/rota.ics?key=1");
    CHECK(from.zone == "Europe/Budapest");
    CHECK(from.every == milliseconds{600'000});
    CHECK(from.people == std::map<std::string, std::string>{{"anna kovács", "ann"}, {"ann", "ann"}, {"boss", "boss"}});
    const auto& pages = got.value.pages;
    CHECK(pages.rotas == std::vector<std::string>{"on-call", "turns"});
    CHECK(pages.calendars.at("on-call").otherwise == std::vector<std::string>{"boss"});
    CHECK(pages.calendars.at("on-call").gap_ahead == std::chrono::hours{48});
    CHECK(pages.calendars.at("on-call").stale_after == std::chrono::hours{3});
    CHECK_FALSE(pages.on_duty("on-call", time_point{}));  // that is the calendar's to say
    CHECK(pages.on_duty("turns", *parse_rfc3339("2026-03-02T09:00:00Z")).has_value());
}

TEST_CASE("every fault of a rota that a calendar fills", "[settings][rota]")
{
    folder here;
    auto shown = here.shown(here.load(ntfy("ann")
                                      + "[[rota]]\nname = \"a\"\ncalendar = \"http://cal.acme.example/rota.ics\"\npeople = { "
                                        "\"Dora\" = \"dora\" }\nturns = [\"ann\"]\n"
                                        "[[rota]]\nname = \"b\"\ncalendar = \"https://cal.acme.example/rota.ics\"\notherwise = "
                                        "[\"b\"]\ngap_ahead = \"1s\"\n"));
    std::string all;
    for (const auto& line : shown)
        all += line + "\n";
    INFO(all);
    CHECK(all.find("rota a: calendar") != std::string::npos);
    CHECK(all.find("there is no receiver 'dora'") != std::string::npos);
    CHECK(all.find("otherwise names nobody") != std::string::npos);
    CHECK(all.find("there is no receiver 'b'") != std::string::npos);  // who stands in is a receiver
    CHECK(all.find("rota b: gap_ahead") != std::string::npos);
    CHECK(all.find("turns") != std::string::npos);  // either turns or a calendar
}
