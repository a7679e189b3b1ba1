// Secrets that change while the daemon runs, encrypted in the state directory. It knows no tokens and no platforms. vault_files has
// the format, and what is done to a disk; here is the thread it is done on.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/core/ids.hpp"
#include "daemon/ports/vault_port.hpp"

namespace halfmast::store {

class vault {
public:
    static constexpr std::size_t key_size = 32;

    // `key` has key_size bytes. Reads nothing yet, so a damaged file or a wrong key stops the accounts concerned and nothing else.
    // The caller holds the lock of the state directory.
    vault(asio::any_io_executor executor, std::string state_dir, secret key);
    // Writes what it was given first.
    ~vault();
    vault(const vault&) = delete;
    vault& operator=(const vault&) = delete;

    // One account's part. It may outlive the vault, and is a problem then.
    [[nodiscard]] std::unique_ptr<vault_port> of(const account_id& account);

    // Calls once nobody stays (vault_port::stay), at once when nobody does. On the executor's thread, as everything here.
    void when_left(std::function<void()> done);

private:
    class impl;
    class part;
    std::shared_ptr<impl> impl_;
};

// What an account has when the settings name no key, or when another process keeps the secrets: nothing is kept. `why` is what a
// write is told.
class no_vault final : public vault_port {
public:
    explicit no_vault(std::string why) : why_(std::move(why)) {}

    [[nodiscard]] bool keeps() const override { return false; }
    asio::awaitable<result<std::optional<secret>>> read(std::string) override { co_return std::optional<secret>{}; }
    asio::awaitable<std::optional<problem>> write(std::string, secret) override { co_return problem{failure::local, why_, {}}; }

private:
    std::string why_;
};

// For a process beside the daemon that has the secrets: whoever needs one is told `why`, and touches nothing.
class locked_vault final : public vault_port {
public:
    explicit locked_vault(std::string why) : why_(std::move(why)) {}

    [[nodiscard]] bool keeps() const override { return true; }
    asio::awaitable<result<std::optional<secret>>> read(std::string) override { co_return problem{failure::local, why_, {}}; }
    asio::awaitable<std::optional<problem>> write(std::string, secret) override { co_return problem{failure::local, why_, {}}; }

private:
    std::string why_;
};

}  // namespace halfmast::store
