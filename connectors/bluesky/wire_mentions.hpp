// What people write to the account, as the AppView's notifications tell it: what is asked, what is answered. Pure.
#pragma once

#include <optional>
#include <string>

#include "connectors/bluesky/wire.hpp"

namespace halfmast::bluesky::wire {

// One notification. What is no mention, reply or quote by somebody else has nothing said.
struct notice {
    std::string uri;  // of the record that caused it; an edited record keeps it
    time_point at;    // by which the list is ordered
    std::optional<mention> said;
};

http_request notifications(const settings& own, const std::string& cursor);

// Newest first, as the platform gives them.
result<page<notice>> read_notifications(const settings& own, const std::string& did, const http_response& reply, time_point now);

}  // namespace halfmast::bluesky::wire
