// The built `halfmast`, run from outside as a person or a script runs it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl::tests {

struct run_result {
    int code = -1;  // 128 + number when a signal ended it
    std::string out;
    std::string err;

    [[nodiscard]] document json() const;  // of the whole standard output: exactly one document
    [[nodiscard]] std::string last_line() const;
};

struct run_input {
    std::string text;                        // standard input
    std::map<std::string, std::string> env;  // beside a bare environment
    std::string program;                     // empty: the built one
    std::function<bool()> interrupt_when;    // SIGINT once this holds
};

// Kills it and fails after half a minute.
run_result run_halfmast(const std::vector<std::string>& words, const run_input& input = {});

std::string built_halfmast();

}  // namespace halfmast::ctl::tests
