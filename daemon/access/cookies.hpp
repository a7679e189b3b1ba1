// Cookies as text; pure. Internal to this room.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::access {

// With "__Host-" a browser takes it over TLS from this very host only, so that no neighbour can plant one. Browsers keep one jar for all
// ports of a host: the port that stands in `host`, a Host header, is part of the name, so that a daemon beside this one signs nobody out.
std::string cookie_name(std::string_view name, bool secure, std::string_view host);

// The value in a Cookie header; "" when there is none. Of several the first.
std::string cookie_value(std::string_view header, std::string_view name);

enum class same_site { strict, lax };

// The value of Set-Cookie, under a name that cookie_name() made. A length of zero takes it away.
std::string set_cookie(std::string_view name, std::string_view value, bool secure, same_site site, milliseconds lasts);

}  // namespace halfmast::access
