// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/ghost/wire.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::ghost::wire {

using nlohmann::json;

using net::dump;
using net::flag_at;
using net::member;
using net::number_at;
using net::text_at;
using net::time_at;

inline std::optional<json> parse(const std::string& body) { return net::parse_json(body); }

// Ids stand in paths and filters: letters and digits only.
inline bool is_id(std::string_view text)
{
    if (text.empty() || text.size() > 64)
        return false;
    for (char c : text)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    return true;
}

}  // namespace halfmast::ghost::wire
