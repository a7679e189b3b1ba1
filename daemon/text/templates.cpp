// Statements with fields in them, and words for a field that may be empty. No lists and no partials: those could pull in words that
// nobody approved.
#include "daemon/text/text.hpp"

#include <algorithm>

#include <kainjow/mustache.hpp>

namespace halfmast::text {

namespace {

problem at_offset(const std::string& source, std::size_t offset, const std::string& what)
{
    const auto line = 1 + std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    const auto begin = source.rfind('\n', offset == 0 ? 0 : offset - 1);
    const auto column = offset == 0 || begin == std::string::npos ? offset + 1 : offset - begin;
    return {failure::local, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + what, std::nullopt};
}

std::string trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

bool is_name(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

constexpr std::size_t most_sections = 8;  // in one another

struct mustache_tag {
    char mark = ' ';  // '#', '^', '/'; a blank for the field itself
    std::string name;
    std::size_t at = 0;
};

// One {{...}}: what stands in it, and where it ends. A comment has no name.
result<mustache_tag> read_tag(const std::string& source, std::size_t open, std::size_t& end)
{
    const bool triple = source.compare(open, 3, "{{{") == 0;
    const std::string_view closing = triple ? "}}}" : "}}";
    const auto begin = open + closing.size();
    const auto close = source.find(closing, begin);
    if (close == std::string::npos)
        return at_offset(source, open, "the field is not closed: write {{name}}");
    end = close + closing.size();
    mustache_tag one;
    one.at = open;
    one.name = trimmed(std::string_view(source).substr(begin, close - begin));
    const char first = triple || one.name.empty() ? ' ' : one.name.front();
    if (first == '!') {
        one.name.clear();
        return one;
    }
    if (std::string_view{"&#^/"}.find(first) != std::string_view::npos) {
        one.mark = first == '&' ? ' ' : first;
        one.name = trimmed(std::string_view(one.name).substr(1));
    }
    if (!is_name(one.name))
        return at_offset(
            source, open,
            "'" + one.name
                + "' is not a field's name; only {{name}} can stand in a statement, and {{#name}}, {{^name}}, {{/name}}");
    return one;
}

// All of them in order, without the comments; each section is closed.
result<std::vector<mustache_tag>> tags_of(const std::string& source)
{
    std::vector<mustache_tag> tags;
    std::vector<mustache_tag> sections;
    std::size_t end = 0;
    for (auto open = source.find("{{"); open != std::string::npos; open = source.find("{{", end)) {
        auto one = read_tag(source, open, end);
        if (!one)
            return one.error();
        if (one->name.empty())
            continue;
        if (one->mark == '#' || one->mark == '^')
            sections.push_back(*one);
        if (sections.size() > most_sections)
            return at_offset(source, open, "{{" + std::string{one->mark} + one->name + "}} stands too deep in others");
        if (one->mark == '/') {
            if (sections.empty() || sections.back().name != one->name)
                return at_offset(source, open, "{{/" + one->name + "}} closes nothing that begins before it");
            sections.pop_back();
        }
        tags.push_back(std::move(*one));
    }
    if (!sections.empty())
        return at_offset(source, sections.back().at, "{{/" + sections.back().name + "}} is missing");
    return tags;
}

void add_name(std::vector<std::string>& names, const std::string& name)
{
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

}  // namespace

result<std::vector<std::string>> fields_of(const std::string& source)
{
    const auto tags = tags_of(source);
    if (!tags)
        return tags.error();
    std::vector<std::string> fields;
    for (const auto& one : *tags)
        add_name(fields, one.name);
    return fields;
}

result<std::vector<std::string>> holes_of(const std::string& source, const std::map<std::string, std::string>& fields)
{
    const auto tags = tags_of(source);
    if (!tags)
        return tags.error();
    auto is_empty = [&](const std::string& name) {
        auto found = fields.find(name);
        return found == fields.end() || found->second.empty();
    };
    std::vector<std::string> holes;
    std::vector<bool> shown;  // of the sections we are in
    for (const auto& one : *tags) {
        if (one.mark == '/')
            shown.pop_back();
        else if (one.mark != ' ')
            shown.push_back(is_empty(one.name) == (one.mark == '^'));
        else if (is_empty(one.name) && std::find(shown.begin(), shown.end(), false) == shown.end())
            add_name(holes, one.name);
    }
    return holes;
}

result<std::string> render(const std::string& source, const std::map<std::string, std::string>& fields)
{
    const auto used = fields_of(source);
    if (!used)
        return used.error();
    std::string missing;
    for (const auto& name : *used)
        if (!fields.contains(name))
            missing += (missing.empty() ? "{{" : ", {{") + name + "}}";
    if (!missing.empty())
        return problem{failure::local, "no value for " + missing, std::nullopt};

    try {
        kainjow::mustache::mustache statement(source);
        if (!statement.is_valid())
            return problem{failure::local, statement.error_message(), std::nullopt};
        statement.set_custom_escape([](const std::string& value) { return value; });  // people read it, not browsers
        kainjow::mustache::data values;
        for (const auto& [name, value] : fields)
            values.set(name, value.empty() ? kainjow::mustache::data(false) : kainjow::mustache::data(value));
        auto text = statement.render(values);
        if (!statement.is_valid())
            return problem{failure::local, statement.error_message(), std::nullopt};
        return text;
    } catch (const std::exception& error) {
        return problem{failure::local, std::string("the template cannot be rendered: ") + error.what(), std::nullopt};
    }
}

}  // namespace halfmast::text
