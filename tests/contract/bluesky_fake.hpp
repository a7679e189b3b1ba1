// A Bluesky server (PDS) with its AppView in memory: one account, its posts, its profile with the one pin.
#pragma once

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

std::unique_ptr<fake_platform> make_bluesky(time_point now);
// A server without AppView: every app.bsky.* call is answered 502.
std::unique_ptr<fake_platform> make_bluesky_alone(time_point now);

}  // namespace halfmast::contract
