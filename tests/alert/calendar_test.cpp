// What an iCalendar text says about who has the duty: repetitions, exceptions, summer time, whole days, names; and what is not
// believed of it.
#include "daemon/alert/calendar.hpp"
#include "daemon/alert/duty_desk.hpp"
#include "daemon/text/text.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::alert;

namespace {

calendar_help texts()
{
    calendar_help made;
    made.fold = text::fold;
    made.offset = text::zone_offset;
    return made;
}

duty_calendar our_people(const std::string& zone = "Europe/Budapest")
{
    duty_calendar made;
    made.rota = "on-call";
    made.zone = zone;
    made.people = {{text::fold("Anna Kovács"), "ann"},
                   {"anna@acme.example", "ann"},
                   {"ann", "ann"},
                   {"bela", "bela"},
                   {text::fold("Chen Wei"), "chen"}};
    return made;
}

std::string vevent(const std::string& lines) { return "BEGIN:VEVENT\n" + lines + "END:VEVENT\n"; }

std::string vcalendar(const std::string& inside)
{
    auto text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + inside + "END:VCALENDAR\n";
    std::string made;
    for (char c : text)
        made += c == '\n' ? std::string{"\r\n"} : std::string{c};
    return made;
}

// Budapest, as calendars describe it; its name is nobody's.
const std::string drawn_zone =
    "BEGIN:VTIMEZONE\nTZID:Our own\n"
    "BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    "TZNAME:CEST\nEND:DAYLIGHT\n"
    "BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
    "TZNAME:CET\nEND:STANDARD\nEND:VTIMEZONE\n";

std::vector<std::string> lines_of(const std::vector<duty_shift>& shifts)
{
    std::vector<std::string> all;
    for (const auto& one : shifts)
        all.push_back(format_utc(one.from) + " " + format_utc(one.to) + " " + one.who);
    return all;
}

std::vector<std::string> shifts(const std::string& text, const char* from = "2026-03-01T00:00:00Z",
                                const char* to = "2026-05-01T00:00:00Z", const duty_calendar& people = our_people())
{
    auto read = shifts_in(text, people, texts(), *parse_rfc3339(from), *parse_rfc3339(to));
    if (!read)
        return {read.error().detail};
    return lines_of(read->shifts);
}

std::string why_not(const std::string& text)
{
    auto read =
        shifts_in(text, our_people(), texts(), *parse_rfc3339("2026-03-01T00:00:00Z"), *parse_rfc3339("2026-05-01T00:00:00Z"));
    return read ? "read" : read.error().detail;
}

using rows = std::vector<std::string>;

}  // namespace

TEST_CASE("a weekly duty changes at the same hour of its clocks in winter and summer", "[calendar]")
{
    // Clocks go ahead on 29 March 2026.
    const rows wanted{"2026-03-23T08:00:00Z 2026-03-30T07:00:00Z ann", "2026-04-06T07:00:00Z 2026-04-13T07:00:00Z ann"};
    auto with = [](const std::string& zone, const std::string& end) {
        return vevent("UID:1\nSUMMARY:Anna Kovács\nDTSTART" + zone + ":20260323T090000\n" + end
                      + "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2\n");
    };
    CHECK(shifts(vcalendar(with(";TZID=Europe/Budapest", "DTEND;TZID=Europe/Budapest:20260330T090000\n"))) == wanted);
    CHECK(shifts(vcalendar(drawn_zone + with(";TZID=Our own", "DTEND;TZID=Our own:20260330T090000\n"))) == wanted);
    CHECK(shifts(vcalendar(with("", "DTEND:20260330T090000\n"))) == wanted);  // no zone: that of the settings
    CHECK(shifts(vcalendar(with(";TZID=Europe/Budapest", "DURATION:P7D\n"))) == wanted);
    CHECK(shifts(vcalendar(with(";TZID=Europe/Budapest", "DURATION:P1W\n"))) == wanted);
    // Hours are hours: 168 of them end an hour later by the clocks.
    CHECK(shifts(vcalendar(with(";TZID=Europe/Budapest", "DURATION:PT168H\n"))).front()
          == "2026-03-23T08:00:00Z 2026-03-30T08:00:00Z ann");
    // And back on 25 October.
    CHECK(
        shifts(vcalendar(vevent(
                   "UID:1\nSUMMARY:ann\nDTSTART;TZID=Europe/Budapest:20261019T090000\nDTEND;TZID=Europe/Budapest:20261026T090000\n"
                   "RRULE:FREQ=WEEKLY;COUNT=2\n")),
               "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z")
        == rows{"2026-10-19T07:00:00Z 2026-10-26T08:00:00Z ann", "2026-10-26T08:00:00Z 2026-11-02T08:00:00Z ann"});
    // Clocks that go ahead leave an hour out, and what begins in it begins with what they show then.
    CHECK(shifts(vcalendar(
              vevent("UID:1\nSUMMARY:ann\nDTSTART;TZID=Europe/Budapest:20260328T023000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=3\n")))
          == rows{"2026-03-28T01:30:00Z 2026-03-29T01:30:00Z ann", "2026-03-29T01:30:00Z 2026-03-30T00:30:00Z ann",
                  "2026-03-30T00:30:00Z 2026-03-31T00:30:00Z ann"});
}

