// Is this delivery from who it says it is? Each kind of sender signs in its own way; what does not sign shows a token. On the raw
// bytes, before anything reads them, and compared in constant time. Pure: no clock, no I/O; what was accepted before is not its
// business.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/time.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/result.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

// How far a sender's clock may lie from ours, where the time is part of what is signed.
inline constexpr seconds clock_leeway{300};

// Why a delivery is not believed.
enum class doubt {
    unsigned_,  // what proves it is missing, or is nothing of that kind: 401
    wrong,      // it proves nothing: 403
    stale,      // it is genuine, and too old or from the future: 403
};

struct hook_doubt {
    doubt kind = doubt::unsigned_;
    std::string why;  // for the log; never a secret, nor what was sent instead of one

    bool operator==(const hook_doubt&) const = default;
};

template <class T>
using proved = boost::system::result<T, hook_doubt>;

// What makes two deliveries the same one, made of what is signed alone: 32 bytes. Empty for senders that sign nothing.
using delivery_print = std::string;

// All secrets and all signatures are tried whatever matches first, so that the time it takes tells nothing.
proved<delivery_print> verify(const hook_settings& hook, const http_headers& headers, std::string_view body, time_point now);

// "whsec_" and base64 of 24 to 64 bytes; empty for anything else.
std::string webhook_key(std::string_view secret);

}  // namespace halfmast::signals
