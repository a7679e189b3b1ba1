// What the settings say about who may come in, as values, between those who read them and those who act on them. Secrets in here leave
// through no text.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/roles.hpp"
#include "daemon/core/time.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::access {

struct user {
    std::string name;
    std::string password_hash;  // argon2id, as libsodium writes it; empty: no password signs this person in
    std::set<role> roles;
    std::string language;     // of the console; "" when nobody said
    std::string certificate;  // common name of the client certificate that is theirs; "" when none is
};

// An OpenID Connect provider.
struct provider_options {
    std::string issuer;  // exactly as the provider writes it
    std::string client_id;
    secret client_secret;
    std::string name_claim = "preferred_username";
    std::string groups_claim = "groups";
    std::string scope = "openid profile";
    std::map<std::string, std::set<role>> groups;      // whoever is in none of them has no role here
    milliseconds recheck = std::chrono::minutes{10};   // how often it is asked again about whoever is signed in
    milliseconds session_max = std::chrono::hours{1};  // of a session about which it cannot be asked again
};

// PEM files.
struct tls_paths {
    std::string certificate;  // with its chain
    std::string key;
    std::string client_ca;  // "": no client certificates
};

struct options {
    bool set = false;    // there is a table [access]: nobody reads over TCP without a proof
    std::string url;     // under which browsers reach the console, without a slash at its end; "" unknown
    std::string listen;  // "127.0.0.1:7413"; "" when there is no TCP
    std::vector<user> users;
    std::map<std::string, std::set<role>> unix_groups;  // empty: whoever may use the socket has every role
    std::optional<provider_options> provider;
    milliseconds session_idle = std::chrono::hours{2};
    milliseconds session_longest = std::chrono::hours{12};
};

}  // namespace halfmast::access
