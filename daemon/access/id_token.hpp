// What an OpenID Connect provider says of somebody who signed in: its signature by libcjose, its claims by us. Pure: time comes in.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/time.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::access {

// In a holder of its own: a result cannot tell JSON from a problem.
using parsed = std::shared_ptr<nlohmann::json>;

struct id_token_terms {
    std::string issuer;
    std::string client_id;
    std::string nonce;
    time_point now;
    std::string subject = {};  // of a token that came by renewal: the person it has to be about, and then no nonce is asked for
};

// How much the clocks may differ.
constexpr milliseconds clock_slack = std::chrono::seconds{60};

// Why a token is no proof. `unknown_key` alone may be mended by reading the provider's keys anew.
enum class token_fault { none, unknown_key, wrong };

// The claims of a token that is proved by one of `keys` (a JWK set) and fits the terms; else a problem (rejected), whose text holds
// nothing of the token, and `fault` says of what kind. Signed with RS, PS or ES, never with none or a shared secret.
result<parsed> read_id_token(const std::string& token, const nlohmann::json& keys, const id_token_terms& terms, token_fault& fault);

}  // namespace halfmast::access
