#include "daemon/signals/fields.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace halfmast::signals {

namespace {

using nlohmann::json;

constexpr std::size_t most_field = 400;  // bytes of one field in a text

// What comes from outside is shown in one line, whatever it holds.
std::string in_one_line(std::string text)
{
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    if (text.size() > most_field) {
        auto end = most_field;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u)
            --end;
        text.resize(end);
    }
    return text;
}

std::string unescaped(std::string_view part)
{
    std::string name;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] == '~' && i + 1 < part.size())
            name += part[++i] == '1' ? '/' : '~';
        else
            name += part[i];
    }
    return name;
}

std::optional<std::size_t> index_of(std::string_view part)
{
    std::size_t value = 0;
    auto read = std::from_chars(part.data(), part.data() + part.size(), value);
    bool plain = !part.empty() && part.size() <= 9 && (part == "0" || part.front() != '0');
    if (!plain || read.ec != std::errc{} || read.ptr != part.data() + part.size())
        return std::nullopt;
    return value;
}

bool is_like(std::string_view pattern, std::string_view text)
{
    if (pattern.ends_with('*'))
        return text.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == text;
}

std::optional<std::string> text_of(const json& field)
{
    switch (field.type()) {
    case json::value_t::null:
    case json::value_t::discarded: return std::nullopt;
    case json::value_t::string: return in_one_line(field.get_ref<const std::string&>());
    default: return in_one_line(field.dump(-1, ' ', false, json::error_handler_t::replace));
    }
}

bool is_any_of(const json& field, const std::vector<std::string>& patterns)
{
    auto text = text_of(field);
    return text && (patterns.empty() || std::ranges::any_of(patterns, [&](const auto& one) { return is_like(one, *text); }));
}

}  // namespace

const json* field_at(const json& payload, std::string_view pointer)
{
    const json* here = &payload;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);  // the slash
        auto end = pointer.find('/');
        auto part = pointer.substr(0, end);
        pointer.remove_prefix(end == pointer.npos ? pointer.size() : end);
        if (here->is_object()) {
            auto found = here->find(unescaped(part));
            if (found == here->end())
                return nullptr;
            here = &*found;
        } else if (here->is_array()) {
            auto index = index_of(part);
            if (!index || *index >= here->size())
                return nullptr;
            here = &(*here)[*index];
        } else {
            return nullptr;
        }
    }
    return here;
}

std::optional<std::string> text_at(const json& payload, std::string_view pointer)
{
    const auto* field = field_at(payload, pointer);
    return field == nullptr ? std::nullopt : text_of(*field);
}

bool matches(const json& payload, const std::vector<field_match>& wanted)
{
    return std::ranges::all_of(wanted, [&](const field_match& one) {
        const auto* field = field_at(payload, one.pointer);
        if (field == nullptr)
            return false;
        if (field->is_array() && !one.any_of.empty())
            return std::ranges::any_of(*field, [&](const json& entry) { return is_any_of(entry, one.any_of); });
        return is_any_of(*field, one.any_of);
    });
}

std::string fill(std::string_view text, const json& payload)
{
    std::string made;
    bool names_fields = false;
    bool found_any = false;
    while (!text.empty()) {
        auto open = text.find("{/");
        made += text.substr(0, open);
        if (open == text.npos)
            break;
        auto close = text.find('}', open);
        if (close == text.npos) {
            made += text.substr(open);
            break;
        }
        names_fields = true;
        if (auto field = text_at(payload, text.substr(open + 1, close - open - 1)); field && !field->empty()) {
            found_any = true;
            made += *field;
        }
        text.remove_prefix(close + 1);
    }
    return names_fields && !found_any ? std::string{} : made;
}

}  // namespace halfmast::signals
