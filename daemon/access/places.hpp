// Hosts, origins and addresses as they stand in requests; pure. And small things that both halves of the gate use. Internal to this
// room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/ports/access.hpp"
#include "daemon/api/auth.hpp"

namespace halfmast::access {

constexpr std::string_view session_cookie = "halfmast";
constexpr std::string_view journey_cookie = "halfmast-sign-in";
constexpr std::string_view csrf_word = "csrf";

// "127.0.0.1:4711" -> "127.0.0.1"
std::string address_of(std::string_view remote);
bool is_loopback_address(std::string_view remote);

// "https://a.example:8443/x" -> "a.example:8443"
std::string_view authority_of(std::string_view url);

// Case does not count, nor does a port that https or http has anyway.
bool is_same_host(std::string_view a, std::string_view b);

bool is_safe_method(std::string_view method);

// What stands behind "Bearer"; nullopt when there is no Authorization.
std::optional<std::string> bearer_of(const net::server_request& request);

// A name that may stand in the ledger for a person; not the daemon's own.
bool is_name_of_person(std::string_view name);

api::trouble too_often(milliseconds wait);

// Changes with the password.
std::string mark_of_password(const user& one);

}  // namespace halfmast::access
