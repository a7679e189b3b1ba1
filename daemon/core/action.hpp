// Everything that can be asked of a platform. There is no "delete post": no code path can ask for one.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/core/hold.hpp"
#include "daemon/core/problem.hpp"

namespace halfmast {

// Fetch whatever recreates the post (raw answer, media bytes, alt text, poll). Changes nothing.
struct save_post {
    post_id post;
    post_ptr snapshot;
};

// Stop it by this rung. Idempotent: a post that is held already is success.
struct hold_post {
    post_id post;
    post_id remote;
    post_ptr snapshot;
    rung by;
    time_point until;  // postpone: the new date
};

// One post to look at. `expected` tells a connector which place to look in first.
struct read_request {
    post_id post;
    post_id remote;
    rung by;
    post_ptr snapshot;
    bool with_text = false;  // what it says there is wanted too, where looking can tell
};

// Read posts back. Changes nothing.
struct read_posts {
    std::vector<read_request> wanted;
};

// Put it back with this time, which lies ahead by at least the account's margin.
struct release_post {
    post_id post;
    post_id remote;  // empty after a takeout
    post_ptr snapshot;
    rung by;  // how it was held
    time_point at;
    std::vector<keepsake> saved;
    bool look_first = false;            // an earlier call may have worked
    std::optional<std::string> text{};  // instead of the one it was held with; only where the rung's offer `edits`
};

struct publish_summary {
    crisis_id crisis;
    statement words;
    std::string key;          // the same for every try: "halfmast-c-1-acme-blog"
    bool look_first = false;  // an earlier call may have worked
    bool look_only = false;   // the flag is down: find what an earlier call made, publish nothing; not_found when there is none
    post_id in_reply_to{};    // ours or somebody else's: it becomes an answer in that thread. Empty: a post of its own
    std::string reply{};      // the id of a reply; empty: an edition
    std::uint32_t edition = 0;
};

// Change the words of a public post of ours; it stays pinned. Idempotent. The outcome has remote and url, and is read back:
// unknown_outcome when the platform shows other words.
struct edit_summary {
    crisis_id crisis;
    std::uint32_t edition = 0;
    post_id remote;
    statement words;
};

struct read_pins {
    crisis_id crisis;
};

// Pin `remote` after unpinning `displaced`, then read the pins back.
struct pin_summary {
    crisis_id crisis;
    post_id remote;
    std::vector<post_id> displaced;
};

// Unpin `remote` (may be empty), pin `restore` again in the given order (last one ends up last), then read the pins back.
struct unpin_summary {
    crisis_id crisis;
    post_id remote;
    std::vector<post_id> restore;
    bool anew = false;                 // unpin those in `restore` before: they are pinned, and their order is wrong
    std::vector<post_id> also_down{};  // older ones of ours that may be pinned still
};

using act = std::variant<save_post, hold_post, read_posts, release_post, publish_summary, edit_summary, read_pins, pin_summary,
                         unpin_summary>;

struct action {
    action_id id;
    account_id account;
    act what;
};

// Where a read-back found a post.
enum class whereabouts {
    queued,     // would go out at `due`
    parked,     // there, and will not go out by itself (a draft, paused)
    published,  // it is out
    absent,     // the platform has no such post (any more)
};

std::string_view to_string(whereabouts where);

struct post_reading {
    post_id post;
    whereabouts where = whereabouts::absent;
    time_point due{};
    std::string version;
    std::string url;
    post_id published_as{};             // its id among the public posts, where that is another one
    std::optional<std::string> text{};  // as scheduled_post has it; unset where looking does not tell
};

struct saved_bytes {
    std::string name;
    std::string sha256;                        // filled in by the shell
    std::shared_ptr<const std::string> bytes;  // durable before the intent is
};

// What came of an action. Exactly the members that fit the action are filled in when `trouble` is empty.
struct outcome {
    std::optional<problem> trouble;
    post_id remote;  // hold, release, publish: the platform's id from now on
    std::string url;
    std::vector<post_reading> readings;  // read_posts: one for each wanted post that could be read
    std::vector<post_id> pins;           // read_pins, pin_summary, unpin_summary: pinned now, in the platform's order
    std::vector<saved_bytes> saved;      // save_post
};

}  // namespace halfmast
