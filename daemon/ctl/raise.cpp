// halfmast raise: the one command that has to work at three in the morning. It asks the daemon first and says everything else later.
// halfmast drill: the same way in practice, so that nobody walks it for the first time then.
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/plan.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/programs.hpp"
#include "daemon/ctl/scopes.hpp"
#include "daemon/ctl/spool.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/truth.hpp"
#include "daemon/ctl/typed.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds first_patience{20'000};  // a daemon that hangs must not hold up a raise
constexpr const char* direct_hint = "halfmast raise --direct";

struct raise_options {
    std::string playbook;
    typed_text reason;
    std::string severity;
    std::string scope;
    std::string owner;
    std::string next_update;
    std::string wait;
    bool now = false;
    bool dry_run = false;
    bool direct = false;
    bool drill = false;
};

document request_of(const raise_options& given)
{
    document body = document::object();
    auto put = [&](const char* name, const std::string& value) {
        if (!value.empty())
            body[name] = value;
    };
    put("playbook", given.playbook);
    put_typed(body, "reason", given.reason);
    put("severity", read_severity(given.severity));
    if (!given.scope.empty())
        body["scope"] = read_scope(given.scope);
    put("owner", given.owner);
    if (!given.next_update.empty() && read_duration(given.next_update, "--next-update") == milliseconds{0})
        throw command_error{exit_code::usage, "usage", "--next-update must be more than 0: when people hear the next word"};
    put("next_update", given.next_update);
    if (given.now)
        body["now"] = true;
    if (given.drill)
        body["drill"] = true;
    return body;
}

// ---- nobody there ----

int spool(const session& all, document request, const command_error& why)
{
    auto at = now();
    request["by"] = user_name();
    request["at"] = format_utc(at);
    auto state_dir = find_state_dir(all);
    std::string trouble = "the state directory is not known: give --state-dir or --config";
    if (state_dir) {
        auto written = write_spool(*state_dir, request, at);
        if (written)
            throw command_error{exit_code::unreachable, "spooled",
                                why.detail() + ".\nThe raise is kept in " + *written
                                    + " and is obeyed when the daemon starts. NOTHING is held until then. Now do one of these:\n"
                                      "  systemctl start halfmastd      obeys it at once\n  "
                                    + direct_hint + " ...      holds from here, without a daemon"}
                .with("spooled", *written);
        trouble = written.error().detail;
    }
    throw command_error{exit_code::unreachable, "not-spooled",
                        why.detail() + ".\nThe raise could NOT be kept for later (" + trouble
                            + "). NOTHING is held. Now do one of these:\n  " + direct_hint
                            + " ...      holds from here, without a daemon (as a user who may write the state directory)\n"
                            + "  systemctl start halfmastd      then raise again"};
}

// What is practised must not begin by itself some other day, beside whatever is real then.
[[noreturn]] void refuse_to_keep(const command_error& why)
{
    throw command_error{exit_code::unreachable, "unreachable",
                        why.detail() + ".\nThe drill did not begin, and nothing was kept for later. In earnest the flag would be kept, and 'halfmast raise "
                                       "--direct' would hold from here. Now: systemctl start halfmastd, then drill again"};
}

// Asking twice is safe: a second raise of the same flag reports the first one.
document ask(client& daemon, const document& request)
{
    daemon.answer_within(first_patience);
    try {
        return daemon.post("/crises", request).body();
    } catch (const no_answer&) {
        daemon.answer_within(first_patience);
    }
    try {
        return daemon.post("/crises", request).body();
    } catch (const no_answer& error) {
        throw command_error{exit_code::unreachable, "no-answer",
                            error.detail() + ". It was asked twice: whether the flag is up is NOT known. If it hangs: 'systemctl restart halfmastd', "
                                             "then raise again; raising twice is safe"};
    }
}

// ---- what is said ----

void say_raised(const session& all, const document& message)
{
    if (all.json())
        return;
    const auto& flag = member_of(message, "crisis");
    bool created = flag_of(message, "created");
    auto what = is_drill(flag) ? std::string{"The drill "} + (created ? "is on: " : "was on already: ")
                               : std::string{"The flag "} + (created ? "is up: " : "was up already: ");
    std::cout << what << headline(flag, now()) << std::endl;
    if (auto degraded = text_of(message, "degraded"); !degraded.empty())
        std::cerr << paint{all, STDERR_FILENO}.bad("degraded: " + degraded) << std::endl;
}

// ---- the ways through ----

// How it ends stands at the end: a drill that is forgotten goes on paging.
truth tell_drill(const document& message)
{
    auto told = tell_raise(message);
    told.sentence += "; it ends with 'halfmast lower " + text_of(member_of(message, "crisis"), "id") + "'";
    return told;
}

