// Other programs: halfmastd, for what needs the connectors, and halfmast-audit, for what reads the ledger's files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// This process becomes halfmastd with these arguments; throws command_error when there is no such program.
[[noreturn]] void become_daemon_program(std::vector<std::string> arguments);

// This process becomes halfmast-audit with the same words.
[[noreturn]] void become_audit_program(const session&);

// This process becomes halfmast-remote with the same words.
[[noreturn]] void become_remote_program(const session&);

// halfmastd --direct, for one raise while no daemon runs: a folder of its own in the temporary directory, a socket in it, and
// an end with this process whatever happens to it.
class direct_daemon {
public:
    // Waits until it answers. Throws command_error when it does not start; the text says what it said.
    explicit direct_daemon(const session&);
    ~direct_daemon();
    direct_daemon(const direct_daemon&) = delete;
    direct_daemon& operator=(const direct_daemon&) = delete;

    [[nodiscard]] const std::string& socket() const { return socket_; }

    // Asks it to end in order and waits for that.
    void stop();

private:
    void start(const session&);
    void wait_until_it_answers();
    bool has_ended();
    [[noreturn]] void throw_ended();
    std::string what_it_said() const;
    void clear_up();

    std::string folder_;
    std::string socket_;
    std::string log_;
    pid_t process_ = -1;
    int status_ = 0;
};

}  // namespace halfmast::ctl
