// What the composition root does for credentials: the vault of the settings, the end of a credential that a person wrote down, and no
// core dump in which a token could stand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/core/ids.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/store/vault.hpp"

namespace halfmast::app {

// The process leaves no core, and nobody but root looks into its memory.
void forbid_core_dumps();

// Each account's part of the vault; a part that keeps nothing where the settings name no key. The parts live as long as this.
class account_vaults {
public:
    // Takes the key out of the settings. The caller holds the lock of the state directory.
    account_vaults(asio::any_io_executor executor, settings::settings& wanted);
    // For a process beside the daemon: whoever needs a secret is told why not.
    explicit account_vaults(std::string why_locked);

    vault_port& of(const account_id& account);

    // Once no answer is under way whose secret has to be kept.
    void when_left(std::function<void()> done);

private:
    std::optional<store::vault> vault_;
    store::no_vault none_;
    std::optional<store::locked_vault> locked_;
    std::map<account_id, std::unique_ptr<vault_port>> parts_;
};

// Its check says when the credential ends, if the platform does not say an earlier time.
connection with_credential_end(connection to, std::optional<time_point> ends);

}  // namespace halfmast::app
