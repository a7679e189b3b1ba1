// check-config, judge, doctor: what needs the settings and the connectors is halfmastd's own work; this room only hands on.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/pages.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/programs.hpp"

namespace halfmast::ctl {

namespace {

[[noreturn]] void hand_on(const session& all, std::vector<std::string> arguments)
{
    if (all.json()) {
        arguments.emplace_back("--output");
        arguments.emplace_back("json");
    }
    become_daemon_program(std::move(arguments));
}

int show_doctor(const session& all, const reply& answer)
{
    auto message = answer.body();
    bool ok = flag_of(message, "ok");
    int code = ok ? exit_code::done : exit_code::partly;
    if (all.json()) {
        print_json_text(answer.text);
        return code;
    }
    paint color{all, STDOUT_FILENO};
    std::uint64_t wrong = 0, number = 0;
    for (const auto& account : member_of(message, "accounts"))
        for (const auto& check : member_of(account, "checks")) {
            bool well = flag_of(check, "ok");
            ++number;
            wrong += !well;
            auto detail = text_of(check, "detail");
            auto line = text_of(account, "id") + ": " + text_of(check, "what") + (detail.empty() ? "" : ": " + detail);
            if (const auto& ends = member_of(check, "ends"); ends.is_string())
                line += ", ends " + clock_of(ends, now());
            std::cout << (well ? "ok   " + line : color.bad("NOT  " + line)) << '\n';
        }
    const auto& degraded = member_of(message, "degraded");
    for (const auto& line : degraded)
        if (line.is_string())
            std::cout << color.bad("NOT  " + safe(line.get_ref<const std::string&>())) << '\n';
    print_duty(message, color, now());
    auto text = ok ? "All is well: " + count(number, "check") : std::to_string(wrong + degraded.size()) + " NOT well, see above";
    std::cout << (ok ? color.good(text) : color.bad(text)) << '\n';
    return code;
}

int run_doctor(const session& all)
{
    try {
        client daemon{socket_path(all)};
        return show_doctor(all, daemon.get("/doctor"));
    } catch (const daemon_down& error) {
        std::cerr << "halfmast: " << error.detail() << ".\nAsking the accounts from here:" << std::endl;
    }
    std::vector<std::string> arguments{"--doctor", "--config", config_path(all)};
    if (!all.state_dir.empty()) {
        arguments.emplace_back("--state-dir");
        arguments.push_back(all.state_dir);
    }
    hand_on(all, std::move(arguments));
}

int run_judge(const session& all)
{
    std::vector<std::string> arguments{"--judge"};
    if (!all.config.empty()) {
        arguments.emplace_back("--config");
        arguments.push_back(all.config);
    }
    hand_on(all, std::move(arguments));
}

}  // namespace

void add_local(CLI::App& app, session& all)
{
    auto file = std::make_shared<std::string>();
    auto* check = app.add_subcommand("check-config", "Find every fault in a settings file; needs no daemon");
    check->add_option("FILE", *file, "Settings file; the daemon's when left out")->type_name("");
    check->footer(R"(Each fault is one line, FILE:LINE:COLUMN: what is wrong. Exit code 0: valid. 6: not.

Examples:
  halfmast check-config
  halfmast check-config halfmast.toml -o json)");
    check->callback([&all, file] {
        all.command = [&all, file]() -> int { hand_on(all, {"--check-config", file->empty() ? config_path(all) : *file}); };
    });

    auto* doctor = app.add_subcommand("doctor", "Ask every account what works; changes nothing");
    doctor->footer(R"(Asks the daemon, or the accounts from here when it is down. Exit code 0: all is well. 8: not all.

Examples:
  halfmast doctor
  halfmast doctor --pages
  halfmast doctor --config halfmast.toml)");
    auto pages = std::make_shared<bool>(false);
    doctor->add_flag("--pages", *pages, "Instead, have a marked test page sent to each receiver, and say what each answered");
    doctor->callback([&all, pages] { all.command = [&all, pages] { return *pages ? test_pages(all) : run_doctor(all); }; });

    auto* judge = app.add_subcommand("judge", "Class posts as the daemon would: JSON lines in, JSON lines out");
    judge->footer(R"(One post on each line, {"id","text","tags":[],"categories":[],"labels":[],"links":[]}. Without --config the
rules that halfmast comes with are used.

Examples:
  echo '{"id":"1","text":"20% off everything!"}' | halfmast judge
  halfmast judge --config halfmast.toml < posts.jsonl)");
    judge->callback([&all] { all.command = [&all] { return run_judge(all); }; });
}

}  // namespace halfmast::ctl
