// What the tests of this room share: running a coroutine to its end with a deadline, and a peer that speaks raw bytes.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "daemon/net/http_client.hpp"
#include "daemon/net/http_server.hpp"
#include "tests/net/result_text.hpp"

namespace halfmast::net::testing {

using boost::system::error_code;
using asio::ip::tcp;
using fetched = result<http_response>;

inline constexpr std::chrono::seconds patience{60};
inline constexpr unsigned short closed_port = 1;  // nobody listens there, and the system gives it to nobody

// Turns the loop until the condition holds; false when that takes too long.
inline bool run_until(asio::io_context& context, const std::function<bool()>& reached)
{
    auto end = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (!reached()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        if (context.stopped())
            context.restart();
        context.run_one_for(milliseconds{20});
    }
    return true;
}

// One call, begun; its answer comes into the value it gives.
inline std::shared_ptr<std::optional<fetched>> begin(asio::io_context& context, http_port& client, http_request request)
{
    auto given = std::make_shared<std::optional<fetched>>();
    auto work = client.fetch(std::move(request));
    asio::co_spawn(context, std::move(work), [given](std::exception_ptr error, fetched value) {
        if (!error)
            given->emplace(std::move(value));
    });
    return given;
}

inline fetched fetch(asio::io_context& context, http_port& client, http_request request)
{
    auto given = begin(context, client, std::move(request));
    REQUIRE(run_until(context, [&] { return given->has_value(); }));
    return **given;
}

inline http_request get(std::string url) { return {"GET", std::move(url)}; }

inline std::string url_of(unsigned short port, const std::string& path = "/")
{
    return "http://127.0.0.1:" + std::to_string(port) + path;
}

// A server of raw bytes: `act` gets every connection and all that was read from it so far, and says what to do.
class raw_peer {
public:
    struct move {
        std::string send;
        bool close = false;
    };
    using script = std::function<move(int connection, const std::string& request)>;

    raw_peer(asio::io_context& context, script act)
        : acceptor_(context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
          act_(std::move(act))
    {
        asio::co_spawn(context, accept(), asio::detached);
    }

    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] int connections() const { return connections_; }

    std::vector<std::string> requests;  // heads, in the order they came

private:
    asio::awaitable<void> accept()
    {
        for (;;) {
            error_code error;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (error)
                co_return;
            auto work = serve(std::move(socket), ++connections_);
            asio::co_spawn(acceptor_.get_executor(), std::move(work), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp::socket socket, int number)
    {
        std::string heard;
        std::array<char, 4096> room{};
        for (;;) {
            error_code error;
            auto got = co_await socket.async_read_some(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
            if (error)
                co_return;
            heard.append(room.data(), got);
            auto end = heard.find("\r\n\r\n");
            if (end == std::string::npos)
                continue;
            requests.push_back(heard.substr(0, end));
            auto what = act_(number, heard.substr(0, end));
            heard.clear();  // the bodies of these tests come with their heads
            co_await asio::async_write(socket, asio::buffer(what.send), asio::redirect_error(asio::use_awaitable, error));
            if (error || what.close)
                co_return;
        }
    }

    tcp::acceptor acceptor_;
    script act_;
    int connections_ = 0;
};

}  // namespace halfmast::net::testing
