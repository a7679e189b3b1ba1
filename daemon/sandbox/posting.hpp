// What the platform checks before it takes a post: text, media, poll, and the date and caps of a scheduled one.
#pragma once

#include <variant>

#include "daemon/sandbox/call.hpp"

namespace halfmast::sandbox {

// Reads and checks the words of a new post. A refusal is the answer to give.
std::variant<draft, reply> read_draft(const call& from);

// What is wrong with scheduling for `due`; empty when nothing is. The post itself is not left out of the counts, not even
// when it is only being moved: so it is on the real server.
std::vector<std::string> schedule_faults(const call& from, time_point due);

// Poll options as sent; nullopt without any.
std::optional<poll_request> read_poll(const parameters& params);

}  // namespace halfmast::sandbox
