// What is said, as ledger records keep it: words, editions, replies, tasks. Internal to this room. Empty members are left out;
// reading throws unreadable.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/crisis.hpp"
#include "daemon/core/saying.hpp"

namespace halfmast::store {

nlohmann::json to_json(const halfmast::statement& words);
halfmast::statement read_statement(const nlohmann::json& object);

// What was given by language; an empty one is left out.
void put_by_language(nlohmann::json& object, const char* name, const by_language&);
by_language by_language_at(const nlohmann::json& object, const char* name);

nlohmann::json to_json(const edition& said);
edition read_edition(const nlohmann::json& object);

// Ledgers from before there were editions have the words, and the undo window, in the flag itself.
edition read_first_edition(const nlohmann::json& flag_object, const crisis& flag);

// As it was asked for; what became of it is in the records behind it.
nlohmann::json to_json(const reply& answer);
reply read_reply(const nlohmann::json& object);

nlohmann::json to_json(const task& wanted);
task read_task(const nlohmann::json& object);

}  // namespace halfmast::store
