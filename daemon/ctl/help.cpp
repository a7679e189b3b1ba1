#include "daemon/ctl/help.hpp"

#include <array>
#include <iostream>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "daemon/ctl/print.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/usage.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::ctl {

namespace {

struct topic {
    const char* name;
    const char* text;
};

constexpr std::array topics{
    topic{"exit-codes", R"(Exit codes, for scripts:
    0  done, and confirmed by reading the platform back
    1  failed, nothing changed
    2  usage: the command line is wrong
    3  not possible there: the platform has no way to do it
    4  not allowed: not your socket, or an open flag covers it
    6  the settings are invalid
    7  the daemon is not reachable; 'raise' has left the flag in its spool when it says so
    8  partly done: the list says what is not confirmed, or a task is open
    9  somebody else changed it first
  130  interrupted
'audit verify' ends with 0 when the ledger is clean and with 1 when it is not.)"},
    topic{"environment", R"(Environment:
  HALFMAST_SOCKET  the daemon's control socket; --socket goes first (else /run/halfmast/control.sock)
  HALFMAST_URL     a daemon on another machine; --url goes first. With it HALFMAST_TOKEN_FILE and HALFMAST_CA
  HALFMAST_CONFIG  settings file; --config goes first (else what the daemon left beside its socket, else
                   /etc/halfmast/halfmast.toml). Only used by what works without a daemon
  NO_COLOR         no colours when it is set to anything
  TERM             no colours and no bars when it is 'dumb')"},
    topic{"formats", R"(Formats:
  -o json    one document, {"schema":"halfmast.<command>/1", ...}; an error is one too:
             {"schema":"halfmast.error/1","type","detail","exit_code"}
             'judge' and 'audit export' print JSON lines; so does 'status --watch', one document for each change
  durations  90s, 45m, 1h30m, 2d
  times      RFC 3339 with a zone (2026-03-01T14:30:00+01:00), or from now: +20m, +1h30m. Shown times are UTC
  scopes     label=value, several joined by commas: all must match. 'account' and 'connector' are labels too
  ids        posts are ACCOUNT/POST (acme-blog/123); '-' reads ids from standard input, one on each line)"},
};

[[noreturn]] void throw_unknown(const CLI::App& root, const std::string& word)
{
    text::nearest search{word};
    std::string names;
    for (const auto& one : topics) {
        search.offer(one.name);
        names += (names.empty() ? "" : ", ") + std::string{one.name};
    }
    for (const auto* command : root.get_subcommands([](const CLI::App*) { return true; }))
        search.offer(command->get_name());
    throw command_error{exit_code::usage, "usage",
                        "there is no help about '" + safe(word) + "'." + search.question()
                            + " There is help about every command, and about " + names + "."};
}

int run_help(CLI::App& root, const std::vector<std::string>& words)
{
    if (words.size() == 1)
        for (const auto& one : topics)
            if (words[0] == one.name) {
                std::cout << one.text << '\n';
                return exit_code::done;
            }
    auto* where = &root;
    for (const auto& word : words) {
        auto inside = where->get_subcommands([&word](CLI::App* command) { return command->get_name() == word; });
        if (inside.empty())
            throw_unknown(root, word);
        where = inside.front();
    }
    // The root is the one that was parsed; its own help would show that of 'help'.
    std::cout << root.get_formatter()->make_help(where, full_name(*where), CLI::AppFormatMode::Normal);
    return exit_code::done;
}

}  // namespace

std::string overview()
{
    return R"(In a crisis:
  halfmast raise --reason "checkout is failing"    hold what is queued, publish and pin the summary
  halfmast status                                  what is held, what is not
  halfmast say publish --about "cards work again"  an update on every account; 'say draft' shows it first
  halfmast tasks list                              what only a person can do
  halfmast lower                                   flag down; nothing is released by that
  halfmast queue list --state held                 what waits for a person

More: halfmast COMMAND --help, halfmast help exit-codes | environment | formats)";
}

void add_help(CLI::App& app, session& all)
{
    auto words = std::make_shared<std::vector<std::string>>();
    auto* command = app.add_subcommand("help", "Help about a command, or exit-codes, environment, formats");
    command->add_option("TOPIC", *words, "A command or a topic")->type_name("");
    command->callback([&app, &all, words] { all.command = [&app, words] { return run_help(app, *words); }; });
}

}  // namespace halfmast::ctl
