// Rotas that a calendar fills: who is told, from when on somebody else is, and what people hear of a gap or of a calendar that is
// away. Never nobody.
#include "tests/core/paging.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

duty_roster roster(std::vector<duty_shift> shifts, time_point until = at("+9 00:00"))
{
    duty_roster made;
    made.shifts = std::move(shifts);
    made.known_until = until;
    made.read_at = at("13:55");
    return made;
}

policy rota_policy()
{
    auto rules = paging_policy();
    rules.pages.routes = {make_route({{0ms, {"on-call"}}})};
    duty_rules rota;
    rota.otherwise = {"mail"};
    rota.gap_ahead = 24h;
    rota.stale_after = 24h;
    rules.pages.calendars["on-call"] = rota;
    rules.pages.rotas = {"on-call"};
    return rules;
}

void reads(paging_desk& here, duty_roster said) { here.happen(duty_read{"on-call", std::move(said)}); }

}  // namespace

TEST_CASE("who has the duty, and the first moment in which nobody has", "[duty]")
{
    struct row {
        const char* what;
        std::vector<duty_shift> shifts;
        const char* when;
        names who;
        const char* gap_from;
        const char* gap_to;  // "": none is known
    };
    const std::vector<row> table{
        {"one after the other",
         {{at("08:00"), at("16:00"), "a"}, {at("16:00"), at("+1 00:00"), "b"}},
         "15:59",
         {"a"},
         "+1 00:00",
         ""},
        {"the moment of the handover is the next one's",
         {{at("08:00"), at("16:00"), "a"}, {at("16:00"), at("+1 00:00"), "b"}},
         "16:00",
         {"b"},
         "+1 00:00",
         ""},
        {"two at once", {{at("08:00"), at("16:00"), "a"}, {at("12:00"), at("20:00"), "b"}}, "13:00", {"a", "b"}, "20:00", ""},
        {"a long one under short ones",
         {{at("08:00"), at("+2 00:00"), "a"}, {at("09:00"), at("10:00"), "b"}},
         "11:00",
         {"a"},
         "+2 00:00",
         ""},
        {"a gap between two", {{at("08:00"), at("12:00"), "a"}, {at("13:00"), at("20:00"), "b"}}, "11:00", {"a"}, "12:00", "13:00"},
        {"in the gap", {{at("08:00"), at("12:00"), "a"}, {at("13:00"), at("20:00"), "b"}}, "12:30", {}, "12:30", "13:00"},
        {"nothing at all", {}, "12:00", {}, "12:00", ""},
        {"the same person in two events is one",
         {{at("08:00"), at("16:00"), "a"}, {at("08:00"), at("16:00"), "a"}},
         "09:00",
         {"a"},
         "16:00",
         ""},
    };
    for (const auto& one : table) {
        INFO(one.what);
        auto known = roster(one.shifts);
        CHECK(who_has_duty(known, at(one.when)) == one.who);
        auto gap = next_gap(known, at(one.when));
        CHECK(gap.from == at(one.gap_from));
        CHECK(gap.to == (*one.gap_to == '\0' ? std::nullopt : std::optional{at(one.gap_to)}));
        CHECK_FALSE(gap.unknown);
    }
    // Behind the end of what is known nothing is promised.
    auto known = roster({{at("08:00"), at("+9 08:00"), "a"}}, at("+1 00:00"));
    CHECK(next_gap(known, at("12:00")).from == at("+1 00:00"));
    CHECK(next_gap(known, at("12:00")).unknown);
    CHECK(who_has_duty(known, at("+1 00:00")).empty());
    CHECK(next_gap(duty_roster{}, at("12:00")).from == at("12:00"));
}

TEST_CASE("the duty goes from one to the next: who comes on hears of what is open", "[duty]")
{
    paging_desk here{rota_policy()};
    reads(here, roster({{at("08:00"), at("14:30"), "duty"}, {at("14:30"), at("+9 00:00"), "boss"}}));
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard("duty") == names{"trigger crisis/c-1"});
    CHECK(here.heard("boss").empty());
    here.pass(25min);
    CHECK(here.heard("boss").empty());
    here.pass(10min);
    CHECK(here.heard("boss").front() == "trigger crisis/c-1");
    here.lower();
    here.pass(10s, 1s);
    CHECK(here.heard("duty").back() == "resolve crisis/c-1");
    CHECK(here.heard("boss").back() == "resolve crisis/c-1");
    CHECK(here.heard("mail").empty());
}

TEST_CASE("somebody is taken out of the calendar: who is in it now is told", "[duty]")
{
    paging_desk here{rota_policy()};
    reads(here, roster({{at("08:00"), at("+9 00:00"), "duty"}}));
    reads(here, roster({{at("08:00"), at("+9 00:00"), "boss"}}));
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard("duty").empty());
    CHECK(here.heard("boss") == names{"trigger crisis/c-1"});
}

