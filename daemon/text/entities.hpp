// Names of HTML characters that turn up in posts. Private to the room.
#pragma once

#include <optional>
#include <string_view>

namespace halfmast::text {

// The code point behind "&NAME;", without '&' and ';'. Numeric ones ("#39", "#x2019") too.
std::optional<char32_t> entity(std::string_view name);

}  // namespace halfmast::text
