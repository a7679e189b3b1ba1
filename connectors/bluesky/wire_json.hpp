// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/bluesky/wire.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::bluesky::wire {

using nlohmann::json;

inline constexpr std::string_view profile_collection = "app.bsky.actor.profile";
inline constexpr std::string_view post_collection = "app.bsky.feed.post";

inline json parse_json(std::string_view text)
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

// A list, or an empty one.
inline const json& list(const json& object, const char* name)
{
    static const json nothing = json::array();
    const auto& value = member(object, name);
    return value.is_array() ? value : nothing;
}

inline std::optional<time_point> moment(const json& object, const char* name) { return parse_rfc3339(text(object, name)); }

inline std::optional<std::int64_t> whole_number(std::string_view given)
{
    std::int64_t value = 0;
    auto [end, fault] = std::from_chars(given.data(), given.data() + given.size(), value);
    return fault == std::errc{} && end == given.data() + given.size() && value >= 0 ? std::optional{value} : std::nullopt;
}

}  // namespace halfmast::bluesky::wire
