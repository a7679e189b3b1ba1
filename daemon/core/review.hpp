// Review: what a person may do with a held post, how far apart what is let go goes out, and what needs a second person. Values and
// questions; the events are answered in review.cpp and releases.cpp. Must not know who may ask for what: that is decided at the door.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/post.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct by_due;
struct account_state;
struct audit_record;
struct hold;
struct state;

// The rules a customer sets, as values. They hold for each account on its own.
struct review_rules {
    milliseconds spacing{std::chrono::minutes{15}};  // between two posts that were let go here; 0: none
    int most_an_hour = 4;                            // of them in any hour; 0: no limit

    bool operator==(const review_rules&) const = default;
};

// What somebody wrote to a post, for those who decide on it later.
struct post_note {
    actor_id by;
    time_point at;
    std::string text;

    bool operator==(const post_note&) const = default;
};

// What people said of one post. It stays with the post, held or not, whatever the rules say of it from then on.
struct post_remarks {
    std::optional<post_class> judged;  // by hand
    actor_id judged_by;
    time_point judged_at{};
    std::vector<post_note> notes;  // oldest first
};

// What was asked for and is done when another person asks for it too. A statement that waits is an edition of its crisis.
enum class ask_kind {
    release,  // let one post go
    lower,    // take a flag down
};

std::string_view to_string(ask_kind kind);
std::optional<ask_kind> parse_ask_kind(std::string_view text);

struct ask {
    std::string id;  // "a-1"
    ask_kind kind = ask_kind::release;
    crisis_id crisis;    // lower: which; release: whose severity asks for a second person
    account_id account;  // release
    post_id post;        // release: the hold's id
    actor_id by;
    time_point at;
    std::string why;
    std::optional<time_point> wanted;       // release: the time asked for; unset: its old one
    std::optional<time_point> due;          // release: when it would have gone out, as things were then
    bool shift = false;                     // release
    std::optional<std::string> text;        // release: the new text
    bool during_crisis = false;             // release
    std::optional<std::string> saw_text;    // release: what it said at its source, and was accepted
    std::map<account_id, statement> words;  // lower: the all-clear
    std::string about{};                    // lower: of the all-clear
    by_language about_in{};
    bool now = false;  // lower: without the undo window
};

// The first moment from `wanted` on at which `post` may go out: no other one that was let go here within the spacing, and no hour with more
// of them than the rules allow.
time_point next_free(const std::set<by_due>& let_out, const review_rules&, time_point wanted, const post_id& post);

// The flag because of which one person is not enough to let a post go: an open one over the account, or one that it was ever held for.
// Null: one person is enough.
const crisis* needs_second(const state&, const account&, const hold&);

// What a person said the post is, if anybody did; else what the rules say. `remote` is the platform's id.
verdict as_judged(const account_state&, const post_id& remote, verdict by_rules);

// The fold's part: what people said of posts, and what waits for a second person.
void apply_review(state&, const audit_record&);
// What waits to be done with this post is done, or cannot be done any more.
void forget_ask(state&, hold&);

}  // namespace halfmast
