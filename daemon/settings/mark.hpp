// A mark of what the settings say, to tell whether other ones were written since: comments, blanks and the order of tables of different
// names make no difference. Tells apart what people write; it proves nothing. Internal to this room.
#pragma once

#include "daemon/settings/settings.hpp"
#include "daemon/settings/toml.hpp"

namespace halfmast::settings {

// Adds one file, in the order in which they are read; [access] of the main one has a mark of its own.
void mark_settings(const toml::table& file, bool is_main, settings& made);

}  // namespace halfmast::settings
