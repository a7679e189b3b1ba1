// What a WordPress can do for halfmast: declared, not found out by failing. The reasons are in README.md.
#pragma once

#include <array>

#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::wordpress {

// Back to a draft works to the last second (measured), so it needs no lead. There is no second rung: whatever refuses a
// draft (credential, role, outage) refuses a new date for the same reason.
// A draft takes other words together with its new date.
inline constexpr rung_offer draft_rung{.kind = rung::draft, .needs_lead = seconds{0}, .edits = true};

// WordPress publishes at once what is "scheduled" less than 60 s ahead; the rest is for clocks that differ.
inline constexpr seconds release_margin{120};
// The least distance from the site's own clock at which a release is sent.
inline constexpr seconds site_clock_margin{90};

inline constexpr bool can_publish = true;
inline constexpr bool can_pin = true;    // sticky posts; WordPress puts no limit on their number
inline constexpr bool can_edit = true;   // new words above the old ones: that shows in every theme
inline constexpr bool can_reply = true;  // comments
inline constexpr bool can_read_feed = true;
inline constexpr bool can_read_mentions = true;  // comments
inline constexpr int most_pins = 0;
inline constexpr int text_limit = 0;
inline constexpr std::size_t most_ids = 100;  // of a list in one call
inline constexpr int read_batch = 50;
inline constexpr int most_in_flight = 4;  // a PHP pool is small, and visitors need it too

inline constexpr std::array<absence, 5> absences{{
    {"native", "there is no pause"},
    {"postpone", "whatever refuses a draft refuses a new date for the same reason"},
    {"takeout", "a draft keeps everything at the site"},
    {"channel_off", "a site cannot be switched off without hiding what is public"},
    {"limit of pins", "any number of posts can be sticky"},
}};

}  // namespace halfmast::wordpress
