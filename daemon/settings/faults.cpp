#include "daemon/settings/faults.hpp"

#include <algorithm>
#include <tuple>

namespace halfmast::settings {

void fault_list::add(const std::string& file, toml::source_position at, weight how, std::string text)
{
    errors_ += how == weight::error ? 1 : 0;
    all_.push_back({file, static_cast<unsigned>(at.line), static_cast<unsigned>(at.column), how, std::move(text)});
}

std::vector<fault> fault_list::take(const std::vector<std::string>& files)
{
    // A connector's own files are not in the list: they come last, by name.
    auto place = [&](const fault& one) {
        auto number = std::ranges::find(files, one.file) - files.begin();
        return std::tuple{number, number == std::ssize(files) ? one.file : std::string{}, one.line, one.column};
    };
    std::ranges::stable_sort(all_, [&](const fault& left, const fault& right) { return place(left) < place(right); });
    // Two accounts that share a file find the same in it.
    auto same = [](const fault& left, const fault& right) {
        return std::tie(left.file, left.line, left.column, left.text) == std::tie(right.file, right.line, right.column, right.text);
    };
    all_.erase(std::unique(all_.begin(), all_.end(), same), all_.end());
    return std::move(all_);
}

}  // namespace halfmast::settings
