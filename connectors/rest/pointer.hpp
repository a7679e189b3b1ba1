// A JSON pointer (RFC 6901) in which a step "*" stands for every member of a list or object: "/tags/*/name". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace halfmast::rest {

class pointer {
public:
    pointer() = default;  // the whole value

    // Nothing when it is no pointer: a first letter that is not '/', a '~' that is neither ~0 nor ~1.
    static std::optional<pointer> parse(std::string_view text);

    // What it leads to, in order; null members included. Never throws, whatever stands there.
    [[nodiscard]] std::vector<const nlohmann::json*> all(const nlohmann::json& in) const;
    // The first of them, or null.
    [[nodiscard]] const nlohmann::json* first(const nlohmann::json& in) const;

private:
    std::vector<nlohmann::json::json_pointer> pieces_;  // between the stars
};

// Texts, numbers and truth values as text; nothing for null, lists and objects.
std::optional<std::string> as_text(const nlohmann::json& value);

// Null when it is not JSON, or nested so deep that walking it could end the stack.
std::optional<nlohmann::json> parse_json(const std::string& body);

}  // namespace halfmast::rest
