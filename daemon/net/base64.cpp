#include "daemon/net/base64.hpp"

#include <algorithm>

#include <openssl/evp.h>

namespace halfmast::net {

std::string base64(std::string_view bytes)
{
    constexpr std::size_t piece = 3u << 20;  // OpenSSL counts in int; a multiple of three needs no padding in between
    std::string made;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto some = bytes.substr(at, piece);
        std::string text(4 * ((some.size() + 2) / 3) + 1, '\0');  // it writes a zero behind
        auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                      reinterpret_cast<const unsigned char*>(some.data()), static_cast<int>(some.size()));
        made.append(text, 0, static_cast<std::size_t>(length));
    }
    return made;
}

std::string base64url(std::string_view bytes)
{
    auto made = base64(bytes);
    std::ranges::replace(made, '+', '-');
    std::ranges::replace(made, '/', '_');
    made.erase(std::min(made.find('='), made.size()));
    return made;
}

std::string hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (unsigned char byte : bytes) {
        text += digits[byte >> 4u];
        text += digits[byte & 15u];
    }
    return text;
}

}  // namespace halfmast::net