int raise_through(const session& all, const std::string& socket, const document& request, std::optional<milliseconds> wait,
                  bool direct)
{
    bool drill = flag_of(request, "drill");
    client daemon{socket};
    auto message = ask(daemon, request);
    say_raised(all, message);
    auto first = message;
    progress drawing{std::cerr, style_of(all), terminal_rows()};
    auto end = follow(daemon, std::move(first), wait, is_settled, drawing, true);
    for (const char* name : {"created", "degraded"})
        if (message.contains(name) && !end.message.contains(name))
            end.message[name] = message[name];
    auto id = text_of(member_of(end.message, "crisis"), "id");
    std::string lead;
    if (end.how == ending::interrupted)
        lead = (drill ? "the drill " + id + " goes on and " : "the flag " + id + " stays up and ")
               + (direct ? "NOBODY goes on holding until halfmastd is started" : "halfmastd goes on");
    else if (end.how == ending::lost)
        lead = drill ? "the drill " + id + " is on" : "the flag " + id + " is up";
    return say_end(all, std::move(end), drill ? "halfmast.drill/1" : "halfmast.raise/1", lead, drill ? tell_drill : tell_raise);
}

int raise_direct(const session& all, const document& request, std::optional<milliseconds> wait)
{
    direct_daemon daemon{all};
    auto code = raise_through(all, daemon.socket(), request, wait, true);
    daemon.stop();
    if (!all.json())
        std::cerr << "Nobody watches the queues now: start halfmastd as soon as you can; it goes on with this flag." << std::endl;
    return code;
}

int run_raise(const session& all, const raise_options& given)
{
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away must not change what is done or how we end
    auto request = request_of(given);
    std::optional<milliseconds> wait;
    if (!given.wait.empty())
        wait = read_duration(given.wait, "--wait");
    if (given.dry_run) {
        client daemon{socket_path(all)};
        return show_plan(all, daemon.post("/crises/preview", request));
    }
    watch_interrupt();
    if (given.direct)
        return raise_direct(all, request, wait);
    try {
        return raise_through(all, socket_path(all), request, wait.value_or(milliseconds{60'000}), false);
    } catch (const daemon_down& error) {
        if (given.drill)
            refuse_to_keep(error);
        return spool(all, std::move(request), error);
    }
}

void add_options(CLI::App* command, const std::shared_ptr<raise_options>& given)
{
    command->add_option("PLAYBOOK", given->playbook, "Which playbook; the only one, or 'outage', when left out")->type_name("");
    add_typed(*command, given->reason, "reason", "What happened; goes into the ledger and the summary");
    command->add_option("--severity", given->severity, "minor, major or critical (1, 2, 3); the playbook's when left out")
        ->type_name("SEVERITY");
    command->add_option("--scope", given->scope, "Only accounts with these labels")->type_name("LABEL=VALUE,...")->join(',');
    command->add_option("--owner", given->owner, "Who leads; you, when left out")->type_name("NAME");
    command->add_option("--next-update", given->next_update, "When people hear the next word, for example 45m")
        ->type_name("DURATION");
    command->add_option("--wait", given->wait, "How long to wait for every confirmation (60s); 0 returns at once")
        ->type_name("DURATION");
    command->add_flag("--now", given->now, "Publish without the playbook's undo window");
    command->add_flag("-n,--dry-run", given->dry_run, "Show what it would hold and publish; do nothing");
}

}  // namespace

void add_drill(CLI::App& app, session& all)
{
    auto given = std::make_shared<raise_options>();
    given->drill = true;
    auto* command = app.add_subcommand("drill", "Practise: the same as raise, on practice accounts only");
    add_options(command, given);
    command->footer(
        R"(Everything is as in earnest (holds, read-backs, texts, pins, pages, approvals, review), but only on accounts with
practice = true in the settings; a real flag never touches those, and a drill no others. What it says begins
with DRILL. It may run while a real flag is up. Exit codes as raise; 3: no practice account is in scope.

Examples:
  halfmast drill
  halfmast drill outage --reason "first Monday of the month" --scope brand=acme
  halfmast drill outage -n)");
    command->callback([&all, given] { all.command = [&all, given] { return run_raise(all, *given); }; });
}

void add_raise(CLI::App& app, session& all)
{
    auto given = std::make_shared<raise_options>();
    auto* command = app.add_subcommand("raise", "Raise a crisis flag: hold what is queued, publish and pin the summary");
    add_options(command, given);
    command->add_flag("--direct", given->direct, "Without a daemon: hold from here, then end")->excludes("--dry-run");
    command->footer(R"(It asks no question, and nothing waits for anything before the first hold goes out. The last line is the
truth: only what was read back counts as held. Exit code 0: everything is confirmed. 8: not everything.
7: the daemon is down; the flag is kept and obeyed when it starts. Raising twice is safe.

Examples:
  halfmast raise
  halfmast raise outage --reason "checkout is failing" --scope brand=acme --next-update 30m
  halfmast raise outage --reason-in en "checkout is failing" --reason-in hu "nem lehet fizetni"
  halfmast raise recall --severity critical --owner dana --wait 2m
  halfmast raise outage -n
  halfmast raise outage --direct --config /etc/halfmast/halfmast.toml)");
    command->callback([&all, given] { all.command = [&all, given] { return run_raise(all, *given); }; });
}

}  // namespace halfmast::ctl
