// Steps through UTF-8 that may be broken. Private to the room.
#pragma once

#include <string>
#include <string_view>

#include <unicode/utf8.h>

namespace halfmast::text {

// ASCII only: names of schemes, tags and entities.
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline constexpr char32_t replacement = 0xFFFD;

// The code point at `at`, which moves behind it. A broken sequence is U+FFFD. `at` must lie before the end.
inline char32_t next(std::string_view utf8, std::size_t& at)
{
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
    UChar32 c = 0;
    auto here = static_cast<std::int64_t>(at);
    const auto size = static_cast<std::int64_t>(utf8.size());
    U8_NEXT(bytes, here, size, c);
    at = static_cast<std::size_t>(here);
    return c < 0 ? replacement : static_cast<char32_t>(c);
}

inline void append(std::string& out, char32_t c)
{
    char buffer[U8_MAX_LENGTH];
    int size = 0;
    U8_APPEND_UNSAFE(buffer, size, static_cast<UChar32>(c));
    out.append(buffer, static_cast<std::size_t>(size));
}

// The same text with every broken sequence replaced by U+FFFD.
std::string repaired(std::string_view utf8);

}  // namespace halfmast::text
