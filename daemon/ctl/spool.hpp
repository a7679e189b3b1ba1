// A raise that must survive although nobody takes it: a file in STATE_DIR/spool, durable before its name exists. The daemon
// obeys it when it starts.
#pragma once

#include <string>

#include "daemon/ctl/session.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::ctl {

// Writes `content` and gives the file's path. Makes STATE_DIR/spool when only that is missing.
result<std::string> write_spool(const std::string& state_dir, const document& content, time_point at);

}  // namespace halfmast::ctl
