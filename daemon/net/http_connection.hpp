// One peer of the server: its requests are read, answered and written one after the other. Internal to this room.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/net/http_server.hpp"
#include "daemon/net/tls.hpp"

namespace halfmast::net {

using stream_socket = asio::generic::stream_protocol::socket;

class connection;

// What all connections of one server share, and outlives them.
struct connection_home {
    asio::any_io_executor executor;
    request_handler handler;
    http_server_settings settings;
    bool draining = false;
    bool closed = false;
    std::unordered_set<connection*> all;
    std::map<std::string, std::size_t> of_address;  // how many, of TCP
    std::function<void()> left;                     // one has ended
};

// Where a peer comes from.
struct origin {
    std::string address;  // "127.0.0.1", "[::1]"; "" over a unix socket
    std::string remote;   // with the port; "unix"
    std::optional<peer> from;
    std::shared_ptr<tls_context> tls;  // null: plain
};

// Lives as long as its coroutine; the home only knows it.
class connection : public std::enable_shared_from_this<connection> {
public:
    connection(std::shared_ptr<connection_home> home, stream_socket socket, origin from);
    ~connection();

    static asio::awaitable<void> run(std::shared_ptr<connection> mine);

    // The server drains: an idle one goes now, a stream ends, a busy one goes after its answer.
    void finish_soon();
    void cut();

private:
    struct incoming;  // the parser
    class open_stream;

    // What became of reading a request.
    enum class heard {
        request,  // a whole one
        nothing,  // the peer is gone, or was idle for too long, or the server ends
        broken,   // refuse it with a status, then close
    };

    asio::awaitable<bool> shake_hands();
    asio::awaitable<void> serve();
    asio::awaitable<heard> read(incoming& message);
    asio::awaitable<bool> read_some();
    asio::awaitable<bool> write(const char* bytes, std::size_t size, milliseconds patience, bool of_the_whole = false);
    asio::awaitable<bool> answer(server_request request, bool keep_open, unsigned version);
    asio::awaitable<void> stream(const server_response& given, bool chunked);
    static asio::awaitable<void> watch(std::shared_ptr<connection> mine);
    asio::awaitable<void> refuse();
    void complete(server_response& given) const;
    asio::awaitable<server_response> ask(server_request request);
    asio::awaitable<void> wait(milliseconds length);
    asio::awaitable<void> say_goodbye();
    bool take_request(const incoming& message, server_request& request);
    void arm(milliseconds length);
    void disarm();

    std::shared_ptr<connection_home> home_;
    stream_socket socket_;
    std::unique_ptr<tls_stream> tls_;
    asio::steady_timer deadline_;
    unsigned deadlines_ = 0;  // a deadline that was replaced may still ring
    bool late_ = false;
    bool idle_ = true;  // no byte of a request has come yet
    origin from_;
    std::string pending_;  // read, not yet parsed
    std::array<char, 16u << 10> room_{};
    int refusal_ = 400;
    std::string reason_;
    open_stream* streaming_ = nullptr;
};

}  // namespace halfmast::net
