// What people write to the account; the rest of what is in connector.hpp is elsewhere.
#include "connectors/mastodon/connector.hpp"

#include <algorithm>

namespace halfmast::mastodon {

namespace {

constexpr std::size_t most_mentions_a_look = 1'000;

}  // namespace

asio::awaitable<result<mention_look>> connector::since(std::string cursor)
{
    auto mark = wire::read_mark(cursor);
    if (!mark && !cursor.empty())
        co_return problem{failure::rejected, own_->name() + ": read mentions: the mark of the last look is not one of ours", {}};
    auto account = co_await account_id();
    if (!account)
        co_return account.error();
    mention_look seen;
    if (!mark) {
        auto newest = co_await mentions_above({}, *account);
        if (!newest)
            co_return newest.error();
        mark.emplace();
        mark->take(*newest);
        mark->forget();
        seen.cursor = mark->text();
        co_return seen;
    }
    // Upward, each page from the end of the one before; the last is the one that shows nothing new, for servers differ in how many they give.
    for (auto above = mark->ids.front();;) {
        auto page = co_await mentions_above(above, *account);
        if (!page)
            co_return page.error();
        bool fresh = false;
        for (auto& one : *page) {
            if (mark->knows(one.id))
                continue;
            fresh = true;
            if (one.said)
                seen.posts.push_back(std::move(*one.said));
        }
        if (!fresh)
            break;
        mark->take(*page);
        above = page->back().id;
        seen.more = mark->ids.size() >= most_mentions_a_look;
        if (seen.more)
            break;
    }
    std::ranges::stable_sort(seen.posts, {}, &mention::at);
    mark->forget();
    seen.cursor = mark->text();
    co_return seen;
}

asio::awaitable<result<std::vector<wire::notice>>> connector::mentions_above(std::string id, std::string account)
{
    auto request = wire::mentions_page(*own_, id);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_mentions(*own_, account, *reply, now());
}

}  // namespace halfmast::mastodon
