// Outgoing HTTP as values, and the port connectors send them through. The one implementation is net/http_client.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/core/time.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast {

namespace asio = boost::asio;

using http_headers = std::vector<std::pair<std::string, std::string>>;

// Name compared without case; empty when absent. The first one when there are several.
std::string_view find_header(const http_headers& headers, std::string_view name);

struct http_request {
    std::string method = "GET";
    std::string url;
    http_headers headers;  // may hold secrets: never logged
    std::string body;
    bool publishes = false;  // must not be sent twice: on a fresh connection, never resent by the library
    bool looks = false;      // part of a poll (list, feed, check): waits behind what acts when calls are scarce
    milliseconds timeout{20'000};
    std::size_t most_body = 16u << 20;  // bytes; a larger answer is a bad_reply

    http_request() = default;  // a real constructor: g++ 12.2 destroys aggregate temporaries twice in co_await expressions
    http_request(std::string method_, std::string url_) : method(std::move(method_)), url(std::move(url_)) {}
};

struct http_response {
    int status = 0;
    http_headers headers;
    std::string body;
    std::chrono::steady_clock::time_point came_at{};  // when its last byte was here; unset: just now

    http_response() {}

    // How long ago it came: what it says of limits was true then.
    [[nodiscard]] milliseconds age() const
    {
        if (came_at == std::chrono::steady_clock::time_point{})
            return milliseconds{0};
        return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - came_at);
    }
};

class http_port {
public:
    virtual ~http_port() = default;

    // Any status is a value; a problem is unreachable (nothing was sent), unknown_outcome (sent, no whole answer) or
    // bad_reply (too large). Follows no redirect. The text of a problem names method and URL without query and secrets.
    virtual asio::awaitable<result<http_response>> fetch(http_request request) = 0;
};

}  // namespace halfmast
