#include "daemon/settings/table.hpp"

#include <algorithm>
#include <cmath>

#include "daemon/text/closest.hpp"

namespace halfmast::settings {

std::string_view type_in_words(const toml::node& node)
{
    switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
    }
    return "nothing";
}

std::string in_words(const std::vector<std::string>& names)
{
    std::string all;
    for (const auto& name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

table_reader::table_reader(const toml::table& table, const std::string& file, std::string where, fault_list& faults)
    : table_(&table),
      file_(&file),
      where_(std::move(where)),
      faults_(&faults)
{
}

const toml::node* table_reader::find(std::string_view key)
{
    if (std::ranges::find(asked_, key) == asked_.end())
        asked_.emplace_back(key);
    return table_->get(key);
}

std::optional<std::string> table_reader::text(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(key, *node, "text");
        return std::nullopt;
    }
    if (value->get().empty()) {
        fault(node, std::string{key} + " is empty");
        return std::nullopt;
    }
    return value->get();
}

std::optional<std::string> table_reader::required_text(std::string_view key)
{
    if (find(key) == nullptr) {
        fault(nullptr, std::string{key} + " is missing");
        return std::nullopt;
    }
    return text(key);
}

std::optional<bool> table_reader::flag(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_boolean())
        return value->get();
    wrong_type(key, *node, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> table_reader::whole(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_integer())
        return value->get();
    wrong_type(key, *node, "a whole number");
    return std::nullopt;
}

std::optional<double> table_reader::number(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_integer())
        return static_cast<double>(value->get());
    if (const auto* value = node->as_floating_point(); value != nullptr && std::isfinite(value->get()))
        return value->get();
    wrong_type(key, *node, "a number");
    return std::nullopt;
}

std::optional<milliseconds> table_reader::duration(std::string_view key, bounds allowed)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(key, *node, "a duration in quotes, such as \"90s\" or \"1h30m\"");
        return std::nullopt;
    }
    auto length = parse_duration(value->get());
    if (!length) {
        fault(node, std::string{key} + ": '" + value->get() + "' is not a duration; write it as 90s, 45m or 1h30m");
        return std::nullopt;
    }
    if (*length < allowed.least || *length > allowed.most) {
        fault(node, std::string{key} + ": " + value->get() + " is not possible; it must lie between "
                        + format_duration(allowed.least) + " and " + format_duration(allowed.most));
        return std::nullopt;
    }
    return length;
}

const toml::table* table_reader::table(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return nullptr;
    const auto* value = node->as_table();
    if (value == nullptr)
        wrong_type(key, *node, "a table");
    return value;
}

const toml::array* table_reader::list(std::string_view key, std::string_view of_what)
{
    const auto* node = find(key);
    if (node == nullptr)
        return nullptr;
    const auto* value = node->as_array();
    if (value == nullptr)
        wrong_type(key, *node, "a list of " + std::string{of_what});
    return value;
}

std::vector<table_reader::item> table_reader::texts(std::string_view key)
{
    std::vector<item> all;
    const auto* items = list(key, "texts");
    if (items == nullptr)
        return all;
    for (const auto& node : *items) {
        const auto* value = node.as_string();
        if (value == nullptr)
            wrong_type("each of " + std::string{key}, node, "text");
        else if (value->get().empty())
            fault(&node, std::string{key} + ": an empty text stands in the list");
        else
            all.push_back({value->get(), &node});
    }
    return all;
}

std::vector<const toml::table*> table_reader::tables(std::string_view key)
{
    std::vector<const toml::table*> all;
    const auto* node = find(key);
    if (node == nullptr)
        return all;
    const auto* items = node->as_array();
    if (items == nullptr) {
        fault(node, std::string{key} + " may stand there several times: write [[" + std::string{key} + "]]"
                        + (node->is_table() ? " with two brackets" : ""));
        return all;
    }
    for (const auto& one : *items) {
        if (const auto* value = one.as_table())
            all.push_back(value);
        else
            wrong_type(key, one, "a table");
    }
    return all;
}

void table_reader::fault(const toml::node* node, std::string text, weight how)
{
    fault_at((node == nullptr ? table_ : node)->source().begin, std::move(text), how);
}

void table_reader::fault_at(toml::source_position at, std::string text, weight how)
{
    faults_->add(*file_, at, how, where_.empty() ? std::move(text) : where_ + ": " + text);
}

void table_reader::wrong_type(std::string_view key, const toml::node& node, std::string_view wanted)
{
    fault(&node, std::string{key} + " must be " + std::string{wanted} + ", not " + std::string{type_in_words(node)});
}

table_reader table_reader::inside(const toml::table& inner, const std::string& key) const
{
    return {inner, *file_, where_.empty() ? key : where_ + ": " + key, *faults_};
}

void table_reader::finish()
{
    for (const auto& [key, node] : *table_) {
        if (std::ranges::find(asked_, key.str()) != asked_.end())
            continue;
        text::nearest search{key.str()};
        for (const auto& known : asked_)
            search.offer(known);
        std::string hint = search.question();
        if (hint.empty())
            hint = asked_.empty() ? "" : " Known here: " + in_words(asked_) + ".";
        fault_at(key.source().begin, "unknown key '" + std::string{key.str()} + "'." + hint);
    }
}

}  // namespace halfmast::settings
