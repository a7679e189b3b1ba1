// What can go wrong outside, as the core needs to tell it apart. Never holds a secret.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/time.hpp"

namespace halfmast {

enum class failure {
    unreachable,      // nothing was sent: name not found, connection refused, no route
    unknown_outcome,  // sent, but no usable answer: time-out, cut answer, 5xx. Look first, then repeat
    auth_expired,     // 401: the credential is refused
    forbidden,        // 403: known, but not allowed
    not_found,        // 404, 410: no such post (any more), or not ours
    conflict,         // 409, 412: somebody else changed it first
    rejected,         // 400, 422: the platform understood and said no
    rate_limited,     // 429: nothing happened; retry_after says when
    bad_reply,        // 2xx whose body is not what the platform's description promises
    unsupported,      // this platform has no such call
    local,            // our own disk, store or settings
};

// Printed in JSON, ledger and pages; stable words.
std::string_view to_string(failure kind);

struct problem {
    failure kind = failure::local;  // what code branches on; first, so that result<T> can tell it from a value
    std::string detail;             // what was tried, on what, and what a person can do
    std::optional<milliseconds> retry_after;

    bool operator==(const problem&) const = default;
};

}  // namespace halfmast
