// [mentions] of a description: reading the table, and what an entry of the list says. Pure. Internal to this room.
#pragma once

#include <optional>
#include <string>

#include "connectors/rest/calls.hpp"
#include "connectors/rest/settings.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::rest {

// Every fault goes to the table's own sink.
mention_listing read_mention_listing(table& from, const call_rules& rules);

namespace wire {

struct said_by {
    mention said;
    std::string author;  // empty: the description does not tell

    said_by() {}
};

// Nothing when it has no id or no time of the form that [times] names: it could not be told from what was given already.
std::optional<said_by> read_said(const settings&, const nlohmann::json& item);

// Who we are, as [mentions.me] says. A problem when it is not there.
result<std::string> read_me(const settings&, const http_response&);

}  // namespace wire

}  // namespace halfmast::rest
