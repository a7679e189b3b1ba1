// Secrets that change while the daemon runs, encrypted in the state directory. It knows no tokens and no platforms.
#pragma once

#include <string>

#include "daemon/ports/vault_port.hpp"

namespace halfmast::store {

// What an account has when the settings name no key, or when another process keeps the secrets: nothing is kept. `why` is what a
// write is told.
class no_vault final : public vault_port {
public:
    explicit no_vault(std::string why) : why_(std::move(why)) {}

    [[nodiscard]] bool keeps() const override { return false; }
    asio::awaitable<result<std::optional<secret>>> read(std::string) override { co_return std::nullopt; }
    asio::awaitable<std::optional<problem>> write(std::string, secret) override { co_return problem{failure::local, why_, {}}; }

private:
    std::string why_;
};

}  // namespace halfmast::store
