// A vault in memory: what is "durable" outlives a connector of a test, and it can be made to refuse.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/ports/vault_port.hpp"

namespace halfmast::test {

class memory_vault final : public vault_port {
public:
    bool open = true;                   // false: as without a key
    std::optional<problem> unreadable;  // as after a wrong key, for reads and writes
    std::optional<problem> full;        // as on a full disk, for writes alone
    std::map<std::string, std::string> kept;
    std::vector<std::string> written;  // "name=value", in order

    [[nodiscard]] bool keeps() const override { return open; }

    asio::awaitable<result<std::optional<secret>>> read(std::string name) override
    {
        if (unreadable)
            co_return *unreadable;
        auto found = kept.find(name);
        std::optional<secret> given;
        if (open && found != kept.end())
            given.emplace(found->second);
        co_return given;
    }

    asio::awaitable<std::optional<problem>> write(std::string name, secret value) override
    {
        if (unreadable)
            co_return *unreadable;
        if (full)
            co_return *full;
        if (!open)
            co_return problem{failure::local, "there is no vault", {}};
        kept[name] = value.text();
        written.push_back(name + "=" + value.text());
        co_return std::nullopt;
    }
};

}  // namespace halfmast::test
