// The session as it is kept over a restart, so that a start needs no log-in: they are few in a day. Pure; takes any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/bluesky/wire.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::bluesky {

// Of the account's own keys: a session that was begun with other ones is not this account's.
std::string print_of(const settings& own);

secret dump_session(const wire::session& who, const std::string& print);

// Nothing when it is none, when it was begun with other keys, or when its refresh token says that it is over.
std::optional<wire::session> parse_session(const secret& text, const std::string& print, time_point now);

// When a token ends by its own words (JWT, `exp`). A hint: nobody has checked its signature. Nothing when it does not say.
std::optional<time_point> end_of_token(std::string_view token);

}  // namespace halfmast::bluesky
