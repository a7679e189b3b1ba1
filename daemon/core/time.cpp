#include "daemon/core/time.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace halfmast {

namespace {

using namespace std::chrono;

// Reads exactly `digits` digits at the front and removes them.
std::optional<int> take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits)
        return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9')
            return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of)
{
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
        return false;
    text.remove_prefix(1);
    return true;
}

// ".25" -> 250 ms; digits after the third are read and dropped.
std::optional<milliseconds> take_fraction(std::string_view& text)
{
    if (!take(text, "."))
        return milliseconds{0};
    int value = 0;
    int scale = 100;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        value += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
        ++digits;
    }
    if (digits == 0)
        return std::nullopt;
    return milliseconds{value};
}

// "Z", "+01:00", "-0530": what has to be subtracted to get UTC.
std::optional<minutes> take_offset(std::string_view& text)
{
    if (take(text, "Zz"))
        return minutes{0};
    bool behind = !text.empty() && text.front() == '-';
    if (!take(text, "+-"))
        return std::nullopt;
    auto hour = take_number(text, 2);
    take(text, ":");
    auto minute = take_number(text, 2);
    if (!hour || !minute || *hour > 23 || *minute > 59)
        return std::nullopt;
    auto offset = hours{*hour} + minutes{*minute};
    return behind ? -offset : offset;
}

// With zeros in front, at least so many digits. A record of the ledger has four times in it, so they are written without printf.
void put_number(std::string& to, unsigned value, std::size_t digits)
{
    std::array<char, 12> text;
    auto at = text.size();
    for (; value != 0 || text.size() - at < digits; value /= 10)
        text[--at] = static_cast<char>('0' + value % 10);
    to.append(text.data() + at, text.size() - at);
}

struct unit {
    std::string_view name;
    std::int64_t length;  // milliseconds
};

// "min" stands for "m" too, for that is what people type.
constexpr std::array<unit, 6> units{{{"ms", 1}, {"min", 60'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}}};

}  // namespace

std::string format_utc(time_point at)
{
    auto day = floor<days>(at);
    year_month_day date{day};
    hh_mm_ss clock{at - day};
    std::string text;
    text.reserve(24);
    if (auto year = static_cast<int>(date.year()); year < 0)
        text += '-', put_number(text, static_cast<unsigned>(-year), 3);
    else
        put_number(text, static_cast<unsigned>(year), 4);
    text += '-';
    put_number(text, static_cast<unsigned>(date.month()), 2);
    text += '-';
    put_number(text, static_cast<unsigned>(date.day()), 2);
    text += 'T';
    put_number(text, static_cast<unsigned>(clock.hours().count()), 2);
    text += ':';
    put_number(text, static_cast<unsigned>(clock.minutes().count()), 2);
    text += ':';
    put_number(text, static_cast<unsigned>(clock.seconds().count()), 2);
    if (auto fraction = clock.subseconds().count(); fraction != 0) {
        text += '.';
        put_number(text, static_cast<unsigned>(fraction), 3);
    }
    return text + 'Z';
}

std::optional<time_point> parse_rfc3339(std::string_view text)
{
    auto year_ = take_number(text, 4);
    bool dash1 = take(text, "-");
    auto month_ = take_number(text, 2);
    bool dash2 = take(text, "-");
    auto day_ = take_number(text, 2);
    bool between = take(text, "Tt ");
    auto hour = take_number(text, 2);
    bool colon1 = take(text, ":");
    auto minute = take_number(text, 2);
    bool colon2 = take(text, ":");
    auto second = take_number(text, 2);
    if (!year_ || !month_ || !day_ || !hour || !minute || !second || !dash1 || !dash2 || !between || !colon1 || !colon2)
        return std::nullopt;
    auto fraction = take_fraction(text);
    auto offset = take_offset(text);
    year_month_day date{year{*year_}, month{static_cast<unsigned>(*month_)}, day{static_cast<unsigned>(*day_)}};
    // 60 is a leap second: the moment after :59.
    if (!fraction || !offset || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60)
        return std::nullopt;
    return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second} + *fraction - *offset;
}

std::optional<milliseconds> parse_duration(std::string_view text)
{
    if (text.empty())
        return std::nullopt;
    std::int64_t total = 0;
    constexpr std::int64_t most = std::int64_t{36'500} * 86'400'000;  // a hundred years: enough, and no overflow
    while (!text.empty()) {
        std::int64_t number = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || number < 0)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const unit* found = nullptr;
        for (const auto& candidate : units)
            if (text.starts_with(candidate.name) && (found == nullptr || candidate.name.size() > found->name.size()))
                found = &candidate;
        if (found == nullptr || number > most / found->length)
            return std::nullopt;
        text.remove_prefix(found->name.size());
        total += number * found->length;
        if (total > most)
            return std::nullopt;
    }
    return milliseconds{total};
}

std::string format_duration(milliseconds length)
{
    if (length == milliseconds{0})
        return "0s";
    std::string text;
    auto rest = length.count();
    for (const auto& [name, size] :
         std::array<unit, 5>{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}}) {
        if (auto number = rest / size; number != 0)
            text += std::to_string(number) + std::string{name};
        rest %= size;
    }
    return text;
}

}  // namespace halfmast
