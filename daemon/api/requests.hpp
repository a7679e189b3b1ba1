// Request bodies, read strictly: an unknown member or a wrong type is a fault that names the member. Nobody's crisis may hang
// on a misspelt "scope" that was silently ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::api {

// The problem's kind is always `rejected`; its detail names the member.
result<raise_request> read_raise(std::string_view body, actor_id by);

// What `halfmast raise` left in STATE_DIR/spool while the daemon was down: the body above, and "by" and "at".
struct spooled_raise {
    raise_request request;
    time_point at;

    spooled_raise() {}
};
result<spooled_raise> read_spooled_raise(std::string_view body);

// Accepting a proposal: a raise without playbook and scope, which are the proposal's.
result<raise_request> read_accept(std::string_view body, actor_id by);

struct release_body {
    std::optional<time_point> at;
    std::string why;
    bool during_crisis = false;
    std::optional<std::string> text;
    bool shift = false;
    std::string break_glass;
    std::string seen;  // the mark of the post as the person saw it, with the difference to its source

    release_body() {}
};
result<release_body> read_release(std::string_view body);

// {"reason","as"}: as what it stays; unset: as it is.
struct keep_body {
    std::string why;
    std::optional<rung> as;

    keep_body() {}
};
result<keep_body> read_keep(std::string_view body);

// {"class","reason"}
struct judge_body {
    post_class kind = post_class::neutral;
    std::string why;

    judge_body() {}
};
result<judge_body> read_judge(std::string_view body);

// {"text"}, which is not empty.
result<std::string> read_note(std::string_view body);

// {"act","ids":[{"account","post","etag"}],"preview", and the members of the act itself}: the same act for many posts.
struct bulk_body {
    struct target {
        account_id account;
        post_id post;
        std::string mark;  // "" : whatever it is by now
    };
    std::string act;  // "release", "keep", "judge", "note", "hold"
    std::vector<target> targets;
    bool preview = false;
    release_body release;
    keep_body keep;
    judge_body judge;
    std::string note;
    std::string why;

    bulk_body() {}
};
result<bulk_body> read_bulk(std::string_view body);

// {"reason"}, or nothing at all.
result<std::string> read_reason(std::string_view body);

// {"reason","break_glass","edition"}, or nothing at all: the edition that is meant, 0: all that waits.
struct approve_body {
    std::string why;
    std::string break_glass;
    std::uint32_t edition = 0;

    approve_body() {}
};
result<approve_body> read_approve(std::string_view body);

// {"kind","about","reason","next_update","now","break_glass"} of POST /crises/{crisis}/statements; the crisis is in the path. "about" and
// "reason" are a string, or an object of strings by BCP 47 tag, here and in the bodies of raise, accept and lower.
result<say_request> read_say(std::string_view body, actor_id by);

// {"reason","all_clear","about","now","break_glass"}.
result<lower_request> read_lower(std::string_view body, actor_id by);

// {"reason","edition"}: the edition that is meant, 0: the newest.
struct undo_body {
    std::string why;
    std::uint32_t edition = 0;

    undo_body() {}
};
result<undo_body> read_undo(std::string_view body);

// {"owner","reason"}
struct owner_body {
    actor_id owner;
    std::string why;

    owner_body() {}
};
result<owner_body> read_owner(std::string_view body);

// {"account","to","text","language"}
result<reply_request> read_reply(std::string_view body, actor_id by);

// {"page", "reason"}: the name of a group, or the key of a page in it.
struct acknowledge_body {
    std::string page;
    std::string why;

    acknowledge_body() {}
};
result<acknowledge_body> read_acknowledge(std::string_view body);

// "brand=acme,region=eu"; empty gives an empty scope.
result<scope> parse_scope(std::string_view text);

}  // namespace halfmast::api
