// A platform of connector "rest" behind OAuth 2 with refresh tokens that rotate: each use gives the next one, and one that comes a
// second time takes all of them back, as RFC 9700 wants it.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

// `site` is the platform behind it, which takes Basic.
std::unique_ptr<fake_platform> make_rest_oauth(std::unique_ptr<fake_platform> site);

}  // namespace halfmast::contract
