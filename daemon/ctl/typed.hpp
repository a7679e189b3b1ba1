// What a person types into the public texts: once for every language, or once for each. Values and options only; which language goes to
// which account is the daemon's to decide.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace halfmast::ctl {

struct typed_text {
    std::string text;                                     // --about TEXT: in which language is not said
    std::vector<std::pair<std::string, std::string>> in;  // --about-in LANGUAGE TEXT

    [[nodiscard]] bool empty() const { return text.empty() && in.empty(); }
};

// Adds --NAME TEXT, described by `what`, and beside it --NAME-in LANGUAGE TEXT, which may stand several times. Both are given back.
std::pair<CLI::Option*, CLI::Option*> add_typed(CLI::App& command, typed_text& given, const std::string& name,
                                                const std::string& what);

// body[name]: a string, or an object by language; nothing when nothing was typed. Throws command_error (usage) for a language that is given
// twice, and for a text that is empty.
void put_typed(document& body, const char* name, const typed_text& given);

}  // namespace halfmast::ctl
