// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/wordpress/wire.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::wordpress::wire {

using nlohmann::json;

using net::dump;
using net::flag_at;
using net::member;
using net::number_at;
using net::text_at;

inline std::optional<json> parse(const std::string& body) { return net::parse_json(body); }

// {"raw": "...", "rendered": "..."}: what was written, else what is shown.
inline std::string written_at(const json& object, std::string_view key)
{
    const auto* value = member(object, key);
    if (value == nullptr)
        return {};
    auto raw = text_at(*value, "raw");
    return raw.empty() ? text_at(*value, "rendered") : raw;
}

inline std::optional<time_point> gmt_at(const json& object, std::string_view key)
{
    auto text = text_at(object, key);
    return text.empty() ? std::nullopt : parse_rfc3339(text + "Z");
}

inline std::optional<std::int64_t> count_in(const http_headers& headers, std::string_view name)
{
    auto text = find_header(headers, name);
    std::int64_t count = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (text.empty() || read.ec != std::errc{} || count < 0)
        return std::nullopt;
    return count;
}

// wire.cpp: GET of a route such as "/wp/v2/posts", signed.
http_request ask(const site& where, const std::string& route, const std::string& query);

}  // namespace halfmast::wordpress::wire
