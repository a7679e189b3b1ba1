// JSON from outside, read without trust: absent and wrong members become empty values. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "connectors/bluesky/wire.hpp"
#include "daemon/net/header_value.hpp"
#include "daemon/net/json_read.hpp"

namespace halfmast::bluesky::wire {

using nlohmann::json;

inline constexpr std::string_view profile_collection = "app.bsky.actor.profile";
inline constexpr std::string_view post_collection = "app.bsky.feed.post";

using net::dump;
using net::text_at;
using net::time_at;
using net::whole_number;

inline json parse(std::string_view text) { return net::parse_json(text).value_or(json(json::value_t::discarded)); }

inline const json& member(const json& object, std::string_view name) { return net::member_or_null(object, name); }

// A list, or an empty one.
inline const json& list(const json& object, std::string_view name)
{
    static const json nothing = json::array();
    const auto& value = member(object, name);
    return value.is_array() ? value : nothing;
}

}  // namespace halfmast::bluesky::wire
