// Events between coroutines of one thread. Cannot lose one: a deque, and a timer that never expires as its bell.
// (Channels of Boost 1.81 lose messages when they are closed or raced against a timer.)
#pragma once

#include <deque>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace halfmast::engine {

namespace asio = boost::asio;

template <class Letter>
class mailbox {
public:
    explicit mailbox(asio::any_io_executor executor) : bell_(executor, asio::steady_timer::time_point::max()) {}

    void post(Letter letter)
    {
        letters_.push_back(std::move(letter));
        bell_.cancel();
    }

    // No more letters come; who waits gets what is left, then nothing.
    void close()
    {
        closed_ = true;
        bell_.cancel();
    }

    // Everything that came, at least one; empty only when the box is closed.
    asio::awaitable<std::deque<Letter>> take_all()
    {
        while (letters_.empty() && !closed_) {
            boost::system::error_code ignored;
            bell_.expires_at(asio::steady_timer::time_point::max());
            co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return std::exchange(letters_, {});
    }

private:
    std::deque<Letter> letters_;
    asio::steady_timer bell_;
    bool closed_ = false;
};

}  // namespace halfmast::engine
