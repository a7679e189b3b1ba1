#include "daemon/ctl/statements.hpp"

#include <iostream>
#include <string_view>

#include <nlohmann/json.hpp>

namespace halfmast::ctl {

namespace {

// How it becomes public, where a platform leaves a choice.
std::string way_of(const document& said)
{
    auto by = text_of(said, "by");
    if (by == "edit")
        return ", edits the pinned post";
    if (by == "follow-up")
        return ", a follow-up in its thread";
    return {};
}

std::string head_of(const document& said)
{
    auto head = text_of(said, "account") + " (" + text_of(said, "language") + ", ";
    if (text_of(said, "form") == "short")
        head += "short form, ";
    head += std::to_string(number_of(said, "length"));
    if (auto limit = number_of(said, "limit"); limit != 0)
        head += " of " + std::to_string(limit);
    return head + " characters" + way_of(said) + (flag_of(said, "can_publish") ? "" : ", a person has to publish it")
           + (flag_of(said, "can_pin") ? "" : ", a person has to pin it") + ")";
}

std::string_view whole_text(const document& said)
{
    const auto& value = member_of(said, "text");
    return value.is_string() ? std::string_view{value.get_ref<const std::string&>()} : std::string_view{};
}

}  // namespace

std::string first_line(const document& said)
{
    constexpr std::size_t columns = 60;
    auto text = whole_text(said);
    return shorten(safe(text.substr(0, text.find('\n'))), columns);
}

void print_text(const document& said)
{
    auto text = whole_text(said);
    for (;;) {
        auto line_end = text.find('\n');
        std::cout << "  " << safe(text.substr(0, line_end)) << '\n';
        if (line_end == std::string_view::npos)
            return;
        text.remove_prefix(line_end + 1);
    }
}

statement_faults print_statements(const document& list, const paint& color)
{
    statement_faults faults;
    for (const auto& said : list) {
        std::cout << "It would say on " << head_of(said) << ":\n";
        print_text(said);
        for (const auto& filled : member_of(said, "fillings")) {
            auto language = text_of(filled, "language");
            auto line = text_of(filled, "field") + (language == "und" ? ", in a language that was not said" : " in " + language);
            bool differs = flag_of(filled, "differs");
            std::cout << "  "
                      << (differs ? color.warn("filled in: " + line + ", NOT the language of the text") : "filled in: " + line)
                      << '\n';
        }
        for (const auto& pin : member_of(said, "unpins"))
            if (pin.is_string())
                std::cout << "  unpins for it: " << safe(pin.get_ref<const std::string&>()) << '\n';
        for (const auto& link : member_of(said, "links")) {
            bool ok = flag_of(link, "ok");
            faults.dead_links += !ok;
            auto line = text_of(link, "url") + " (" + text_of(link, "said") + ")";
            std::cout << "  " << (ok ? "link answers: " + line : color.bad("DEAD LINK: " + line)) << '\n';
        }
        if (auto trouble = text_of(said, "trouble"); !trouble.empty()) {
            ++faults.troubled;
            std::cout << "  " << color.bad("NOT as it is: " + trouble) << '\n';
        }
    }
    return faults;
}

}  // namespace halfmast::ctl
