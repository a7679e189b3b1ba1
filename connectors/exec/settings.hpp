// The account's own keys: which program, what it is told, and what may be asked of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/ports/room.hpp"

namespace halfmast::exec {

struct settings final : connector_settings {
    std::string account;  // its id, for the program and for texts
    std::string program;  // a whole path
    std::vector<std::string> arguments;
    std::string secret;             // told in hello; empty: none
    std::vector<rung_offer> rungs;  // gentlest first
    bool publishes = false;
    bool edits = false;
    bool replies = false;
    bool pins = false;
    bool feed = false;
    bool mentions = false;
    bool release_text = false;  // a release can take other words with it
    seconds release_margin{120};
    milliseconds timeout{20'000};  // of one call
    int at_once = 1;
    int most_pins = 0;
    int text_limit = 0;
    text_counting counting = text_counting::code_points;
};

// Null when something is wrong; every fault is noted at `values`.
std::shared_ptr<const connector_settings> parse(account_values& values);

}  // namespace halfmast::exec
