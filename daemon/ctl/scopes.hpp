// Scopes as people type them.
#pragma once

#include <string>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// "brand=acme,region=eu" -> {"brand":"acme","region":"eu"}; throws command_error (usage). Empty is every account: that is the
// safe side of a script's empty variable.
document read_scope(const std::string& text);

}  // namespace halfmast::ctl
