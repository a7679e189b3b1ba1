// Bytes as text that every protocol takes. Pure.
#pragma once

#include <string>
#include <string_view>

namespace halfmast::net {

// RFC 4648: of the usual alphabet with padding, and of the one for addresses and tokens without.
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);

// Lower-case hexadecimal digits, two a byte.
std::string hex(std::string_view bytes);

}  // namespace halfmast::net
