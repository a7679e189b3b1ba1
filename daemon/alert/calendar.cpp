#include "daemon/alert/calendar.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "daemon/alert/calendar_values.hpp"

namespace halfmast::alert {

namespace {

constexpr std::size_t most_events = 5'000;
constexpr std::size_t most_repeating = 500;
constexpr std::size_t most_zones = 200;
constexpr std::size_t most_steps = 200'000;  // occurrences that are walked over, in all
constexpr std::size_t most_shifts = 10'000;
constexpr std::size_t most_strangers = 10;

// What clocks show at a place, and which place that is.
struct local_time {
    icaltimetype shown{};           // no zone in it: this struct has that
    icaltimezone* drawn = nullptr;  // a VTIMEZONE of the calendar
    std::string zone;               // else its name; "UTC" too
};

// "mailto:ann@acme.example" is an address; anything else is none of a person we would know.
std::string address_in(std::string folded)
{
    if (folded.starts_with("mailto:"))
        folded.erase(0, 7);
    return folded;
}

// Whether an event that stands for one occurrence stands for those behind it too.
bool reaches_on(icalcomponent* component, icalproperty* stands_for)
{
    auto* range = icalproperty_get_first_parameter(stands_for, ICAL_RANGE_PARAMETER);
    if (range == nullptr)
        return false;
    bool by_day = icaltime_is_date(icalproperty_get_recurrenceid(stands_for)) != 0;
    bool whole_days = holds(first_of(component, ICAL_DTSTART_PROPERTY), {ICAL_DATE_VALUE});
    if (icalparameter_get_range(range) != ICAL_RANGE_THISANDFUTURE || by_day != whole_days)
        throw not_understood(name_of(component) + " changes some of its repetitions in a way that is not understood");
    return true;
}

bool is_letter(char one)
{
    auto c = static_cast<unsigned char>(one);
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

// One calendar while it is read. What cannot be understood is thrown: half a rota is worse than yesterday's.
class calendar_reading {
public:
    calendar_reading(const duty_calendar& people, const calendar_help& help, time_point from, time_point to)
        : people_(people),
          help_(help),
          from_(from),
          to_(to)
    {
    }

    void read(icalcomponent* calendar);
    read_calendar take();

private:
    struct event {
        icalcomponent* component = nullptr;
        int sequence = 0;
        std::vector<std::string> who;
    };

    struct series {
        std::optional<event> master;
        std::map<time_point, event> instead;  // by the moment of the occurrence they stand for
        std::map<time_point, event> onward;   // the same, and they stand for all that follow it too
    };

    struct occurrence {
        icaltimetype shown{};
        std::optional<time_point> end;  // of its own; else it is as long as the others
    };

    using occurrences = std::map<time_point, occurrence>;

    [[nodiscard]] local_time time_of(icalcomponent* event, icalproperty* property, icaltimetype given) const;
    [[nodiscard]] time_point moment(const local_time& at) const;
    [[nodiscard]] time_point moment_like(const local_time& place, const icaltimetype& shown) const;
    [[nodiscard]] time_point clocks_at(const local_time& place, time_point at) const;
    [[nodiscard]] local_time start_of(icalcomponent* component) const;
    void sort_in(icalcomponent* component);
    void walk(const series& one);
    void repeat(const event& one, const local_time& start, time_point until, occurrences& found);
    void walk_rule(icalcomponent* component, icalproperty* property, const local_time& start, time_point until, occurrences& found);
    void add_dates(const event& one, const local_time& start, occurrences& found);
    void take_out(const event& one, occurrences& found) const;
    [[nodiscard]] time_point last_wanted(const series& one) const;
    void add_moved(const event& other, time_point stands_for, time_point at);
    [[nodiscard]] time_point end_of(icalcomponent* component, const local_time& start, const icaltimetype& shown) const;
    [[nodiscard]] std::vector<std::string> whose(icalcomponent* component);
    [[nodiscard]] std::vector<std::string> named_in(const std::string& summary) const;
    void add(const event& one, time_point from, time_point to);

    const duty_calendar& people_;
    const calendar_help& help_;
    time_point from_;
    time_point to_;
    icalcomponent* calendar_ = nullptr;
    std::map<std::string, series> series_;
    std::size_t events_ = 0;
    std::size_t repeating_ = 0;
    std::size_t steps_ = 0;
    read_calendar made_;
};

void calendar_reading::read(icalcomponent* calendar)
{
    calendar_ = calendar;
    auto zones = all_inside(calendar, ICAL_VTIMEZONE_COMPONENT);
    if (zones.size() > most_zones)
        throw not_understood("it has more than " + std::to_string(most_zones) + " time zones");
    std::ranges::for_each(zones, check_zone);
    series_.clear();
    for (auto* component : all_inside(calendar, ICAL_VEVENT_COMPONENT)) {
        if (++events_ > most_events)
            throw not_understood("it has more than " + std::to_string(most_events) + " events");
        sort_in(component);
    }
    for (const auto& [uid, one] : series_)
        walk(one);
}

read_calendar calendar_reading::take()
{
    std::ranges::sort(made_.shifts);
    auto same = std::ranges::unique(made_.shifts);
    made_.shifts.erase(same.begin(), same.end());
    return std::move(made_);
}

local_time calendar_reading::time_of(icalcomponent* component, icalproperty* property, icaltimetype given) const
{
    if (!holds(property, {ICAL_DATETIME_VALUE, ICAL_DATE_VALUE, ICAL_DATETIMEPERIOD_VALUE, ICAL_PERIOD_VALUE}) || !is_sound(given))
        throw not_understood(name_of(component) + " has a time that is none");
    local_time made;
    made.shown = given;
    made.shown.zone = nullptr;
    if (icaltime_is_utc(given)) {
        made.zone = "UTC";
        return made;
    }
    auto* parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    if (given.is_date || parameter == nullptr) {
        made.zone = people_.zone;
        return made;
    }
    const char* zone = icalparameter_get_tzid(parameter);
    made.zone = zone == nullptr ? "" : zone;
    made.drawn = icalcomponent_get_timezone(calendar_, made.zone.c_str());
    if (made.drawn == nullptr && !help_.offset(time_point{}, made.zone))
        throw not_understood("the time zone '" + short_name(made.zone) + "' of " + name_of(component)
                             + " is neither described in it nor known here");
    return made;
}

time_point calendar_reading::moment(const local_time& at) const { return moment_like(at, at.shown); }

time_point calendar_reading::moment_like(const local_time& place, const icaltimetype& shown) const
{
    auto clocks = naive(shown);
    if (place.drawn != nullptr && !shown.is_date) {
        auto there = shown;
        int summer = 0;
        auto offset = icaltimezone_get_utc_offset(place.drawn, &there, &summer);
        return clocks - seconds{offset};
    }
    if (place.zone == "UTC")
        return clocks;
    // Near a change the first guess may be on its other side.
    auto guess = clocks - help_.offset(clocks, place.zone).value_or(seconds{0});
    return clocks - help_.offset(guess, place.zone).value_or(seconds{0});
}

// What the clocks show there, as if it were UTC.
time_point calendar_reading::clocks_at(const local_time& place, time_point at) const
{
    if (place.drawn == nullptr)
        return place.zone == "UTC" ? at : at + help_.offset(at, place.zone).value_or(seconds{0});
    int summer = 0;
    auto in_utc = shown_at(at, false);
    return at + seconds{icaltimezone_get_utc_offset_of_utc_time(place.drawn, &in_utc, &summer)};
}

void calendar_reading::sort_in(icalcomponent* component)
{
    event one;
    one.component = component;
    one.sequence = sequence_of(component);
    one.who = is_cancelled(component) ? std::vector<std::string>{} : whose(component);
    auto uid = text_in(first_of(component, ICAL_UID_PROPERTY));
    if (uid.empty())
        uid = "\x01" + std::to_string(events_);  // an event of its own
    auto& all = series_[uid];
    auto* stands_for = first_of(component, ICAL_RECURRENCEID_PROPERTY);
    if (stands_for == nullptr) {
        if (!all.master || all.master->sequence <= one.sequence)
            all.master = std::move(one);
        return;
    }
    auto at = moment(time_of(component, stands_for, icalproperty_get_recurrenceid(stands_for)));
    auto [place, fresh] = (reaches_on(component, stands_for) ? all.onward : all.instead).try_emplace(at, one);
    if (!fresh && place->second.sequence <= one.sequence)
        place->second = std::move(one);
}

local_time calendar_reading::start_of(icalcomponent* component) const
{
    auto* property = first_of(component, ICAL_DTSTART_PROPERTY);
    if (property == nullptr)
        throw not_understood(name_of(component) + " has no beginning that can be read");
    return time_of(component, property, icalproperty_get_dtstart(property));
}

void calendar_reading::walk(const series& one)
{
    for (const auto& [at, other] : one.instead) {
        if (other.who.empty())
            continue;
        auto start = start_of(other.component);
        add(other, moment(start), end_of(other.component, start, start.shown));
    }
    if (!one.master && !one.onward.empty())
        throw not_understood(name_of(one.onward.begin()->second.component)
                             + " changes all that follow of an event that is not in it");
    if (!one.master || (one.master->who.empty() && one.onward.empty()))
        return;
    auto start = start_of(one.master->component);
    occurrences found;
    repeat(*one.master, start, last_wanted(one), found);
    take_out(*one.master, found);
    for (const auto& [at, which] : found) {
        if (one.instead.contains(at))
            continue;
        auto next = one.onward.upper_bound(at);
        if (next != one.onward.begin())
            add_moved(std::prev(next)->second, std::prev(next)->first, at);
        else
            add(*one.master, at, which.end ? *which.end : end_of(one.master->component, start, which.shown));
    }
}

// What begins later than is asked for may have been moved to an earlier time.
time_point calendar_reading::last_wanted(const series& one) const
{
    auto until = to_;
    for (const auto& [at, other] : one.onward)
        if (!other.who.empty())
            until = std::max(until, to_ + (at - moment(start_of(other.component))));
    return until;
}

// An occurrence as one before it was changed "from here on": as far from its old time by the clocks there, and as long.
void calendar_reading::add_moved(const event& other, time_point stands_for, time_point at)
{
    if (other.who.empty())
        return;
    auto start = start_of(other.component);
    auto moved = clocks_at(start, at) + (naive(start.shown) - clocks_at(start, stands_for));
    auto shown = shown_at(moved, start.shown.is_date);
    add(other, moment_like(start, shown), end_of(other.component, start, shown));
}

void calendar_reading::repeat(const event& one, const local_time& start, time_point until, occurrences& found)
{
    auto rules = all_of(one.component, ICAL_RRULE_PROPERTY);
    if (rules.empty())
        found[moment(start)] = {start.shown, {}};
    for (auto* rule : rules) {
        if (++repeating_ > most_repeating)
            throw not_understood("more than " + std::to_string(most_repeating) + " of its events repeat");
        walk_rule(one.component, rule, start, until, found);
    }
    add_dates(one, start, found);
}

void calendar_reading::walk_rule(icalcomponent* component, icalproperty* property, const local_time& start, time_point until,
                                 occurrences& found)
{
    if (!holds(property, {ICAL_RECUR_VALUE}))
        throw not_understood(name_of(component) + " repeats in a way that is not understood");
    auto rule = icalproperty_get_rrule(property);
    check_rule(component, rule);
    // The rule is walked as the clocks there show it; its end may be written in UTC.
    if (!icaltime_is_null_time(rule.until)) {
        if (!is_sound(rule.until))
            throw not_understood(name_of(component) + " repeats until a time that is none");
        if (icaltime_is_utc(rule.until) && start.zone != "UTC") {
            rule.until = shown_at(clocks_at(start, naive(rule.until)), start.shown.is_date);
        } else if (rule.until.is_date && !start.shown.is_date) {
            rule.until = shown_at(naive(rule.until) + std::chrono::hours{24} - seconds{1}, false);  // that day too
        }
        rule.until.zone = nullptr;
    }
    std::unique_ptr<icalrecur_iterator, free_iterator> next{icalrecur_iterator_new(rule, start.shown)};
    if (!next)
        throw not_understood(name_of(component) + " repeats in a way that is not understood");
    while (true) {
        auto shown = icalrecur_iterator_next(next.get());
        if (icaltime_is_null_time(shown))
            break;
        if (++steps_ > most_steps)
            throw not_understood("its events repeat more than " + std::to_string(most_steps) + " times until now");
        if (!is_sound(shown))
            break;
        auto at = moment_like(start, shown);
        if (at >= until)
            break;
        found[at] = {shown, {}};
    }
}

// RDATE: more occurrences. One that brings an end of its own is as long as it says.
void calendar_reading::add_dates(const event& one, const local_time& start, occurrences& found)
{
    for (auto* property : all_of(one.component, ICAL_RDATE_PROPERTY)) {
        if (!holds(property, {ICAL_DATETIMEPERIOD_VALUE, ICAL_DATETIME_VALUE, ICAL_DATE_VALUE, ICAL_PERIOD_VALUE}))
            throw not_understood(name_of(one.component) + " has a time that is none");
        auto given = icalvalue_get_datetimeperiod(icalproperty_get_value(property));
        bool period = icaltime_is_null_time(given.time);
        auto at = time_of(one.component, property, period ? given.period.start : given.time);
        auto when = moment(at);
        bool same = start.drawn == at.drawn && start.zone == at.zone;
        auto& which = found[when];
        which.shown = same ? at.shown : shown_at(clocks_at(start, when), false);
        if (!period)
            continue;
        which.end = icaltime_is_null_time(given.period.end) ? when + seconds{icaldurationtype_as_int(given.period.duration)}
                                                            : moment(time_of(one.component, property, given.period.end));
    }
}

void calendar_reading::take_out(const event& one, occurrences& found) const
{
    std::set<time_point> moments;
    std::set<time_point> days;
    for (auto* property : all_of(one.component, ICAL_EXDATE_PROPERTY)) {
        auto at = time_of(one.component, property, icalproperty_get_exdate(property));
        if (at.shown.is_date)
            days.insert(naive(at.shown));
        else
            moments.insert(moment(at));
    }
    std::erase_if(found, [&](const auto& entry) {
        return moments.contains(entry.first) || days.contains(std::chrono::floor<std::chrono::days>(naive(entry.second.shown)));
    });
}

time_point calendar_reading::end_of(icalcomponent* component, const local_time& start, const icaltimetype& shown) const
{
    auto begins = moment_like(start, shown);
    if (auto* property = first_of(component, ICAL_DTEND_PROPERTY)) {
        auto end = time_of(component, property, icalproperty_get_dtend(property));
        if (end.drawn != start.drawn || end.zone != start.zone)
            return begins + (moment(end) - moment(start));
        return moment_like(start, shown_at(naive(shown) + (naive(end.shown) - naive(start.shown)), false));
    }
    auto* property = first_of(component, ICAL_DURATION_PROPERTY);
    if (property == nullptr)
        return shown.is_date ? moment_like(start, shown_at(naive(shown) + std::chrono::hours{24}, false)) : begins;
    auto length = icalproperty_get_duration(property);
    bool sane = holds(property, {ICAL_DURATION_VALUE}) && !icaldurationtype_is_bad_duration(length) && !length.is_neg
                && length.weeks <= 60 && length.days <= 400 && length.hours <= 10'000 && length.minutes <= 1'000'000
                && length.seconds <= 100'000'000;
    if (!sane)
        throw not_understood(name_of(component) + " lasts for a time that is none");
    auto days = std::chrono::hours{24} * static_cast<std::int64_t>(length.weeks * 7 + length.days);
    auto rest = std::chrono::hours{length.hours} + std::chrono::minutes{length.minutes} + seconds{length.seconds};
    return moment_like(start, shown_at(naive(shown) + days, false)) + rest;
}

void calendar_reading::add(const event& one, time_point from, time_point to)
{
    if (to <= from_ || from >= to_ || to <= from)
        return;
    if (made_.shifts.size() + one.who.size() > most_shifts)
        throw not_understood("it has more than " + std::to_string(most_shifts) + " shifts");
    for (const auto& who : one.who)
        made_.shifts.push_back({from, to, who});
}

std::vector<std::string> calendar_reading::whose(icalcomponent* component)
{
    std::set<std::string> all;
    std::string stranger;
    for (auto* property : all_of(component, ICAL_ATTENDEE_PROPERTY)) {
        auto* answer = icalproperty_get_first_parameter(property, ICAL_PARTSTAT_PARAMETER);
        if (answer != nullptr && icalparameter_get_partstat(answer) == ICAL_PARTSTAT_DECLINED)
            continue;
        auto address = text_in(property);
        auto* common = icalproperty_get_first_parameter(property, ICAL_CN_PARAMETER);
        const char* shown = common == nullptr ? nullptr : icalparameter_get_cn(common);
        std::string name{shown == nullptr ? "" : shown};
        for (const auto& word : {address_in(help_.fold(address)), help_.fold(name)})
            if (auto found = people_.people.find(word); found != people_.people.end())
                all.insert(found->second);
        if (stranger.empty())
            stranger = address;
    }
    auto summary = text_in(first_of(component, ICAL_SUMMARY_PROPERTY));
    if (all.empty())
        for (auto& who : named_in(help_.fold(summary)))
            all.insert(std::move(who));
    if (all.empty() && made_.strangers.size() < most_strangers) {
        auto name = short_name(summary.empty() ? stranger : summary);
        if (!name.empty() && std::ranges::find(made_.strangers, name) == made_.strangers.end())
            made_.strangers.push_back(name);
    }
    return {all.begin(), all.end()};
}

std::vector<std::string> calendar_reading::named_in(const std::string& summary) const
{
    if (auto whole = people_.people.find(summary); whole != people_.people.end())
        return {whole->second};
    std::vector<std::string> all;
    for (const auto& [word, who] : people_.people) {
        if (word.empty())
            continue;
        for (auto at = summary.find(word); at != std::string::npos; at = summary.find(word, at + 1)) {
            auto end = at + word.size();
            if ((at == 0 || !is_letter(summary[at - 1])) && (end == summary.size() || !is_letter(summary[end]))) {
                all.push_back(who);
                break;
            }
        }
    }
    return all;
}

}  // namespace

result<read_calendar> shifts_in(std::string_view text, const duty_calendar& people, const calendar_help& help, time_point from,
                                time_point to)
{
    static const bool settled = [] {
        icalerror_set_errors_are_fatal(0);  // else libical aborts the process over a wrong line
        return true;
    }();
    (void)settled;
    auto wrong = [](const std::string& why) {
        return problem{failure::bad_reply, "it is no calendar that can be read: " + why, {}};
    };
    if (text.size() > most_calendar)
        return wrong("it is larger than " + std::to_string(most_calendar >> 20) + " MiB");
    if (text.find('\0') != std::string_view::npos || text.find("BEGIN:VCALENDAR") == std::string_view::npos)
        return wrong("it does not begin as one");
    std::unique_ptr<icalcomponent, free_component> root{icalparser_parse_string(std::string{text}.c_str())};
    if (!root)
        return wrong("iCalendar has another form");
    std::vector<icalcomponent*> calendars;
    if (icalcomponent_isa(root.get()) == ICAL_VCALENDAR_COMPONENT)
        calendars.push_back(root.get());
    else
        calendars = all_inside(root.get(), ICAL_VCALENDAR_COMPONENT);
    if (calendars.empty())
        return wrong("there is no VCALENDAR in it");
    calendar_reading reading{people, help, from, to};
    try {
        for (auto* one : calendars)
            reading.read(one);
        return reading.take();
    } catch (const not_understood& why) {
        return wrong(why.what());
    }
}

}  // namespace halfmast::alert
