// Comments: what is asked, what is answered. Pure. Part of wire.hpp's promises.
#pragma once

#include "connectors/wordpress/wire.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::wordpress::wire {

struct comment {
    mention said;
    wp_id author = 0;  // of this site; 0 is a visitor
};

// Those of later than `after`, oldest first; also some that are older, for the site compares in its own zone. `held` asks for the ones
// that wait for a moderator too, which a user without the right is refused.
http_request comments_request(const site&, time_point after, std::int64_t page, bool held);

result<page<comment>> read_comments(const settings&, const http_response&);

}  // namespace halfmast::wordpress::wire
