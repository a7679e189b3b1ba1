// Standard Webhooks: the headers by which a receiver knows who sent a request, and when. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::alert {

// "whsec_" and base64 of 24 to 64 bytes, or nullopt for anything else.
std::optional<std::string> decode_webhook_secret(std::string_view text);

// "v1,<base64 of HMAC-SHA256 over id.timestamp.body>". `key` is decoded.
std::string sign_webhook(std::string_view key, std::string_view id, std::int64_t unix_seconds, std::string_view body);

}  // namespace halfmast::alert
