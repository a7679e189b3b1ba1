// Ghost's Admin API as values: what to ask, and what an answer means. Pure: no sockets, no clock. Every read_ function takes
// any bytes and never throws; a problem says what was tried, where, and what a person can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ghost/lexical.hpp"
#include "connectors/ghost/settings.hpp"
#include "daemon/core/action.hpp"
#include "daemon/core/post.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::ghost::wire {

// Posts and pages are scheduled alike and listed apart.
inline constexpr std::string_view resources[] = {"posts", "pages"};

// Where a post lives, and whom it goes to by mail when it is published. Ghost forgets the mail of a scheduled post that becomes
// a draft, so it travels in scheduled_post::kind, which is durable with every hold:
// "posts", or "posts?newsletter=weekly&email_segment=status%3Afree".
struct place {
    std::string resource = "posts";
    std::string newsletter;  // slug; empty: no mail
    std::string segment;     // which members; Ghost's own filter language

    bool operator==(const place&) const = default;
};

std::string kind_of(const place&);
place place_in(std::string_view kind);

// How a post stands now.
struct standing {
    post_id id;
    std::string status;  // draft, scheduled, published, sent
    time_point due{};
    std::string version;  // updated_at, byte for byte: Ghost wants it back with every change
    std::string url;
    std::string newsletter;  // slug
    std::string segment;
    bool mailed = false;  // a mail was made of it; there is never a second one
    bool featured = false;
    std::optional<time_point> served;  // the site's own clock, where one post was asked for
    std::optional<std::string> text;   // as a list of posts has it, where the article was asked for

    standing() {}
};

// A post, and what stands in it.
struct written {
    standing now;
    std::string title;
    std::string excerpt;  // custom_excerpt
    std::string html;     // made from `lexical` by Ghost
    std::string lexical;  // JSON as text; empty where the article was written in Ghost's old editor
    bool has_article = false;

    written() {}
};

// One page of a list.
template <class T>
struct page {
    std::vector<T> items;
    std::int64_t pages = 1;
    std::size_t seen = 0;              // before anything was left out
    post_id last;                      // of those seen
    std::optional<time_point> served;  // the site's own clock

    page() {}
};

inline constexpr std::size_t list_size = 100;  // what Ghost 6 gives at most

// What is asked ----------------------------------------------------------------------------------------------------------

// Puts the credential in, good for a few minutes around `now` by the site's clock. The other requests come without.
void sign(const settings&, http_request&, time_point now);
// The JSON Web Token alone.
std::string token(const settings&, time_point now);

http_request site_request(const settings&);
http_request me_request(const settings&);
// Ordered by id, beginning after that one: what leaves the queue meanwhile moves nothing.
http_request list_request(const settings&, std::string_view resource, const post_id& after);
http_request look_request(const settings&, std::string_view resource, const post_id&);
// `whole`: with what they say.
http_request look_request(const settings&, std::string_view resource, const std::vector<post_id>&, bool whole);
http_request draft_request(const settings&, std::string_view resource, const standing&);
// `mail` names the newsletter when it has to be given again; without `words` it keeps its own.
http_request schedule_request(const settings&, std::string_view resource, const standing&, time_point at, const place* mail,
                              const respelt_article* words = nullptr);
http_request find_request(const settings&, const std::string& slug);
http_request publish_request(const settings&, const statement&, const std::string& slug);
http_request words_request(const settings&, std::string_view resource, const post_id&);
// New words above the article there is.
http_request edit_request(const settings&, const written&, const statement&);
http_request featured_list_request(const settings&, std::int64_t page);
http_request feature_request(const settings&, const standing&, bool featured);
http_request feed_request(const settings&, std::string_view resource, time_point since, std::int64_t page);
http_request feed_request(const settings&, std::string_view resource, const std::vector<post_id>&);  // public ones of these

// A statement's HTML, with every character of it as text.
std::string html_of(const std::string& text);
// The newest part of an article, above the line that edit_request draws, says these words.
bool says_first(const std::string& html, std::string_view text);

// What an answer means ---------------------------------------------------------------------------------------------------

// Empty for 2xx. `doing` completes "ghost: cannot ...".
std::optional<problem> refusal(const settings&, std::string_view doing, const http_response&);
// The token was refused, perhaps because the clocks differ.
bool is_stale_token(const http_response&);

result<std::string> read_version(const settings&, const http_response&);  // of Ghost
// What keeps the owner of a staff token from doing the work; empty: nothing.
result<std::string> read_role(const settings&, const http_response&);
result<page<scheduled_post>> read_list(const settings&, std::string_view resource, const http_response&);
result<standing> read_standing(const settings&, std::string_view resource, std::string_view doing, const http_response&);
result<written> read_written(const settings&, std::string_view resource, std::string_view doing, const http_response&);
result<std::vector<standing>> read_standings(const settings&, std::string_view resource, std::string_view doing,
                                             const http_response&);
result<page<post_id>> read_ids(const settings&, std::string_view doing, const http_response&);
result<page<publication>> read_feed(const settings&, std::string_view resource, const http_response&);

// Where a status leaves a post. One that nobody here knows does not go out by itself.
whereabouts place_of(std::string_view status);

// Where a person edits the post.
std::string edit_link(const settings&, std::string_view resource, const post_id&);
// "ghost: cannot hold 12 (...) at URL: why"
problem trouble(const settings&, failure kind, std::string_view doing, std::string_view why);

}  // namespace halfmast::ghost::wire
