// The life of one hold (see daemon/README.md), and of what is said in one crisis on one account.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/post.hpp"
#include "daemon/core/rare.hpp"
#include "daemon/core/small_set.hpp"

namespace halfmast {

enum class hold_state {
    planned,      // must be held; no call has left yet
    saving,       // takeout only: everything needed to recreate it is being fetched
    stopping,     // the intent is durable and the call is on its way
    unconfirmed,  // the platform answered, or we do not know; nothing was read back yet
    held,         // the platform itself says so
    escaped,      // it went out
    gone,         // somebody else removed it meanwhile
    failed,       // refused for a reason that time may heal (credential, outage); tried again
    manual,       // no rung is left: a person has to stop it
    releasing,    // a person let it go; the call is on its way or unconfirmed
    released,     // back in the queue with its old time, read back
    rescheduled,  // back in the queue with a new time, read back
    kept,         // a person decided that it does not go out
};

std::string_view to_string(hold_state value);
std::optional<hold_state> parse_hold_state(std::string_view text);

// True for a state in which nothing of ours is open any more.
bool is_final(hold_state value);

// The raw answer, media bytes and so on that a takeout left in the ledger's store, named by SHA-256 in hex.
struct keepsake {
    std::string name;    // "post.json", "media/0"
    std::string sha256;  // lower-case hex of the bytes

    bool operator==(const keepsake&) const = default;
};

struct release_order {
    actor_id by;
    time_point at;          // when the post shall go out
    bool new_time = false;  // false: its old time
    std::string why;
    std::optional<std::string> text{};  // instead of the one it was held with
    actor_id second{};                  // who agreed, where one person was not enough
    std::string broke_glass{};          // why one person was enough all the same
};

struct hold {
    post_id id;      // the id people use; never changes
    post_id remote;  // the platform's id now; differs after a takeout came back. Empty while taken out
    post_ptr post;   // as it was when the hold was planned
    verdict judged;
    hold_state state = hold_state::planned;
    rung by = rung::manual;           // the rung in use, or used last
    std::set<rung> spent;             // rungs that did not work for this post
    small_set<crisis_id> covered_by;  // open flags that want it held
    small_set<crisis_id> seen_in;     // every flag that ever covered it: counted there
    small_set<crisis_id> exempt;      // flags during which a person let it go all the same
    time_point due;                   // the old due time
    time_point until{};               // postpone: where it was parked
    time_point not_before{};          // back-off
    time_point changed_at{};          // last change of state
    int attempts = 0;                 // on this rung
    bool in_flight = false;           // a call about it is under way
    bool by_hand = false;             // a person asked for it: it outlives the flags that cover it too
    bool answered = false;            // releasing: it may have worked; to be read back before anything else
    bool recalled = false;            // the outcome of the last call is unknown: look first
    bool missing = false;             // not where it should be: the account's feed has to tell escaped from gone
    std::string detail;               // why it stands where it stands, for people
    std::vector<keepsake> saved;
    rare<release_order> order;
    time_point unseen_at{};                  // the feed was last read without it
    bool silence_proved = false;             // unseen_at is past the old due time and margin
    post_id escaped_as;                      // the public post's id
    std::optional<std::string> source_text;  // what it says at its source now, where that is not what was held
    time_point source_changed_at{};          // when that was seen
    std::string ask;                         // to let it go, waiting for a second person; its id
};

enum class summary_state {
    waiting,     // for the undo window, or for an approval
    publishing,  // the intent is durable, the call is on its way or its outcome unknown
    published,   // out and read back, not pinned (yet)
    pinned,      // out and pinned, read back
    unpinning,   // the flag is lowered; former pins are being restored
    unpinned,    // done: out, not pinned, former pins as before
    manual,      // this platform needs a person for it
    failed,      // refused; tried again until lowered
    withdrawn,   // lowered before it went out
};

std::string_view to_string(summary_state value);
std::optional<summary_state> parse_summary_state(std::string_view text);

// One of ours that is public: an edition by an edit is a copy of its own with the post's old id.
struct public_copy {
    std::uint32_t edition = 0;
    post_id remote;
    std::string url;
};

// What an account shows of a crisis: the state is that of the latest edition it was given.
struct summary {
    crisis_id crisis;
    account_id account;
    statement words;                  // of the edition in `sending`, else of the latest that is out
    std::uint32_t edition = 0;        // the latest that is out here; 0: none
    std::uint32_t dealt = 0;          // up to this one all are out here, passed over, or a person's task
    std::uint32_t sending = 0;        // the one that a call was made for; 0: none is under way
    std::vector<public_copy> copies;  // everything that is public, oldest first
    summary_state state = summary_state::waiting;
    bool editing = false;          // the call for `sending` changes a post, instead of making one
    bool recalled = false;         // a publish call for `sending` was made whose outcome is unknown: look first
    bool recalled_before = false;  // the same, of the calls before the one under way
    bool cannot_edit = false;      // the platform said no to an edit: what follows is a post of its own
    bool alone = false;            // our last post is not there any more: nothing can be answered to or changed
    bool busy = false;             // a call is under way
    time_point not_before{};
    int attempts = 0;
    post_id remote;  // the latest public post
    std::string url;
    post_id pinned;  // ours, as far as is known; empty: none is
    bool pins_known = false;
    std::vector<post_id> former_pins;   // as they were, in the platform's order
    std::vector<post_id> displaced;     // the ones we unpinned to make room
    std::vector<post_id> restoring;     // the ones that may be down while former pins are put back
    bool ordered = false;               // the order of the former pins was made anew once
    std::vector<time_point> lost_pins;  // when others unpinned ours, within the last hour
    // Not from the ledger:
    bool look_at_pins = false;  // a poll came: are ours still there?
    time_point pins_read_at{};
    time_point wakes_at{};  // nothing of it can leave before (undo window, the cap of the hour)
    std::string detail;
};

}  // namespace halfmast
