// halfmast proposals list, accept, dismiss: what signals say may be the beginning of a crisis.
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

struct proposal_options {
    std::string id;
    std::string reason;  // dismiss
    typed_text said;     // accept: what happened
    std::string severity;
    std::string owner;
    std::string next_update;
    std::string wait;
    bool now = false;
    bool all = false;
};

std::string proposal_scope(const document& proposal)
{
    std::string text;
    for (const auto& [name, value] : member_of(proposal, "scope").items())
        text += (text.empty() ? "" : ",") + safe(name) + "=" + (value.is_string() ? safe(value.get<std::string>()) : "");
    return text.empty() ? "everything" : text;
}

void print_proposal(const document& one, const paint& color, time_point at)
{
    auto state = text_of(one, "state");
    auto head =
        text_of(one, "id") + "  " + text_of(one, "severity") + "  " + text_of(one, "playbook") + " over " + proposal_scope(one);
    std::cout << (state == "open" ? color.bad(head) : color.strong(head)) << "  since " << moment_of(member_of(one, "made_at"), at)
              << ", " << count(number_of(one, "signals"), "signal");
    if (state != "open")
        std::cout << ", " << state << (text_of(one, "crisis").empty() ? "" : " as " + text_of(one, "crisis"))
                  << (text_of(one, "decided_by").empty() ? "" : " by " + text_of(one, "decided_by"));
    std::cout << "\n  " << text_of(one, "what") << '\n';
    for (const auto& line : member_of(one, "evidence"))
        if (line.is_string())
            std::cout << "  - " << safe(line.get_ref<const std::string&>()) << '\n';
    for (const auto& source : member_of(one, "sources"))
        if (source.is_string())
            std::cout << "  from " << safe(source.get_ref<const std::string&>()) << '\n';
    if (auto link = text_of(one, "link"); !link.empty())
        std::cout << "  look: " << link << '\n';
}

int run_proposals_list(const session& all, const proposal_options& given)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get(given.all ? "/proposals?all=1" : "/proposals");
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    paint color{all, STDOUT_FILENO};
    auto at = now();
    auto message = answer.body();
    std::size_t open = 0;
    for (const auto& one : member_of(message, "proposals")) {
        print_proposal(one, color, at);
        open += text_of(one, "state") == "open";
    }
    if (open == 0)
        std::cout << color.good("No proposal waits for anybody.") << '\n';
    else
        std::cout << color.bad(count(open, "proposal waits", "proposals wait")
                               + " for somebody: halfmast proposals accept ID, or dismiss it")
                  << '\n';
    return exit_code::done;
}

// The one that was typed, or the only one that waits.
std::string proposal_id_of(client& daemon, const proposal_options& given, const char* command)
{
    if (!given.id.empty())
        return given.id;
    auto message = daemon.get("/proposals").body();
    const auto& open = member_of(message, "proposals");
    if (open.size() == 1)
        return text_of(open.front(), "id");
    if (open.empty())
        throw command_error{exit_code::failed, "unknown-target", "no proposal waits for anybody"};
    std::string list;
    for (const auto& one : open)
        list += std::string{"\n  halfmast proposals "} + command + " " + text_of(one, "id") + "    " + text_of(one, "what");
    throw command_error{exit_code::usage, "usage", "which one? " + std::to_string(open.size()) + " proposals wait:" + list};
}

std::string proposal_path(const std::string& id, const char* verb) { return "/proposals/" + percent_encode(id) + "/" + verb; }

