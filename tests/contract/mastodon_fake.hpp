// The practice platform as a fake for the contract suite.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

std::unique_ptr<fake_platform> make_mastodon(time_point now);

}  // namespace halfmast::contract
