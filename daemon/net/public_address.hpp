// Whether an address belongs to everybody's network, or to somebody's own. Pure.
#pragma once

#include <string>

namespace halfmast::net {

// "192.0.2.1", "2001:db8::1", also in brackets. False for loopback, private, link-local, shared and reserved ones, for IPv6 that only wraps
// such an IPv4 address, and for anything that is no address.
bool is_public_address(const std::string& address);

}  // namespace halfmast::net
