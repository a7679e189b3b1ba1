#include "daemon/ctl/print.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace halfmast::ctl {

namespace {

constexpr char32_t broken = 0xFFFD;

// The next code point and how many bytes it took; `broken` for one byte that is no UTF-8.
std::pair<char32_t, std::size_t> next_point(std::string_view text)
{
    auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80)
        return {first, 1};
    std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    if (length == 0 || first > 0xF4 || text.size() < length)
        return {broken, 1};
    char32_t point = first & (0xFF >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0) != 0x80)
            return {broken, 1};
        point = (point << 6) | (byte & 0x3F);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return {broken, 1};
    return {point, length};
}

// Explicit direction marks, overrides and isolates: they could show one text and mean another.
bool reorders(char32_t point)
{
    return point == 0x061C || point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E)
           || (point >= 0x2066 && point <= 0x2069);
}

bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029; }

std::size_t width_of(char32_t point)
{
    int width = wcwidth(static_cast<wchar_t>(point));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

std::string pad(const std::string& text, std::size_t columns)
{
    auto used = columns_of(text);
    return used >= columns ? text : text + std::string(columns - used, ' ');
}

}  // namespace

std::string safe(std::string_view text)
{
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        auto [point, length] = next_point(text);
        if (point == broken && length == 1)
            clean += "\xEF\xBF\xBD";
        else if (is_control(point) || reorders(point))
            clean += clean.empty() || clean.back() != ' ' ? " " : "";
        else
            clean += text.substr(0, length);
        text.remove_prefix(length);
    }
    return clean;
}

std::size_t columns_of(std::string_view text)
{
    std::size_t columns = 0;
    while (!text.empty()) {
        if (text.starts_with("\x1b[")) {  // our own colours take no room
            auto end = text.find('m');
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            continue;
        }
        auto [point, length] = next_point(text);
        columns += width_of(point);
        text.remove_prefix(length);
    }
    return columns;
}

std::string shorten(std::string_view text, std::size_t columns)
{
    if (columns_of(text) <= columns)
        return std::string{text};
    constexpr std::size_t dots = 3;
    std::size_t room = columns > dots ? columns - dots : 0;
    std::string kept;
    std::size_t used = 0;
    while (!text.empty()) {
        auto [point, length] = next_point(text);
        used += width_of(point);
        if (used > room)
            break;
        kept += text.substr(0, length);
        text.remove_prefix(length);
    }
    return kept + std::string(std::min(dots, columns), '.');
}

std::string ago(time_point then, time_point now)
{
    bool ahead = then > now;
    auto length = std::chrono::duration_cast<seconds>(ahead ? then - now : now - then);
    if (length < seconds{1})
        return "now";
    // Two units are enough for a person.
    if (length >= std::chrono::hours{48})
        length = std::chrono::floor<std::chrono::hours>(length);
    else if (length >= std::chrono::minutes{10})
        length = std::chrono::floor<std::chrono::minutes>(length);
    auto text = format_duration(length);
    return ahead ? "in " + text : text + " ago";
}

std::string clock(time_point at, time_point now)
{
    auto whole = format_utc(std::chrono::floor<seconds>(at));  // 2026-03-01T14:30:00Z
    auto day = whole.substr(0, 10);
    bool other_day = std::chrono::floor<std::chrono::days>(at) != std::chrono::floor<std::chrono::days>(now);
    auto minute = whole.substr(11, whole.substr(17, 2) == "00" ? 5 : 8);
    return (other_day ? day + " " : std::string{}) + minute + " UTC";
}

std::string clock_of(const document& value, time_point now)
{
    auto at = value.is_string() ? parse_rfc3339(value.get_ref<const std::string&>()) : std::nullopt;
    return at ? clock(*at, now) : std::string{"never"};
}

std::string moment_of(const document& value, time_point now)
{
    auto at = value.is_string() ? parse_rfc3339(value.get_ref<const std::string&>()) : std::nullopt;
    return at ? clock(*at, now) + " (" + ago(*at, now) + ")" : std::string{"never"};
}

const document& member_of(const document& object, const char* name)
{
    static const document nothing;
    if (!object.is_object())
        return nothing;
    auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::string text_of(const document& object, const char* name)
{
    const auto& value = member_of(object, name);
    return value.is_string() ? safe(value.get_ref<const std::string&>()) : std::string{};
}

std::uint64_t number_of(const document& object, const char* name)
{
    const auto& value = member_of(object, name);
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

bool flag_of(const document& object, const char* name)
{
    const auto& value = member_of(object, name);
    return value.is_boolean() && value.get<bool>();
}

std::string count(std::uint64_t number, const char* one, const char* many)
{
    std::string words = number == 1 ? std::string{one} : many != nullptr ? std::string{many} : std::string{one} + "s";
    return std::to_string(number) + " " + words;
}

std::size_t terminal_columns()
{
    winsize size{};
    if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 100;
}

std::size_t terminal_rows()
{
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4)
        return size.ws_row;
    return 24;
}

paint::paint(const session& all, int fd)
{
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    bool refused = all.no_color || (no_color != nullptr && *no_color != '\0');
    on_ = !refused && isatty(fd) != 0 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

std::string paint::wrap(const char* code, std::string_view text) const
{
    if (!on_)
        return std::string{text};
    return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

void table::print(std::ostream& out, std::size_t width, const char* indent) const
{
    std::vector<std::size_t> widths;
    for (const auto& cells : rows_) {
        widths.resize(std::max(widths.size(), cells.size()));
        for (std::size_t i = 0; i < cells.size(); ++i)
            widths[i] = std::max(widths[i], columns_of(cells[i]));
    }
    for (const auto& cells : rows_) {
        std::string line = indent;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            bool last = i + 1 == cells.size();
            if (!last) {
                line += pad(cells[i], widths[i]) + "  ";
                continue;
            }
            auto used = columns_of(line);
            line += used + 10 < width ? shorten(cells[i], width - used) : cells[i];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

}  // namespace halfmast::ctl
