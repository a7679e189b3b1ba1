// [auth] kind = "oauth2" of a description, and what room net needs to know of it. Internal to this room.
#pragma once

#include "connectors/rest/settings.hpp"
#include "connectors/rest/table.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::net {
class oauth_http;
}

namespace halfmast::rest {

void read_oauth(table& auth, oauth_terms& into);

net::oauth_account oauth_of(const settings& own);

// Doctor's lines about the credential.
asio::awaitable<std::vector<check_line>> check_oauth(std::shared_ptr<const settings> own, std::shared_ptr<net::oauth_http> by);

}  // namespace halfmast::rest