int run_proposals_accept(const session& all, const proposal_options& given)
{
    auto body = document::object();
    put_typed(body, "reason", given.said);
    for (const auto& [name, value] : {std::pair{"severity", read_severity(given.severity)}, std::pair{"owner", given.owner},
                                      std::pair{"next_update", given.next_update}})
        if (!value.empty())
            body[name] = value;
    if (!given.next_update.empty() && read_duration(given.next_update, "--next-update") == milliseconds{0})
        throw command_error{exit_code::usage, "usage", "--next-update must be more than 0: when people hear the next word"};
    if (given.now)
        body["now"] = true;
    auto wait = given.wait.empty() ? milliseconds{60'000} : read_duration(given.wait, "--wait");
    watch_interrupt();
    client daemon{socket_path(all)};
    auto id = proposal_id_of(daemon, given, "accept");
    auto message = daemon.post(proposal_path(id, "accept"), body).body();
    if (!all.json())
        std::cout << safe(id) << (flag_of(message, "created") ? " is a flag now: " : " was a flag already: ")
                  << headline(member_of(message, "crisis"), now()) << std::endl;
    auto first = message;
    progress drawing{std::cerr, style_of(all), terminal_rows()};
    auto end = follow(daemon, std::move(first), wait, is_settled, drawing, true);
    for (const char* name : {"created", "proposal", "degraded"})
        if (message.contains(name) && !end.message.contains(name))
            end.message[name] = message[name];
    auto flag = text_of(member_of(end.message, "crisis"), "id");
    std::string lead;
    if (end.how == ending::interrupted)
        lead = "the flag " + flag + " stays up and halfmastd goes on";
    else if (end.how == ending::lost)
        lead = "the flag " + flag + " is up";
    return say_end(all, std::move(end), "halfmast.proposals-accept/1", lead, tell_raise);
}

int run_proposals_dismiss(const session& all, const proposal_options& given)
{
    client daemon{socket_path(all)};
    auto id = proposal_id_of(daemon, given, "dismiss");
    auto body = document::object();
    if (!given.reason.empty())
        body["reason"] = given.reason;
    auto answer = daemon.post(proposal_path(id, "dismiss"), body);
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    std::cout << safe(id)
              << (flag_of(answer.body(), "created") ? ": dismissed; the same thing is not said again for a while\n"
                                                    : ": it was dismissed already\n");
    return exit_code::done;
}

}  // namespace

void add_proposals(CLI::App& app, session& all)
{
    auto* proposals = app.add_subcommand("proposals", "Proposals: signals that may be the beginning of a crisis");
    proposals->require_subcommand(1);
    auto shown = std::make_shared<proposal_options>();
    auto* list = proposals->add_subcommand("list", "Those that wait for somebody, the worst first, with their evidence");
    list->add_flag("--all", shown->all, "Those that were decided, too");
    list->footer(R"(Examples:
  halfmast proposals list
  halfmast proposals list -o json | jq -r '.proposals[].id')");
    list->callback([&all, shown] { all.command = [&all, shown] { return run_proposals_list(all, *shown); }; });

    auto taken = std::make_shared<proposal_options>();
    auto* accept = proposals->add_subcommand("accept", "It is a crisis: raise the flag that it proposes");
    accept->add_option("ID", taken->id, "Which one; the only one that waits when left out")->type_name("");
    add_typed(*accept, taken->said, "reason", "What happened; stands in the summary");
    accept->add_option("--severity", taken->severity, "minor, major or critical (1, 2, 3); else the proposal's")
        ->type_name("SEVERITY");
    accept->add_option("--owner", taken->owner, "Who leads; you, when left out")->type_name("NAME");
    accept->add_option("--next-update", taken->next_update, "When people hear the next word, for example 45m")
        ->type_name("DURATION");
    accept->add_option("--wait", taken->wait, "How long to wait for every confirmation (60s); 0 returns at once")
        ->type_name("DURATION");
    accept->add_flag("--now", taken->now, "Publish without the playbook's undo window");
    accept->footer(R"(As halfmast raise: exit code 0 when everything is confirmed, 8 when not.

Examples:
  halfmast proposals accept
  halfmast proposals accept p-3 --reason "checkout is failing" --severity critical)");
    accept->callback([&all, taken] { all.command = [&all, taken] { return run_proposals_accept(all, *taken); }; });

    auto left = std::make_shared<proposal_options>();
    auto* dismiss = proposals->add_subcommand("dismiss", "It is none: nothing is raised, and it is not said again for a while");
    dismiss->add_option("ID", left->id, "Which one; the only one that waits when left out")->type_name("");
    dismiss->add_option("--reason", left->reason, "Why not; goes into the ledger")->type_name("TEXT");
    dismiss->footer(R"(Examples:
  halfmast proposals dismiss p-3 --reason "a drill of ours")");
    dismiss->callback([&all, left] { all.command = [&all, left] { return run_proposals_dismiss(all, *left); }; });
}

}  // namespace halfmast::ctl
