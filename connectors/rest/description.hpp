// A scheduler's HTTP API as its description says it: typed, checked, and all of it known before the first call. Pure.
// The language is in README.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/rest/pointer.hpp"
#include "connectors/rest/templates.hpp"
#include "connectors/rest/times.hpp"
#include "daemon/core/account.hpp"
#include "daemon/core/action.hpp"
#include "daemon/core/problem.hpp"
#include "daemon/net/oauth.hpp"
#include "daemon/core/readiness.hpp"
#include "daemon/ports/document.hpp"

namespace halfmast::rest {

// One request.
struct call {
    std::string method = "GET";
    text_template path;  // below the account's url
    std::vector<std::pair<std::string, text_template>> query;
    std::optional<json_template> body;
    std::vector<std::pair<std::string, text_template>> form;
    pointer item;              // where the post, or the list of posts, stands in the answer
    bool answers_post = true;  // false: any 2xx is an answer
};

enum class paging_kind { none, page, offset, cursor, link };

struct paging {
    paging_kind by = paging_kind::none;
    std::string parameter;        // of the query; empty: a placeholder of the body
    std::int64_t first = 1;       // number of the first page
    std::int64_t size = 0;        // how many a whole page has
    std::optional<pointer> next;  // cursor: where the next one stands
    std::optional<pointer> more;  // cursor: true while there is more
    std::string total_header;     // how many there are in all
    std::optional<pointer> total;
    std::string pages_header;  // how many pages there are
    std::optional<pointer> pages;
};

// A list that is read to its end.
struct listing {
    std::string kind;  // names the list where there are several; part of a post's identity for {kind}
    call ask;
    paging pages;
    seconds back{0};            // {from} lies so far before now
    seconds ahead{0};           // {to} lies so far ahead
    seconds early{0};           // feed: {since} is moved back by it
    std::optional<pointer> at;  // feed: when a post went out
    std::optional<pointer> id;  // where an entry's id stands, when not where a post's does
};

// What people write to the account: the list, and where the parts of an entry stand.
struct mention_listing {
    listing from;  // with `at` and `id`
    std::vector<pointer> text;
    bool html = false;
    std::optional<pointer> by, language, link, reply_to;
    std::optional<pointer> author;  // who wrote it, compared with what `me` answers: our own words are no mention
    std::optional<call> me;         // who we are; its item is where that stands
};

// Where the parts of a post stand in an answer.
struct post_fields {
    pointer id;
    std::vector<pointer> text;
    bool html = false;
    pointer due;
    std::optional<pointer> state, link, author, language, changed, media, published;
    std::vector<pointer> tags, categories, labels;
    std::optional<text_template> page;  // where a person opens it
};

struct hold_call {
    rung_offer offer;
    call ask;
};

struct release_call {
    call ask;
    std::optional<call> with_text;  // instead of `ask`, with other words
    bool keeps_time = false;        // the platform puts it back with the time it has, and with no other
};

struct publish_call {
    call ask;
    std::optional<call> find;   // an earlier copy, by key
    std::optional<call> reply;  // instead of `ask`, under another post
};

struct edit_call {
    call ask;
    std::optional<call> read;  // the post with its text, where [read] does not show it
};

struct check_call {
    std::string what;
    ability of = ability::credential;
    call ask;
    std::optional<pointer> at;
    nlohmann::json is;  // what has to stand there; null: anything but null and false
    std::string say;
};

struct error_rule {
    std::optional<int> status;
    std::optional<pointer> at;
    std::string is;  // empty: anything that is there
    failure kind = failure::rejected;
    std::string say;
};

enum class auth_kind { none, bearer, basic, header, query, oauth2 };

// [auth] kind = "oauth2".
struct oauth_terms {
    std::string token_url;  // whole, or a path below the account's url
    net::oauth_grant grant = net::oauth_grant::refresh_token;
    net::oauth_proof proof = net::oauth_proof::basic;
    std::vector<std::string> scopes;  // needed
};

struct description {
    std::string file;
    std::string name;
    std::vector<std::string> keys;  // further keys of the account, placeholders everywhere
    auth_kind auth = auth_kind::none;
    std::string auth_name;    // of the header or the query's parameter
    std::string auth_prefix;  // before the secret in the header
    oauth_terms oauth;
    std::vector<std::pair<std::string, text_template>> headers;
    time_form read;
    time_form write;
    seconds precision{1};  // times that differ by less are the same
    seconds release_margin{120};
    int at_once = 4;
    int text_limit = 0;
    text_counting counting = text_counting::code_points;
    int most_pins = 0;
    std::string wait_header;  // of a 429, asked before the usual ones
    post_fields fields;
    std::map<std::string, whereabouts> states;
    std::optional<whereabouts> other_states;
    std::vector<listing> lists;
    std::vector<hold_call> holds;
    std::optional<call> read_one;
    std::optional<call> read_many;
    int most_read = 1;
    bool read_from_list = false;
    std::optional<release_call> release;
    std::optional<publish_call> publish;
    std::optional<edit_call> edit;
    std::string public_kind;  // {kind} of what is published and pinned
    std::optional<call> pin, unpin;
    std::optional<listing> pins;
    std::vector<listing> feeds;
    std::optional<mention_listing> mentions;
    std::vector<check_call> checks;
    std::vector<pointer> message;  // in an answer that refuses: the first that is there
    std::optional<pointer> code;
    std::vector<error_rule> errors;
};

using fault_sink = std::function<void(document_place, std::string)>;

// Null when there was a fault; every one of them goes to `fault`. `zone` is the account's own.
std::shared_ptr<const description> read_description(const document& from, const std::string& zone, const fault_sink& fault);

}  // namespace halfmast::rest
