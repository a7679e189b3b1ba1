// The account's own keys: url, admin_api_key, featured_shows.
#pragma once

#include <memory>
#include <string>

#include "daemon/ports/room.hpp"

namespace halfmast::ghost {

struct settings final : connector_settings {
    std::string url;              // of the site, without a slash at the end
    std::string key_id;           // the part of the Admin API key before the colon
    std::string secret;           // the part after it, as bytes
    bool featured_shows = false;  // the theme shows visitors which posts are featured
};

// Null when something is wrong; every fault is noted at `values`.
std::shared_ptr<const connector_settings> parse(account_values& values);

}  // namespace halfmast::ghost
