// Where a connector keeps a secret that changes while the daemon runs: a refresh token that rotates, a session. Settings are
// never written, so such a secret has no other place. The implementation is store/vault.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/ports/result.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast {

namespace asio = boost::asio;

// One account's part of the vault: it sees no names but its own. All calls suspend, none blocks; the daemon's one thread.
//
// The order that loses nothing: what replaces a secret is written, and used when write() gave no problem. Killed before, the old
// one still stands here, and a platform that counts a token as spent when its successor is used still takes it.
class vault_port {
public:
    virtual ~vault_port() = default;

    // False without `[daemon] vault_key`: nothing is ever read then, and every write is a problem.
    [[nodiscard]] virtual bool keeps() const = 0;

    // What was written last; nothing when nothing ever was. A problem (local): something is there and cannot be read. That is not
    // "nothing": whatever stands in the settings is older than what is there.
    virtual asio::awaitable<result<std::optional<secret>>> read(std::string name) = 0;

    // Durable unless it gives a problem (local); what was there before is still there then. Never in place of something that
    // cannot be read.
    virtual asio::awaitable<std::optional<problem>> write(std::string name, secret value) = 0;

    // Held while an answer is under way whose secret will have to be written, and given back when it was: a daemon that is asked to
    // end waits for that. Somewhere a platform has counted the old secret as spent already.
    [[nodiscard]] virtual std::shared_ptr<void> stay() { return nullptr; }
};

}  // namespace halfmast
