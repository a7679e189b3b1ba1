// What every command of `halfmast` shares: the options that stand before or after any command, exit codes, and the one way a
// command fails. The command decides nothing about posts: it asks the daemon, waits, and says what is true.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/time.hpp"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace halfmast::ctl {

using document = nlohmann::ordered_json;

// A contract that people script against.
namespace exit_code {
inline constexpr int done = 0;    // done and confirmed by re-reading
inline constexpr int failed = 1;  // nothing changed
inline constexpr int usage = 2;
inline constexpr int not_possible = 3;  // not possible there
inline constexpr int not_allowed = 4;
inline constexpr int config_invalid = 6;
inline constexpr int unreachable = 7;  // the daemon is
inline constexpr int partly = 8;       // the list says what is not confirmed, or a task is open
inline constexpr int conflict = 9;     // somebody else changed it first
inline constexpr int interrupted = 130;
}  // namespace exit_code

// Ends a command. Caught in run(), which words it for people or for scripts.
class command_error : public std::exception {
public:
    command_error(int code, std::string type, std::string detail) : code_(code), type_(std::move(type)), detail_(std::move(detail))
    {
    }

    [[nodiscard]] int code() const { return code_; }
    [[nodiscard]] const std::string& type() const { return type_; }
    [[nodiscard]] const std::string& detail() const { return detail_; }

    // Members of the JSON document beside the usual ones.
    command_error& with(std::string name, std::string value)
    {
        more_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& more() const { return more_; }

    [[nodiscard]] const char* what() const noexcept override { return detail_.c_str(); }

private:
    int code_;
    std::string type_;    // "past-time", "unreachable", ...: stable
    std::string detail_;  // for people: what was tried, why not, what to do
    std::vector<std::pair<std::string, std::string>> more_;
};

struct session;

// What judges the ledger's files themselves. Only halfmast-audit has it: SQLite and OpenSSL take longer to load than most commands run,
// so halfmast itself knows neither, and becomes that program when it is asked for.
struct file_audit {
    int (*verify)(const session&, const std::string& state_dir, const std::string& checkpoint);
    int (*hand_on)(const std::string& state_dir);
};

struct session {
    // As typed; empty when not given. places.hpp knows what stands behind an empty one.
    std::string socket;
    std::string config;
    std::string state_dir;
    std::string output = "text";
    bool no_color = false;
    std::string url;  // of a daemon on another machine
    std::string token_file;
    std::string ca_file;

    std::function<int()> command;  // set by the parsed subcommand

    std::vector<std::string> words;     // the command line, without the program's name
    const file_audit* files = nullptr;  // in halfmast-audit

    [[nodiscard]] bool json() const { return output == "json"; }
};

// Parses, runs, reports; never throws. Gives the exit code.
// `connect` is halfmast-remote's: it makes `socket` lead to `url`. Without it the command becomes that program.
int run(int argc, char** argv, const file_audit* files = nullptr, void (*connect)(session&) = nullptr);

// CLI11's own codes (100 and more) are not ours.
int from_cli(const CLI::Error&);

// Prints one document and a line end on standard output.
void print_json(const document&);
// The same for a document that came from the daemon as text.
void print_json_text(const std::string& text);

time_point now();

// One for each group of commands; each adds its subcommands.
void add_raise(CLI::App&, session&);
void add_drill(CLI::App&, session&);
void add_status(CLI::App&, session&);
void add_plan(CLI::App&, session&);
void add_lower(CLI::App&, session&);
void add_queue(CLI::App&, session&);
void add_say(CLI::App&, session&);
void add_tasks(CLI::App&, session&);
void add_pages(CLI::App&, session&);
void add_proposals(CLI::App&, session&);
void add_audit(CLI::App&, session&);
void add_access(CLI::App&, session&);
void add_local(CLI::App&, session&);  // check-config, doctor, judge
void add_help(CLI::App&, session&);

}  // namespace halfmast::ctl
