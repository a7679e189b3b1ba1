// The list of posts: the mirror of the queues and the holds, merged, filtered, in due order, paged. A list may be a hundred
// thousand posts long and the loop must not stand still for it, so it is made in two steps: the keys at once, the text in slices.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/api/backend.hpp"
#include "daemon/api/messages.hpp"

namespace halfmast::api {

struct post_filter {
    std::set<std::string, std::less<>> states;  // "queued" or a hold's word; empty: every one that is worth showing
    std::set<post_class> classes;
    std::set<account_id> accounts;
    crisis_id crisis;                     // holds this flag ever covered
    std::set<rung> rungs;                 // held by one of these
    std::vector<std::string> words;       // folded; each stands in the text, the id, the author or a tag
    std::optional<time_point> due_from;   // not before
    std::optional<time_point> due_until;  // before
    bool all = false;                     // closed holds of closed crises too

    post_filter() {}
};

// By what the list is ordered; the id makes a place unique.
enum class post_order {
    due,      // when it goes out, or would have
    changed,  // when a hold last changed; what is only queued counts as never
};

struct post_key {
    time_point when;
    account_id account;
    post_id post;

    auto operator<=>(const post_key&) const = default;
};

struct page_request {
    std::optional<std::size_t> limit;  // nullopt: all
    std::optional<post_key> after;
    post_order by = post_order::due;
    bool backwards = false;
    bool counts = false;  // how far the review of what the filter shows has come, whatever the states

    page_request() {}
};

// "limit", "cursor", "state", "account", "class", "crisis", "rung", "q", "due_from", "due_until", "sort", "counts", "all"; the problem names
// the one that is wrong.
struct list_request {
    post_filter wanted;
    page_request page;

    list_request() {}
};
result<list_request> read_list_request(const std::map<std::string, std::string>& query, const state& known);

struct post_page {
    std::vector<post_key> keys;                              // in the order asked for
    std::optional<std::string> next;                         // cursor of the page behind this one
    std::size_t total = 0;                                   // so many pass the filter
    std::map<std::string, std::size_t, std::less<>> states;  // counts only: of those that pass all of it but the states
    std::size_t waiting = 0;                                 // counts only: for a second person
    bool counted = false;

    post_page() {}
};
post_page list_posts(const state& known, const post_filter& wanted, const page_request& page);

// halfmast.queue/1 as text. Lets other work of the executor run between slices; a post that is gone by then is left out.
boost::asio::awaitable<std::string> write_posts(const backend& daemon, const post_page& page);

// How many posts are written before other work of the loop gets its turn. Shared with the plan.
inline constexpr std::size_t slice = 256;

// "a,b,c" -> parts; empty parts are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace halfmast::api
