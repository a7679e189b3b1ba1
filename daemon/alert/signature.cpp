#include "daemon/alert/signature.hpp"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "daemon/alert/wire.hpp"

namespace halfmast::alert {

namespace {

constexpr std::string_view secret_mark = "whsec_";
constexpr std::size_t least_key = 24;
constexpr std::size_t most_key = 64;

}  // namespace

std::optional<std::string> decode_webhook_secret(std::string_view text)
{
    if (!text.starts_with(secret_mark))
        return std::nullopt;
    text.remove_prefix(secret_mark.size());
    if (text.empty() || text.size() % 4 != 0 || text.size() > most_key * 2)
        return std::nullopt;
    std::string key(text.size() / 4 * 3, '\0');
    int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                 static_cast<int>(text.size()));
    if (length < 0)
        return std::nullopt;
    std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    key.resize(static_cast<std::size_t>(length) - padding);
    if (key.size() < least_key || key.size() > most_key)
        return std::nullopt;
    return key;
}

std::string sign_webhook(std::string_view key, std::string_view id, std::int64_t unix_seconds, std::string_view body)
{
    auto text = std::string{id} + "." + std::to_string(unix_seconds) + "." + std::string{body};
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         sum.data(), &length);
    return "v1," + base64({reinterpret_cast<const char*>(sum.data()), length});
}

}  // namespace halfmast::alert
