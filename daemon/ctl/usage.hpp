// What to say about a command line that cannot be understood: what is wrong with it, and what was probably meant.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace halfmast::ctl {

// After a failed app.parse().
std::string explain_usage(CLI::App& app, const CLI::Error&);

// "halfmast queue list"
std::string full_name(const CLI::App&);

}  // namespace halfmast::ctl
