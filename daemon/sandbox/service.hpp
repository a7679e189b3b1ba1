// The practice platform on the network: the server, the timer that publishes on time, and the signals that end it.
#pragma once

#include <memory>

#include "daemon/sandbox/options.hpp"

namespace halfmast::sandbox {

// One thread, that of the io_context it is given. Serves from construction on.
class service {
public:
    // Throws std::runtime_error when it cannot listen.
    service(asio::any_io_executor executor, command_line options);
    ~service();

    [[nodiscard]] std::string introduction() const;
    [[nodiscard]] unsigned short port() const;

    // No new connections, no more publishing; answers what is under way, then runs `done` once.
    void stop(std::function<void()> done);
    // The state file, when the options name one. Throws std::runtime_error when it cannot be written.
    void write_state() const;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

// The whole program: serves until SIGTERM or SIGINT.
int run(command_line options);

}  // namespace halfmast::sandbox
