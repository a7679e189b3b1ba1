// The WordPress fake, driven by connector "rest" and the description of WordPress that is shipped.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

std::unique_ptr<fake_platform> make_rest_wordpress(time_point now);

}  // namespace halfmast::contract
