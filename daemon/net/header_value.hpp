// What the value of a header says, where every platform says it in one of a few ways: a count, and how long to wait. Pure; any bytes.
// What a connector does with it is its own business.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::net {

// A count: digits and nothing else, not more than fits.
std::optional<std::int64_t> whole_number(std::string_view value);

// A wait: seconds from now (below a thousand million), seconds or milliseconds since 1970, ISO 8601, or as in a Date header; between
// none and `longest`. `now`: by the clock that wrote it; without it a moment says nothing.
std::optional<milliseconds> wait_of(std::string_view value, std::optional<time_point> now, milliseconds longest);

}  // namespace halfmast::net
