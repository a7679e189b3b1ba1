// The account's own keys: url, username, password.
#pragma once

#include <memory>
#include <string>

#include "daemon/ports/room.hpp"

namespace halfmast::wordpress {

struct settings final : connector_settings {
    std::string url;  // of the site, without a slash at the end
    std::string username;
    std::string password;  // an application password, without its blanks
};

// Null when something is wrong; every fault is noted at `values`.
std::shared_ptr<const connector_settings> parse(account_values& values);

}  // namespace halfmast::wordpress
