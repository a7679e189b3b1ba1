#include "daemon/ctl/session.hpp"

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "daemon/ctl/help.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/programs.hpp"
#include "daemon/ctl/usage.hpp"

namespace halfmast::ctl {

namespace {

// For a command line that could not be parsed: the answer still has to be in the form that was asked for.
bool asks_for_json(int argc, char** argv)
{
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (word == "-ojson" || word == "-o=json" || word == "--output=json")
            return true;
        if ((word == "-o" || word == "--output") && i + 1 < argc && std::strcmp(argv[i + 1], "json") == 0)
            return true;
    }
    return false;
}

// A detail may quote what a platform said.
void print_lines(std::string_view detail)
{
    std::cerr << "halfmast: ";
    for (;;) {
        auto line_end = detail.find('\n');
        std::cerr << safe(detail.substr(0, line_end)) << '\n';
        if (line_end == std::string_view::npos)
            return;
        detail.remove_prefix(line_end + 1);
    }
}

int report(const command_error& error, bool json)
{
    if (!json) {
        std::cout.flush();
        print_lines(error.detail());
        return error.code();
    }
    document body;
    body["schema"] = "halfmast.error/1";
    body["type"] = error.type();
    body["detail"] = error.detail();
    body["exit_code"] = error.code();
    for (const auto& [name, value] : error.more())
        body[name] = value;
    print_json(body);
    return error.code();
}

void add_common_options(CLI::App& app, session& all)
{
    app.add_option("--socket", all.socket, "The daemon's control socket")->type_name("PATH");
    app.add_option("--url", all.url, "A daemon on another machine, instead of a socket")->type_name("URL");
    app.add_option("--token-file", all.token_file, "What proves who asks there: a file with a token")->type_name("FILE");
    app.add_option("--ca", all.ca_file, "Its certificate's authority, where the system does not know it")->type_name("FILE");
    app.add_option("--config", all.config, "Settings file, for what works without a daemon")->type_name("FILE");
    app.add_option("--state-dir", all.state_dir, "State directory, for what works without a daemon")->type_name("DIR");
    app.add_option("-o,--output", all.output, "text, or json: one document")
        ->type_name("FORM")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_flag("--no-color", all.no_color, "No colours; NO_COLOR and TERM=dumb say the same");
    app.set_version_flag("--version", std::string{"halfmast "} + HALFMAST_VERSION);
}

void add_commands(CLI::App& app, session& all)
{
    add_raise(app, all);
    add_drill(app, all);
    add_status(app, all);
    add_plan(app, all);
    add_lower(app, all);
    add_queue(app, all);
    add_say(app, all);
    add_tasks(app, all);
    add_pages(app, all);
    add_proposals(app, all);
    add_audit(app, all);
    add_access(app, all);
    add_local(app, all);
    add_help(app, all);
}

// CLI11 shows a command's own options only.
void name_common_options(CLI::App& app)
{
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
        command->footer(command->get_footer() + "\n\nOptions of every command (-o json, --socket, ...): halfmast --help");
        name_common_options(*command);
    }
}

// Where the daemon is: what was typed wins over the environment, and a socket over an address.
void find_daemon(session& all, void (*connect)(session&))
{
    auto environment = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string{value == nullptr ? "" : value};
    };
    if (!all.url.empty() && !all.socket.empty())
        throw command_error{exit_code::usage, "usage", "--url and --socket both name a daemon; give one of them"};
    if (all.url.empty() && all.socket.empty())
        all.url = environment("HALFMAST_URL");
    if (all.url.empty())
        return;
    if (all.token_file.empty())
        all.token_file = environment("HALFMAST_TOKEN_FILE");
    if (all.ca_file.empty())
        all.ca_file = environment("HALFMAST_CA");
    if (connect == nullptr)
        become_remote_program(all);
    connect(all);
}

int parse_and_run(CLI::App& app, session& all, int argc, char** argv, void (*connect)(session&))
{
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (from_cli(error) == exit_code::done)
            return app.exit(error) == 0 ? exit_code::done : exit_code::usage;
        return report(command_error{from_cli(error), "usage", explain_usage(app, error)}, asks_for_json(argc, argv));
    }
    try {
        find_daemon(all, connect);
        return all.command();
    } catch (const command_error& error) {
        return report(error, all.json());
    } catch (const std::exception& error) {
        return report(command_error{exit_code::failed, "internal", std::string{"halfmast made a mistake: "} + error.what()},
                      all.json());
    }
}

}  // namespace

int run(int argc, char** argv, const file_audit* files, void (*connect)(session&))
{
    std::setlocale(LC_CTYPE, "C.UTF-8");  // how wide a character is; what we print is UTF-8 whatever the locale
    session all;
    all.words.assign(argv + std::min(argc, 1), argv + argc);
    all.files = files;
    CLI::App app{"halfmast: one command stops every queued promotional post, and proves it.", "halfmast"};
    app.get_formatter()->column_width(32);
    app.fallthrough();  // options may stand before or after the command
    app.require_subcommand(1);
    add_common_options(app, all);
    add_commands(app, all);
    name_common_options(app);
    app.footer(overview());
    int code = parse_and_run(app, all, argc, argv, connect);
    if (!std::cout.flush() && code == exit_code::done) {
        std::cerr << "halfmast: done, but not everything could be written to standard output\n";
        code = exit_code::partly;
    }
    return code;
}

int from_cli(const CLI::Error& error)
{
    bool wanted = dynamic_cast<const CLI::Success*>(&error) != nullptr;  // help and version are "errors" to CLI11
    return wanted ? exit_code::done : exit_code::usage;
}

void print_json(const document& value) { print_json_text(value.dump(-1, ' ', false, document::error_handler_t::replace)); }

void print_json_text(const std::string& text)
{
    std::cout << text;
    if (text.empty() || text.back() != '\n')
        std::cout << '\n';
}

time_point now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace halfmast::ctl
