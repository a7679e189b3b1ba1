// The explicit table of connectors, made by CMake from halfmast_add_connector().
#pragma once

#include <span>
#include <string_view>

#include "daemon/ports/room.hpp"

namespace halfmast {

std::span<const connector_room> connectors();

// Null when there is no room of that name.
const connector_room* find_connector(std::string_view name);

}  // namespace halfmast
