#include "daemon/net/http_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace halfmast::net {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The digits at this place; -1 when there is anything else.
int digits(std::string_view text, std::size_t at, std::size_t length)
{
    int value = -1;
    auto part = text.substr(at, length);
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc{} && end == part.data() + part.size() && value >= 0 ? value : -1;
}

}  // namespace

std::string format_http_date(time_point at)
{
    auto day = floor<days>(at);
    year_month_day date{day};
    hh_mm_ss clock{floor<seconds>(at - day)};
    std::array<char, 64> text{};
    int length =
        std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", day_names[weekday{day}.c_encoding()].data(),
                      static_cast<unsigned>(date.day()), month_names[static_cast<unsigned>(date.month()) - 1].data(),
                      static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<time_point> parse_http_date(std::string_view text)
{
    constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";
    if (text.size() != shape.size() || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' '
        || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT")
        return std::nullopt;
    auto month_name = std::ranges::find(month_names, text.substr(8, 3));
    auto day_of_month = digits(text, 5, 2);
    auto year_number = digits(text, 12, 4);
    auto hour = digits(text, 17, 2);
    auto minute = digits(text, 20, 2);
    auto second = digits(text, 23, 2);
    if (month_name == month_names.end() || day_of_month < 0 || year_number < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59
        || second < 0 || second > 60)
        return std::nullopt;
    year_month_day date{year{year_number}, month{static_cast<unsigned>(month_name - month_names.begin()) + 1},
                        std::chrono::day{static_cast<unsigned>(day_of_month)}};
    if (!date.ok())
        return std::nullopt;
    return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

}  // namespace halfmast::net
