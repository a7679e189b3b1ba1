#include "daemon/sandbox/limits.hpp"

#include <algorithm>
#include <cmath>

namespace halfmast::sandbox {

rate_verdict limiter::count(const rate_rule& rule, counter& so_far, time_point now)
{
    auto verdict = rate_verdict{};
    verdict.limited = true;
    if (rule.burst == 0) {
        // Windows are aligned to the clock, and refused calls count too, as with the real throttle.
        const auto window = now.time_since_epoch() / rule.per;
        if (window != so_far.window)
            so_far = counter{window, 0};
        ++so_far.used;
        verdict.allowed = so_far.used <= rule.calls;
        verdict.limit = rule.calls;
        verdict.remaining = std::max(0, rule.calls - so_far.used);
        verdict.reset = time_point{(window + 1) * rule.per};
        return verdict;
    }
    const auto per_millisecond = rule.calls / static_cast<double>(rule.per.count());
    if (so_far.tokens < 0)
        so_far.tokens = rule.burst;
    else if (now > so_far.filled)
        so_far.tokens =
            std::min<double>(rule.burst, so_far.tokens + static_cast<double>((now - so_far.filled).count()) * per_millisecond);
    so_far.filled = std::max(now, so_far.filled);
    // A hair's breadth of rounding must not refuse the call that is due exactly now.
    verdict.allowed = so_far.tokens >= 1.0 - 1e-9;
    if (verdict.allowed)
        so_far.tokens = std::max(0.0, so_far.tokens - 1.0);
    verdict.limit = rule.burst;
    verdict.remaining = static_cast<int>(so_far.tokens + 1e-9);
    verdict.reset = now + milliseconds{static_cast<std::int64_t>(std::ceil((rule.burst - so_far.tokens) / per_millisecond))};
    return verdict;
}

rate_verdict limiter::take(const std::string& key, const std::vector<rate_rule::counts>& is, time_point now)
{
    auto tightest = rate_verdict{};
    auto& mine = counters_[key];
    mine.resize(rules_.size());
    for (auto index = std::size_t{0}; index < rules_.size(); ++index) {
        const auto& rule = rules_[index];
        if (rule.what != rate_rule::counts::all && std::ranges::find(is, rule.what) == is.end())
            continue;
        const auto verdict = count(rule, mine[index], now);
        // The headers show the rule closest to being hit; a refusal comes before everything else.
        const auto closer = tightest.allowed && (!verdict.allowed || verdict.remaining < tightest.remaining);
        if (!tightest.limited || closer)
            tightest = verdict;
    }
    return tightest;
}

}  // namespace halfmast::sandbox
