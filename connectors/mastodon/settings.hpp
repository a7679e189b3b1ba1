// The account's own keys, typed: url and token; most_pins and text_limit for an instance that differs from Mastodon's defaults.
#pragma once

#include "connectors/mastodon/capabilities.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::mastodon {

struct settings final : connector_settings {
    std::string url;    // "https://social.example", no trailing slash
    std::string token;  // secret
    int most_pins = mastodon::most_pins;
    int text_limit = mastodon::text_limit;

    // For people: "mastodon/social.example". Holds no secret.
    [[nodiscard]] std::string name() const;
};

// Null when there were faults; they are noted where the keys stand.
std::shared_ptr<const connector_settings> parse(account_values& values);

// Rungs, margins and limits of such an account.
void declare(const connector_settings& own, account& into);

}  // namespace halfmast::mastodon
