// The queue, looked at again and again; the rest of what is in connector.hpp is elsewhere.
#include "connectors/mastodon/connector.hpp"

#include <algorithm>

#include "daemon/net/page_mark.hpp"

namespace halfmast::mastodon {

// Page by page. Of pages that are what they were nothing is kept, so when a later one is not, all are read anew.
asio::awaitable<result<queue_look>> connector::observe(std::vector<page_mark> known)
{
    queue_look seen;
    seen.unchanged = !known.empty();
    std::string query;
    std::set<std::string> asked;
    for (;;) {
        if (!asked.insert(query).second || asked.size() > most_pages)
            co_return endless("list scheduled posts");
        auto request = wire::scheduled_page(*own_, query);
        request.looks = true;
        const auto* before = seen.unchanged ? &known[seen.mark.size()] : nullptr;
        if (before != nullptr)
            net::ask_for_changes(request, *before);
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        auto link = find_header(reply->headers, "Link");
        if (before != nullptr && net::is_same_page(*before, *reply, link)) {
            seen.mark.push_back(*before);
            if (seen.mark.size() == known.size())
                break;
            query = known[seen.mark.size()].query;
            continue;
        }
        bool from_the_start = seen.unchanged && !seen.mark.empty();
        seen.unchanged = false;
        if (from_the_start) {
            seen.mark.clear();
            query.clear();
            asked.clear();
            continue;
        }
        auto page = wire::read_scheduled_page(*own_, *reply, now());
        if (!page)
            co_return page.error();
        seen.mark.push_back(net::mark_page(query, *reply, link));
        std::ranges::move(page->items, std::back_inserter(seen.posts));
        query = page->next;
        if (query.empty())
            break;
    }
    if (account_id_.empty())  // needed to read the public posts; asked for in peace, for in a crisis calls are dear
        co_await account_id();
    co_return std::move(seen);
}

}  // namespace halfmast::mastodon
