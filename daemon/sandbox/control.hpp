// The control endpoints: how a test, a drill or the demo sets the stage and looks behind it. No part of Mastodon; loopback
// only; not counted, not slowed, not limited, never struck by a fault.
#pragma once

#include <string>

#include "daemon/net/http_server.hpp"

namespace halfmast::sandbox {

struct platform_parts;

// `now` is true time.
net::server_response control(platform_parts& parts, const net::server_request& request, time_point now);

// The state of one account, or of all with an empty name; `brief` leaves the posts out.
std::string show_state(const platform_parts& parts, time_point now, const std::string& account, bool brief);

}  // namespace halfmast::sandbox
