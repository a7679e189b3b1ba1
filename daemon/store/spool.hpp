// Raises that `halfmast raise` left in STATE_DIR/spool while no daemon ran. The daemon obeys them at its start; what is in
// them the API's room reads.
#pragma once

#include <string>
#include <vector>

#include "daemon/ports/result.hpp"

namespace halfmast::store {

struct spooled {
    std::string path;
    std::string json;
};

// Every raise-*.json, oldest name first. Files under other names are being written, or nobody's. No folder: nothing.
// One that cannot be read is given with an empty `json`, so that it is reported and does not hide the others.
result<std::vector<spooled>> read_spool(const std::string& state_dir);

// Durable: an obeyed raise does not come back after a power cut.
void remove_spool(const std::string& path);

}  // namespace halfmast::store
