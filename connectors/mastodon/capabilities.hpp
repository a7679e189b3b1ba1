// What Mastodon and its kin can do, declared before any crisis. Numbers of a server as it comes; README.md names their sources.
#pragma once

#include <array>
#include <string_view>

#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::mastodon {

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

inline constexpr std::array<capability, 14> capabilities{{
    {"list", support::native, "GET /api/v1/scheduled_statuses"},
    {"pause", support::none, "a scheduled post has no pause and no draft"},
    {"postpone", support::emulated, "PUT /api/v1/scheduled_statuses/:id with a far date"},
    {"takeout", support::emulated, "everything stored here, then DELETE /api/v1/scheduled_statuses/:id"},
    {"release", support::emulated, "PUT the time, or upload the media and POST /api/v1/statuses with scheduled_at"},
    {"publish", support::native, "POST /api/v1/statuses with Idempotency-Key"},
    {"edit", support::native, "PUT /api/v1/statuses/:id: it keeps its pin, and shows that it was edited"},
    {"reply", support::native, "POST /api/v1/statuses with in_reply_to_id"},
    {"pin", support::native, "POST /api/v1/statuses/:id/pin"},
    {"unpin", support::native, "POST /api/v1/statuses/:id/unpin"},
    {"read pins", support::native, "GET /api/v1/accounts/:id/statuses?pinned=true"},
    {"read feed", support::native, "GET /api/v1/accounts/:id/statuses"},
    {"read mentions", support::native, "GET /api/v1/notifications?types[]=mention"},
    {"banner", support::none, "the profile's text is the only place, and halfmast leaves it alone"},
}};

// The server hands each post over to its job queue up to five minutes before its time and does not look at the date again:
// within that window a PUT is answered 200 and changes nothing. Twice that is safe.
inline constexpr seconds postpone_lead{600};

// Taking out works as long as the record is there, past its time too (a job queue that lags).
inline constexpr seconds takeout_lead{-24 * 3600};

// 25 are allowed; one place is left, for a PUT on a full day is refused even when the post stays on that day.
inline constexpr int most_a_day = 24;

// With so many scheduled every PUT is refused, for the post itself is counted.
inline constexpr int most_in_all = 300;

// Five minutes are the server's own limit, and a time that has passed publishes at once.
inline constexpr seconds release_margin{360};

inline constexpr int most_pins = 5;
inline constexpr int text_limit = 500;

// One sweep over the list answers for any number of posts: 40 a page, and 300 is the most there can be.
inline constexpr int read_batch = 300;

// 300 calls in five minutes are the server's limit; a few at once are enough to use them up.
inline constexpr int most_in_flight = 4;

inline constexpr std::array<absence, 3> absences{{
    {"native", "a scheduled post has no pause"},
    {"draft", "a scheduled post has no draft"},
    {"channel_off", "an account has no switch for its queue"},
}};

}  // namespace halfmast::mastodon
