// Mastodon's API as values: what is asked becomes an http_request, an http_response becomes a result. Pure: no I/O, no clock.
// Takes any bytes as an answer and never throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/mastodon/settings.hpp"
#include "daemon/core/action.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::mastodon::wire {

// A page of a list, and the query of the next one; an empty query ends it.
template <class T>
struct page {
    std::vector<T> items;
    std::string next;
};

// Where a scheduled post stands.
struct queue_place {
    post_id id;
    time_point due;
};

// A published status as far as anybody here needs it.
struct status {
    publication shown;
    bool pinned = false;
    bool reblog = false;  // somebody else's post, passed on: not ours to judge
    post_id in_reply_to;
    std::string visibility;          // "public", "unlisted", "private", "direct"
    std::string author;              // the account's id
    std::string address;             // "alice", or "alice@elsewhere.example" for another server's
    std::vector<std::string> media;  // ids
};

// One attachment of a post that is to be taken out.
struct attachment {
    std::string id;
    std::string type;         // "image", "video", "gifv", "audio"
    std::string url;          // empty while the server still works on it
    std::string description;  // alt text
    double focus_x = 0;
    double focus_y = 0;
    bool focused = false;
    std::string content_type;  // as the download said
};

// Everything that recreates a post, but for the bytes.
struct stored_post {
    std::string raw;  // the ScheduledStatus as the server gave it
    std::vector<attachment> media;
    std::vector<std::string> unseen_media;  // named by the post, described nowhere in it
};

// The same post with other words; its content warning, poll and media stay.
stored_post with_text(stored_post post, std::string_view text);

// What an instance says about itself.
struct instance {
    std::string version;
    std::optional<int> most_pins;
    std::optional<int> text_limit;
};

// --- what is asked -----------------------------------------------------------------------------------------------------

http_request scheduled_page(const settings& own, std::string_view query);  // an empty query: the first one
http_request scheduled_by_id(const settings& own, const post_id& id);
http_request postpone(const settings& own, const post_id& id, time_point until);
http_request take_out(const settings& own, const post_id& id);
http_request credentials(const settings& own);
http_request statuses_page(const settings& own, const std::string& account, std::string_view query);
http_request pinned_page(const settings& own, const std::string& account, std::string_view query);
http_request status_by_id(const settings& own, const post_id& id);
http_request publish(const settings& own, const publish_summary& call, std::string_view visibility = "public");
// What is not named here is gone afterwards, so the post's media are named again.
http_request edit(const settings& own, const edit_summary& call, const status& now);
http_request pin(const settings& own, const post_id& id);
http_request unpin(const settings& own, const post_id& id);
http_request media_by_id(const settings& own, const std::string& id);
http_request upload(const settings& own, const attachment& file, const std::string& bytes, bool older);
http_request application(const settings& own);
http_request about_instance(const settings& own, bool older);

// The bytes of an attachment. Carries no token, for they may lie on another host; refuses a URL that is not https or our own.
result<http_request> download(const settings& own, const std::string& url);

// The post as it was, to go out at `at`, with these media in its order.
result<http_request> recreate(const settings& own, const stored_post& post, const std::vector<std::string>& media_ids,
                              time_point at);

// --- what is answered --------------------------------------------------------------------------------------------------
// `now` is the moment of the answer by our clock; a Date header goes before it. `what` says in a text what was tried.

// Nothing for 2xx.
std::optional<problem> trouble(const settings& own, std::string_view what, const http_response& reply, time_point now);

// The server's own moment, when it says so.
time_point moment_of(const http_response& reply, time_point now);

result<page<scheduled_post>> read_scheduled_page(const settings& own, const http_response& reply, time_point now);
// The same, as much of it as reading back needs: a hold is read back by the thousand. What it says agrees with the two around it.
result<page<queue_place>> read_places(const settings& own, const http_response& reply, time_point now);
result<queue_place> read_place(const settings& own, std::string_view what, const http_response& reply, time_point now);
result<scheduled_post> read_scheduled(const settings& own, std::string_view what, const http_response& reply, time_point now);
// `first`: what the query of every page begins with, "pinned=true&".
result<page<status>> read_statuses(const settings& own, const http_response& reply, time_point now, std::string_view first = {});
result<status> read_status(const settings& own, std::string_view what, const http_response& reply, time_point now);
result<std::string> read_account_id(const settings& own, const http_response& reply, time_point now);
result<stored_post> read_stored(const settings& own, const http_response& reply, time_point now);
// The same, of the element a list showed before (`scheduled_post::raw`); nothing when that is not whole.
std::optional<stored_post> stored_in(std::string_view raw);
result<attachment> read_attachment(const settings& own, const http_response& reply, time_point now);
// The bytes themselves; a page in HTML is none.
result<std::string> read_download(const settings& own, const attachment& file, const http_response& reply, time_point now);
// What the recreation made: a scheduled post at that time; or, by the server's trap, a public one.
result<receipt> read_recreated(const settings& own, const http_response& reply, time_point at, time_point now);
result<instance> read_instance(const settings& own, const http_response& reply, time_point now);
// The scopes the application was registered with; empty where the instance does not tell.
std::string read_scopes(const http_response& reply);

// --- what is stored between a takeout and its release ------------------------------------------------------------------

kept_bytes keep(const stored_post& post, const std::vector<std::string>& media_bytes);

struct kept_post {
    stored_post post;
    std::vector<std::shared_ptr<const std::string>> media;  // one for each attachment
};
result<kept_post> unkeep(const settings& own, const kept_bytes& kept);

// --- comparing ---------------------------------------------------------------------------------------------------------

// A reply to somebody reaches them only when it names them: their address before the text, unless it stands there already.
std::string addressed(const std::string& text, const status& to);

// The same words, whatever a server made of line ends, links and the hosts of mentions.
bool same_words(std::string_view a, std::string_view b);

// The text a stored post shows, as read_scheduled gives it.
std::string text_of(const stored_post& post);

}  // namespace halfmast::mastodon::wire
