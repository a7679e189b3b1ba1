// Strong ids: an account is not a post, and the compiler knows it.
// An id is an opaque string; nothing outside the room that made it may take it apart.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace halfmast {

template <class Tag>
struct strong_id {
    std::string value;

    auto operator<=>(const strong_id&) const = default;
    [[nodiscard]] bool empty() const { return value.empty(); }
};

using account_id = strong_id<struct account_tag>;  // as written in the settings, "acme-blog"; holds no slash
using post_id = strong_id<struct post_tag>;        // the platform's id within one account, "123"
using crisis_id = strong_id<struct crisis_tag>;    // "c-1"
using actor_id = strong_id<struct actor_tag>;      // a person's login name, or "halfmast" for the daemon itself

// Numbers actions within one run of the daemon; never reused, never stored as a promise to a platform.
using action_id = std::uint64_t;

// What people type and scripts read: "acme-blog/123".
inline std::string display_id(const account_id& account, const post_id& post) { return account.value + "/" + post.value; }

}  // namespace halfmast

template <class Tag>
struct std::hash<halfmast::strong_id<Tag>> {
    std::size_t operator()(const halfmast::strong_id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.value); }
};
