#include "daemon/alert/calendar_values.hpp"

#include <algorithm>

namespace halfmast::alert {

namespace {

constexpr std::size_t most_name = 80;  // bytes of a stranger's name
constexpr int first_year = 1970;
constexpr int last_year = 2200;

bool is_of_its_kind(icalproperty* property, icalproperty_kind kind)
{
    switch (kind) {
    case ICAL_RRULE_PROPERTY: return holds(property, {ICAL_RECUR_VALUE});
    case ICAL_DTSTART_PROPERTY: return holds(property, {ICAL_DATETIME_VALUE, ICAL_DATE_VALUE});
    case ICAL_RDATE_PROPERTY: return holds(property, {ICAL_DATETIMEPERIOD_VALUE, ICAL_DATETIME_VALUE, ICAL_DATE_VALUE});
    case ICAL_TZOFFSETTO_PROPERTY:
    case ICAL_TZOFFSETFROM_PROPERTY: return holds(property, {ICAL_UTCOFFSET_VALUE});
    case ICAL_TZNAME_PROPERTY: return holds(property, {ICAL_TEXT_VALUE});
    default: return true;
    }
}

bool has_by_parts(const icalrecurrencetype& rule)
{
    return rule.by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX || rule.by_day[0] != ICAL_RECURRENCE_ARRAY_MAX
           || rule.by_month_day[0] != ICAL_RECURRENCE_ARRAY_MAX || rule.by_year_day[0] != ICAL_RECURRENCE_ARRAY_MAX
           || rule.by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX || rule.by_month[0] != ICAL_RECURRENCE_ARRAY_MAX
           || rule.by_set_pos[0] != ICAL_RECURRENCE_ARRAY_MAX || rule.by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX
           || rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

}  // namespace

std::string short_name(std::string_view text)
{
    auto end = std::min(text.size(), most_name);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    std::string made{text.substr(0, end)};
    std::ranges::replace_if(
        made, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return made;
}

bool holds(icalproperty* property, std::initializer_list<icalvalue_kind> kinds)
{
    const auto* value = property == nullptr ? nullptr : icalproperty_get_value(property);
    return value != nullptr && std::ranges::find(kinds, icalvalue_isa(value)) != kinds.end();
}

std::string text_in(icalproperty* property)
{
    const char* text = holds(property, {ICAL_TEXT_VALUE})         ? icalvalue_get_text(icalproperty_get_value(property))
                       : holds(property, {ICAL_CALADDRESS_VALUE}) ? icalvalue_get_caladdress(icalproperty_get_value(property))
                                                                  : nullptr;
    return text == nullptr ? std::string{} : std::string{text};
}

icalproperty* first_of(icalcomponent* owner, icalproperty_kind kind) { return icalcomponent_get_first_property(owner, kind); }

std::vector<icalproperty*> all_of(icalcomponent* owner, icalproperty_kind kind)
{
    std::vector<icalproperty*> all;
    for (auto* one = first_of(owner, kind); one != nullptr; one = icalcomponent_get_next_property(owner, kind))
        all.push_back(one);
    return all;
}

std::vector<icalcomponent*> all_inside(icalcomponent* owner, icalcomponent_kind kind)
{
    std::vector<icalcomponent*> all;
    for (auto* one = icalcomponent_get_first_component(owner, kind); one != nullptr;
         one = icalcomponent_get_next_component(owner, kind))
        all.push_back(one);
    return all;
}

std::string name_of(icalcomponent* event)
{
    auto name = text_in(first_of(event, ICAL_SUMMARY_PROPERTY));
    return name.empty() ? "an event without a name" : "'" + short_name(name) + "'";
}

bool is_sound(const icaltimetype& time)
{
    return !icaltime_is_null_time(time) && time.year >= first_year && time.year <= last_year && time.month >= 1 && time.month <= 12
           && time.day >= 1 && time.day <= 31 && time.hour >= 0 && time.hour <= 23 && time.minute >= 0 && time.minute <= 59
           && time.second >= 0 && time.second <= 60;
}

time_point naive(const icaltimetype& time)
{
    using namespace std::chrono;
    auto day = sys_days{year{time.year} / month{static_cast<unsigned>(time.month)} / static_cast<int>(1)} + days{time.day - 1};
    time_point at = day;
    return time.is_date ? at : at + hours{time.hour} + minutes{time.minute} + seconds{time.second};
}

icaltimetype shown_at(time_point at, bool whole_day)
{
    using namespace std::chrono;
    auto day = floor<days>(at);
    year_month_day date{day};
    auto rest = floor<seconds>(at - day).count();
    icaltimetype made = icaltime_null_time();
    made.year = static_cast<int>(date.year());
    made.month = static_cast<int>(static_cast<unsigned>(date.month()));
    made.day = static_cast<int>(static_cast<unsigned>(date.day()));
    made.is_date = whole_day ? 1 : 0;
    if (!whole_day) {
        made.hour = static_cast<int>(rest / 3600);
        made.minute = static_cast<int>(rest / 60 % 60);
        made.second = static_cast<int>(rest % 60);
    }
    return made;
}

int sequence_of(icalcomponent* component)
{
    auto* property = first_of(component, ICAL_SEQUENCE_PROPERTY);
    return holds(property, {ICAL_INTEGER_VALUE}) ? icalproperty_get_sequence(property) : 0;
}

bool is_cancelled(icalcomponent* component)
{
    auto* property = first_of(component, ICAL_STATUS_PROPERTY);
    return holds(property, {ICAL_STATUS_VALUE}) && icalproperty_get_status(property) == ICAL_STATUS_CANCELLED;
}

// A zone whose rule repeats by the second would be worked out for ever; and what it is made of must be what it says.
void check_zone(icalcomponent* zone)
{
    for (auto* part : all_inside(zone, ICAL_ANY_COMPONENT)) {
        for (auto* property : all_of(part, ICAL_ANY_PROPERTY)) {
            auto kind = icalproperty_isa(property);
            if (!is_of_its_kind(property, kind))
                throw not_understood("a VTIMEZONE in it has a value that is none");
            if (kind != ICAL_RRULE_PROPERTY)
                continue;
            auto freq = icalproperty_get_rrule(property).freq;
            if (freq != ICAL_YEARLY_RECURRENCE && freq != ICAL_MONTHLY_RECURRENCE)
                throw not_understood("a VTIMEZONE in it changes more often than once a month");
        }
    }
}

// Nobody hands a duty over every minute, and a rule by the hour that may never come true would be tried for ever.
void check_rule(icalcomponent* component, const icalrecurrencetype& rule)
{
    bool known = rule.freq == ICAL_DAILY_RECURRENCE || rule.freq == ICAL_WEEKLY_RECURRENCE || rule.freq == ICAL_MONTHLY_RECURRENCE
                 || rule.freq == ICAL_YEARLY_RECURRENCE || (rule.freq == ICAL_HOURLY_RECURRENCE && !has_by_parts(rule));
    if (!known || rule.interval < 1 || (rule.rscale != nullptr && *rule.rscale != '\0'))
        throw not_understood(name_of(component) + " repeats in a way that is not understood");
}

}  // namespace halfmast::alert
