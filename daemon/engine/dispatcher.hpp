// Carries one action out at its platform: action -> port -> outcome. It decides nothing and never gives an action up silently.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "daemon/core/action.hpp"
#include "daemon/core/event.hpp"
#include "daemon/ports/ledger_port.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::engine {

using hash_function = std::string (*)(std::string_view bytes);  // SHA-256 in lower-case hex

class dispatcher {
public:
    dispatcher(ledger_port& ledger, hash_function hash, std::function<time_point()> clock)
        : ledger_(ledger),
          hash_(hash),
          clock_(std::move(clock))
    {
    }

    // The connection must outlive every action for its account.
    void connect(const account_id& id, connection to) { connections_[id] = std::move(to); }
    [[nodiscard]] const connection& at(const account_id& id) const { return connections_.at(id); }

    // Never throws: what goes wrong is in the outcome.
    asio::awaitable<outcome> carry_out(action what);

private:
    asio::awaitable<outcome> carry(connection to, save_post call);
    asio::awaitable<outcome> carry(connection to, hold_post call);
    asio::awaitable<outcome> carry(connection to, read_posts call);
    asio::awaitable<outcome> carry(connection to, release_post call);
    asio::awaitable<outcome> carry(connection to, publish_summary call);
    asio::awaitable<outcome> carry(connection to, edit_summary call);
    asio::awaitable<outcome> carry(connection to, read_pins call);
    asio::awaitable<outcome> carry(connection to, pin_summary call);
    asio::awaitable<outcome> carry(connection to, unpin_summary call);
    asio::awaitable<outcome> pins_now(std::shared_ptr<pin_port> pins);

    ledger_port& ledger_;
    hash_function hash_;
    std::function<time_point()> clock_;
    std::map<account_id, connection> connections_;
};

}  // namespace halfmast::engine
