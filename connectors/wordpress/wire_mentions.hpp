// Comments, and our own in answer to them: what is asked, what is answered. Pure. Part of wire.hpp's promises.
#pragma once

#include "connectors/wordpress/wire.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::wordpress::wire {

struct comment {
    mention said;
    wp_id author = 0;  // of this site; 0 is a visitor
};

// Where an answer goes: under a comment of a post, or under the post itself (no parent).
struct answer_place {
    wp_id post = 0;
    wp_id parent = 0;
};

// How a comment stands now.
struct comment_standing {
    post_id id;
    wp_id post = 0;
    std::string status;  // "approved", "hold", "spam", "trash"
    std::string link;

    comment_standing() {}
};

// Those of later than `after`, oldest first; also some that are older, for the site compares in its own zone. `held` asks for the ones
// that wait for a moderator too, which a user without the right is refused.
http_request comments_request(const site&, time_point after, std::int64_t page, bool held);
http_request comment_request(const site&, wp_id comment);
// What a user of the site wrote there, the newest first.
http_request answers_request(const site&, wp_id user, const answer_place&);
http_request answer_request(const site&, const answer_place&, const std::string& text);

// The number in a comment's id; 0 when it is no comment's.
wp_id comment_number(const post_id&);

result<page<comment>> read_comments(const settings&, const http_response&);
result<comment_standing> read_comment(const settings&, std::string_view doing, const http_response&);

// The same words, whatever WordPress made of quotes, dashes and line ends.
bool same_answer(std::string_view one, std::string_view other);

}  // namespace halfmast::wordpress::wire
