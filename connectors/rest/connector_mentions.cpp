// What people write to the account, where its description says how that is read.
#include <algorithm>

#include "connectors/rest/connector.hpp"
#include "connectors/rest/mentions.hpp"
#include "daemon/net/seen_window.hpp"

namespace halfmast::rest {

namespace {

constexpr std::size_t most_said_a_look = 1'000;
constexpr std::chrono::hours clocks_apart{24};  // ours and the platform's at the first look, when nothing may be known of it yet

}  // namespace

asio::awaitable<result<mention_look>> connector::since(std::string cursor)
{
    const std::string doing = "read mentions";
    auto window = net::seen_window::read(cursor);
    if (!window && !cursor.empty())
        co_return wire::trouble(*own_, failure::rejected, doing, "the mark of the last look is not one of ours");
    auto me = co_await find_me();
    if (!me)
        co_return me.error();
    auto now = [&] {
        return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + ahead_.value_or(milliseconds{0});
    };
    bool first = !window;
    if (first)
        window.emplace(now() - clocks_apart);
    const auto& from = what().mentions->from;
    auto with = wire::fill_common(*own_, "");
    with.times["since"] = window->from() - from.early;
    auto items = co_await read_all(&from, std::move(with), doing, true);
    if (!items)
        co_return items.error();
    std::vector<wire::said_by> all;
    for (const auto& item : *items)
        if (auto one = wire::read_said(*own_, item))
            all.push_back(std::move(*one));
    // Lists come in either order; whatever was not taken is as it was for the next look.
    std::ranges::stable_sort(all, {}, [](const auto& one) { return one.said.at; });
    mention_look seen;
    for (auto& one : all) {
        if (seen.posts.size() >= most_said_a_look) {
            seen.more = true;
            break;
        }
        bool ours = !one.author.empty() && one.author == *me;
        if (window->take(one.said.at, one.said.id.value, now()) && !first && !ours)
            seen.posts.push_back(std::move(one.said));
    }
    seen.cursor = window->text();
    co_return seen;
}

// Empty where the description does not tell.
asio::awaitable<result<std::string>> connector::find_me()
{
    if (!me_.empty() || !what().mentions->me)
        co_return me_;
    auto with = wire::fill_common(*own_, "");
    auto request = wire::request_of(*own_, *what().mentions->me, with, "ask who we are");
    if (!request)
        co_return request.error();
    request->looks = true;
    auto reply = co_await send(std::move(*request), "ask who we are");
    if (!reply)
        co_return reply.error();
    auto me = wire::read_me(*own_, *reply);
    if (me)
        me_ = *me;
    co_return me;
}

}  // namespace halfmast::rest
