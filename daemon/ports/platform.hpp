// What a connector offers, split by capability: it gives the ports its platform has and null for the others.
// Every call may suspend, none may block; all run on the daemon's one thread. Nothing here deletes what is public.
#pragma once

#include <functional>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/core/action.hpp"
#include "daemon/core/post.hpp"
#include "daemon/core/readiness.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast {

namespace asio = boost::asio;

// What hold, release and publish leave behind.
struct receipt {
    post_id remote;  // the platform's id from now on; empty after a takeout
    std::string url;

    receipt() {}
    receipt(post_id remote_, std::string url_) : remote(std::move(remote_)), url(std::move(url_)) {}
};

// Bytes of a keepsake, by name, as save() gave them.
using kept_bytes = std::vector<saved_bytes>;

// What tells one page of a queue from what it was before.
struct page_mark {
    std::string query;                      // which page, in the connector's own words
    std::string etag;                       // the platform's; empty when it gives none
    std::array<unsigned char, 32> print{};  // of the bytes, where there is no ETag

    page_mark() {}
};

// A queue as one look saw it.
struct queue_look {
    bool unchanged = false;  // it is what it was at the look that gave the mark; `posts` is empty then
    std::vector<scheduled_post> posts;
    std::vector<page_mark> mark;  // for the next look; empty: what changes cannot be told here

    queue_look() {}
};

class queue_port {
public:
    virtual ~queue_port() = default;

    // Everything that is scheduled and would go out, all pages; a post past due that has not gone out yet included.
    // `folded` is left empty. Order does not matter. A page that cannot be read makes the whole a problem.
    virtual asio::awaitable<result<std::vector<scheduled_post>>> list() = 0;

    // list() for somebody who looks again and again: costs the platform and us little when nothing changed since the look that
    // gave `known`. An empty mark asks for everything. Unless a platform has better, it is list().
    virtual asio::awaitable<result<queue_look>> observe(std::vector<page_mark> known);

    // Everything needed to recreate the post. Changes nothing at the platform. Only for platforms with takeout.
    virtual asio::awaitable<result<kept_bytes>> save(save_post) = 0;

    // Idempotent. not_found: published or removed meanwhile, the caller has to look. A receipt is not proof.
    virtual asio::awaitable<result<receipt>> hold(hold_post) = 0;

    // Where the posts are now; one reading for each wanted post. Changes nothing.
    virtual asio::awaitable<result<std::vector<post_reading>>> read(read_posts) = 0;

    // Put it back. Refuses (rejected) a time that is not ahead by the platform's margin according to `now`;
    // with look_first, looks for the post an earlier call may have made, and takes that.
    virtual asio::awaitable<result<receipt>> release(release_post, kept_bytes, time_point now) = 0;
};

class pin_port {
public:
    virtual ~pin_port() = default;

    // Publish once. With look_first, or whenever the platform gives the means, finds an earlier copy by key and takes that.
    // With in_reply_to it goes under that post, in its thread, where the account `can_reply`; `rejected` when there is no such post
    // (any more). A reply to what people wrote (`reply` is set) is never a post of its own: `unsupported` where it cannot be one.
    virtual asio::awaitable<result<receipt>> publish(publish_summary) = 0;

    // Changes the words of a public post of ours; pin, address and replies stay, and readers can see what it said before or that it
    // was edited. Idempotent: it is read first, and what says so already is done. A receipt means that it was read back with these
    // words; unknown_outcome, that it shows others. Only where the account `can_edit`; unsupported elsewhere.
    virtual asio::awaitable<result<receipt>> edit(edit_summary);

    // What is pinned now, in the platform's order.
    virtual asio::awaitable<result<std::vector<post_id>>> pins() = 0;

    // Idempotent both.
    virtual asio::awaitable<result<receipt>> pin(post_id) = 0;
    virtual asio::awaitable<result<receipt>> unpin(post_id) = 0;
};

class feed_port {
public:
    virtual ~feed_port() = default;

    // What the account published since that time, newest first, all pages back to it. `folded` is left empty.
    virtual asio::awaitable<result<std::vector<publication>>> since(time_point) = 0;

    // The platform's clock minus ours, as its last answer said. What is due goes out by that clock.
    [[nodiscard]] virtual milliseconds clock_ahead() const { return milliseconds{0}; }
};

// What somebody wrote to the account, or about it where the platform tells: a mention, a reply, a quote, a comment. Never the
// account's own words. Garbage is kept whole; who shows it escapes it.
struct mention {
    post_id id;            // the platform's
    time_point at;         // when the platform had it; UTC
    std::string text;      // plain text as a reader would see it
    std::string language;  // BCP 47, empty when the platform does not say
    std::string by;        // the author's handle or name, as the platform shows it; may be empty
    std::string url;       // where a person can open it
    post_id in_reply_to;   // what it answers; empty when it answers nothing, or the platform does not say

    mention() {}
};

// What was new at one look.
struct mention_look {
    std::vector<mention> posts;  // oldest first
    std::string cursor;          // the connector's own words, for the next look; never empty
    bool more = false;           // there is more already: look again at once

    mention_look() {}
};

class mentions_port {
public:
    virtual ~mentions_port() = default;

    // What came since the look that gave `cursor`; changes nothing at the platform. An empty cursor sets the mark at the newest and
    // gives nothing old. Nothing is given twice and none is left out, also when several came in one second; an edited one is not a
    // new one, and a deleted one breaks nothing. One look is bounded: `more` says that it stopped early. A problem means that
    // nothing was seen: the next look takes the same cursor. A cursor this connector did not write is `rejected`.
    virtual asio::awaitable<result<mention_look>> since(std::string cursor) = 0;
};

class check_port {
public:
    virtual ~check_port() = default;

    // Asks without changing anything, by requests that are looks. Trouble is a line that is not ok, never an exception. A line says
    // which ability it decides; an ability without a line follows from the others (see `complete`).
    virtual asio::awaitable<std::vector<check_line>> check() = 0;
};

// An account connected to its platform.
struct connection {
    std::shared_ptr<queue_port> queue;
    std::shared_ptr<pin_port> pins;
    std::shared_ptr<feed_port> feed;
    std::shared_ptr<check_port> checks;
    std::shared_ptr<mentions_port> mentions;
    // What a connector's own program says beside its answers: whoever wants it in a log gives the function it goes to, a line
    // a call. Null for connectors that have no program.
    std::function<void(std::function<void(std::string line)> to)> hear;
};

}  // namespace halfmast
