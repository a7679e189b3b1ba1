// The XRPC calls of an atproto server as values: what is asked becomes an http_request, an http_response becomes a result. Pure:
// no I/O, no clock. Takes any bytes as an answer and never throws.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/bluesky/settings.hpp"
#include "daemon/core/action.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::bluesky::wire {

struct session {
    std::string did;  // the account's lasting name
    std::string handle;
    std::string access;   // secret; lives two hours
    std::string refresh;  // secret; lives ninety days, and each use gives the next one
    bool active = true;
    std::string status;  // "takendown", "suspended", "deactivated": why it is not active
    std::string server;  // where the account lives by its own document; empty when the answer has none
};

// One version of one record. The cid is the hash of its content.
struct record_ref {
    std::string uri;  // "at://did:plc:.../app.bsky.feed.post/3l..."
    std::string cid;

    bool operator==(const record_ref&) const = default;
};

// The account's profile record, whole: what is not known here is written back as it came.
struct profile {
    std::string cid;  // empty: there is no such record yet
    std::string raw;  // the record's own JSON
    std::optional<record_ref> pinned;
};

// A page of a list, and the cursor of the next one; an empty cursor ends it.
template <class T>
struct page {
    std::vector<T> items;
    std::string next;
};

// Where a reply belongs.
struct thread {
    record_ref root;    // the first post
    record_ref parent;  // the one that is answered

    bool operator==(const thread&) const = default;
};

struct shown_post {
    publication shown;
    time_point sorted_by{};  // the moment by which its list is ordered
    bool ours = true;        // false: somebody else's post, passed on
};

// --- ids -----------------------------------------------------------------------------------------------------------------
// A post of the account is "RKEY#CID", any other pin its at:// URI and the same: with the hash, a former pin comes back as it was.

post_id id_of(const std::string& did, const record_ref& post);
// Nothing when it is no id of ours. The cid is empty where the id has none.
std::optional<record_ref> ref_of(const std::string& did, const post_id& id);
// The last part of a post's URI when it lies in the account's own repository; else empty.
std::string rkey_in(const std::string& did, const std::string& uri);

// The record key under which a summary is published, and found again: a TID made of its key alone.
std::string rkey_of(const std::string& key);
// The moment inside a TID.
std::optional<time_point> time_in(std::string_view rkey);

// --- what is asked -------------------------------------------------------------------------------------------------------

// Puts the token in.
void sign(http_request& request, const std::string& token);

http_request create_session(const settings& own);
http_request refresh_session(const settings& own);  // to be signed with the refresh token
http_request get_session(const settings& own);
http_request resolve_handle(const settings& own, const std::string& handle);
http_request get_profile(const settings& own, const std::string& did);
// The profile as it was read but for its pin; refused by the server when it changed since.
result<http_request> put_profile(const settings& own, const std::string& did, const profile& before,
                                 const std::optional<record_ref>& pinned);
http_request get_post(const settings& own, const std::string& did, const std::string& rkey);
// Anybody's post, as the AppView has it.
http_request view_post(const settings& own, const std::string& uri);
// Refused by the server when there is another record under that key already.
http_request put_post(const settings& own, const std::string& did, const std::string& rkey, const statement& words,
                      const std::map<std::string, std::string>& mentioned, time_point created,
                      const std::optional<thread>& in = std::nullopt);
http_request author_feed(const settings& own, const std::string& did, const std::string& cursor);
http_request list_posts(const settings& own, const std::string& did, const std::string& cursor);

// Handles behind an '@' in a text, each once, without it.
std::vector<std::string> handles_in(std::string_view text);

// What keeps a text from being a post; empty when nothing does.
std::string too_long(const std::string& text);

// --- what is answered ----------------------------------------------------------------------------------------------------
// `now` is the moment of the answer by our clock; a Date header goes before it. `what` says in a text what was tried.

// Nothing for 2xx.
std::optional<problem> trouble(const settings& own, std::string_view what, const http_response& reply, time_point now);

// The token was not taken: expired, or revoked.
bool is_token_refused(const http_response& reply);
// The record is not what it was when it was read.
bool is_swap_refused(const http_response& reply);

// The server's own moment, when it says so.
time_point moment_of(const http_response& reply, time_point now);

// With the tokens, as create and refresh answer; without them where `tokens` is false.
result<session> read_session(const settings& own, std::string_view what, const http_response& reply, time_point now,
                             bool tokens = true);
// An account that was taken down, suspended or deactivated; nothing when it is active.
std::optional<problem> inactive(const settings& own, const session& who);
result<std::string> read_did(const settings& own, const http_response& reply, time_point now);
result<profile> read_profile(const settings& own, std::string_view what, const http_response& reply, time_point now);
result<record_ref> read_written(const settings& own, std::string_view what, const http_response& reply, time_point now);
// Nothing when there is no such post.
result<std::optional<record_ref>> read_post(const settings& own, std::string_view what, const http_response& reply, time_point now);
// Where a reply to that post belongs; nothing when there is no such post. `viewed`: as view_post() answers, else as get_post() does.
result<std::optional<thread>> read_thread(const settings& own, std::string_view what, const http_response& reply, time_point now,
                                          bool viewed);
result<page<shown_post>> read_feed(const settings& own, const std::string& did, const http_response& reply, time_point now);
result<page<shown_post>> read_posts(const settings& own, const std::string& did, const http_response& reply, time_point now);

// Where a visitor sees a post of the account; empty for another's.
std::string url_of(const std::string& did, const std::string& uri);

}  // namespace halfmast::bluesky::wire
