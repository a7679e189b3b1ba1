// A WordPress in memory for the contract suite, with the traps that were seen at the real one.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

std::unique_ptr<fake_platform> make_wordpress(time_point now);        // pretty permalinks, /wp-json/
std::unique_ptr<fake_platform> make_plain_wordpress(time_point now);  // /?rest_route= only; the web server answers 404 with HTML

}  // namespace halfmast::contract