TEST_CASE("one occurrence is taken over, moved, cancelled or left out", "[calendar]")
{
    const std::string series =
        "UID:1\nSUMMARY:Anna Kovács\nDTSTART;TZID=Europe/Budapest:20260302T090000\nDTEND;TZID=Europe/Budapest:20260303T090000\n";
    CHECK(shifts(vcalendar(
              vevent(series + "RRULE:FREQ=DAILY;COUNT=4\n")
              + vevent("UID:1\nRECURRENCE-ID;TZID=Europe/Budapest:20260303T090000\nSUMMARY:Bela\nDTSTART;TZID=Europe/"
                       "Budapest:20260303T090000\n"
                       "DTEND;TZID=Europe/Budapest:20260304T090000\n")
              + vevent(
                  "UID:1\nRECURRENCE-ID:20260304T080000Z\nSUMMARY:Anna Kovács\nDTSTART:20260304T120000Z\nDTEND:20260304T140000Z\n")
              + vevent("UID:1\nRECURRENCE-ID:20260305T080000Z\nSTATUS:CANCELLED\nSUMMARY:Anna "
                       "Kovács\nDTSTART:20260305T080000Z\nDTEND:20260305T140000Z\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-03T08:00:00Z 2026-03-04T08:00:00Z bela",
                  "2026-03-04T12:00:00Z 2026-03-04T14:00:00Z ann"});
    CHECK(shifts(
              vcalendar(vevent(series + "RRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/Budapest:20260303T090000,20260304T090000\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-05T08:00:00Z 2026-03-06T08:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent(series + "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260303\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-04T08:00:00Z 2026-03-05T08:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent(series + "RDATE;TZID=Europe/Budapest:20260310T090000\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-10T08:00:00Z 2026-03-11T08:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent(series + "RDATE;VALUE=PERIOD:20260310T080000Z/PT2H\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-10T08:00:00Z 2026-03-10T10:00:00Z ann"});
    // Of two that say something else about the same, the later one counts.
    CHECK(shifts(vcalendar(vevent(series + "SEQUENCE:1\n")
                           + vevent("UID:1\nSEQUENCE:0\nSUMMARY:bela\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent(series + "STATUS:CANCELLED\n"))).empty());
}

TEST_CASE("what is changed from one occurrence on is changed for all that follow", "[calendar]")
{
    const std::string zone = ";TZID=Europe/Budapest";
    const std::string series = "UID:1\nSUMMARY:ann\nDTSTART" + zone + ":20260325T090000\nDTEND" + zone + ":20260326T090000\n";
    auto onward = [&](const std::string& day, const std::string& lines) {
        return vevent("UID:1\nRECURRENCE-ID" + zone + ";RANGE=THISANDFUTURE:" + day + "T090000\n" + lines);
    };
    auto at = [&](const std::string& day, const std::string& hour) { return "DTSTART" + zone + ":" + day + "T" + hour + "0000\n"; };
    const auto daily = vevent(series + "RRULE:FREQ=DAILY;COUNT=6\nEXDATE" + zone + ":20260329T090000\n");
    const rows first{"2026-03-25T08:00:00Z 2026-03-26T08:00:00Z ann", "2026-03-26T08:00:00Z 2026-03-27T08:00:00Z ann"};
    auto with = [&first](rows more) {
        more.insert(more.begin(), first.begin(), first.end());
        return more;
    };

    // Another person, two hours later, for twelve hours; over the change to summer time of 29 March, by the clocks.
    const auto bela = onward("20260327", "SUMMARY:bela\n" + at("20260327", "11") + "DURATION:PT12H\n");
    const rows belas{"2026-03-27T10:00:00Z 2026-03-27T22:00:00Z bela", "2026-03-28T10:00:00Z 2026-03-28T22:00:00Z bela",
                     "2026-03-30T09:00:00Z 2026-03-30T21:00:00Z bela"};
    CHECK(shifts(vcalendar(daily + bela)) == with(belas));
    CHECK(shifts(vcalendar(bela + daily)) == with(belas));  // in whatever order
    // Written in UTC, in the zone that the calendar draws, or as if a clock were meant.
    CHECK(shifts(vcalendar(daily
                           + vevent("UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260327T080000Z\nSUMMARY:bela\n"
                                    + at("20260327", "11") + "DURATION:PT12H\n")))
          == with(belas));
    CHECK(shifts(vcalendar(drawn_zone + daily
                           + vevent("UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260327T080000Z\nSUMMARY:bela\n"
                                    "DTSTART;TZID=Our own:20260327T110000\nDTEND;TZID=Our own:20260327T230000\n")))
          == with(belas));
    // One of them is somebody's alone, and a later change counts from there on.
    CHECK(shifts(vcalendar(daily + bela
                           + vevent("UID:1\nRECURRENCE-ID" + zone
                                    + ":20260328T090000\nSUMMARY:ann\n"
                                      "DTSTART:20260328T120000Z\nDURATION:PT1H\n")
                           + onward("20260330", "SUMMARY:Chen Wei\n" + at("20260330", "09") + "DURATION:P1D\n")))
          == with({"2026-03-27T10:00:00Z 2026-03-27T22:00:00Z bela", "2026-03-28T12:00:00Z 2026-03-28T13:00:00Z ann",
                   "2026-03-30T07:00:00Z 2026-03-31T07:00:00Z chen"}));
    // The next version of the same change; and the end of it all.
    CHECK(shifts(vcalendar(daily + bela
                           + onward("20260327", "SEQUENCE:2\nSUMMARY:Chen Wei\n" + at("20260327", "09") + "DURATION:PT1H\n")))
          == with({"2026-03-27T08:00:00Z 2026-03-27T09:00:00Z chen", "2026-03-28T08:00:00Z 2026-03-28T09:00:00Z chen",
                   "2026-03-30T07:00:00Z 2026-03-30T08:00:00Z chen"}));
    CHECK(shifts(vcalendar(daily + onward("20260327", "SUMMARY:ann\nSTATUS:CANCELLED\n" + at("20260327", "09")))) == first);
    // A series of nobody's becomes somebody's.
    CHECK(shifts(
              vcalendar(vevent("UID:1\nSUMMARY:Duty\nDTSTART" + zone + ":20260325T090000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=3\n")
                        + onward("20260327", "SUMMARY:bela\n" + at("20260327", "09") + "DURATION:P1D\n")))
          == rows{"2026-03-27T08:00:00Z 2026-03-28T08:00:00Z bela"});
    // For ever, and moved to an earlier day: what begins behind the end of the question is in it then.
    CHECK(shifts(vcalendar(vevent(series + "RRULE:FREQ=WEEKLY\n")
                           + onward("20260401", "SUMMARY:bela\n" + at("20260330", "09") + "DURATION:P1D\n")),
                 "2026-03-24T00:00:00Z", "2026-04-07T00:00:00Z")
          == rows{"2026-03-25T08:00:00Z 2026-03-26T08:00:00Z ann", "2026-03-30T07:00:00Z 2026-03-31T07:00:00Z bela",
                  "2026-04-06T07:00:00Z 2026-04-07T07:00:00Z bela"});
}

TEST_CASE("whole days are changed from one on, and what is said of a part that cannot be known is refused", "[calendar]")
{
    const auto daily = vevent("UID:1\nSUMMARY:ann\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY;COUNT=4\n");
    auto changed = [](const std::string& range, const std::string& lines) {
        return vevent("UID:1\nRECURRENCE-ID;VALUE=DATE;RANGE=" + range + ":20260303\nSUMMARY:bela\n" + lines);
    };
    CHECK(shifts(vcalendar(daily + changed("THISANDFUTURE", "DTSTART;VALUE=DATE:20260303\n")), "2026-02-01T00:00:00Z")
          == rows{"2026-02-28T23:00:00Z 2026-03-01T23:00:00Z ann", "2026-03-01T23:00:00Z 2026-03-02T23:00:00Z ann",
                  "2026-03-02T23:00:00Z 2026-03-03T23:00:00Z bela", "2026-03-03T23:00:00Z 2026-03-04T23:00:00Z bela"});
    CHECK(why_not(vcalendar(daily + changed("THISANDPRIOR", "DTSTART;VALUE=DATE:20260303\n"))).find("'bela' changes some of its")
          != std::string::npos);
    CHECK(why_not(vcalendar(daily + changed("THISANDFUTURE", "DTSTART:20260303T090000Z\nDURATION:PT1H\n")))
              .find("'bela' changes some of its")
          != std::string::npos);
    CHECK(why_not(vcalendar(changed("THISANDFUTURE", "DTSTART;VALUE=DATE:20260303\n"))).find("of an event that is not in it")
          != std::string::npos);
}

TEST_CASE("a date beside the rule that has an end of its own is taken over and left out like others", "[calendar]")
{
    const std::string series =
        "UID:1\nSUMMARY:ann\nDTSTART:20260302T080000Z\nDURATION:P1D\nRDATE;VALUE=PERIOD:20260310T080000Z/PT2H\n";
    CHECK(shifts(
              vcalendar(vevent(series)
                        + vevent("UID:1\nRECURRENCE-ID:20260310T080000Z\nSUMMARY:bela\nDTSTART:20260310T080000Z\nDURATION:PT2H\n")))
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-10T08:00:00Z 2026-03-10T10:00:00Z bela"});
    CHECK(shifts(vcalendar(vevent(series + "EXDATE:20260310T080000Z\n"))) == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann"});
}

TEST_CASE("whole days begin and end at midnight of the settings' zone", "[calendar]")
{
    CHECK(shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330\n")))
          == rows{"2026-03-27T23:00:00Z 2026-03-29T22:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART;VALUE=DATE:20260301\n")))
          == rows{"2026-02-28T23:00:00Z 2026-03-01T23:00:00Z ann"});
    CHECK(
        shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20260308\n")))
        == rows{"2026-02-28T23:00:00Z 2026-03-01T23:00:00Z ann", "2026-03-06T23:00:00Z 2026-03-07T23:00:00Z ann",
                "2026-03-07T23:00:00Z 2026-03-08T23:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART;VALUE=DATE:20260301\n")), "2026-03-01T00:00:00Z",
                 "2026-05-01T00:00:00Z", our_people("UTC"))
          == rows{"2026-03-01T00:00:00Z 2026-03-02T00:00:00Z ann"});
}

TEST_CASE("a repetition ends when it says so, in whatever zone that is written", "[calendar]")
{
    const std::string begin = "UID:1\nSUMMARY:ann\nDTSTART;TZID=America/New_York:20260302T200000\nDURATION:PT12H\n";
    const rows two{"2026-03-03T01:00:00Z 2026-03-03T13:00:00Z ann", "2026-03-04T01:00:00Z 2026-03-04T13:00:00Z ann"};
    CHECK(shifts(vcalendar(vevent(begin + "RRULE:FREQ=DAILY;UNTIL=20260304T010000Z\n"))) == two);
    CHECK(shifts(vcalendar(vevent(begin + "RRULE:FREQ=DAILY;UNTIL=20260304T005959Z\n"))).size() == 1);
    CHECK(shifts(vcalendar(vevent(begin + "RRULE:FREQ=DAILY;UNTIL=20260303T200000\n"))) == two);
    CHECK(shifts(vcalendar(vevent(begin + "RRULE:FREQ=DAILY;UNTIL=20260303\n"))) == two);
    // For ever: as far as is asked for, from where the question begins, what began before it included.
    auto many = shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART:20200101T180000Z\nDURATION:PT12H\nRRULE:FREQ=DAILY\n")),
                       "2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z");
    CHECK(many
          == rows{"2026-02-28T18:00:00Z 2026-03-01T06:00:00Z ann", "2026-03-01T18:00:00Z 2026-03-02T06:00:00Z ann",
                  "2026-03-02T18:00:00Z 2026-03-03T06:00:00Z ann", "2026-03-03T18:00:00Z 2026-03-04T06:00:00Z ann"});
    CHECK(shifts(vcalendar(vevent(
                     "UID:1\nSUMMARY:ann\nDTSTART:20260301T000000Z\nDURATION:PT12H\nRRULE:FREQ=HOURLY;INTERVAL=24;COUNT=2\n")))
              .size()
          == 2);
}

TEST_CASE("whose an event is: attendees, the summary, words in it; and who is no one of ours", "[calendar]")
{
    struct row {
        const char* what;
        const char* lines;
        rows who;
        const char* stranger;
    };
    const std::vector<row> table{
        {"an address", "ATTENDEE;CN=Somebody:mailto:Anna@ACME.example\n", {"ann"}, ""},
        {"a name", "ATTENDEE;CN=Chen Wei:mailto:cw@elsewhere.example\n", {"chen"}, ""},
        {"declined", "SUMMARY:Night\nATTENDEE;PARTSTAT=DECLINED:mailto:anna@acme.example\n", {}, "Night"},
        {"an attendee before the summary", "SUMMARY:bela\nATTENDEE:mailto:anna@acme.example\n", {"ann"}, ""},
        {"an attendee who is nobody's, and a summary", "SUMMARY:bela\nATTENDEE:mailto:team@acme.example\n", {"bela"}, ""},
        {"the summary, in other letters", "SUMMARY:ANNA  kovács\n", {"ann"}, ""},
        {"words of their own", "SUMMARY:On call: Anna Kovács (night)\n", {"ann"}, ""},
        {"two", "SUMMARY:Bela / Chen Wei\n", {"bela", "chen"}, ""},
        {"part of a word", "SUMMARY:Annabel\n", {}, "Annabel"},
        {"part of a word behind", "SUMMARY:Joann\n", {}, "Joann"},
        {"nobody we know", "SUMMARY:Zoë\\, late\n", {}, "Zoë, late"},
        {"nothing", "", {}, ""},
    };
    for (const auto& one : table) {
        INFO(one.what);
        auto text = vcalendar(vevent("UID:1\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\n" + std::string{one.lines}));
        auto read =
            shifts_in(text, our_people(), texts(), *parse_rfc3339("2026-03-01T00:00:00Z"), *parse_rfc3339("2026-05-01T00:00:00Z"));
        REQUIRE(read.has_value());
        rows who;
        for (const auto& shift : read->shifts)
            who.push_back(shift.who);
        CHECK(who == one.who);
        CHECK(read->strangers == (*one.stranger == '\0' ? rows{} : rows{one.stranger}));
    }
}

TEST_CASE("lines that are folded, calendars behind one another, events without a UID", "[calendar]")
{
    auto two = vcalendar(vevent("SUMMARY:Anna\r\n  Kovács\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\n"))
               + vcalendar(vevent("SUMMARY:bela\nDTSTART:20260303T080000Z\nDTEND:20260304T080000Z\n")
                           + vevent("SUMMARY:bela\nDTSTART:20260304T080000Z\nDTEND:20260305T080000Z\n"));
    CHECK(shifts(two)
          == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann", "2026-03-03T08:00:00Z 2026-03-04T08:00:00Z bela",
                  "2026-03-04T08:00:00Z 2026-03-05T08:00:00Z bela"});
    CHECK(shifts(vcalendar("")).empty());
    CHECK(shifts(vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART:20260302T080000Z\n"))).empty());  // a moment is no shift
}

TEST_CASE("what cannot be understood is said, and half of it is not believed", "[calendar]")
{
    const std::string good = vevent("UID:9\nSUMMARY:bela\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\n");
    auto wrong = [&](const std::string& lines) { return why_not(vcalendar(good + vevent("UID:1\nSUMMARY:ann\n" + lines))); };
    CHECK(why_not("<html>sign in</html>").find("does not begin as one") != std::string::npos);
    CHECK(why_not("").find("does not begin as one") != std::string::npos);
    CHECK(why_not(std::string(most_calendar + 1, 'x')).find("larger than 2 MiB") != std::string::npos);
    CHECK(why_not(vcalendar(good) + std::string(1, '\0')).find("does not begin as one") != std::string::npos);
    CHECK(wrong("DTEND:20260303T080000Z\n").find("'ann' has no beginning") != std::string::npos);
    CHECK(wrong("DTSTART:soon\nDTEND:20260303T080000Z\n").find("'ann' has no beginning") != std::string::npos);
    CHECK(
        wrong("DTSTART;TZID=Middle Earth:20260302T080000\nDURATION:P1D\n").find("the time zone 'Middle Earth' of 'ann' is neither")
        != std::string::npos);
    CHECK(wrong("DTSTART:20260302T080000Z\nDURATION:-P1D\n").find("lasts for a time that is none") != std::string::npos);
    CHECK(wrong("DTSTART:20260302T080000Z\nDURATION:P1D\nRRULE:FREQ=SECONDLY\n").find("repeats in a way that is not understood")
          != std::string::npos);
    CHECK(wrong("DTSTART:20260302T080000Z\nDURATION:P1D\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\n").find("repeats in a way")
          != std::string::npos);
    CHECK(why_not(vcalendar("BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=SECONDLY\nTZOFFSETFROM:+"
                            "0000\nTZOFFSETTO:+0100\n"
                            "END:STANDARD\nEND:VTIMEZONE\n"
                            + good))
              .find("changes more often than once a month")
          != std::string::npos);
    std::string crowd;
    for (int i = 0; i < 5'001; ++i)
        crowd += good;
    CHECK(why_not(vcalendar(crowd)).find("more than 5000 events") != std::string::npos);
    CHECK(why_not(vcalendar(good)) == "read");
}

TEST_CASE("a kept calendar is what it was, and what is none is said to be none", "[calendar]")
{
    kept_calendar one;
    one.text = vcalendar(vevent("UID:1\nSUMMARY:ann\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\n"));
    one.etag = "W/\"7\"";
    one.read_at = *parse_rfc3339("2026-03-01T12:00:00Z");
    auto again = read_kept(write_kept(one));
    REQUIRE(again.has_value());
    CHECK(again->text == one.text);
    CHECK(again->etag == one.etag);
    CHECK(again->changed.empty());
    CHECK(again->read_at == one.read_at);
    auto now = *parse_rfc3339("2026-03-02T12:00:00Z");
    auto known = roster_of(*again, our_people(), texts(), now);
    CHECK(lines_of(known.shifts) == rows{"2026-03-02T08:00:00Z 2026-03-03T08:00:00Z ann"});
    CHECK(known.read_at == one.read_at);
    CHECK(known.known_until == now + calendar_ahead);
    for (const char* none : {"", "halfmast calendar 1", "halfmast calendar 1\nyesterday\n\n\nBEGIN:VCALENDAR",
                             "halfmast calendar 9\n2026-03-01T12:00:00Z\n\n\nx"})
        CHECK_FALSE(read_kept(none).has_value());
    again->text = "<html>";
    CHECK(roster_of(*again, our_people(), texts(), now).trouble.find("no calendar") != std::string::npos);
    CHECK(roster_of(*again, our_people(), texts(), now).known_until == time_point{});
}
