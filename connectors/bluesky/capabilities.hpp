// What an account on Bluesky (or any atproto server) can do, declared before any crisis. README.md names the sources.
#pragma once

#include <array>
#include <string_view>

#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::bluesky {

enum class support {
    native,    // one call of the platform does it
    emulated,  // several calls, or a use the platform did not mean
    none,      // not possible
};

struct capability {
    std::string_view verb;
    support how;
    std::string_view by;
};

inline constexpr std::array<capability, 12> capabilities{{
    {"list", support::none, "the protocol has no scheduled posts; what a scheduler has is guarded at the scheduler"},
    {"hold", support::none, "there is nothing to hold"},
    {"release", support::none, "there is nothing to release"},
    {"publish", support::native, "com.atproto.repo.putRecord with a record key of our own"},
    {"edit", support::none,
     "a changed record is another version: the pin, replies and quotes name the old one, and nobody is shown that it changed"},
    {"reply", support::native, "the same record with the thread's first post and the one that is answered"},
    {"pin", support::emulated, "com.atproto.repo.putRecord of the profile, compared and swapped"},
    {"unpin", support::emulated, "the same, without pinnedPost"},
    {"read pins", support::native, "com.atproto.repo.getRecord of the profile"},
    {"read feed", support::native, "app.bsky.feed.getAuthorFeed, else com.atproto.repo.listRecords"},
    {"read mentions", support::native, "app.bsky.notification.listNotifications, by the AppView alone"},
    {"banner", support::none, "the profile's text and picture are the only places, and halfmast leaves them alone"},
}};

inline constexpr int most_pins = 1;
inline constexpr int text_limit = 300;            // characters as a reader sees them
inline constexpr std::size_t most_bytes = 3'000;  // of a post's text

// 3,000 calls in five minutes are the server's limit: never near in a crisis of one post and one pin.
inline constexpr int most_in_flight = 4;

inline constexpr std::array<absence, 3> absences{{
    {"queue", "the protocol has no scheduled posts"},
    {"edit", "a changed post is another version, which the pin and the replies do not name"},
    {"several pins", "a profile has one pinned post"},
}};

}  // namespace halfmast::bluesky
