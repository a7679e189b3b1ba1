// How a connector presents itself to the composition root: one value per room, listed in a table made by CMake.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/ports/document.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/ports/vault_port.hpp"

namespace halfmast {

// The settings of one account as a connector reads them. Each read notes a fault with file, line and column when the value
// is missing or wrong and gives an empty value; keys that nobody read are faults too. Implemented by room settings.
class account_values {
public:
    virtual ~account_values() = default;

    virtual std::string text(std::string_view key) = 0;  // required, not empty
    virtual std::optional<std::string> optional_text(std::string_view key) = 0;
    virtual std::optional<bool> flag(std::string_view key) = 0;
    virtual std::optional<std::int64_t> whole(std::string_view key) = 0;
    virtual std::string base_url(std::string_view key) = 0;          // https, or http on loopback; no trailing slash
    virtual std::string secret(std::string_view key) = 0;            // { file | env | credential = "..." }, read and trimmed
    virtual void fault(std::string_view key, std::string text) = 0;  // a rule of the connector's own

    // What only some connectors need. Relative paths are those of the settings file.
    virtual bool has(std::string_view key) { return optional_text(key).has_value(); }
    virtual std::vector<std::string> texts(std::string_view) { return {}; }  // a list; empty when it is not there
    virtual std::string path(std::string_view key) { return text(key); }     // required
    virtual std::shared_ptr<const document> file(std::string_view key)  // required: a TOML file, by its path; null after a fault
    {
        fault(key, "names a file, and none can be read here");
        return nullptr;
    }
    virtual void fault(const document& in, document_place, std::string text) { fault(in.file, std::move(text)); }
    // Says that this account cannot work without the vault, and for what ("keeps the refresh token that its platform renews");
    // a fault when the settings name no key for it.
    virtual void needs_vault(std::string_view) {}
};

// A connector's own typed settings, opaque to everybody else.
struct connector_settings {
    virtual ~connector_settings() = default;
};

// Something that a platform does not have, and why: for people who ask what is possible where.
struct absence {
    std::string_view
        what;  // a rung's word, or "queue", "publish", "edit", "reply", "pin", "several pins", "limit of pins", "feed", "mentions"
    std::string_view why;
};

// What a room says of itself before there is any account.
struct room_notes {
    std::string_view title;  // "Mastodon"
    void (*usual)(account&) =
        nullptr;  // what an account with nothing but the usual settings can do; null: each account's description says it
    std::span<const rung> describable;  // the rungs that such a description may name
    std::span<const absence> absences;
};

struct connector_room {
    std::string_view name;  // "mastodon", as in `connector = "mastodon"`

    // Parses the account's own keys. Null when there were faults.
    std::shared_ptr<const connector_settings> (*parse)(account_values&);

    // Fills in what the platform can do: rungs, release_margin, can_publish, can_pin, read_batch, ...
    void (*declare)(const connector_settings&, account&);

    // `http` and `vault`, this account's own, outlive the connection.
    connection (*connect)(std::shared_ptr<const connector_settings>, http_port& http, vault_port& vault);

    room_notes notes{};
};

}  // namespace halfmast
