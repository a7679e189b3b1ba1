// What an account can do follows from what its description has: nothing is found out by failing.
#pragma once

#include <algorithm>
#include <array>

#include "connectors/rest/description.hpp"
#include "daemon/core/account.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::rest {

inline constexpr int list_batch = 50;  // posts read back at once where the list itself is the read-back

inline constexpr std::array<rung, 3> describable{rung::native, rung::draft, rung::postpone};

inline constexpr std::array<absence, 2> absences{{
    {"takeout", "what a takeout needs, no description can promise"},
    {"channel_off", "not in the language of descriptions"},
}};

inline void declare_by(const description& what, account& where)
{
    where.rungs.clear();
    for (const auto& hold : what.holds) {
        where.rungs.push_back(hold.offer);
        where.rungs.back().edits = what.release && what.release->with_text;
    }
    // A time is the same within the platform's precision, so a release needs that much more.
    where.release_margin = what.release_margin + (what.precision > seconds{1} ? what.precision : seconds{0});
    where.can_read_feed = !what.feeds.empty();
    where.can_read_mentions = what.mentions.has_value();
    where.can_publish = what.publish.has_value();
    where.can_pin = what.publish && what.pin && what.unpin && what.pins;
    where.can_edit = what.publish && what.edit;
    where.can_reply = what.publish && what.publish->reply;
    where.most_pins = what.most_pins;
    where.text_limit = what.text_limit;
    where.counting = what.counting;
    where.read_batch = what.read_many ? what.most_read : what.read_from_list ? list_batch : 1;
    where.most_in_flight = what.at_once;
}

}  // namespace halfmast::rest
