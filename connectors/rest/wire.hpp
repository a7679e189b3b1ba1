// An API by its description, as values: what to ask, and what an answer means. Pure: no sockets, no clock. Every read_ function
// takes any bytes and never throws; a problem says what was tried, where, and what a person can do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/rest/pager.hpp"
#include "connectors/rest/settings.hpp"
#include "daemon/core/post.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::rest::wire {

// How a post stands now.
struct standing {
    post_id id;
    whereabouts where = whereabouts::absent;
    time_point due{};
    std::string version;
    std::string state;                            // the platform's word
    std::string link;                             // the public post
    std::string page;                             // where a person opens it
    std::optional<std::string> text;              // as a list of posts has it, where the answer shows it
    std::optional<time_point> served;             // the platform's own clock
    std::shared_ptr<const nlohmann::json> whole;  // the post's own answer

    standing() {}
};

// One page of a list. `items` and `facts.ids` go together.
struct page {
    std::vector<nlohmann::json> items;
    page_facts facts;
    std::optional<time_point> served;

    page() {}
};

// What is asked ----------------------------------------------------------------------------------------------------------

// Placeholders that every call knows.
filling fill_common(const settings&, const std::string& kind);
// For a statement: {text}, {html}, {title}, {language}; and {key}, {slug}, {in_reply_to} when it is published.
void fill_words(filling& into, const statement& words);
void fill_summary(filling& into, const publish_summary& summary);
// For a release with other words: {title} where the text has two parts, and {text} and {html}, each in the form that stands there now, with what is not words
// as it is. `before`: the post as it stands there. A problem when that cannot be done without a loss.
std::optional<problem> fill_new_words(const settings&, filling& into, const standing& before, const std::string& wanted,
                                      std::string_view doing);

// A problem when a placeholder has nothing to stand for.
result<http_request> request_of(const settings&, const call&, const filling&, std::string_view doing);
// A page of a list. A problem when its URL leads elsewhere than the account's own.
result<http_request> page_request(const settings&, const listing&, const pager&, filling with, std::string_view doing);

// A statement's HTML, with every character of it as text.
std::string html_of(const std::string& text);

// What an answer means ---------------------------------------------------------------------------------------------------

// Empty when nothing is wrong. `doing` completes "cannot ...".
std::optional<problem> refusal(const settings&, std::string_view doing, const http_response&);

result<page> read_page(const settings&, const listing&, std::string_view doing, const http_response&);
// A post of a list: nothing when it is not queued. bad_reply when it has no id, no state or no due time.
result<std::optional<scheduled_post>> read_post(const settings&, const std::string& kind, const nlohmann::json& item);
result<standing> read_standing(const settings&, const std::string& kind, const nlohmann::json& item, std::string_view doing);
result<standing> read_standing(const settings&, const std::string& kind, const call&, std::string_view doing, const http_response&);
result<std::vector<standing>> read_standings(const settings&, const std::string& kind, const call&, std::string_view doing,
                                             const http_response&);
// Nothing when it is not public.
result<std::optional<publication>> read_publication(const settings&, const listing&, const nlohmann::json& item);
result<std::vector<post_id>> read_ids(const settings&, const page&);
// Nothing: as the check wants it.
std::optional<problem> read_check(const settings&, const check_call&, const http_response&);

// A post that says this: in one of its texts or in all of them together, above a line (<hr>) that an edit may have drawn.
bool says(const settings&, const nlohmann::json& item, std::string_view text);

problem trouble(const settings&, failure kind, std::string_view doing, std::string_view why);

}  // namespace halfmast::rest::wire
