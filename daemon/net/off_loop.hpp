// Work that takes too long for the loop's thread: done on another one, its answer brought back. For coroutines of every room; must not
// know what the work is.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace halfmast::net {

namespace asio = boost::asio;

template <class T>
struct work_waited_for {
    asio::steady_timer bell;
    std::optional<T> answer;

    explicit work_waited_for(const asio::any_io_executor& home) : bell(home, asio::steady_timer::time_point::max()) {}
};

// `work` throws nothing. The pool ends before `home` does.
template <class T>
asio::awaitable<T> off_loop(asio::thread_pool& pool, asio::any_io_executor home, std::function<T()> work)
{
    auto waiting = std::make_shared<work_waited_for<T>>(home);
    asio::post(pool, [home, mine = waiting, work = std::move(work)]() mutable {
        auto got = work();
        asio::post(home, [mine = std::move(mine), got = std::move(got)]() mutable {
            mine->answer.emplace(std::move(got));
            mine->bell.cancel();
        });
    });
    boost::system::error_code ignored;
    while (!waiting->answer)
        co_await waiting->bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return std::move(*waiting->answer);
}

}  // namespace halfmast::net
