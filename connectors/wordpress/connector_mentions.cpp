// Comments: what people write to the site; the rest of what is in connector.hpp is elsewhere.
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
