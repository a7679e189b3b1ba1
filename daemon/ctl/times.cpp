#include "daemon/ctl/times.hpp"

#include <array>

#include "daemon/text/closest.hpp"

namespace halfmast::ctl {

time_point read_time(const std::string& text, time_point now, const char* option)
{
    if (text.starts_with('+')) {
        if (auto length = parse_duration(text.substr(1)))
            return std::chrono::ceil<seconds>(now + *length);  // platforms keep whole seconds
    } else if (auto at = parse_rfc3339(text)) {
        return *at;
    }
    throw command_error{
        exit_code::usage, "usage",
        std::string{option} + " '" + text + "' is no time: write 2026-03-01T14:30:00+01:00 (with the zone), or +20m from now"};
}

milliseconds read_duration(const std::string& text, const char* option)
{
    if (text == "0")
        return milliseconds{0};
    if (auto length = parse_duration(text))
        return *length;
    throw command_error{exit_code::usage, "usage", std::string{option} + " '" + text + "' is no duration: write 90s, 45m or 1h30m"};
}

std::string read_severity(const std::string& text)
{
    static const std::array<std::string, 3> words{"minor", "major", "critical"};
    if (text.empty())
        return text;
    for (std::size_t i = 0; i < words.size(); ++i)
        if (text == words[i] || text == std::to_string(i + 1))
            return words[i];
    text::nearest search{text};
    for (const auto& word : words)
        search.offer(word);
    throw command_error{exit_code::usage, "usage",
                        "--severity '" + text + "' is none of minor, major, critical (or 1, 2, 3)." + search.question()};
}

}  // namespace halfmast::ctl
