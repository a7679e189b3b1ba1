// Looks at one crisis again and again until it is as wanted, the wait is over, or somebody presses Ctrl-C; then says what is true.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/progress.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

enum class ending {
    reached,      // it is as wanted
    time_over,    // it is not, and the daemon goes on
    interrupted,  // Ctrl-C
    lost,         // time is over and the daemon had stopped answering: `message` is what it said last
};

struct followed {
    ending how = ending::reached;
    document message;     // halfmast.crisis/1, the newest
    std::string trouble;  // why the daemon could not be asked; only with `lost`
};

// `wait` nullopt: as long as it takes.
followed follow(client& daemon, document first, std::optional<milliseconds> wait,
                const std::function<bool(const document&)>& wanted, progress& drawing, bool numbers_do = false);

// Says how a command on a crisis ended, and gives its exit code. `lead` stands before the sentence, what is true whatever
// comes: "the flag c-1 is down"; empty when that was said already.
int say_end(const session&, followed end, const char* schema, const std::string& lead,
            const std::function<truth(const document&)>& tell);

// "/crises/c-1"
std::string crisis_path(const std::string& id);

// The id of the only open crisis; a command_error that says how many there are otherwise. `command` is what the person typed.
std::string only_open_crisis(client& daemon, const char* command);

// Bars on a terminal, lines when piped, nothing with -o json; always on standard error.
progress_style style_of(const session&);

// "c-1 outage (major) by alice, raised 14:30 UTC (5m ago), next update by 15:15 UTC (in 40m)"
std::string headline(const document& crisis, time_point now);

}  // namespace halfmast::ctl
