// What is said beside the editions of a crisis: replies to people, and the tasks that only a person can do. Values; what becomes
// of them is decided in replies.cpp and tasks.cpp. The fold of everything that is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/crisis.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct state;
struct account_state;
struct audit_record;

enum class reply_state {
    waiting,     // for its wait, for a second person, or for a place in the hour
    publishing,  // the intent is durable, the call is on its way or its outcome unknown
    published,
    failed,   // refused; tried again while the flag is up
    manual,   // a task: this platform needs a person for it
    dropped,  // a person's word, or the flag was lowered before it went out
};

std::string_view to_string(reply_state value);
std::optional<reply_state> parse_reply_state(std::string_view text);

// An answer to somebody's post.
struct reply {
    std::string id;  // "r-1"
    crisis_id crisis;
    account_id account;
    post_id to;  // what it answers, by the platform's id
    std::string to_url;
    actor_id by;
    time_point at;
    time_point wait_until;  // nothing of it becomes public before
    statement words;
    bool approved = false;  // by another person than `by`, or nobody else is needed
    actor_id approved_by;
    reply_state state = reply_state::waiting;
    post_id remote;  // the public post
    std::string url;
    std::string detail;  // why it stands where it stands, for people
    int attempts = 0;
    bool recalled = false;         // a call was made whose outcome is unknown: look first
    bool recalled_before = false;  // the same, of the calls before the one under way
    bool busy = false;             // a call is under way
    time_point not_before{};       // back-off
    time_point wakes_at{};         // not from the ledger: it cannot leave before (its wait, the cap of the hour)
};

enum class task_kind {
    publish,  // an edition has to be posted by hand
    edit,     // a public post of ours has to be changed by hand
    pin,
    unpin,
    reply,
    stop_post,  // a scheduled post has to be stopped by hand
};

std::string_view to_string(task_kind kind);
std::optional<task_kind> parse_task_kind(std::string_view text);

enum class task_state {
    open,
    done,       // a person's word
    confirmed,  // seen by reading back
    dropped,    // not wanted any more
};

std::string_view to_string(task_state value);
std::optional<task_state> parse_task_state(std::string_view text);

// What a platform cannot do by API. Open ones are counted, and paged when they are due.
struct task {
    std::string id;  // "t-1"
    task_kind kind = task_kind::publish;
    crisis_id crisis;
    account_id account;
    post_id post;               // pin, unpin, edit: of ours; stop_post: the hold; reply: what it answers
    std::uint32_t edition = 0;  // publish, edit, pin: which
    std::string reply;          // reply: its id
    std::string what;           // a sentence
    std::string text;           // exact, to paste; empty when there is nothing to paste
    std::string link;           // where it is done; may be empty
    actor_id owner;
    time_point due;
    time_point opened_at;
    task_state state = task_state::open;
    actor_id by;  // whose word ended it
    time_point done_at{};
    std::string why;  // of its end
};

// The same thing to do has the same key: "pin/c-1", "publish/c-1/2", "stop_post/123". Unique among an account's tasks that are
// open, or done and not read back.
std::string key_of(const task&);

// The fold's part: what a record of an edition, a reply or a task makes true. False: the record is about something else.
bool apply_saying(state&, const audit_record&);

}  // namespace halfmast
