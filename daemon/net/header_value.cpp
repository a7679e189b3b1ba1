#include "daemon/net/header_value.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/net/http_date.hpp"

namespace halfmast::net {

std::optional<std::int64_t> whole_number(std::string_view value)
{
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < 0)
        return std::nullopt;
    return number;
}

std::optional<milliseconds> wait_of(std::string_view value, std::optional<time_point> now, milliseconds longest)
{
    constexpr std::int64_t surely_a_moment = 1'000'000'000;
    constexpr std::int64_t surely_no_seconds = 100'000'000'000;
    constexpr std::int64_t last_moment = 253'402'300'799'000;  // the end of 9999
    std::optional<time_point> until;
    if (auto number = whole_number(value)) {
        if (*number < surely_a_moment)
            return std::min<milliseconds>(seconds{*number}, longest);
        until =
            *number < surely_no_seconds ? time_point{seconds{*number}} : time_point{milliseconds{std::min(*number, last_moment)}};
    } else {
        until = parse_http_date(value);
        if (!until)
            until = parse_rfc3339(value);
    }
    if (!until || !now)
        return std::nullopt;
    return std::clamp<milliseconds>(*until - *now, milliseconds{0}, longest);
}

}  // namespace halfmast::net
