// The account's own keys, typed: url, handle, password.
#pragma once

#include "connectors/bluesky/capabilities.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::bluesky {

struct settings final : connector_settings {
    std::string url;       // of the account's own server (PDS), no trailing slash
    std::string handle;    // "acme.example", or the account's DID
    std::string password;  // an app password; secret

    // For people: "bluesky/acme.example". Holds no secret.
    [[nodiscard]] std::string name() const { return "bluesky/" + handle; }
};

// Null when there were faults; they are noted where the keys stand.
std::shared_ptr<const connector_settings> parse(account_values& values);

// What such an account can do, and its limits.
void declare(const connector_settings& own, account& into);

}  // namespace halfmast::bluesky
