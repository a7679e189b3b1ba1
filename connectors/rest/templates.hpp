// Texts with {placeholders}, encoded by the place they stand in: a URL's path, its query, a form, JSON. Checked when the
// description is loaded, so that a crisis never meets a misspelt one. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "connectors/rest/pointer.hpp"
#include "connectors/rest/times.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::rest {

// Which placeholders may stand somewhere. `post` is one more, with a pointer: {post:/versions}.
struct vocabulary {
    std::set<std::string> texts;  // {id}; {id:number} in JSON
    std::set<std::string> times;  // {at}; {at:unix}, {at:%Y-%m-%d}
    bool post = false;
};

// What stands behind the placeholders in one call.
struct filling {
    std::map<std::string, std::string, std::less<>> texts;
    std::map<std::string, time_point, std::less<>> times;
    const nlohmann::json* post = nullptr;  // outlives the filling
};

class text_template {
public:
    // Nothing when it is wrong; `why` says what. `{{` and `}}` are braces.
    static std::optional<text_template> parse(std::string_view text, const vocabulary& known, const time_form& write,
                                              std::string& why);

    // As plain text. A problem when a member of the post that it needs is not there.
    [[nodiscard]] result<std::string> text(const filling& with) const;
    // Percent-encoded pieces between what is literal; each piece is one step of a path, never empty and never "..".
    [[nodiscard]] result<std::string> in_path(const filling& with) const;
    // A JSON text; alone, {id:number}, {at:unix} and {post:/x} give what they stand for.
    [[nodiscard]] std::optional<nlohmann::json> in_json(const filling& with) const;

    [[nodiscard]] bool uses(std::string_view name) const;
    [[nodiscard]] bool starts_with(std::string_view text) const;
    // Its literal parts in one text.
    [[nodiscard]] std::string literals() const;

private:
    struct part {
        std::string literal;  // when name is empty
        std::string name;
        std::optional<time_form> form;
        pointer at;  // of {post:/...}
        bool number = false;
    };
    static std::optional<part> placeholder(std::string_view inside, const vocabulary& known, const time_form& write,
                                           std::string& why);
    [[nodiscard]] std::optional<nlohmann::json> value(const part& one, const filling& with) const;
    template <class Encode>
    [[nodiscard]] result<std::string> joined(const filling& with, Encode encode) const;

    std::vector<part> parts_;
};

struct json_member;

// JSON with templates for its texts.
struct json_template {
    using list = std::vector<json_template>;
    using object = std::vector<json_member>;  // not of pairs: they want to know the whole type too early
    std::variant<nlohmann::json, text_template, list, object> what;

    // Nothing when a member of the post that it needs is not there.
    [[nodiscard]] std::optional<nlohmann::json> fill(const filling& with) const;
    [[nodiscard]] bool uses(std::string_view name) const;
};

struct json_member {
    std::string key;
    json_template value;
};

}  // namespace halfmast::rest
