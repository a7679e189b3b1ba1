// Pure: the bytes that are hashed for one record, and the chain they form. Documented in README.md of this room so that
// anybody can check a ledger with another language's standard library.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace halfmast::audit {

using digest = std::array<unsigned char, 32>;

digest sha256(std::string_view bytes);
std::string to_hex(const digest& value);
// The 32 bytes themselves, as long as the digest lives.
inline std::string_view view(const digest& value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
std::string to_hex(std::string_view bytes);

// What stands before the first record.
digest genesis();

// SHA-256 over: "halfmast-ledger-1\n", seq as 8 bytes big-endian, then at, payload and prev, each preceded by its length as 8 bytes big-endian.
digest chain_hash(std::int64_t seq, std::string_view at, std::string_view payload, const digest& prev);

}  // namespace halfmast::audit
