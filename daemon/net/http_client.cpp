#include "daemon/net/http_client.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/request_name.hpp"
#include "daemon/net/transfer_loop.hpp"

namespace halfmast::net {

// The executor's side. Everything here runs on the executor's thread; answers come from the transfers' thread as posted messages.
class http_client::impl : public std::enable_shared_from_this<http_client::impl> {
public:
    impl(asio::any_io_executor executor, http_client_settings settings)
        : executor_(std::move(executor)),
          settings_(std::move(settings))
    {
    }

    // Apart from the constructor, for the loop's answers need weak_from_this().
    void start()
    {
        auto done = [executor = executor_, weak = weak_from_this(), box = box_](std::uint64_t id, result<http_response> given) {
            {
                std::scoped_lock lock(box->guard);
                box->answers.emplace_back(id, std::move(given));
                if (box->answers.size() > 1)
                    return;  // whoever comes for the first takes all
            }
            asio::post(executor, [weak] {
                if (auto mine = weak.lock())
                    mine->answer_all();
            });
        };
        loop_ = std::make_unique<transfer_loop>(settings_, std::move(done));
    }

    void close()
    {
        loop_.reset();
        for (auto& [id, one] : calls_) {
            one->given.emplace(
                problem{failure::unknown_outcome, one->name + " was cut: the client ended before an answer came", {}});
            one->bell.cancel();
        }
        calls_.clear();
    }

    static asio::awaitable<result<http_response>> run(std::shared_ptr<impl> mine, http_request request)
    {
        if (!mine->loop_) {
            problem late{failure::unreachable, name_of(request) + " was not sent: the client has ended", {}};
            co_return late;
        }
        call one(*mine, name_of(request));
        mine->loop_->submit(one.id, std::move(request));
        while (!one.given) {
            boost::system::error_code ignored;
            co_await one.bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (!one.given)  // the bell rings only with an answer; this is a cancellation from outside
                one.given.emplace(problem{failure::unknown_outcome, one.name + " was given up before an answer came", {}});
        }
        co_return std::move(*one.given);
    }

private:
    // Lives in the coroutine's frame. When that is thrown away before the answer, the transfer is cut.
    struct call {
        call(impl& to, std::string name_)
            : id(to.next_id_++),
              name(std::move(name_)),
              bell(to.executor_, asio::steady_timer::time_point::max()),
              to_(to)
        {
            to_.calls_.emplace(id, this);
        }
        ~call()
        {
            if (to_.calls_.erase(id) != 0 && to_.loop_)
                to_.loop_->abandon(id);
        }
        call(const call&) = delete;
        call& operator=(const call&) = delete;

        std::uint64_t id;
        std::string name;
        asio::steady_timer bell;
        std::optional<result<http_response>> given;

    private:
        impl& to_;
    };

    // What came while this thread was busy costs one wake-up together.
    struct letter_box {
        std::mutex guard;
        std::vector<std::pair<std::uint64_t, result<http_response>>> answers;
    };

    void answer_all()
    {
        std::vector<std::pair<std::uint64_t, result<http_response>>> came;
        {
            std::scoped_lock lock(box_->guard);
            came.swap(box_->answers);
        }
        for (auto& [id, given] : came)
            answer(id, std::move(given));
    }

    void answer(std::uint64_t id, result<http_response> given)
    {
        auto found = calls_.find(id);
        if (found == calls_.end())
            return;
        auto& one = *found->second;
        calls_.erase(found);
        one.given.emplace(std::move(given));
        one.bell.cancel();
    }

    asio::any_io_executor executor_;
    http_client_settings settings_;
    std::shared_ptr<letter_box> box_ = std::make_shared<letter_box>();
    std::unique_ptr<transfer_loop> loop_;
    std::unordered_map<std::uint64_t, call*> calls_;
    std::uint64_t next_id_ = 1;
};

http_client::http_client(asio::any_io_executor executor, http_client_settings settings)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(settings)))
{
    impl_->start();
}

http_client::~http_client() { impl_->close(); }

asio::awaitable<result<http_response>> http_client::fetch(http_request request) { return impl::run(impl_, std::move(request)); }

}  // namespace halfmast::net
