#include "connectors/wordpress/wire_mentions.hpp"

#include "connectors/wordpress/wire_json.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::wordpress::wire {

namespace {

constexpr std::chrono::hours hour_that_comes_twice{1};

// Comments have numbers of their own, apart from those of posts.
post_id comment_id(wp_id number) { return post_id{"comment-" + std::to_string(number)}; }

}  // namespace

http_request comments_request(const site& where, time_point after, std::int64_t page, bool held)
{
    auto since = format_utc(std::chrono::floor<seconds>(after - hour_that_comes_twice));
    // The content whole: of a comment, unlike of a post, "content.rendered" names nothing.
    auto request = ask(where, "/wp/v2/comments",
                       "orderby=date_gmt&order=asc&per_page=100&page=" + std::to_string(page) + "&after=" + since + (held ? "&status=all" : "")
                           + "&_fields=id,post,parent,author,author_name,date_gmt,content,link");
    request.looks = true;
    return request;
}

result<page<comment>> read_comments(const settings& own, const http_response& reply)
{
    auto value = parse(reply.body);
    if (!value || !value->is_array())
        return trouble(own, failure::bad_reply, "read the comments", "the answer is no list; does a plugin or a firewall answer instead of WordPress?");
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

}  // namespace halfmast::wordpress::wire
