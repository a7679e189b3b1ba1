// What an account of this room can do stands in its settings, for it has to be known before the program runs; the program's hello
// must offer at least as much, or nothing is asked of it.
#pragma once

#include <array>

#include "connectors/exec/settings.hpp"
#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::exec {

inline constexpr int protocol = 1;
inline constexpr int read_batch = 50;

inline constexpr std::array<rung, 4> describable{rung::native, rung::draft, rung::postpone, rung::channel_off};

inline constexpr std::array<absence, 1> absences{{
    {"takeout", "what a takeout needs, no program can promise"},
}};

inline void declare_by(const settings& own, account& where)
{
    where.rungs = own.rungs;
    where.release_margin = own.release_margin;
    where.can_read_feed = own.feed;
    where.can_read_mentions = own.mentions;
    where.can_publish = own.publishes;
    where.can_pin = own.pins;
    where.can_edit = own.edits;
    where.can_reply = own.replies;
    where.most_pins = own.most_pins;
    where.text_limit = own.text_limit;
    where.counting = own.counting;
    where.read_batch = read_batch;
    where.most_in_flight = own.at_once;
}

}  // namespace halfmast::exec
