// JSON from outside, read without trust: absent and wrong members become empty values, and what is nested so deep that walking it could
// end the stack is not read at all. Pure; any bytes, never an exception.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/time.hpp"

namespace halfmast::net {

// A parser's memory and stack are not the platform's to spend: depth is looked at before.
bool is_too_deep(std::string_view text, int most = 64);

// Nothing when it is not JSON, or too deep.
std::optional<nlohmann::json> parse_json(std::string_view body);

// Null when `object` is none, or has no such member.
const nlohmann::json* member(const nlohmann::json& object, std::string_view key);

// The same for chains of members: JSON's own null when there is none.
const nlohmann::json& member_or_null(const nlohmann::json& object, std::string_view key);

std::string text_at(const nlohmann::json& object, std::string_view key);
std::int64_t number_at(const nlohmann::json& object, std::string_view key);  // whole ones
bool flag_at(const nlohmann::json& object, std::string_view key);
std::optional<time_point> time_at(const nlohmann::json& object, std::string_view key);  // RFC 3339

// On one line; what is no UTF-8 is replaced.
std::string dump(const nlohmann::json& value);

}  // namespace halfmast::net
