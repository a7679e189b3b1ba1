// What people write to the account; the rest of what is in connector.hpp is elsewhere.
#include <algorithm>
#include <set>

#include "connectors/bluesky/connector.hpp"
#include "connectors/bluesky/wire_mentions.hpp"
#include "daemon/net/seen_window.hpp"

namespace halfmast::bluesky {

namespace {

constexpr std::size_t most_notification_pages = 100;  // ten thousand notifications between two looks

}  // namespace

// The list is the newest first, ordered by the earlier of two times: when the server had it, and when its author says it was written.
// So it is read down to an hour before the newest of the last look, and what was there then is known by its address.
asio::awaitable<result<mention_look>> connector::since(std::string cursor)
{
    auto window = net::seen_window::read(cursor);
    if (!window && !cursor.empty())
        co_return problem{failure::rejected, own_->name() + ": read mentions: the mark of the last look is not one of ours", {}};
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    bool first = !window;
    if (first)
        window.emplace(now() - net::seen_window::usual_reach);
    mention_look seen;
    std::set<std::string> asked;
    std::string place;
    while (asked.size() < most_notification_pages) {
        if (!asked.insert(place).second)
            co_return endless("read mentions");
        auto request = wire::notifications(*own_, place);
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        auto page = wire::read_notifications(*own_, did, *reply, now());
        if (!page)
            co_return page.error();
        for (auto& one : page->items)
            if (window->take(one.at, one.uri, now()) && one.said && !first)
                seen.posts.push_back(std::move(*one.said));
        bool reached = !page->items.empty() && page->items.back().at <= window->from();
        place = page->next;
        // A page may be empty and not the last: what the reader muted or blocked is taken out of it afterwards.
        if (reached || place.empty())
            break;
    }
    std::ranges::reverse(seen.posts);
    std::ranges::stable_sort(seen.posts, {}, &mention::at);
    seen.cursor = window->text();
    co_return seen;
}

}  // namespace halfmast::bluesky
