// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/ghost/wire.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::ghost::wire {

using nlohmann::json;

using net::flag_at;
using net::member;
using net::number_at;
using net::text_at;

inline std::optional<json> parse(const std::string& body) { return net::parse_json(body); }

inline std::optional<time_point> time_at(const json& object, std::string_view key)
{
    auto text = text_at(object, key);
    return text.empty() ? std::nullopt : parse_rfc3339(text);
}

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

inline std::optional<std::int64_t> count_in(const http_headers& headers, std::string_view name)
{
    auto text = find_header(headers, name);
    std::int64_t count = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() || count < 0)
        return std::nullopt;
    return count;
}

}  // namespace halfmast::ghost::wire
