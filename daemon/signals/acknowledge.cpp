#include "daemon/signals/acknowledge.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace halfmast::signals {

namespace {

constexpr std::size_t most_token = 2'000;
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Base64 for addresses, without padding. Only its one shortest writing is read.
std::string to_letters(std::string_view bytes)
{
    std::string text;
    unsigned held = 0;
    int bits = 0;
    for (char c : bytes) {
        held = held << 8u | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6)
            text += letters[held >> static_cast<unsigned>(bits - 6) & 63u];
        held &= (1u << static_cast<unsigned>(bits)) - 1;
    }
    if (bits > 0)
        text += letters[held << static_cast<unsigned>(6 - bits) & 63u];
    return text;
}

std::optional<std::string> from_letters(std::string_view text)
{
    std::string bytes;
    unsigned held = 0;
    int bits = 0;
    for (char c : text) {
        auto value = letters.find(c);
        if (value == letters.npos)
            return std::nullopt;
        held = held << 6u | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(held >> static_cast<unsigned>(bits) & 255u);
        }
        held &= (1u << static_cast<unsigned>(bits)) - 1;
    }
    if (held != 0 || to_letters(bytes) != text)
        return std::nullopt;
    return bytes;
}

std::string seal(const secret& key, std::string_view text)
{
    std::array<unsigned char, 32> sum{};
    unsigned length = 0;
    auto signed_text = "halfmast page link\n" + std::string{text};
    if (HMAC(EVP_sha256(), key.text().data(), static_cast<int>(key.text().size()),
             reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), sum.data(), &length)
        == nullptr)
        throw std::runtime_error("OpenSSL cannot make an HMAC");
    return {reinterpret_cast<const char*>(sum.data()), sum.size()};
}

}  // namespace

std::string sign_page(const secret& key, const signed_page& page, time_point until)
{
    auto text = std::to_string(until.time_since_epoch().count()) + "\n" + page.receiver + "\n" + page.group;
    return to_letters(text) + "." + to_letters(seal(key, text));
}

std::optional<signed_page> read_signed_page(const secret& key, std::string_view token, time_point now)
{
    auto dot = token.find('.');
    if (token.size() > most_token || dot == token.npos)
        return std::nullopt;
    auto text = from_letters(token.substr(0, dot));
    auto sum = from_letters(token.substr(dot + 1));
    if (!text || !sum)
        return std::nullopt;
    auto genuine = seal(key, *text);
    if (sum->size() != genuine.size() || CRYPTO_memcmp(sum->data(), genuine.data(), genuine.size()) != 0)
        return std::nullopt;
    auto first = text->find('\n');
    auto second = first == text->npos ? first : text->find('\n', first + 1);
    if (second == text->npos)
        return std::nullopt;
    std::int64_t until = 0;
    auto read = std::from_chars(text->data(), text->data() + first, until);
    if (read.ec != std::errc{} || read.ptr != text->data() + first || time_point{milliseconds{until}} <= now)
        return std::nullopt;
    return signed_page{text->substr(second + 1), text->substr(first + 1, second - first - 1)};
}

}  // namespace halfmast::signals
