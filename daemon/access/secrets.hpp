// Random secrets, how they are kept, and how they are compared. On libsodium.
#pragma once

#include <string>
#include <string_view>

#include "daemon/net/base64.hpp"

namespace halfmast::access {

constexpr std::size_t secret_bytes = 32;        // 256 bits
constexpr std::string_view token_mark = "hm_";  // so that programs that look for leaked secrets know one

// So many random bytes as base64url without padding.
std::string random_text(std::size_t bytes = secret_bytes);

using net::base64;
using net::base64url;

// SHA-256 as hexadecimal digits. Enough for a secret of 256 random bits: there is nothing to guess.
std::string hash_of(std::string_view secret);
std::string sha256_bytes(std::string_view text);

// HMAC-SHA-256 as base64url.
std::string keyed(std::string_view key, std::string_view text);

// In a time that does not tell where they differ.
bool same(std::string_view a, std::string_view b);

}  // namespace halfmast::access
