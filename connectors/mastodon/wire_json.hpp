// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/mastodon/wire.hpp"
#include "daemon/net/header_value.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::mastodon::wire {

using nlohmann::json;

inline constexpr std::size_t page_size = 40;  // the most the platform gives

inline constexpr int deepest = 64;  // nested values; no answer of the platform has ten

using net::dump;
using net::text_at;
using net::time_at;
using net::whole_number;

inline json parse(std::string_view text) { return net::parse_json(text).value_or(json(json::value_t::discarded)); }

inline const json& member(const json& object, std::string_view name) { return net::member_or_null(object, name); }

// Ids are texts, and numbers in a few places and versions.
inline std::string as_id(const json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    return value.is_number_integer() ? value.dump() : std::string{};
}

inline double number(const json& object, const char* name)
{
    const auto& value = member(object, name);
    return value.is_number() ? value.get<double>() : 0.0;
}

inline std::optional<int> whole(const json& value)
{
    if (!value.is_number_integer() || value < 1 || value > 1'000'000'000)
        return std::nullopt;
    return value.get<int>();
}

// wire_places.cpp
std::string next_after(const http_response& reply, std::string_view path, std::size_t count, const std::string& last,
                       std::string_view first);
inline constexpr std::string_view scheduled_list = "/api/v1/scheduled_statuses";

// wire_answers.cpp
problem no_json(const settings& own, std::string_view what, const http_response& reply);
std::string text_of_params(const json& params);
attachment to_attachment(const json& element);
bool to_status(const json& element, status& made);  // false when it has no id or no date

}  // namespace halfmast::mastodon::wire
