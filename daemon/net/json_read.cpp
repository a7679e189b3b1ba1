#include "daemon/net/json_read.hpp"

#include <nlohmann/json.hpp>

namespace halfmast::net {

bool is_too_deep(std::string_view text, int most)
{
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (quoted) {
            at += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > most)
                return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

std::optional<nlohmann::json> parse_json(std::string_view body)
{
    if (is_too_deep(body))
        return std::nullopt;
    auto value = nlohmann::json::parse(body, nullptr, false);
    if (value.is_discarded())
        return std::nullopt;
    return value;
}

const nlohmann::json* member(const nlohmann::json& object, std::string_view key)
{
    if (!object.is_object())
        return nullptr;
    auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

const nlohmann::json& member_or_null(const nlohmann::json& object, std::string_view key)
{
    static const nlohmann::json nothing;
    const auto* found = member(object, key);
    return found == nullptr ? nothing : *found;
}

std::string text_at(const nlohmann::json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::int64_t number_at(const nlohmann::json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool flag_at(const nlohmann::json& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<time_point> time_at(const nlohmann::json& object, std::string_view key)
{
    return parse_rfc3339(text_at(object, key));
}

std::string dump(const nlohmann::json& value) { return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

}  // namespace halfmast::net
