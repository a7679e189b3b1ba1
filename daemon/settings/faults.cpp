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
    auto place = [&](const fault& one) {
        return std::tuple{std::ranges::find(files, one.file) - files.begin(), one.line, one.column};
    };
    std::ranges::stable_sort(all_, [&](const fault& left, const fault& right) { return place(left) < place(right); });
    return std::move(all_);
}

}  // namespace halfmast::settings
