// Whatever a calendar's server sends: reading it comes to an end, soon, and what is made of it is in order: shifts of people we
// know in the stretch that was asked for, by their begin, and short names on one line. Kept files likewise. The first byte says how
// the rest is meant.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/alert/calendar.hpp"
#include "daemon/alert/duty_desk.hpp"
#include "daemon/text/text.hpp"

using namespace halfmast;

namespace {

const time_point now{std::chrono::seconds{1'767'323'045}};

void must(bool holds)
{
    if (!holds)
        std::abort();
}

const alert::calendar_help& help()
{
    static const alert::calendar_help made = [] {
        alert::calendar_help with;
        with.fold = text::fold;
        with.offset = text::zone_offset;
        return with;
    }();
    return made;
}

const duty_calendar& people()
{
    static const duty_calendar made = [] {
        duty_calendar from;
        from.rota = "on-call";
        from.zone = "Europe/Budapest";
        from.people = {{"ann", "ann"}, {"a", "bela"}, {"anna@acme.example", "ann"}};
        return from;
    }();
    return made;
}

void read(std::string_view text)
{
    auto from = now - alert::calendar_back;
    auto to = now + alert::calendar_ahead;
    auto given = alert::shifts_in(text, people(), help(), from, to);
    if (!given) {
        must(given.error().detail.size() < 1'000
             && std::ranges::none_of(given.error().detail, [](unsigned char c) { return c < ' '; }));
        return;
    }
    must(std::ranges::is_sorted(given->shifts) && given->shifts.size() <= 10'000 && given->strangers.size() <= 10);
    for (const auto& one : given->shifts)
        must(one.from < one.to && one.to > from && one.from < to && (one.who == "ann" || one.who == "bela"));
    for (const auto& name : given->strangers)
        must(!name.empty() && name.size() <= 80 && std::ranges::none_of(name, [](unsigned char c) { return c < ' '; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    std::string rest{reinterpret_cast<const char*>(data + 1), size - 1};
    switch (data[0] % 3) {
    case 0: read(rest); break;
    case 1:
        read("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:ann\r\nDTSTART:20260101T080000Z\r\nDTEND:20260102T080000Z\r\n" + rest
             + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
        break;
    default:
        if (auto kept = alert::read_kept(rest))
            must(alert::read_kept(alert::write_kept(*kept))->text == kept->text);
    }
    return 0;
}
