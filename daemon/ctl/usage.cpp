#include "daemon/ctl/usage.hpp"

#include <CLI/CLI.hpp>

#include "daemon/ctl/print.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::ctl {

namespace {

// The innermost command that was recognised.
CLI::App& innermost(CLI::App& app)
{
    auto* where = &app;
    for (auto inside = where->get_subcommands(); !inside.empty(); inside = where->get_subcommands())
        where = inside.back();
    return *where;
}

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

std::string unknown_command(const CLI::App& where, const std::string& word)
{
    text::nearest search{word};
    for (const auto* command : where.get_subcommands([](const CLI::App*) { return true; }))
        search.offer(command->get_name());
    return "'" + full_name(where) + "' has no command '" + safe(word) + "'." + search.question();
}

std::string unknown_option(const CLI::App& where, const std::string& word)
{
    auto name = word.substr(0, word.find('='));
    text::nearest search{name};
    for (const auto* app = &where; app != nullptr; app = app->get_parent())
        for (const auto* option : app->get_options())
            for (const auto& known : option->get_lnames())
                search.offer("--" + known);
    return "'" + full_name(where) + "' has no option '" + safe(name) + "'." + search.question();
}

std::string what_is_wrong(CLI::App& app, CLI::App& where, const CLI::Error& error)
{
    auto left = app.remaining(true);
    auto word = std::find_if_not(left.begin(), left.end(), is_option);
    auto commands = where.get_subcommands([](const CLI::App*) { return true; });
    if (!commands.empty() && word != left.end())
        return unknown_command(where, *word);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !left.empty()) {
        auto option = std::find_if(left.begin(), left.end(), is_option);
        if (option != left.end())
            return unknown_option(where, *option);
        return "'" + full_name(where) + "' does not know what to do with '" + safe(left.front()) + "'.";
    }
    if (!commands.empty())
        return "'" + full_name(where) + "' needs a command.";
    auto text = safe(error.what());
    if (!text.empty() && text.back() != '.')
        text += '.';
    return text;
}

}  // namespace

std::string full_name(const CLI::App& app)
{
    const auto* parent = app.get_parent();
    return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

std::string explain_usage(CLI::App& app, const CLI::Error& error)
{
    auto& where = innermost(app);
    return what_is_wrong(app, where, error) + " See '" + full_name(where) + " --help'.";
}

}  // namespace halfmast::ctl
