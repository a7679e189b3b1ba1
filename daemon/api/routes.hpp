// REST under /api/v1. One table says what there is, who may ask for it and who answers; nothing is decided here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

enum class access {
    reader,  // whoever may use the socket, and loopback TCP
    person,  // whoever may use the socket: the kernel says who it is
};

// One request on its way to its handler. Lives in the caller's coroutine frame as long as the handler runs.
struct call {
    backend& daemon;
    const net::server_request& request;
    actor_id by;
    std::vector<std::string> parts;  // what stood in the pattern's braces, decoded
};

struct route {
    std::string_view method;
    std::string_view pattern;  // below /api/v1; "{...}" takes one part of the path
    access who;
    asio::awaitable<net::server_response> (*run)(const call&);
};

std::span<const route> routes();

class api {
public:
    // The backend outlives the server that calls the handler.
    explicit api(backend& daemon) : daemon_(daemon) {}

    net::request_handler handler();

private:
    asio::awaitable<net::server_response> answer(net::server_request request);

    backend& daemon_;
};

}  // namespace halfmast::api
