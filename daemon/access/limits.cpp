#include "daemon/access/limits.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace halfmast::access {

double limits::filled(const bucket& one, time_point now) const
{
    auto passed = std::max(std::chrono::duration<double>(now - one.at).count(), 0.0);  // a clock that is set back fills nothing
    return std::min(allowed_.burst, one.left + passed * allowed_.a_second);
}

std::optional<milliseconds> limits::take(const std::string& name, time_point now)
{
    auto found = known_.find(name);
    if (found == known_.end()) {
        if (known_.size() >= most_)
            make_room(now);
        found = known_.emplace(name, bucket{allowed_.burst, now}).first;
    }
    auto& one = found->second;
    one.left = filled(one, now);
    one.at = now;
    if (one.left < 1)
        return milliseconds{static_cast<std::int64_t>(std::ceil((1 - one.left) / allowed_.a_second * 1000))};
    one.left -= 1;
    return std::nullopt;
}

void limits::make_room(time_point now)
{
    std::erase_if(known_, [&](const auto& one) { return filled(one.second, now) >= allowed_.burst; });
    if (known_.size() < most_)
        return;
    std::vector<std::pair<time_point, std::string>> oldest;
    oldest.reserve(known_.size());
    for (const auto& [name, one] : known_)
        oldest.emplace_back(one.at, name);
    auto half = oldest.begin() + static_cast<std::ptrdiff_t>(oldest.size() / 2);
    std::nth_element(oldest.begin(), half, oldest.end());
    for (auto one = oldest.begin(); one != half; ++one)
        known_.erase(one->second);
}

}  // namespace halfmast::access
