#include "connectors/rest/times.hpp"

#include <charconv>

#include "connectors/rest/pointer.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::rest {

namespace {

using nlohmann::json;

constexpr std::int64_t most_seconds = 253'402'300'799;  // the year 9999

std::optional<std::int64_t> whole(std::string_view text)
{
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// Takes exactly so many digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t count)
{
    if (text.size() < count)
        return std::nullopt;
    int value = 0;
    for (char c : text.substr(0, count)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

// "+0100", "+01:00" or "Z".
std::optional<seconds> offset(std::string_view& text)
{
    if (text.starts_with('Z')) {
        text.remove_prefix(1);
        return seconds{0};
    }
    if (text.empty() || (text.front() != '+' && text.front() != '-'))
        return std::nullopt;
    int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    auto hours = digits(text, 2);
    if (text.starts_with(':'))
        text.remove_prefix(1);
    auto minutes = hours ? digits(text, 2) : std::nullopt;
    if (!minutes || *hours > 18 || *minutes > 59)
        return std::nullopt;
    return sign * seconds{*hours * 3600 + *minutes * 60};
}

struct fields {
    int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    std::optional<seconds> ahead;
};

bool take(char letter, std::string_view& text, fields& into)
{
    if (letter == 'z')
        return (into.ahead = offset(text)).has_value();
    auto* target = letter == 'Y'   ? &into.year
                   : letter == 'm' ? &into.month
                   : letter == 'd' ? &into.day
                   : letter == 'H' ? &into.hour
                   : letter == 'M' ? &into.minute
                                   : &into.second;
    auto value = digits(text, letter == 'Y' ? 4 : 2);
    if (value)
        *target = *value;
    return value.has_value();
}

std::optional<fields> match(std::string_view text, std::string_view pattern)
{
    fields found;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '%' && pattern[i + 1] != '%') {
            if (!take(pattern[++i], text, found))
                return std::nullopt;
            continue;
        }
        if (pattern[i] == '%')
            ++i;
        if (text.empty() || text.front() != pattern[i])
            return std::nullopt;
        text.remove_prefix(1);
    }
    return text.empty() ? std::optional{found} : std::nullopt;
}

std::optional<time_point> by_pattern(std::string_view text, const time_form& form)
{
    auto found = match(text, form.pattern);
    if (!found)
        return std::nullopt;
    using namespace std::chrono;
    year_month_day date{year{found->year}, month{static_cast<unsigned>(found->month)}, day{static_cast<unsigned>(found->day)}};
    if (!date.ok() || found->hour > 23 || found->minute > 59 || found->second > 60)
        return std::nullopt;
    time_point local = sys_days{date} + hours{found->hour} + minutes{found->minute} + seconds{found->second};
    if (found->ahead)
        return local - *found->ahead;
    // The zone's offset at the moment itself, which is known only nearly at first.
    auto about = text::zone_offset(local, form.zone).value_or(seconds{0});
    return local - text::zone_offset(local - about, form.zone).value_or(seconds{0});
}

std::string two(int value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string zone_text(seconds ahead)
{
    auto minutes = static_cast<int>(std::chrono::abs(ahead).count() / 60);
    return (ahead < seconds{0} ? "-" : "+") + two(minutes / 60) + two(minutes % 60);
}

std::string in_pattern(time_point at, const time_form& form)
{
    using namespace std::chrono;
    auto ahead = text::zone_offset(at, form.zone).value_or(seconds{0});
    auto local = floor<seconds>(at) + ahead;
    auto day = floor<days>(local);
    year_month_day date{day};
    hh_mm_ss time{local - day};
    std::string out;
    for (std::size_t i = 0; i < form.pattern.size(); ++i) {
        if (form.pattern[i] != '%') {
            out.push_back(form.pattern[i]);
            continue;
        }
        switch (form.pattern[++i]) {
        case 'Y': out += std::to_string(static_cast<int>(date.year())); break;
        case 'm': out += two(static_cast<int>(static_cast<unsigned>(date.month()))); break;
        case 'd': out += two(static_cast<int>(static_cast<unsigned>(date.day()))); break;
        case 'H': out += two(static_cast<int>(time.hours().count())); break;
        case 'M': out += two(static_cast<int>(time.minutes().count())); break;
        case 'S': out += two(static_cast<int>(time.seconds().count())); break;
        case 'z': out += zone_text(ahead); break;
        default: out.push_back('%');
        }
    }
    return out;
}

}  // namespace

std::optional<time_form> parse_time_form(std::string_view text, const std::string& zone, std::string& why)
{
    time_form made;
    made.zone = zone;
    if (text == "rfc3339")
        return made;
    if (text == "unix" || text == "unix-ms") {
        made.kind = text == "unix" ? time_form::how::unix_seconds : time_form::how::unix_millis;
        return made;
    }
    made.kind = time_form::how::pattern;
    made.pattern = std::string{text};
    if (text.find('%') == std::string_view::npos) {
        why = "'" + made.pattern + "' is no form of time; there are rfc3339, unix, unix-ms, and patterns such as %Y-%m-%d %H:%M:%S";
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%')
            continue;
        if (++i == text.size() || std::string_view{"YmdHMSz%"}.find(text[i]) == std::string_view::npos) {
            why = "'" + made.pattern + "': a pattern knows %Y %m %d %H %M %S %z and %%";
            return std::nullopt;
        }
    }
    return made;
}

std::string missing_of_moment(const time_form& form)
{
    if (form.kind == time_form::how::pattern)
        for (std::string_view needed : {"%Y", "%m", "%d", "%H", "%M"})
            if (form.pattern.find(needed) == std::string::npos)
                return std::string{needed};
    return {};
}

std::optional<time_point> read_time(const json& value, const time_form& form)
{
    auto text = as_text(value);
    if (!text)
        return std::nullopt;
    switch (form.kind) {
    case time_form::how::rfc3339: return parse_rfc3339(*text);
    case time_form::how::unix_seconds:
        if (auto count = whole(*text); count && *count > 0 && *count <= most_seconds)
            return time_point{seconds{*count}};
        return std::nullopt;
    case time_form::how::unix_millis:
        if (auto count = whole(*text); count && *count > 0 && *count / 1000 <= most_seconds)
            return time_point{milliseconds{*count}};
        return std::nullopt;
    case time_form::how::pattern: return by_pattern(*text, form);
    }
    return std::nullopt;
}

json write_time(time_point at, const time_form& form)
{
    switch (form.kind) {
    case time_form::how::rfc3339: return format_utc(std::chrono::floor<seconds>(at));
    case time_form::how::unix_seconds: return std::chrono::floor<seconds>(at).time_since_epoch().count();
    case time_form::how::unix_millis: return at.time_since_epoch().count();
    case time_form::how::pattern: break;
    }
    return in_pattern(at, form);
}

}  // namespace halfmast::rest
