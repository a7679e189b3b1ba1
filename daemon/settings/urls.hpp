// What may stand where an address is asked for. Internal to this room.
#pragma once

#include <string>

#include "daemon/ports/result.hpp"

namespace halfmast::settings {

// https, or http on loopback and localhost (anywhere with `allow_http`); without trailing slash, user, query and fragment.
// The text of the problem follows the key's name: "is not an https URL".
result<std::string> check_base_url(const std::string& url, bool allow_http);

// "ADDRESS:PORT", "[ADDRESS]:PORT" or "localhost:PORT"; given back without brackets around the address.
result<std::string> check_listen(const std::string& address);

// http, https, socks4, socks4a, socks5 and socks5h.
result<std::string> check_proxy(const std::string& url);

}  // namespace halfmast::settings
