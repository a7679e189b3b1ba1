// Somebody on the loop who waits for an answer of another thread. Internal to this room.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/ports/result.hpp"

namespace halfmast::store {

namespace asio = boost::asio;

template <class T>
class question : public std::enable_shared_from_this<question<T>> {
public:
    explicit question(asio::any_io_executor executor)
        : executor_(executor),
          bell_(executor, std::chrono::steady_clock::time_point::max())
    {
    }

    // From any thread, which lets go of it: the timer ends on the executor's own.
    static void give(std::shared_ptr<question> asked, result<T> answer)
    {
        auto executor = asked->executor_;
        asio::post(executor, [asked = std::move(asked), answer = std::move(answer)]() mutable {
            asked->answer_ = std::move(answer);
            asked->bell_.cancel();
        });
    }

    asio::awaitable<result<T>> wait()
    {
        auto mine = this->shared_from_this();
        while (!answer_) {
            boost::system::error_code ignored;
            co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return *std::move(answer_);
    }

private:
    asio::any_io_executor executor_;
    asio::steady_timer bell_;
    std::optional<result<T>> answer_;
};

}  // namespace halfmast::store
