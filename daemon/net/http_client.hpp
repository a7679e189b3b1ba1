// Outgoing HTTP on libcurl's multi interface. Keeps the rules that were measured for libcurl 7.88: HTTP/1.1, names resolved
// outside, publishing calls on a fresh connection, own queue, every time-out and size limit set. It decides nothing: no retry, no redirect.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/ports/http.hpp"

namespace halfmast::net {

struct http_client_settings {
    std::size_t most_at_once = 256;          // transfers; further ones wait here, not in libcurl
    std::size_t most_per_host = 32;          // to a host of which nothing is known, or that fails
    std::size_t most_per_well_host = 128;    // the limit grows up to this by one with each answer; the others keep the rest
    std::size_t most_in_memory = 96u << 20;  // bytes of all answers that are being read; a small one always has room
    milliseconds connect_timeout{5'000};
    std::string proxy;    // "http://proxy:3128"; empty: none (the environment is not asked)
    std::string ca_file;  // empty: the system's
    std::string user_agent = "halfmast/0.1";
    bool public_only = false;  // for addresses that strangers wrote: nothing is sent to this machine or to private networks
};

// Used on one thread, the executor's; libcurl has a thread of its own. May be destroyed while transfers run, before the executor's
// context is: they end as unknown_outcome.
class http_client final : public http_port {
public:
    http_client(asio::any_io_executor executor, http_client_settings settings);
    ~http_client() override;

    asio::awaitable<result<http_response>> fetch(http_request request) override;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace halfmast::net
