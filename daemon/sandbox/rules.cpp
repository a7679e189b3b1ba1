#include "daemon/sandbox/rules.hpp"

#include <array>
#include <charconv>

namespace halfmast::sandbox {

namespace {

struct named_trap {
    const char* name;
    bool traps::*flag;
};

constexpr std::array<named_trap, 8> named_traps{{{"sweep", &traps::sweep},
                                                 {"past", &traps::past},
                                                 {"too-soon", &traps::too_soon},
                                                 {"caps", &traps::caps},
                                                 {"media", &traps::media},
                                                 {"pins", &traps::pins},
                                                 {"unknown-media", &traps::unknown_media},
                                                 {"idempotency", &traps::idempotency}}};

std::optional<int> parse_count(std::string_view text)
{
    auto value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || fault != std::errc{} || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

}  // namespace

bool* find_trap(traps& all, std::string_view name)
{
    for (const auto& trap : named_traps)
        if (trap.name == name)
            return &(all.*trap.flag);
    return nullptr;
}

const std::vector<std::string>& trap_names()
{
    static const auto names = [] {
        auto list = std::vector<std::string>{};
        for (const auto& trap : named_traps)
            list.emplace_back(trap.name);
        return list;
    }();
    return names;
}

std::vector<rate_rule> default_rate_rules()
{
    using std::chrono::hours;
    using std::chrono::minutes;
    using counts = rate_rule::counts;
    return {{counts::all, 300, minutes{5}},
            {counts::paged, 300, minutes{15}},
            {counts::media, 30, minutes{30}},
            {counts::deletes, 30, minutes{30}},
            {counts::posts, 300, hours{3}}};
}

std::optional<std::vector<rate_rule>> parse_rate_rules(std::string_view text, int burst)
{
    if (text == "0")
        return std::vector<rate_rule>{};
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const auto calls = parse_count(text.substr(0, slash));
    const auto length = text.substr(slash + 1);
    auto per = parse_duration(length);
    if (const auto bare = parse_count(length))
        per = seconds{*bare};
    if (burst < 0 || !calls || *calls == 0 || !per || *per <= milliseconds{0})
        return std::nullopt;
    return std::vector<rate_rule>{{rate_rule::counts::all, *calls, *per, burst}};
}

}  // namespace halfmast::sandbox
