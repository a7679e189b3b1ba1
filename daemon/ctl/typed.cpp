#include "daemon/ctl/typed.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace halfmast::ctl {

std::pair<CLI::Option*, CLI::Option*> add_typed(CLI::App& command, typed_text& given, const std::string& name,
                                                const std::string& what)
{
    auto* plain = command.add_option("--" + name, given.text, what)->type_name("TEXT");
    auto* one =
        command.add_option("--" + name + "-in", given.in, "The same in one language, once for each: --" + name + "-in hu TEXT")
            ->type_name("LANGUAGE TEXT")
            ->allow_extra_args(false);
    return {plain, one};
}

void put_typed(document& body, const char* name, const typed_text& given)
{
    if (given.in.empty()) {
        if (!given.text.empty())
            body[name] = given.text;
        return;
    }
    auto texts = document::object();
    if (!given.text.empty())
        texts["und"] = given.text;
    for (const auto& [language, text] : given.in) {
        auto option = std::string{"--"} + name + "-in " + language;
        if (text.empty())
            throw command_error{exit_code::usage, "usage",
                                option + ": the text is empty; leave it out to fall back on another language"};
        if (texts.contains(language))
            throw command_error{exit_code::usage, "usage", option + ": that language is given already"};
        texts[language] = text;
    }
    body[name] = std::move(texts);
}

}  // namespace halfmast::ctl
