#include "daemon/access/secrets.hpp"

#include <stdexcept>

#include <sodium.h>

namespace halfmast::access {

namespace {

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void make_ready()
{
    if (::sodium_init() < 0)
        throw std::runtime_error("libsodium cannot be used here");
}

}  // namespace

std::string random_text(std::size_t bytes)
{
    make_ready();
    std::string made(bytes, '\0');
    ::randombytes_buf(made.data(), made.size());
    return base64url(made);
}

std::string sha256_bytes(std::string_view text)
{
    std::string made(crypto_hash_sha256_BYTES, '\0');
    ::crypto_hash_sha256(reinterpret_cast<unsigned char*>(made.data()), octets(text), text.size());
    return made;
}

std::string hash_of(std::string_view secret) { return net::hex(sha256_bytes(secret)); }

std::string keyed(std::string_view key, std::string_view text)
{
    std::string made(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    ::crypto_auth_hmacsha256_init(&state, octets(key), key.size());
    ::crypto_auth_hmacsha256_update(&state, octets(text), text.size());
    ::crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(made.data()));
    return base64url(made);
}

bool same(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace halfmast::access
