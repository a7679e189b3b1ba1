// halfmast say: what is made public, by a person's word.
#include <csignal>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

struct approve_options {
    std::string crisis;
    std::string reason;
    std::string wait = "60s";
};

bool is_out(const document& message) { return tell_summary(message).code == exit_code::done; }

int run_approve(const session& all, const approve_options& given)
{
    std::signal(SIGPIPE, SIG_IGN);
    auto wait = read_duration(given.wait, "--wait");
    watch_interrupt();
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast say approve") : given.crisis;
    auto body = document::object();
    if (!given.reason.empty())
        body["reason"] = given.reason;
    auto message = daemon.post(crisis_path(id) + "/approve", body).body();
    progress drawing{std::cerr, style_of(all)};
    auto end = follow(daemon, std::move(message), wait, is_out, drawing);
    return say_end(all, std::move(end), "halfmast.say-approve/1", "the summary of " + id + " is approved", tell_summary);
}

}  // namespace

void add_say(CLI::App& app, session& all)
{
    auto* command = app.add_subcommand("say", "The summary: approve it");
    command->require_subcommand(1);
    auto given = std::make_shared<approve_options>();
    auto* approve = command->add_subcommand("approve", "Let the summary of a flag go out");
    approve->add_option("CRISIS", given->crisis, "Which one; the only one that is up when left out")->type_name("");
    approve->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    approve->add_option("--wait", given->wait, "How long to wait until it is out and pinned (60s); 0 returns at once")->type_name("DURATION");
    approve->footer(R"(For playbooks with publish = "after-approval". 'halfmast raise -n' shows the words beforehand.

Examples:
  halfmast say approve
  halfmast say approve c-1 --wait 2m)");
    approve->callback([&all, given] { all.command = [&all, given] { return run_approve(all, *given); }; });
}

}  // namespace halfmast::ctl
