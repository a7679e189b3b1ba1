#include "daemon/access/passwords.hpp"

#include <sodium.h>

#include "daemon/net/off_loop.hpp"

namespace halfmast::access {

namespace {

// Somebody's whose password nobody knows: it was random.
const std::string& nobodys_hash()
{
    static const std::string hash = [] {
        std::string random(32, '\0');
        ::randombytes_buf(random.data(), random.size());
        auto made = hash_password(secret{std::move(random)});
        return made ? *made : std::string{};
    }();
    return hash;
}

}  // namespace

result<std::string> hash_password(const secret& password)
{
    if (::sodium_init() < 0)
        return problem{failure::local, "libsodium cannot be used here", {}};
    if (password.text().size() < least_password || password.text().size() > most_password)
        return problem{failure::rejected,
                       "a password has " + std::to_string(least_password) + " to " + std::to_string(most_password) + " bytes",
                       {}};
    char hash[crypto_pwhash_STRBYTES];
    if (::crypto_pwhash_str_alg(hash, password.text().data(), password.text().size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13)
        != 0)
        return problem{failure::local, "there is not enough memory to hash a password", {}};
    return std::string{hash};
}

bool is_password_hash(const std::string& text)
{
    // A hash of other costs is good too; what cannot be read is not.
    return text.starts_with("$argon2id$") && text.size() < crypto_pwhash_STRBYTES
           && ::crypto_pwhash_str_needs_rehash(text.c_str(), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE)
                  >= 0;
}

asio::awaitable<std::optional<bool>> passwords::fits(std::string hash, secret password)
{
    if (waiting_ >= most_waiting)
        co_return std::nullopt;
    ++waiting_;
    std::function<bool()> work = [hash = std::move(hash), password = std::move(password)] {
        if (password.text().size() > most_password)
            return false;
        const auto& against = hash.empty() ? nobodys_hash() : hash;
        bool right = ::crypto_pwhash_str_verify(against.c_str(), password.text().data(), password.text().size()) == 0;
        return right && !hash.empty();
    };
    auto right = co_await net::off_loop<bool>(pool_, home_, std::move(work));
    --waiting_;
    co_return right;
}

}  // namespace halfmast::access
