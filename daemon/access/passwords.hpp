// Passwords as argon2id hashes (libsodium, 64 MiB and about a tenth of a second each). Tried off the loop, two at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/ports/result.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::access {

namespace asio = boost::asio;

constexpr std::size_t least_password = 8;
constexpr std::size_t most_password = 1'024;  // bytes

// What goes into the settings. A problem (rejected, local) when it is too short or too long, or this machine has no memory for it.
result<std::string> hash_password(const secret& password);

// Is this text such a hash?
bool is_password_hash(const std::string& text);

class passwords {
public:
    explicit passwords(asio::any_io_executor home) : home_(std::move(home)) {}
    ~passwords() { pool_.join(); }

    // nullopt: too many wait already. An empty hash is no one's, and takes as long as any other.
    asio::awaitable<std::optional<bool>> fits(std::string hash, secret password);

private:
    static constexpr std::size_t most_waiting = 8;

    asio::any_io_executor home_;
    std::size_t waiting_ = 0;
    asio::thread_pool pool_{2};
};

}  // namespace halfmast::access
