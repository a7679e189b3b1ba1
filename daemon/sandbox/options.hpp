// The command line of halfmast-sandbox as values.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/sandbox/platform.hpp"

namespace halfmast::sandbox {

struct command_line {
    platform_settings platform;
    std::vector<std::pair<std::string, std::string>> accounts;  // name and token
    std::string address = "127.0.0.1";
    unsigned short port = 0;
    std::string url;         // how others reach it; empty: as it listens
    std::string state_file;  // written at the end
    std::string ready_file;  // the ready line, for those who cannot read standard output
};

// An int is the code to end with: help was shown, or what is wrong was named on standard error.
std::variant<command_line, int> read_command_line(int count, const char* const* words);

}  // namespace halfmast::sandbox
