// The one place from which links are asked whether they lead somewhere: of statements that are drafted, and of what the watches follow.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/net/link_checker.hpp"

namespace halfmast::app {

// Its client is made when the first link is asked: most daemons never ask one.
class link_desk {
public:
    // `own_network`: addresses of this machine and of private networks may be asked too ([links] private = true).
    link_desk(asio::any_io_executor executor, std::string proxy, bool own_network);

    // One report for each, in the same order; half a minute at most for each hundred.
    asio::awaitable<std::vector<api::link_report>> ask(std::vector<std::string> urls);

private:
    asio::any_io_executor executor_;
    std::string proxy_;
    bool own_network_;
    std::unique_ptr<net::http_client> client_;
    std::unique_ptr<net::link_checker> checker_;
};

}  // namespace halfmast::app
