// What people see while the daemon works: a bar for each account on a terminal, lines of what changed when piped.
#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

enum class progress_style {
    none,   // -o json
    lines,  // piped
    bars,   // a terminal: redrawn in place
};

class progress {
public:
    progress(std::ostream& out, progress_style style, std::size_t rows = 24) : out_(out), style_(style), rows_(rows) {}

    // `message` is halfmast.crisis/1. Draws only what changed.
    void show(const document& message);
    [[nodiscard]] bool draws() const { return style_ != progress_style::none; }

private:
    void draw(const document& message);

    std::ostream& out_;
    progress_style style_;
    std::size_t rows_;
    std::size_t drawn_ = 0;  // lines to go up before drawing again
    std::map<std::string, std::string> last_;
    std::string last_picture_;
};

// "acme-blog: 12 of 40 held, 1 escaped, summary waiting"
std::string account_line(const document& account);

}  // namespace halfmast::ctl
