// One process of our own: started without a shell, in a process group of its own, with three descriptors and a bare environment;
// ended with all that it started. No Asio, no protocol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/ports/result.hpp"

namespace halfmast::exec {

struct child {
    pid_t pid = -1;
    int in = -1;   // our end of its standard input: a socket, so that writing to a dead program is no signal
    int out = -1;  // of its standard output
    int err = -1;  // of its standard error
};

// The descriptors are non-blocking and the caller's. A problem when there is no such program, or it cannot be run.
result<child> start(const std::string& program, const std::vector<std::string>& arguments);

// True once it has ended; it stays a zombie until reap(), so that its number is nobody else's meanwhile.
bool has_ended(pid_t pid);

// A signal to it and all that it started.
void signal_group(pid_t pid, int signal);

// Ends what is left of its group and takes its status: "exit code 3", "signal 9". Call it when it has ended.
std::string reap(pid_t pid);

// Asks it to end, waits so long, then makes it. Blocks: for the daemon's own end.
void end_now(pid_t pid, milliseconds patience);

}  // namespace halfmast::exec
