// halfmast say reply, replies, drop, and the approval of a reply: an answer to one person, with a cool head and a second person.
#pragma once

#include <string>

#include "daemon/ctl/session.hpp"

namespace CLI {
class App;
}

namespace halfmast::ctl {

void add_replies(CLI::App& say, session&);

// "r-1" and not "c-1".
bool is_reply(const std::string& id);

// For `say approve r-1`. Gives the exit code.
int approve_reply(const session&, const std::string& id, const std::string& reason, milliseconds wait);

}  // namespace halfmast::ctl
