// Outgoing mail on libcurl, on a thread of its own for each server: mail is rare, and libcurl's SMTP has waits in it that must hold
// up no transfer of HTTP. It decides nothing: no retry. TLS is required unless the caller says that this server is on this machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/core/time.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::net {

namespace asio = boost::asio;

struct smtp_settings {
    std::string url;       // "smtp://host:587" (STARTTLS), "smtps://host:465" (TLS from the first byte)
    bool plain = false;    // no TLS at all: a server on this machine
    std::string username;  // empty: no log-in
    std::string password;
    std::string ca_file;  // empty: the system's
    milliseconds connect_timeout{10'000};
    milliseconds timeout{30'000};

    smtp_settings() {}
};

struct mail {
    std::string from;             // an address, without a name
    std::vector<std::string> to;  // at least one
    std::string message;          // headers, an empty line, text; every line ends with CR LF

    mail() {}
};

class smtp_client {
public:
    smtp_client(asio::any_io_executor executor, smtp_settings settings);
    ~smtp_client();  // what is under way ends within a second, with an unknown outcome
    smtp_client(const smtp_client&) = delete;
    smtp_client& operator=(const smtp_client&) = delete;

    // What the server said when it took the mail for one recipient at least; refused ones are named in it. Problems: unreachable
    // (nothing was sent, or no TLS), auth_expired (the log-in was refused), rejected (5xx: no use to repeat), unknown_outcome (4xx,
    // a cut, a time-out: to be tried again). On the executor's thread; one mail after the other.
    asio::awaitable<result<std::string>> send(mail what);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace halfmast::net
