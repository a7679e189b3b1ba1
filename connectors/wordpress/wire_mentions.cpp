#include "connectors/wordpress/wire_mentions.hpp"

#include <cctype>

#include "connectors/wordpress/wire_json.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::wordpress::wire {

namespace {

constexpr std::chrono::hours hour_that_comes_twice{1};

constexpr std::string_view comment_prefix = "comment-";
constexpr std::string_view all_of_it = "_fields=id,post,parent,author,author_name,date_gmt,content,link";

// Comments have numbers of their own, apart from those of posts.
post_id comment_id(wp_id number) { return post_id{std::string{comment_prefix} + std::to_string(number)}; }

std::string escaped_comment(const std::string& plain)
{
    std::string out;
    for (char c : plain)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '[' ? "&#91;" : std::string(1, c);
    return out;
}

}  // namespace

http_request comments_request(const site& where, time_point after, std::int64_t page, bool held)
{
    auto since = format_utc(std::chrono::floor<seconds>(after - hour_that_comes_twice));
    // The content whole: of a comment, unlike of a post, "content.rendered" names nothing.
    auto request = ask(where, "/wp/v2/comments",
                       "orderby=date_gmt&order=asc&per_page=100&page=" + std::to_string(page) + "&after=" + since
                           + (held ? "&status=all" : "") + "&" + std::string{all_of_it});
    request.looks = true;
    return request;
}

http_request comment_request(const site& where, wp_id number)
{
    return ask(where, "/wp/v2/comments/" + std::to_string(number), "context=edit&_fields=id,post,status,link");
}

http_request answers_request(const site& where, wp_id user, const answer_place& place)
{
    auto of_whom =
        "author=" + std::to_string(user) + "&post=" + std::to_string(place.post) + "&parent=" + std::to_string(place.parent);
    return ask(where, "/wp/v2/comments",
               of_whom + "&status=all&orderby=date_gmt&order=desc&per_page=100&" + std::string{all_of_it});
}

http_request answer_request(const site& where, const answer_place& place, const std::string& text)
{
    auto request = ask(where, "/wp/v2/comments", "context=edit&_fields=id,post,status,link");
    request.method = "POST";
    request.publishes = true;
    request.headers.emplace_back("Content-Type", "application/json");
    json body{{"post", place.post}, {"content", escaped_comment(text)}};
    if (place.parent > 0)
        body["parent"] = place.parent;
    request.body = dump(body);
    return request;
}

wp_id comment_number(const post_id& id)
{
    if (!id.value.starts_with(comment_prefix))
        return 0;
    auto digits = std::string_view{id.value}.substr(comment_prefix.size());
    wp_id number = 0;
    auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() ? number : 0;
}

result<page<comment>> read_comments(const settings& own, const http_response& reply)
{
    auto value = parse(reply.body);
    if (!value || !value->is_array())
        return trouble(own, failure::bad_reply, "read the comments",
                       "the answer is no list; does a plugin or a firewall answer instead of WordPress?");
    page<comment> read;
    read.total = count_in(reply.headers, "X-WP-Total");
    read.pages = count_in(reply.headers, "X-WP-TotalPages").value_or(1);
    read.served = net::parse_http_date(find_header(reply.headers, "Date"));
    for (const auto& item : *value) {
        auto id = number_at(item, "id");
        auto at = gmt_at(item, "date_gmt");
        if (id <= 0 || !at)
            continue;  // it cannot be told from what was given already
        comment made;
        made.author = number_at(item, "author");
        auto& said = made.said;
        said.id = comment_id(id);
        said.at = *at;
        const auto* content = member(item, "content");
        said.text = content != nullptr ? text::from_html(text_at(*content, "rendered")) : std::string{};
        said.by = text::from_html(text_at(item, "author_name"));
        said.url = text_at(item, "link");
        if (auto parent = number_at(item, "parent"); parent > 0)
            said.in_reply_to = comment_id(parent);
        else if (auto post = number_at(item, "post"); post > 0)
            said.in_reply_to = post_id{std::to_string(post)};
        read.items.push_back(std::move(made));
    }
    return read;
}

result<comment_standing> read_comment(const settings& own, std::string_view doing, const http_response& reply)
{
    auto value = parse(reply.body);
    auto id = value ? number_at(*value, "id") : 0;
    if (id <= 0)
        return trouble(own, failure::bad_reply, doing,
                       "the answer is no comment; does a plugin or a firewall answer instead of WordPress?");
    comment_standing now;
    now.id = comment_id(id);
    now.post = number_at(*value, "post");
    now.status = text_at(*value, "status");
    now.link = text_at(*value, "link");
    return now;
}

bool same_answer(std::string_view one, std::string_view other)
{
    // What is shown has other quotes and dashes than what was written: letters and digits of every script count, and nothing else.
    auto letters = [](std::string_view from) {
        std::string kept;
        for (std::size_t at = 0; at < from.size(); ++at) {
            auto c = static_cast<unsigned char>(from[at]);
            if (c == 0xE2 && at + 2 < from.size() && static_cast<unsigned char>(from[at + 1]) == 0x80)
                at += 2;  // general punctuation
            else if (c >= 0x80 || std::isalnum(c) != 0)
                kept.push_back(from[at]);
        }
        return kept;
    };
    return letters(one) == letters(other);
}

}  // namespace halfmast::wordpress::wire
