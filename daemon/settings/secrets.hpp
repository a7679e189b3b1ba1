// Where a secret comes from: a file, the environment or systemd's credentials; never the settings themselves. Its value goes
// to the connector and into no text. Internal to this room.
#pragma once

#include <string>
#include <string_view>

#include "daemon/ports/secret.hpp"
#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// `node` is the value of `key` in `owner`'s table. With `read` false it is checked, but the secret itself is not looked at.
// Empty when there was a fault or nothing was read.
std::string read_secret(table_reader& owner, std::string_view key, const toml::node& node, bool read);

// The same for a key of 32 bytes: as 64 hexadecimal digits, as base64, or the bytes themselves.
secret read_key(table_reader& owner, std::string_view key, const toml::node& node, bool read);

}  // namespace halfmast::settings