TEST_CASE("nobody has the duty: who stands in is told, and hears that there is a gap", "[duty]")
{
    paging_desk here{rota_policy()};
    auto gap = roster({{at("08:00"), at("13:00"), "duty"}, {at("15:00"), at("+9 00:00"), "boss"}});
    gap.strangers = {"Anna K.", "Béla", "C", "D"};
    reads(here, gap);
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard_of("mail", "crisis/c-1") == 1);
    CHECK(here.heard_of("mail", "rota") == 1);
    const auto& said = here.last_letter("rota");
    CHECK(said.level == page_level::major);
    CHECK(said.what
        == "rota on-call: nobody has the duty now until 2026-03-01T15:00:00Z; its calendar names 'Anna K.', 'Béla', 'C' and "
           "others, "
           "whom no receiver stands for; mail is told instead");
    here.pass(61min);
    CHECK(here.heard_of("boss", "crisis/c-1") > 0);  // she came on
    CHECK_FALSE(here.is_open("rota/on-call"));       // and nobody is missing
}

TEST_CASE("a gap is a small thing while it is far, and a large one an hour before", "[duty]")
{
    paging_desk here{rota_policy()};
    reads(here, roster({{at("08:00"), at("18:00"), "duty"}, {at("20:00"), at("+9 00:00"), "boss"}}));
    here.pass(10s, 1s);
    REQUIRE(here.heard("duty") == names{"trigger rota"});
    CHECK(here.last_letter("rota").level == page_level::minor);
    CHECK(here.last_letter("rota").what.find(
              "nobody has the duty from 2026-03-01T18:00:00Z until 2026-03-01T20:00:00Z; mail will be told instead")
          != std::string::npos);
    here.acknowledge("rota/on-call");
    here.pass(210min, 30s);
    CHECK(here.last_letter("rota").level == page_level::major);
    reads(here, roster({{at("08:00"), at("+9 00:00"), "duty"}}));  // somebody wrote it in
    here.pass(10s, 1s);
    CHECK(here.heard("duty").back() == "resolve rota");
    CHECK(here.heard("mail").empty());
}

TEST_CASE("a gap that is farther than the settings look wakes nobody", "[duty]")
{
    paging_desk here{rota_policy()};
    reads(here, roster({{at("08:00"), at("+2 08:00"), "duty"}}));
    here.pass(1h, 30s);
    CHECK(here.told.empty());
    CHECK(here.known.pages.open.empty());
}

TEST_CASE("a calendar that is away: what it said goes on to count, and it is said before that is old", "[duty]")
{
    paging_desk here{rota_policy()};
    auto known = roster({{at("08:00"), at("+9 00:00"), "duty"}});
    reads(here, known);
    auto away = known;
    away.trouble = "its address answered 503";
    reads(here, away);
    here.pass(9min);
    CHECK(here.told.empty());  // a moment harms nobody
    reads(here, known);
    here.pass(5min);
    CHECK(here.told.empty());
    reads(here, away);
    here.pass(11min);
    REQUIRE(here.heard("duty") == names{"trigger rota"});
    CHECK(here.last_letter("rota").level == page_level::minor);
    CHECK(here.last_letter("rota").what
        == "rota on-call: its calendar could not be read since 2026-03-01T13:55:00Z; what it said then still counts: its address "
           "answered 503");
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard_of("duty", "crisis/c-1") == 1);  // who had the duty has it still
    here.acknowledge("crisis/c-1");
    here.pass(24h, 1min);
    CHECK(here.last_letter("rota").level == page_level::major);
    reads(here, known);
    here.pass(10s, 1s);
    CHECK_FALSE(here.is_open("rota/on-call"));
    CHECK(here.heard("mail").empty());
}

TEST_CASE("a calendar that was never read, and one that is not asked any more", "[duty]")
{
    paging_desk here{rota_policy()};
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard("mail") == names{"trigger crisis/c-1"});  // before anything was read
    CHECK_FALSE(here.is_open("rota/on-call"));                 // it is being read
    duty_roster nothing;
    nothing.trouble = "connection refused";
    reads(here, nothing);
    here.pass(10s, 1s);
    CHECK(here.last_letter("rota").level == page_level::major);
    CHECK(here.last_letter("rota").what
        == "rota on-call: its calendar was never read, so nobody is known to have the duty; mail is told instead: connection "
           "refused");
    here.rules.pages.calendars.clear();
    here.rules.pages.rotas.clear();
    here.rules.pages.routes = {make_route({{0ms, {"mail"}}})};
    here.restart();
    here.pass(10s, 1s);
    CHECK_FALSE(here.is_open("rota/on-call"));
}

TEST_CASE("after a restart a gap that was said is not said to be over while the calendar is being read", "[duty]")
{
    paging_desk here{rota_policy()};
    reads(here, roster({{at("08:00"), at("13:00"), "duty"}}));
    here.pass(10s, 1s);
    REQUIRE(here.is_open("rota/on-call"));
    here.restart();
    here.pass(1min);
    CHECK(here.is_open("rota/on-call"));
    reads(here, roster({{at("08:00"), at("+9 00:00"), "duty"}}));
    CHECK_FALSE(here.is_open("rota/on-call"));
}
