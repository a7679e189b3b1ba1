// Comments: what people write to the site, and what is answered to them; the rest of what is in connector.hpp is elsewhere.
#include "connectors/wordpress/connector.hpp"

#include <algorithm>

#include "connectors/wordpress/wire_mentions.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/seen_window.hpp"

namespace halfmast::wordpress {

namespace {

constexpr std::size_t most_comments_a_look = 1'000;
constexpr std::int64_t most_comment_pages = 1'000;

}  // namespace

// Comments have dates of whole seconds, and may be deleted between two pages: the list is read from an hour before the newest of the
// last look, and what was there then is known by its number.
asio::awaitable<result<mention_look>> connector::since(std::string cursor)
{
    const std::string doing = "read the comments";
    auto window = net::seen_window::read(cursor);
    if (!window && !cursor.empty())
        co_return wire::trouble(*own_, failure::rejected, doing, "the mark of the last look is not one of ours");
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto me = co_await find_me(*at);
    if (!me)
        co_return me.error();
    bool first = !window;
    if (first)
        window.emplace(platform_now() - net::seen_window::usual_reach);
    mention_look seen;
    for (std::int64_t number = 1; number <= most_comment_pages && !seen.more; ++number) {
        auto request = wire::comments_request(*at, window->from(), number, me->capabilities.contains("moderate_comments"));
        auto reply = co_await send(std::move(request), doing);
        if (!reply) {
            me_.reset();  // a right may have been taken away
            co_return reply.error();
        }
        auto page = wire::read_comments(*own_, *reply);
        if (!page)
            co_return page.error();
        auto now = page->served.value_or(platform_now());
        for (auto& one : page->items) {
            bool fresh = window->take(one.said.at, one.said.id.value, now);
            bool ours = one.author > 0 && one.author == me->id;
            if (fresh && !first && !ours)
                seen.posts.push_back(std::move(one.said));
        }
        if (number >= page->pages)
            break;
        seen.more = seen.posts.size() >= most_comments_a_look;
    }
    std::ranges::stable_sort(seen.posts, {}, &mention::at);
    seen.cursor = window->text();
    co_return seen;
}

asio::awaitable<result<wire::wp_id>> connector::post_of_comment(wire::site at, wire::wp_id comment, std::string doing)
{
    auto request = wire::comment_request(at, comment);
    auto reply = co_await send(std::move(request), doing);
    if (!reply && reply.error().kind == failure::not_found)
        co_return wire::trouble(*own_, failure::rejected, doing, "that comment is not there (any more)");
    if (!reply)
        co_return reply.error();
    auto read = wire::read_comment(*own_, doing, *reply);
    if (!read)
        co_return read.error();
    co_return read->post;
}

asio::awaitable<result<std::optional<receipt>>> connector::find_answer(wire::site at, wire::wp_id me, wire::answer_place where,
                                                                       std::string text)
{
    auto request = wire::answers_request(at, me, where);
    auto reply = co_await send(std::move(request), "look for an earlier answer");
    if (!reply)
        co_return reply.error();
    auto page = wire::read_comments(*own_, *reply);
    if (!page)
        co_return page.error();
    for (const auto& one : page->items)
        if (one.author == me && wire::same_answer(one.said.text, text))
            co_return std::optional{receipt{one.said.id, one.said.url}};
    co_return std::optional<receipt>{};
}

// A comment under what is answered. Comments have no key: what our own user said there already, in these words, is an earlier call's.
asio::awaitable<result<receipt>> connector::answer(publish_summary call)
{
    auto doing = "answer " + call.in_reply_to.value;
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto me = co_await find_me(*at);
    if (!me)
        co_return me.error();
    wire::answer_place where;
    where.parent = wire::comment_number(call.in_reply_to);
    if (where.parent > 0) {
        auto post = co_await post_of_comment(*at, where.parent, doing);
        if (!post)
            co_return post.error();
        where.post = *post;
    } else {
        auto post = co_await look(*at, "posts", call.in_reply_to, doing);
        if (!post && post.error().kind == failure::not_found)
            co_return wire::trouble(*own_, failure::rejected, doing, "that post is not there (any more)");
        if (!post)
            co_return post.error();
        where.post = std::stoll(post->id.value);
    }
    auto earlier = co_await find_answer(*at, me->id, where, call.words.text);
    if (!earlier)
        co_return earlier.error();
    if (*earlier)
        co_return **earlier;
    if (call.look_only)
        co_return wire::trouble(*own_, failure::not_found, doing, "it never went out, and the flag is down");
    auto request = wire::answer_request(*at, where, call.words.text);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto made = wire::read_comment(*own_, doing, *reply);
    if (!made)
        co_return made.error();
    auto looking = wire::comment_request(*at, wire::comment_number(made->id));
    auto shown = co_await send(std::move(looking), doing);
    auto there = shown ? wire::read_comment(*own_, doing, *shown) : result<wire::comment_standing>{shown.error()};
    if (!there)
        co_return problem{failure::unknown_outcome, "answered, but not read back: " + there.error().detail,
                          there.error().retry_after};
    if (there->status != "approved")
        co_return wire::trouble(
            *own_, failure::forbidden, doing,
            "the site made it '" + there->status + "'; give " + own_->username + " the role Editor, or approve it there");
    co_return receipt{there->id, there->link};
}

// Asked for once: what this user writes itself is no mention, and its rights say what it may see.
asio::awaitable<result<wire::user>> connector::find_me(wire::site at)
{
    if (me_)
        co_return *me_;
    auto request = wire::me_request(at);
    request.looks = true;
    auto reply = co_await send(std::move(request), "ask who we are");
    if (!reply)
        co_return reply.error();
    auto me = wire::read_me(*own_, *reply);
    if (!me)
        co_return me.error();
    if (auto served = net::parse_http_date(find_header(reply->headers, "Date")))
        site_time_ = served;
    me_ = *me;
    co_return *me;
}

}  // namespace halfmast::wordpress
