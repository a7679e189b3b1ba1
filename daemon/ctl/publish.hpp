// halfmast say publish and say correct: what becomes public, with the time to take it back before it does.
#pragma once

#include <string>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/typed.hpp"

namespace CLI {
class App;
}

namespace halfmast::ctl {

// Adds the two to `say`.
void add_publish(CLI::App& say, session&);

// What a statement is made of, as typed.
struct statement_words {
    typed_text about;
    typed_text reason;
    std::string next_update;
};

// Adds --reason, --reason-in and --next-update.
void add_statement_words(CLI::App& command, statement_words& given);

// {"kind", "about", "reason", "next_update"}; throws command_error (usage) when one is not to be understood.
document statement_request(const char* kind, const statement_words& given);

// Takes the edition back while nothing of it is public: halfmast.crisis/1. The daemon refuses when its time is over, or when the newest
// one is another.
document take_back(client& daemon, const std::string& crisis, std::uint64_t edition, const std::string& reason);

}  // namespace halfmast::ctl
