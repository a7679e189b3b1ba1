// How a request is named in texts that people read: method and URL, without what may be secret.
#pragma once

#include <string>

#include "daemon/ports/http.hpp"

namespace halfmast::net {

// "POST https://blog.acme.example/wp-json/wp/v2/posts": no query, no fragment, no user and password.
std::string name_of(const http_request& request);

}  // namespace halfmast::net
