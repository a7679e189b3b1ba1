// Fields of a payload by JSON pointer (RFC 6901), matched against what settings want, and put into texts. Pure; whatever the
// payload is, a field that is not there is empty and nothing is thrown.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

// The pointer is one (is_json_pointer). Null when there is no such field.
const nlohmann::json* field_at(const nlohmann::json& payload, std::string_view pointer);

// A text as it is, numbers and yes or no as written, all else as JSON, cut; nullopt when there is no such field, or null in it.
std::optional<std::string> text_at(const nlohmann::json& payload, std::string_view pointer);

// Every pattern holds for its field. Of a list, one of its entries is enough.
bool matches(const nlohmann::json& payload, const std::vector<field_match>& wanted);

// "{/data/title} at {/data/host}". Empty when it names fields and none of them is there.
std::string fill(std::string_view text, const nlohmann::json& payload);

}  // namespace halfmast::signals
