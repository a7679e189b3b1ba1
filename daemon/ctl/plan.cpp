#include "daemon/ctl/plan.hpp"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/scopes.hpp"
#include "daemon/ctl/statements.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

struct plan_options {
    std::string playbook;
    std::string scope;
};

void print_posts(const document& plan, time_point at)
{
    table rows;
    for (const auto& post : member_of(plan, "posts"))
        if (flag_of(post, "would_hold"))
            rows.row({text_of(post, "id"), clock_of(member_of(post, "due"), at), text_of(post, "class"),
                      text_of(post, "rung") + (text_of(post, "doubt").empty() ? "" : " (NOT READY)"), text_of(post, "text")});
    if (rows.empty())
        return;
    std::cout << "It would hold, in this order:\n";
    rows.print(std::cout, terminal_columns(), "  ");
}

std::string rungs_of(const document& account)
{
    std::string text;
    for (const auto& [rung, number] : member_of(account, "rungs").items())
        text += (text.empty() ? "" : ", ") + number.dump() + " by " + safe(rung);
    return text;
}

std::uint64_t print_accounts(const document& plan, const paint& color)
{
    std::uint64_t sum = 0;
    table rows;
    for (const auto& account : member_of(plan, "accounts")) {
        auto number = number_of(account, "would_hold");
        sum += number;
        auto quiet = text_of(account, "quiet_in");
        rows.row({text_of(account, "id"), std::to_string(number) + " to hold",
                  std::to_string(number_of(account, "leaves")) + " to leave", quiet.empty() ? std::string{} : "quiet in " + quiet,
                  rungs_of(account)});
    }
    rows.print(std::cout, terminal_columns(), "  ");
    for (const auto& account : member_of(plan, "accounts"))
        for (const auto& [rung, why] : member_of(account, "not_ready").items())
            std::cout << color.bad("NOT READY: " + text_of(account, "id") + " to hold by " + safe(rung) + ": "
                                   + text_of(member_of(account, "not_ready"), rung.c_str()))
                      << "\n  Tried only where no other rung is left.\n";
    return sum;
}

int run_plan(const session& all, const plan_options& given)
{
    auto wanted = read_scope(given.scope);  // items() only looks at it
    std::string over;
    for (const auto& [label, value] : wanted.items())
        over += (over.empty() ? "" : ",") + label + "=" + value.get<std::string>();
    client daemon{socket_path(all)};
    return show_plan(all, daemon.get("/plan" + query_string({{"playbook", given.playbook}, {"scope", over}})));
}

}  // namespace

int show_plan(const session& all, const reply& answer)
{
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto plan = answer.body();
    paint color{all, STDOUT_FILENO};
    print_posts(plan, now());
    print_statements(member_of(plan, "statements"), color);
    std::cout << "Accounts:\n";
    auto sum = print_accounts(plan, color);
    auto number = member_of(plan, "accounts").size();
    std::cout << color.strong("Nothing was done. " + std::string{is_drill(plan) ? "A DRILL of '" : "'"} + text_of(plan, "playbook")
                              + "' (" + text_of(plan, "severity") + ") would hold " + count(sum, "post") + " of "
                              + count(number, "account"))
              << '\n';
    return exit_code::done;
}

void add_plan(CLI::App& app, session& all)
{
    auto given = std::make_shared<plan_options>();
    auto* command = app.add_subcommand("plan", "What a raise would hold, by which rung, and what it would say");
    command->add_option("PLAYBOOK", given->playbook, "Which playbook; the only one, or 'outage', when left out")->type_name("");
    command->add_option("--scope", given->scope, "Only accounts with these labels")->type_name("LABEL=VALUE,...")->join(',');
    command->footer(R"(Examples:
  halfmast plan
  halfmast plan recall --scope brand=acme
  halfmast plan -o json | jq '.posts[] | select(.rung == "manual") | .id')");
    command->callback([&all, given] { all.command = [&all, given] { return run_plan(all, *given); }; });
}

}  // namespace halfmast::ctl
