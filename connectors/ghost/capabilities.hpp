// What a Ghost site can do for halfmast: declared, not found out by failing. The reasons are in README.md.
#pragma once

#include <array>

#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::ghost {

// Back to a draft works until the post is out, so it needs no lead. There is no second rung: whatever refuses a draft
// (key, role, outage) refuses a new date for the same reason.
// A draft takes other words together with its new date.
inline constexpr rung_offer draft_rung{.kind = rung::draft, .needs_lead = seconds{0}, .edits = true};

// Ghost takes a date in the past for an order to publish within seconds; older ones want two minutes. The rest is for clocks.
inline constexpr seconds release_margin{180};
// The least distance from the site's own clock at which a release is sent.
inline constexpr seconds site_clock_margin{150};

inline constexpr bool can_publish = true;
inline constexpr bool can_edit = true;  // new words above the old ones: that shows in every theme
// `featured` is a mark for the theme; can_pin is declared only where the settings say that visitors see it.
inline constexpr bool can_read_feed = true;
inline constexpr int most_pins = 0;
inline constexpr int text_limit = 0;
inline constexpr std::size_t most_ids = 50;  // of a filter in one call
inline constexpr int read_batch = 50;
inline constexpr int most_in_flight = 4;  // one Node process answers visitors too
inline constexpr int most_turns = 3;      // writes of one call, each after a fresh look, when others write as well

inline constexpr std::array<absence, 8> absences{{
    {"native", "there is no pause"},
    {"postpone", "whatever refuses a draft refuses a new date for the same reason"},
    {"takeout", "a draft keeps everything at the site"},
    {"channel_off", "a site cannot be switched off without hiding what is public"},
    {"pin", "featured posts, where featured_shows = true says that the theme shows them; else a person"},
    {"limit of pins", "any number of posts can be featured"},
    {"mentions", "no key of an integration or of the staff may read comments"},
    {"reply", "no key of an integration or of the staff may write comments"},
}};

}  // namespace halfmast::ghost
