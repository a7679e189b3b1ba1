// A client and a server in one loop, for the tests of the client.
#pragma once

#include "tests/net/support.hpp"

namespace halfmast::net::testing {

inline server_response text(int status, std::string body)
{
    server_response given{status, std::move(body)};
    given.content_type = "text/plain";
    return given;
}

inline asio::awaitable<void> pause(milliseconds length)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, length);
    co_await timer.async_wait(asio::use_awaitable);
}

// A client and a server in one loop.
struct stage {
    asio::io_context context{1};
    std::vector<server_request> seen;
    request_handler act;
    http_server server;
    unsigned short port;
    std::optional<http_client> client;

    explicit stage(request_handler act_, http_client_settings settings = {})
        : act(std::move(act_)),
          server(context.get_executor(), [this](server_request request) { return serve(std::move(request)); }),
          port(server.listen_tcp("127.0.0.1", 0)),
          client(std::in_place, context.get_executor(), settings)
    {
    }

    asio::awaitable<server_response> serve(server_request request)
    {
        seen.push_back(request);
        auto work = act(std::move(request));
        auto given = co_await std::move(work);
        co_return given;
    }

    fetched ask(http_request request) { return fetch(context, *client, std::move(request)); }
    fetched ask(const std::string& path) { return ask(get(url_of(port, path))); }
};

inline asio::awaitable<server_response> say_hello(server_request)
{
    auto given = text(200, "hello");
    given.headers = {{"X-One", "1"}, {"Link", "<next>"}, {"Link", "<last>"}};
    co_return given;
}

}  // namespace halfmast::net::testing
