// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/wordpress/wire.hpp"

namespace halfmast::wordpress::wire {

using nlohmann::json;

inline constexpr int most_depth = 64;  // WordPress itself stays below ten

// A parser's memory and stack are not the platform's to spend: depth is looked at before.
inline bool is_too_deep(std::string_view text)
{
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (quoted) {
            at += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > most_depth)
                return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

// Null when it is not JSON, or nested so deep that walking it could end the stack.
inline std::optional<json> parse(const std::string& body)
{
    if (is_too_deep(body))
        return std::nullopt;
    auto value = json::parse(body, nullptr, false);
    if (value.is_discarded())
        return std::nullopt;
    return value;
}

inline const json* member(const json& object, std::string_view key)
{
    if (!object.is_object())
        return nullptr;
    auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

inline std::string text_at(const json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

inline wp_id number_at(const json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_number_integer() ? value->get<wp_id>() : 0;
}

inline bool flag_at(const json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

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
