#include "daemon/engine/dispatcher.hpp"

#include <exception>
#include <ranges>

namespace halfmast::engine {

namespace {

outcome failed(problem trouble)
{
    outcome result;
    result.trouble = std::move(trouble);
    return result;
}

outcome without(std::string_view capability)
{
    return failed({failure::unsupported, "this platform has no way to " + std::string{capability}, {}});
}

outcome from_receipt(const result<receipt>& given)
{
    if (!given)
        return failed(given.error());
    outcome done;
    done.remote = given->remote;
    done.url = given->url;
    return done;
}

}  // namespace

asio::awaitable<outcome> dispatcher::carry_out(action what)
{
    auto to = connections_.find(what.account);
    if (to == connections_.end())
        co_return failed({failure::unsupported, what.account.value + " is not connected", {}});
    // Exceptions stop here. An exception in the middle says nothing about what the platform did.
    std::string trouble;
    try {
        auto work = std::visit([&](auto& call) { return carry(to->second, std::move(call)); }, what.what);
        auto result = co_await std::move(work);
        co_return result;
    } catch (const std::exception& error) {
        trouble = error.what();
    }
    co_return failed({failure::unknown_outcome, "internal error at " + what.account.value + ": " + trouble, {}});
}

asio::awaitable<outcome> dispatcher::carry(connection to, save_post call)
{
    if (!to.queue)
        co_return without("read a post");
    auto kept = co_await to.queue->save(std::move(call));
    if (!kept)
        co_return failed(kept.error());
    outcome done;
    done.saved = std::move(*kept);
    for (auto& item : done.saved)
        item.sha256 = hash_(*item.bytes);
    co_return done;
}

asio::awaitable<outcome> dispatcher::carry(connection to, hold_post call)
{
    if (!to.queue)
        co_return without("hold a post");
    auto given = co_await to.queue->hold(std::move(call));
    co_return from_receipt(given);
}

asio::awaitable<outcome> dispatcher::carry(connection to, read_posts call)
{
    if (!to.queue)
        co_return without("read a post");
    auto readings = co_await to.queue->read(std::move(call));
    if (!readings)
        co_return failed(readings.error());
    outcome done;
    done.readings = std::move(*readings);
    co_return done;
}

asio::awaitable<outcome> dispatcher::carry(connection to, release_post call)
{
    if (!to.queue)
        co_return without("release a post");
    kept_bytes kept;
    for (const auto& item : call.saved) {
        if (item.name == "raw")
            continue;
        auto bytes = co_await ledger_.blob(item.sha256);
        if (!bytes)
            co_return failed(
                {failure::rejected, "what was stored of the post (" + item.name + ") cannot be read: " + bytes.error().detail, {}});
        kept.push_back({item.name, item.sha256, *bytes});
    }
    auto now = clock_();
    auto given = co_await to.queue->release(std::move(call), std::move(kept), now);
    co_return from_receipt(given);
}

asio::awaitable<outcome> dispatcher::carry(connection to, publish_summary call)
{
    if (!to.pins)
        co_return without("publish");
    auto given = co_await to.pins->publish(std::move(call));
    co_return from_receipt(given);
}

asio::awaitable<outcome> dispatcher::carry(connection to, edit_summary call)
{
    if (!to.pins)
        co_return without("change what is published");
    auto given = co_await to.pins->edit(std::move(call));
    co_return from_receipt(given);
}

asio::awaitable<outcome> dispatcher::pins_now(std::shared_ptr<pin_port> pins)
{
    auto list = co_await pins->pins();
    if (!list)
        co_return failed(list.error());
    outcome done;
    done.pins = std::move(*list);
    co_return done;
}

asio::awaitable<outcome> dispatcher::carry(connection to, read_pins)
{
    if (!to.pins)
        co_return without("pin");
    auto done = co_await pins_now(to.pins);
    co_return done;
}

asio::awaitable<outcome> dispatcher::carry(connection to, pin_summary call)
{
    if (!to.pins)
        co_return without("pin");
    for (const auto& former : call.displaced) {
        auto given = co_await to.pins->unpin(former);
        if (!given && given.error().kind != failure::not_found)
            co_return failed(given.error());
    }
    auto given = co_await to.pins->pin(call.remote);
    if (!given)
        co_return failed(given.error());
    auto done = co_await pins_now(to.pins);
    co_return done;
}

asio::awaitable<outcome> dispatcher::carry(connection to, unpin_summary call)
{
    if (!to.pins)
        co_return without("unpin");
    std::vector<post_id> down;
    if (!call.remote.empty())
        down.push_back(call.remote);
    down.insert(down.end(), call.also_down.begin(), call.also_down.end());
    if (call.anew)
        down.insert(down.end(), call.restore.begin(), call.restore.end());
    for (const auto& id : down) {
        auto given = co_await to.pins->unpin(id);
        if (!given && given.error().kind != failure::not_found)
            co_return failed(given.error());
    }
    // Where the order of pinning counts, the one pinned last comes first.
    for (const auto& former : std::views::reverse(call.restore)) {
        auto back = co_await to.pins->pin(former);
        if (!back && back.error().kind != failure::not_found)
            co_return failed(back.error());
    }
    auto done = co_await pins_now(to.pins);
    co_return done;
}

}  // namespace halfmast::engine
