// halfmastd: reads its arguments, and lets room app do the rest.
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "connectors/registry.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/catalogue.hpp"
#include "daemon/app/tools.hpp"

int main(int argc, char** argv)
{
    using namespace halfmast;

    CLI::App program{"halfmastd: the guard beside your social-media schedulers. See halfmast --help for the command."};
    std::string config = "/etc/halfmast/halfmast.toml";
    std::string to_check;
    std::string control_socket;
    std::string state_dir;
    std::string output = "text";
    bool judge = false;
    bool doctor = false;
    bool catalogue = false;
    bool hash_password = false;
    app::run_options options;
    auto* config_option = program.add_option("--config", config, "Settings file")->envname("HALFMAST_CONFIG");
    program.add_option("--control-socket", control_socket, "Listen here instead of where the settings say");
    program.add_option("--state-dir", state_dir, "Keep the state here instead of where the settings say");
    program.add_flag("--direct", options.direct, "For one raise while no daemon runs: the control socket only");
    program.add_option("--check-config", to_check, "Check this settings file, print every fault, end with 0 or 6");
    program.add_flag("--judge", judge, "Judge posts: JSON lines in, JSON lines out");
    program.add_flag("--doctor", doctor, "Ask every account what works, change nothing");
    program.add_flag("--connectors", catalogue, "Print what every connector can do, as JSON");
    program.add_flag("--hash-password", hash_password,
                     "Read a password from the terminal or standard input, print what goes into [[access.user]] password");
    program.add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
    program.set_version_flag("--version", HALFMAST_VERSION);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? app::exit_ok : app::exit_usage;
    }

    if (hash_password)
        return app::hash_password();
    if (catalogue)
        return app::print_connectors();
    if (!to_check.empty())
        return app::check_config(to_check, output == "json");
    if (judge)
        return app::judge(config_option->count() > 0 ? config : "");
    auto loaded = settings::load(config, connectors());
    if (!app::print_faults(loaded))
        return app::exit_config;
    if (!control_socket.empty())
        loaded.value.control_socket = control_socket;
    if (!state_dir.empty())
        loaded.value.state_dir = state_dir;
    if (doctor)
        return app::doctor(std::move(loaded.value), output == "json");
    return app::run_daemon(std::move(loaded.value), options);
}
