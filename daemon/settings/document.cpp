#include "daemon/settings/document.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <sys/stat.h>

#include "daemon/settings/toml.hpp"

namespace halfmast::settings {

namespace {

constexpr std::size_t most_document = 1u << 20;
constexpr int most_nesting = 64;

document_place place_of(const toml::source_region& where)
{
    return {static_cast<unsigned>(where.begin.line), static_cast<unsigned>(where.begin.column)};
}

document_node plain(const toml::node& node, int depth)
{
    document_node made;
    made.at = place_of(node.source());
    if (const auto* text = node.as_string())
        made.value = text->get();
    else if (const auto* whole = node.as_integer())
        made.value = whole->get();
    else if (const auto* number = node.as_floating_point())
        made.value = number->get();
    else if (const auto* flag = node.as_boolean())
        made.value = flag->get();
    else if (const auto* items = node.as_array(); items != nullptr && depth < most_nesting) {
        document_node::list list;
        for (const auto& item : *items)
            list.push_back(plain(item, depth + 1));
        made.value = std::move(list);
    } else if (const auto* table = node.as_table(); table != nullptr && depth < most_nesting) {
        document_node::table entries;
        for (const auto& [key, value] : *table)
            entries.push_back({std::string{key.str()}, place_of(key.source()), plain(value, depth + 1)});
        made.value = std::move(entries);
    }
    return made;
}

}  // namespace

document_read parse_document(std::string_view text, const std::string& file)
{
    auto parsed = toml::parse(text, std::string_view{file});
    if (!parsed) {
        auto at = place_of(parsed.error().source());
        at.line = at.line == 0 ? 1 : at.line;
        return {nullptr, "not TOML: " + std::string{parsed.error().description()}, at};
    }
    auto made = std::make_shared<document>();
    made->file = file;
    made->root = plain(parsed.table(), 0);
    return {std::move(made), {}, {}};
}

document_read read_document(const std::string& file)
{
    struct stat about {};
    if (::stat(file.c_str(), &about) != 0)
        return {nullptr, std::string{"cannot be read: "} + std::strerror(errno), {}};
    if (!S_ISREG(about.st_mode))
        return {nullptr, "is not a file", {}};
    if (about.st_size > static_cast<off_t>(most_document))
        return {nullptr, "is larger than 1 MiB; this is no description", {}};
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return {nullptr, std::string{"cannot be read: "} + std::strerror(errno), {}};
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    return parse_document(bytes, file);
}

}  // namespace halfmast::settings
