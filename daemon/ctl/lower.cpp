// halfmast lower: the flag goes down and nothing is released by that.
#include <csignal>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/truth.hpp"
#include "daemon/ctl/typed.hpp"

namespace halfmast::ctl {

namespace {

struct lower_options {
    std::string crisis;
    std::string reason;
    std::string wait = "60s";
    typed_text about;
    bool all_clear = false;
    bool now = false;
    std::string break_glass;
};

// One person was not enough: the flag stays up until another one asks for the same.
int say_waits(const session& all, document message, const std::string& id)
{
    bool drill = is_drill(member_of(message, "crisis"));
    auto sentence = (drill ? "DRILL: the drill " + id + " goes on" : "the flag " + id + " is still up")
                    + ": lowering it waits for a second person, who types 'halfmast lower " + id + "'";
    if (all.json()) {
        message["schema"] = "halfmast.lower/1";
        message["sentence"] = sentence;
        message["exit_code"] = exit_code::partly;
        print_json(message);
    } else {
        std::cout << paint{all, STDOUT_FILENO}.warn(sentence) << std::endl;
    }
    return exit_code::partly;
}

int run_lower(const session& all, const lower_options& given)
{
    std::signal(SIGPIPE, SIG_IGN);
    auto wait = read_duration(given.wait, "--wait");
    watch_interrupt();
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast lower") : given.crisis;
    auto body = document::object();
    if (!given.reason.empty())
        body["reason"] = given.reason;
    if (given.all_clear)
        body["all_clear"] = true;
    put_typed(body, "about", given.about);
    if (given.now)
        body["now"] = true;
    if (!given.break_glass.empty())
        body["break_glass"] = given.break_glass;
    auto message = daemon.post(crisis_path(id) + "/lower", body).body();
    if (flag_of(message, "waits_for_second"))
        return say_waits(all, std::move(message), id);
    auto lead = is_drill(member_of(message, "crisis")) ? "the drill " + id + " is over" : "the flag " + id + " is down";
    progress drawing{std::cerr, progress_style::none};  // its bars count holds, and no hold changes here
    auto end = follow(daemon, std::move(message), wait, is_unpinned, drawing);
    return say_end(all, std::move(end), "halfmast.lower/1", lead, tell_lower);
}

}  // namespace

void add_lower(CLI::App& app, session& all)
{
    auto given = std::make_shared<lower_options>();
    auto* command = app.add_subcommand("lower", "Lower a flag: unpin the summary, release nothing");
    command->add_option("CRISIS", given->crisis, "Which one; the only one that is up when left out")->type_name("");
    command->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    command->add_option("--wait", given->wait, "How long to wait for the former pins (60s); 0 returns at once")
        ->type_name("DURATION");
    command->add_option("--break-glass", given->break_glass, "Why one person is enough where two are needed; recorded and paged")
        ->type_name("TEXT");
    auto* all_clear = command->add_flag("--all-clear", given->all_clear, "Say first that it is over, in the playbook's words");
    auto [about, about_in] = add_typed(*command, given->about, "about", "With --all-clear: what it was, and what changed");
    about->needs(all_clear);
    about_in->needs(all_clear);
    command->add_flag("--now", given->now, "With --all-clear: without the playbook's undo window")->needs(all_clear);
    command->footer(R"(What was published stays published and is unpinned; former pins come back. Every held post waits for a
person: see 'halfmast queue list --state held' and 'halfmast queue release --help'.

Examples:
  halfmast lower
  halfmast lower --all-clear --about "A cable was cut; it is mended."
  halfmast lower c-1 --reason "checkout works again")");
    command->callback([&all, given] { all.command = [&all, given] { return run_lower(all, *given); }; });
}

}  // namespace halfmast::ctl
