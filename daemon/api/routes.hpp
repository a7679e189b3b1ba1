// REST under /api/v1. One table says what there is, who may ask for it and who answers; nothing is decided here.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/api/auth.hpp"
#include "daemon/api/backend.hpp"
#include "daemon/api/replays.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

// One request on its way to its handler. Lives in the caller's coroutine frame as long as the handler runs.
struct call {
    backend& daemon;
    const net::server_request& request;
    actor_id by;                     // who asks; what they may do was looked at before the handler runs
    std::vector<std::string> parts;  // what stood in the pattern's braces, decoded
    std::set<role> roles;            // theirs; empty for whoever only reads over loopback
    doorkeeper& door;
    const visitor& who;  // how they proved it
};

struct route {
    std::string_view method;
    std::string_view pattern;  // below /api/v1; "{...}" takes one part of the path
    may needs;
    asio::awaitable<net::server_response> (*run)(const call&);
};

std::span<const route> routes();

class api {
public:
    // Both outlive the server that calls the handler. Without a doorkeeper: whoever reaches the unix socket may do everything, and
    // loopback may read.
    explicit api(backend& daemon, doorkeeper* door = nullptr) : daemon_(daemon), door_(door == nullptr ? open_door_ : *door) {}

    net::request_handler handler();

private:
    asio::awaitable<net::server_response> answer_safely(net::server_request request);
    asio::awaitable<net::server_response> answer(net::server_request request);
    asio::awaitable<net::server_response> answer_once(const call&, const route&);
    asio::awaitable<net::server_response> answer_marked(const call&, const route&);
    asio::awaitable<net::server_response> answer_route(const call&, const route&);

    backend& daemon_;
    open_door open_door_;
    doorkeeper& door_;
    replays replays_;
};

}  // namespace halfmast::api
