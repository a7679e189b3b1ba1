// How long a text is where it goes: each platform counts in its own way. Must not know which platform counts how; an account says it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/account.hpp"

namespace halfmast::text {

// A host name that stands without https:// counts as it is written, whatever the platform makes of it.
std::size_t counted(std::string_view utf8, text_counting how);

// "code-points", "graphemes", "short-links", "weighted": as people write it in settings and descriptions.
std::optional<text_counting> parse_counting(std::string_view word);

// Why a text cannot go out there as it is: "it has 312 characters, and bluesky takes 300". Empty: it fits.
std::string too_long(std::string_view utf8, const account& where);

}  // namespace halfmast::text
