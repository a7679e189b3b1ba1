// The account's own keys: url, description, what the description's [auth] needs, and the keys it names.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "connectors/rest/description.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::rest {

struct settings final : connector_settings {
    std::string url;                         // without a slash at the end
    std::string username;                    // auth basic
    std::string secret;                      // token or password
    std::string client_id;                   // auth oauth2
    halfmast::secret client_secret;          // empty: a public client
    halfmast::secret refresh_token;          // the first one; the vault has those that came after
    std::map<std::string, std::string> own;  // the values of the description's keys
    std::shared_ptr<const description> what;
};

// Null when something is wrong with the account or its description; every fault is noted at `values`.
std::shared_ptr<const connector_settings> parse(account_values& values);

}  // namespace halfmast::rest
