#include "daemon/net/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

namespace halfmast::net {

namespace {

using v6_bytes = std::array<unsigned char, 16>;

struct v4_range {
    std::uint32_t first;
    int bits;
};

// IANA's list of special addresses, as far as nobody serves public pages there.
constexpr std::array<v4_range, 14> own_networks{{
    {0x00000000, 8},
    {0x0A000000, 8},
    {0x64400000, 10},
    {0x7F000000, 8},
    {0xA9FE0000, 16},
    {0xAC100000, 12},
    {0xC0000000, 24},
    {0xC0000200, 24},
    {0xC0A80000, 16},
    {0xC6120000, 15},
    {0xC6336400, 24},
    {0xCB007100, 24},
    {0xE0000000, 4},
    {0xF0000000, 4},
}};

bool is_public_v4(std::uint32_t address)
{
    return std::ranges::none_of(own_networks, [&](const v4_range& one) { return (address ^ one.first) >> (32 - one.bits) == 0; });
}

std::uint32_t v4_at(const v6_bytes& bytes, std::size_t at)
{
    return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

bool is_public_v6(const v6_bytes& bytes)
{
    auto zeros = [&](std::size_t count) {
        return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), [](auto b) { return b == 0; });
    };
    if (zeros(10) && bytes[10] == 0xFF && bytes[11] == 0xFF)
        return is_public_v4(v4_at(bytes, 12));
    if (bytes[0] == 0x00 && bytes[1] == 0x64 && bytes[2] == 0xFF && bytes[3] == 0x9B)  // to IPv4 by a translator
        return is_public_v4(v4_at(bytes, 12));
    if (bytes[0] == 0x20 && bytes[1] == 0x02)  // 6to4
        return is_public_v4(v4_at(bytes, 2));
    if (bytes[0] == 0x20 && bytes[1] == 0x01
        && (bytes[2] < 0x02 || (bytes[2] == 0x0D && bytes[3] == 0xB8)))  // Teredo and its kind; documents
        return false;
    return (bytes[0] & 0xE0) == 0x20;  // 2000::/3 is all that is given out
}

}  // namespace

bool is_public_address(const std::string& address)
{
    auto plain = address;
    if (plain.size() > 2 && plain.front() == '[' && plain.back() == ']')
        plain = plain.substr(1, plain.size() - 2);
    in_addr v4{};
    if (::inet_pton(AF_INET, plain.c_str(), &v4) == 1)
        return is_public_v4(ntohl(v4.s_addr));
    v6_bytes v6{};
    return ::inet_pton(AF_INET6, plain.c_str(), v6.data()) == 1 && is_public_v6(v6);
}

}  // namespace halfmast::net
