#include "daemon/ctl/progress.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

constexpr std::size_t bar_width = 24;
constexpr std::array bad_states{"escaped", "manual", "failed"};
constexpr std::array settled_states{"held", "gone", "released", "rescheduled", "kept"};

std::uint64_t settled(const document& account)
{
    std::uint64_t sum = 0;
    for (const auto* state : settled_states)
        sum += number_of(account, state);
    return sum;
}

std::string bar(std::uint64_t part, std::uint64_t whole)
{
    std::size_t full = whole == 0 ? bar_width : static_cast<std::size_t>(part * bar_width / whole);
    return "[" + std::string(full, '#') + std::string(bar_width - full, '.') + "]";
}

std::string rest_of(const document& account)
{
    std::string text;
    for (const auto* state : bad_states)
        if (auto number = number_of(account, state); number != 0)
            text += ", " + std::to_string(number) + " " + state;
    if (auto summary = text_of(account, "summary"); !summary.empty())
        text += ", summary " + summary;
    if (!flag_of(account, "reachable"))
        text += ", not readable";
    return text;
}

}  // namespace

std::string account_line(const document& account)
{
    return text_of(account, "id") + ": " + std::to_string(settled(account)) + " of " + std::to_string(number_of(account, "total"))
           + " held" + rest_of(account);
}

void progress::show(const document& message)
{
    if (style_ == progress_style::none)
        return;
    if (style_ == progress_style::bars)
        return draw(message);
    for (const auto& account : member_of(message, "accounts")) {
        auto line = account_line(account);
        auto& last = last_[text_of(account, "id")];
        if (last == line)
            continue;
        last = line;
        out_ << line << std::endl;  // at once: somebody may be watching the pipe
    }
}

void progress::draw(const document& message)
{
    const auto& accounts = member_of(message, "accounts");
    std::vector<std::string> lines;
    std::size_t widest = 0;
    for (const auto& account : accounts)
        widest = std::max(widest, columns_of(text_of(account, "id")));
    // More accounts than the screen has lines: the ones with work left, and one line for the others.
    std::size_t room = rows_ > 4 ? rows_ - 3 : 1;
    bool all_fit = accounts.size() <= room;
    std::size_t finished = 0, hidden = 0;
    for (const auto& account : accounts) {
        auto done = settled(account);
        auto total = number_of(account, "total");
        if (!all_fit && done == total) {
            ++finished;
            continue;
        }
        if (lines.size() + 1 >= room && !all_fit) {
            ++hidden;
            continue;
        }
        auto id = text_of(account, "id");
        lines.push_back(id + std::string(widest - columns_of(id) + 2, ' ') + bar(done, total) + " " + std::to_string(done) + "/"
                        + std::to_string(total) + rest_of(account));
    }
    if (!all_fit)
        lines.push_back(count(finished, "account") + " done, " + std::to_string(hidden) + " more at work");

    std::string picture;
    for (const auto& line : lines)
        picture += "\x1b[2K" + shorten(line, terminal_columns() - 1) + "\n";
    if (picture == last_picture_)
        return;
    if (drawn_ != 0)
        out_ << "\x1b[" << drawn_ << "A";
    // Fewer lines than before: the old rest is wiped.
    out_ << "\x1b[J" << picture << std::flush;
    drawn_ = lines.size();
    last_picture_ = std::move(picture);
}

}  // namespace halfmast::ctl
