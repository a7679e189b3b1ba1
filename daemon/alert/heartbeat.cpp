#include "daemon/alert/heartbeat.hpp"

#include <array>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include "daemon/alert/wire.hpp"
#include "daemon/alert/wires.hpp"
#include "daemon/net/request_name.hpp"

namespace halfmast::alert {

namespace {

// So that the heartbeat of another machine's daemon at the same Alertmanager does not stand for ours.
std::string machine_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return "localhost";
    return name.data();
}

}  // namespace

heartbeat::heartbeat(asio::any_io_executor executor, http_port& http, heartbeat_settings settings, receiver_settings alertmanager,
                     std::function<time_point()> clock, std::function<void(std::string)> trouble)
    : executor_(executor),
      http_(http),
      settings_(std::move(settings)),
      alertmanager_(std::move(alertmanager)),
      clock_(std::move(clock)),
      trouble_(std::move(trouble)),
      timer_(executor)
{
}

void heartbeat::start()
{
    auto work = run();
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

void heartbeat::stop()
{
    stopping_ = true;
    timer_.cancel();
}

asio::awaitable<void> heartbeat::run()
{
    while (!stopping_) {
        timer_.expires_after(settings_.every);
        auto work = beat();
        auto trouble = co_await std::move(work);
        if (trouble != last_) {
            last_ = trouble;
            trouble_(trouble);
        }
        if (stopping_)
            co_return;
        boost::system::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

// "" when it was taken.
asio::awaitable<std::string> heartbeat::beat()
{
    http_request request;
    if (settings_.url.empty()) {
        request = alive_request(alertmanager_, machine_name(), clock_(), settings_.every);
    } else {
        request.url = settings_.url;
        request.most_body = 64u << 10;
        request.timeout = milliseconds{10'000};
    }
    auto named = net::name_of(request);
    auto fetched = co_await http_.fetch(std::move(request));
    if (!fetched) {
        auto why = fetched.error().detail;
        if (auto at = why.find(named); at != std::string::npos)
            why.replace(at, named.size(), "the address");  // whoever knows it may beat in our place
        co_return why;
    }
    auto taken = settings_.url.empty() ? read_api_status(*fetched) : read_status(*fetched);
    co_return taken ? std::string{} : taken.error().detail;
}

}  // namespace halfmast::alert
