// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/mastodon/wire.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::mastodon::wire {

using nlohmann::json;

inline constexpr std::size_t page_size = 40;  // the most the platform gives

inline constexpr int deepest = 64;  // nested values; no answer of the platform has ten

inline json parse(std::string_view text)
{
    return net::is_too_deep(text) ? json(json::value_t::discarded) : json::parse(text, nullptr, false);
}

inline std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

inline const json& member(const json& object, const char* name)
{
    static const json nothing;
    if (!object.is_object())
        return nothing;
    auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

inline std::string text(const json& object, const char* name)
{
    const auto& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

// Ids are texts, and numbers in a few places and versions.
inline std::string as_id(const json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    return value.is_number_integer() ? value.dump() : std::string{};
}

inline std::optional<time_point> moment(const json& object, const char* name) { return parse_rfc3339(text(object, name)); }

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

inline std::optional<std::int64_t> whole_number(std::string_view given)
{
    std::int64_t value = 0;
    auto [end, fault] = std::from_chars(given.data(), given.data() + given.size(), value);
    return fault == std::errc{} && end == given.data() + given.size() && value >= 0 ? std::optional{value} : std::nullopt;
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
