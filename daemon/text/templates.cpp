// Statements with fields in them. Only fields: with every field required, sections would have nothing to decide,
// and a partial could pull in words that nobody approved.
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

}  // namespace

result<std::vector<std::string>> fields_of(const std::string& source)
{
    std::vector<std::string> fields;
    for (auto open = source.find("{{"); open != std::string::npos; open = source.find("{{", open)) {
        const bool triple = source.compare(open, 3, "{{{") == 0;
        const std::string_view closing = triple ? "}}}" : "}}";
        const auto begin = open + closing.size();
        const auto close = source.find(closing, begin);
        if (close == std::string::npos)
            return at_offset(source, open, "the field is not closed: write {{name}}");
        auto inside = trimmed(std::string_view(source).substr(begin, close - begin));
        const bool comment = !triple && inside.starts_with('!');
        if (!triple && inside.starts_with('&'))
            inside = trimmed(std::string_view(inside).substr(1));
        if (!comment && !is_name(inside))
            return at_offset(source, open, "'" + inside + "' is not a field's name; only {{name}} can stand in a summary");
        if (!comment && std::find(fields.begin(), fields.end(), inside) == fields.end())
            fields.push_back(inside);
        open = close + closing.size();
    }
    return fields;
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
            values.set(name, value);
        auto text = statement.render(values);
        if (!statement.is_valid())
            return problem{failure::local, statement.error_message(), std::nullopt};
        return text;
    } catch (const std::exception& error) {
        return problem{failure::local, std::string("the template cannot be rendered: ") + error.what(), std::nullopt};
    }
}

}  // namespace halfmast::text
