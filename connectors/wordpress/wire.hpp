// WordPress' REST API as values: what to ask, and what an answer means. Pure: no sockets, no clock. Every read_ function takes
// any bytes and never throws; a problem says what was tried, where, and what a person can do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/wordpress/settings.hpp"
#include "daemon/core/action.hpp"
#include "daemon/core/post.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::wordpress::wire {

// How the site's API is addressed: https://site/wp-json/... with pretty permalinks, https://site/?rest_route=/... always.
enum class addressing { pretty, plain };

struct site {
    const settings* own;  // outlives the site
    addressing by = addressing::pretty;
};

// A type of post that can be scheduled. `kind` is its rest_base ("posts"), or "namespace/rest_base" outside of wp/v2.
struct post_type {
    std::string name;
    std::string kind;
    std::string label;
    std::string edit_others;  // the capabilities it needs, as users/me lists them
    std::string publish;
};

// A taxonomy of posts; `field` is both its route and the key of a post's terms.
struct taxonomy {
    std::string field;
    std::string kind;
    bool hierarchical = false;  // hierarchical ones are categories, flat ones are tags
    std::vector<std::string> types;
};

struct term {
    std::string slug;
    std::string name;
};

using wp_id = std::int64_t;

// A scheduled post before the names behind its numbers are known.
struct listed_post {
    scheduled_post post;
    wp_id author = 0;
    std::map<std::string, std::vector<wp_id>> terms;  // by taxonomy field
};

// One page of a list.
template <class T>
struct page {
    std::vector<T> items;
    std::optional<std::int64_t> total;  // X-WP-Total
    std::int64_t pages = 1;             // X-WP-TotalPages
    std::optional<time_point> served;   // the site's own clock

    page() {}
};

// Other words for a post, as HTML.
struct new_words {
    std::string title;
    std::string content;
};

// How a post stands now.
struct standing {
    post_id id;
    std::string status;  // WordPress' word, or an editorial plugin's
    time_point due{};
    std::string version;
    std::string link;
    std::optional<time_point> served;  // the site's own clock, where one post was asked for
    std::optional<std::string> text;   // as a list of posts has it, where the words were asked for

    standing() {}
};

// A post, and what stands in it, as it was written.
struct written {
    standing now;
    std::string title;         // HTML too
    std::string content;       // HTML
    bool has_content = false;  // a custom type may have none

    written() {}
};

struct site_index {
    std::string name;
    bool has_posts = false;  // namespace wp/v2
    bool application_passwords = false;
};

struct user {
    wp_id id = 0;
    std::string name;
    std::set<std::string> capabilities;
};

// Which slice of a list ordered by id comes next. Slices overlap, because posts leave the queue while it is read and everything
// behind them moves up: a slice counts only when it shows a post that was seen already, or when the total is what it was.
class slices {
public:
    static constexpr int size = 100;

    [[nodiscard]] std::int64_t offset() const { return offset_; }
    enum class answer { more, done, stuck };
    // Ids of the slice at offset(); gives what to do next, and in `fresh` which of them (by index) are new.
    answer take(const std::vector<wp_id>& ids, std::optional<std::int64_t> total, std::vector<std::size_t>& fresh);

private:
    static constexpr int overlap = 10;
    static constexpr int most_rewinds = 50;

    std::int64_t offset_ = 0;
    std::optional<wp_id> last_;
    std::optional<std::int64_t> total_;
    int rewinds_ = 0;
};

// What is asked ----------------------------------------------------------------------------------------------------------

http_request index_request(const site&);
http_request types_request(const site&);
http_request taxonomies_request(const site&);
http_request list_request(const site&, const post_type&, const std::vector<taxonomy>&, std::int64_t offset);
http_request terms_request(const site&, const taxonomy&, const std::vector<wp_id>& ids);
http_request authors_request(const site&, const std::vector<wp_id>& ids);
http_request look_request(const site&, const std::string& kind, const post_id&);
// 100 at most; `whole` with what they say.
http_request look_request(const site&, const std::string& kind, const std::vector<post_id>&, bool whole);
http_request draft_request(const site&, const std::string& kind, const post_id&);
// `words` may be null: then it keeps its own.
http_request schedule_request(const site&, const std::string& kind, const post_id&, time_point at,
                              const new_words* words = nullptr);
http_request find_request(const site&, const std::string& slug);
http_request publish_request(const site&, const statement&, const std::string& slug);
http_request words_request(const site&, const std::string& kind, const post_id&);
// New words above the content there is.
http_request edit_request(const site&, const post_id&, const statement&, const std::string& content);
http_request sticky_list_request(const site&, std::int64_t page);
http_request stick_request(const site&, const post_id&, bool sticky);
http_request feed_request(const site&, const post_type&, time_point since, std::int64_t page);
http_request feed_request(const site&, const std::string& kind, const std::vector<post_id>&);  // public ones of these
http_request me_request(const site&);

// A statement's HTML, one block for each paragraph as WordPress' editor writes it, with every character of the statement as text.
std::string html_of(const std::string& text);
// The newest part of a content, above the line that edit_request draws, says these words.
bool says_first(const std::string& content, std::string_view text);

// What an answer means ---------------------------------------------------------------------------------------------------

// Empty for 2xx. `doing` completes "wordpress: cannot ...".
std::optional<problem> refusal(const settings&, std::string_view doing, const http_response&);
// True when it was the web server or a firewall that answered, not WordPress.
bool is_foreign(const http_response&);

result<site_index> read_index(const settings&, const http_response&);
result<std::vector<post_type>> read_types(const settings&, const http_response&);
result<std::vector<taxonomy>> read_taxonomies(const settings&, const http_response&);
result<page<listed_post>> read_list(const settings&, const post_type&, const std::vector<taxonomy>&, const http_response&);
result<std::map<wp_id, term>> read_terms(const settings&, const http_response&);
result<std::map<wp_id, std::string>> read_authors(const settings&, const http_response&);
result<standing> read_standing(const settings&, std::string_view doing, const http_response&);
result<written> read_written(const settings&, std::string_view doing, const http_response&);
result<std::vector<standing>> read_standings(const settings&, std::string_view doing, const http_response&);
result<page<post_id>> read_ids(const settings&, std::string_view doing, const http_response&);
result<page<publication>> read_feed(const settings&, const http_response&);
result<user> read_me(const settings&, const http_response&);

// Where a status leaves a post. A missing post is absent; a status that nobody here knows does not go out by itself.
whereabouts place_of(std::string_view status);

// Where a person edits the post.
std::string edit_link(const settings&, const post_id&);
// "wordpress: cannot hold post 12 (...) for USER at URL; ..."
problem trouble(const settings&, failure kind, std::string_view doing, std::string_view why);

}  // namespace halfmast::wordpress::wire
