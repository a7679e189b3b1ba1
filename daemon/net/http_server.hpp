// Incoming HTTP/1.1 on Beast: TCP and unix sockets, with limits. Knows nothing of routes; hands every request to one function.
// Beast stays in http_server.cpp, for it costs a minute to compile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/ports/http.hpp"

namespace halfmast::net {

// Who is at the other end of a unix socket, by the kernel's word (SO_PEERCRED).
struct peer {
    unsigned uid = 0;
    unsigned gid = 0;
    int pid = 0;
    std::string user;  // login name, "uid:1000" when it has none
};

struct server_request {
    std::string method;
    std::string target;                        // as sent, path and query
    std::string path;                          // before '?', still percent-encoded
    std::map<std::string, std::string> query;  // decoded
    http_headers headers;
    std::string body;
    std::optional<peer> from;  // unix socket only
    std::string remote;        // "127.0.0.1:41234" or "unix"
    bool tls = false;
    std::string certificate;  // common name of the peer's certificate, which the settings' authority signed; else ""
};

// The way out of an answer that has no end of its own. Lives as long as the coroutine that it was given to.
class response_stream {
public:
    virtual ~response_stream() = default;

    // False: the peer is gone or too slow, or the server drains; nothing more is wanted. Waits while the peer reads slowly.
    virtual asio::awaitable<bool> send(std::string bytes) = 0;

    // What send() would say without sending.
    [[nodiscard]] virtual bool is_over() const = 0;

    // Runs `then` once on the server's thread when it is over; at once when it is already. For whoever waits for something to send.
    virtual void when_over(std::function<void()> then) = 0;
};

struct server_response {
    int status = 200;
    std::string content_type = "application/json";
    http_headers headers;
    std::string body;

    // Instead of a body: the head leaves at once, then whatever this sends, until it returns. No time limit but `slow_reader`; counts as
    // a connection, which ends with it. A lambda's captures live as long as it runs.
    std::function<asio::awaitable<void>(response_stream&)> stream;

    // For practice servers: what a bad platform does on the wire.
    milliseconds delay{0};                 // before the first byte
    std::optional<std::size_t> cut_after;  // close after so many body bytes, with the whole Content-Length promised
    bool no_answer = false;                // read the request, then close without a byte (after `delay`)

    server_response() {}
    server_response(int status_, std::string body_) : status(status_), body(std::move(body_)) {}
};

using request_handler = std::function<asio::awaitable<server_response>(server_request)>;

struct http_server_settings {
    std::size_t most_body = 1u << 20;     // bytes; 413 beyond
    std::size_t most_header = 16u << 10;  // bytes; 431 beyond
    std::size_t most_connections = 1024;  // further ones wait in the kernel's queue
    std::size_t most_of_one = 256;        // connections from one address; a further one is closed at once
    milliseconds idle{60'000};            // keep-alive: between two requests
    // For a TLS handshake; for a whole request, from its first byte to its last; and to take an answer, which has a second more for each
    // `slowest` bytes of it.
    milliseconds patience{30'000};
    std::size_t slowest = 16u << 10;
    milliseconds slow_reader{15'000};  // of a stream: without a byte taken for so long it is over
    http_headers always;  // of every answer, refusals of what is no request too; an answer's own header of a name counts
    std::function<void(const std::string&)> mistake;  // told what a handler threw; the peer learns nothing of it
};

// PEM files. With `client_ca` a peer may show a certificate of that authority; one of another is refused.
struct tls_files {
    std::string certificate;  // with the chain
    std::string key;
    std::string client_ca;  // empty: none is asked for
};

class http_server {
public:
    http_server(asio::any_io_executor executor, request_handler handler, http_server_settings settings = {});
    ~http_server();

    // Starts accepting; throws std::runtime_error with the address and the reason. A socket file nobody listens on is
    // replaced, one that is alive is an error. `mode` as for chmod; `group` empty leaves it.
    void listen_unix(const std::string& path, unsigned mode = 0660, const std::string& group = {});
    // port 0 takes a free one; gives the port.
    unsigned short listen_tcp(const std::string& address, unsigned short port);

    // The same behind TLS 1.2 or 1.3; also throws when a file is wrong.
    unsigned short listen_tls(const std::string& address, unsigned short port, const tls_files& files);
    // Reads the files again, for connections that come from now on. Throws with the reason; then nothing changed.
    void renew_tls();

    // No new connections; streams end, requests under way are answered, then `done` runs once.
    void drain(std::function<void()> done);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

// "%2F" -> "/"; nullopt when the encoding is broken.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  // unreserved characters stay

}  // namespace halfmast::net
