#include "daemon/ctl/scopes.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

[[noreturn]] void wrong(const std::string& detail) { throw command_error{exit_code::usage, "usage", "--scope " + detail}; }

void add_matcher(document& over, std::string_view part)
{
    auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == part.size())
        wrong("'" + safe(part) + "' must be label=value, like brand=acme");
    std::string label{part.substr(0, equals)}, value{part.substr(equals + 1)};
    if (over.contains(label) && over[label] != value)
        wrong("names '" + safe(label) + "' twice with different values: no account can match both");
    over[label] = value;
}

}  // namespace

document read_scope(const std::string& given)
{
    auto over = document::object();
    std::string_view text = given;
    while (!text.empty()) {
        auto comma = text.find(',');
        add_matcher(over, text.substr(0, comma));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return over;
}

}  // namespace halfmast::ctl
