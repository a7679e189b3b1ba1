// Mastodon's entities as JSON, with every field its clients rely on. Reads the world, changes nothing.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "daemon/sandbox/world.hpp"

namespace halfmast::sandbox {

struct entity_view {
    const world& state;
    const rules& set;
    std::string base;      // "http://127.0.0.1:PORT"
    const person* viewer;  // nullptr without a token
    time_point now;
};

nlohmann::json account_entity(const entity_view& view, const person& who);
nlohmann::json own_account_entity(const entity_view& view, const person& who);  // with `source` and `role`
nlohmann::json status_entity(const entity_view& view, const status& post);
nlohmann::json history_entity(const entity_view& view, const status& post);
nlohmann::json scheduled_entity(const entity_view& view, const scheduled& post);
nlohmann::json media_entity(const entity_view& view, const media& file);
nlohmann::json poll_entity(const entity_view& view, const status& post);  // null when it has none
nlohmann::json notification_entity(const entity_view& view, const notification& what);

// Same text everywhere JSON leaves the sandbox: whatever was sent in is sent out, broken UTF-8 replaced.
std::string to_text(const nlohmann::json& value);

}  // namespace halfmast::sandbox
