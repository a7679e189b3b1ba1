// "Sun, 06 Nov 1994 08:49:37 GMT", in both directions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::net {

std::string format_http_date(time_point at);

// The one form that is still sent; nullopt for anything else.
std::optional<time_point> parse_http_date(std::string_view text);

}  // namespace halfmast::net
