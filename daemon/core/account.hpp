// An account: where posts come from, and what can be done there. Declared, not found out by failing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

// The ladder, gentlest first. A connector declares which of them its platform has.
enum class rung {
    native,       // the scheduler's own pause
    draft,        // back to a draft, text and date stay at the platform
    postpone,     // the date moved far ahead
    takeout,      // stored whole here, cancelled there, recreated at release
    channel_off,  // the whole channel disconnected
    manual,       // a person has to do it
};

std::string_view to_string(rung kind);
std::optional<rung> parse_rung(std::string_view text);

struct rung_offer {
    rung kind;
    seconds needs_lead{0};  // works only while the post is due at least so far ahead
    int most_a_day = 0;     // postpone: how many posts one UTC day may take there; 0 is no limit
    int most_in_all = 0;    // postpone: not possible at all while so many are scheduled; 0 is no limit
    bool edits = false;     // what was held by it can be let go with another text

    bool operator==(const rung_offer&) const = default;
};

// How a platform counts the characters of a text.
enum class text_counting {
    code_points,
    graphemes,    // what a reader sees as one character
    short_links,  // graphemes; a link counts as 23, and @user@server as @user
    weighted,     // most letters count 1, Chinese, Japanese, Korean and emoji 2, a link 23
};

struct account {
    account_id id;
    std::string connector;                      // "wordpress"
    std::map<std::string, std::string> labels;  // matched by a crisis' scope
    std::string language = "en";                // BCP 47, of the summary
    std::string time_zone = "UTC";              // IANA name, for times in the summary
    bool practice = false;                      // for drills alone: no real flag ever covers it
    std::vector<rung_offer> rungs;              // gentlest first; manual is always possible and not listed
    seconds release_margin{120};                // a release time must lie at least so far ahead
    bool has_queue = true;      // false: nothing is ever scheduled there; the public posts are all there is to look at
    bool can_read_feed = true;  // false: an escape can only be seen by a person
    bool speaks = true;   // false: a queue only, nothing is said in public there: no text is written for it and no task opened
    std::string profile;  // where a person opens it, for what is done by hand; may be empty
    bool can_read_mentions = false;  // what people write to it can be read there
    bool can_publish = false;
    bool can_pin = false;
    bool can_edit = false;   // a public post of ours can be changed: it stays pinned, and readers see that it was edited
    bool can_reply = false;  // a post in the thread of another one, of ours or of somebody else
    int most_pins = 0;       // 0: no limit
    int text_limit = 0;      // characters as the platform counts them; 0: no limit
    text_counting counting = text_counting::code_points;
    int byte_limit = 0;                       // of the same text in UTF-8; 0: no limit
    int read_batch = 1;                       // how many posts one read-back call can cover
    int most_in_flight = 4;                   // calls at once to this account
    std::optional<milliseconds> warn_before;  // of its credential's end; else the policy's

    bool operator==(const account&) const = default;
};

}  // namespace halfmast
