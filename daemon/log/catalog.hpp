// The catalogue of messages as journald keeps it: `journalctl -x` shows what a message means and what to do below its line. The
// file systemd/halfmast.catalog is this text; a test compares them.
#pragma once

#include <string>

#include "daemon/log/logger.hpp"

namespace halfmast::log {

// 32 hexadecimal digits, made of the name alone: the same in every version (MESSAGE_ID of the journal).
std::string journal_id(const entry& one);

std::string catalog_text();

}  // namespace halfmast::log
