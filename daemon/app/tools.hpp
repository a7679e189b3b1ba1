// What `halfmastd` does besides running: check a settings file, judge posts, ask every account how it is. Used by the command.
#pragma once

#include <string>

#include "daemon/settings/settings.hpp"

namespace halfmast::app {

// Prints every fault; 0, or 6 when one is an error.
int check_config(const std::string& file, bool json);

// JSON lines of posts on stdin, a line with class and reasons for each on stdout. Without a file: the shipped rules.
// 1 when a line could not be read (the others are judged all the same).
int judge(const std::string& file);

// Asks every account what works, changing nothing; 0, or 8 when something does not.
int doctor(settings::settings wanted, bool json);

// A password from the terminal, unseen, or the first line of standard input; its hash on standard output. Never from the command line,
// which everybody on the machine can read.
int hash_password();

// The faults on stderr as people read them. True when nothing keeps the daemon from starting.
bool print_faults(const settings::loaded& loaded);

}  // namespace halfmast::app
