// Words on a terminal: safe, short, aligned. Text of posts comes from outside and may hold anything; nothing of it may steer
// a terminal.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// One line: control characters, broken UTF-8 and characters that reorder text become blanks or U+FFFD.
std::string safe(std::string_view text);

// At most so many terminal columns, with "..." at the end when something was cut.
std::string shorten(std::string_view text, std::size_t columns);
std::size_t columns_of(std::string_view text);

std::string ago(time_point then, time_point now);              // "5m ago", "in 12m", "now"
std::string clock(time_point at, time_point now);              // "14:30 UTC", with the date when it is another day's
std::string clock_of(const document& value, time_point now);   // of an RFC 3339 string; "never" for null
std::string moment_of(const document& value, time_point now);  // "14:30 UTC (5m ago)"

std::string text_of(const document& object, const char* name);  // safe; "" when absent or no string
std::uint64_t number_of(const document& object, const char* name);
bool flag_of(const document& object, const char* name);
const document& member_of(const document& object, const char* name);  // null when absent

// "1 post", "2 posts"
std::string count(std::uint64_t number, const char* one, const char* many = nullptr);

std::size_t terminal_columns();  // of standard output; 100 when it is no terminal
std::size_t terminal_rows();

// Colour says nothing that words do not say too.
class paint {
public:
    // NO_COLOR, TERM=dumb, --no-color and anything but a terminal switch it off.
    paint(const session&, int fd);

    [[nodiscard]] std::string bad(std::string_view text) const { return wrap("31", text); }
    [[nodiscard]] std::string good(std::string_view text) const { return wrap("32", text); }
    [[nodiscard]] std::string warn(std::string_view text) const { return wrap("33", text); }
    [[nodiscard]] std::string strong(std::string_view text) const { return wrap("1", text); }

private:
    [[nodiscard]] std::string wrap(const char* code, std::string_view text) const;
    bool on_;
};

// Columns as wide as their widest cell; the last one takes what is left of `width`.
class table {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    void print(std::ostream& out, std::size_t width, const char* indent = "") const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace halfmast::ctl
