// The composition root: the only room that knows all rooms. Builds the daemon from its settings, runs it, ends it in order.
#pragma once

#include <memory>
#include <string>

#include "daemon/settings/settings.hpp"

namespace halfmast::app {

// Words of design: the exit codes that scripts rely on.
enum exit_code : int {
    exit_ok = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_config = 6,
    exit_partly = 8,
};

struct run_options {
    bool direct = false;  // for one raise by `halfmast raise --direct`: the control socket only, nothing on TCP
};

// Runs the daemon until SIGTERM or SIGINT; an exit code. What keeps it from starting is said on stderr, with what to do.
int run_daemon(settings::settings wanted, run_options options);

}  // namespace halfmast::app
