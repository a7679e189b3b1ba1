#include "daemon/core/spike.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace halfmast {

namespace {

constexpr std::array<int, 2> spike_windows{5, 30};  // minutes: a storm, and what swells
constexpr int least_of_an_hour = 30;                // minutes that were heard, to learn from it
constexpr int day_hours = 24;
constexpr double normal_of_mad = 1.4826;  // a median of distances, as a standard deviation
constexpr double one_week_differs = 0.5;  // how much one week may differ from the next, before weeks have shown it
constexpr double highest_level = 4.0;
constexpr double most_uneven = 5.0;
constexpr double uneven_learned = 0.02;  // of one hour: half of it is of the last day and a half
constexpr double least_to_learn = 5.0;   // mentions in an hour
constexpr double skew = 6.0;             // counts have a longer tail above than below

double weigh(const spike_rules& rules, const heard_minute& minute)
{
    return minute.said + rules.complaint_weight * minute.complaints;
}

// Of the first so many; they change their places.
template <std::size_t N>
double median_of(std::array<double, N>& values, std::size_t count)
{
    if (count == 0)
        return 0;
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(count / 2);
    std::nth_element(values.begin(), middle, values.begin() + static_cast<std::ptrdiff_t>(count));
    return count % 2 == 1 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Minutes since 1970 as the account's clocks show them.
std::int64_t local_minute(const heard_minute& minute)
{
    return std::chrono::floor<std::chrono::minutes>(minute.at + minute.utc_offset).time_since_epoch().count();
}

// 1970 began on a Thursday.
int hour_of_week(std::int64_t local_hour)
{
    auto at = (local_hour + 3 * day_hours) % rhythm::hours;
    return static_cast<int>(at < 0 ? at + rhythm::hours : at);
}

struct usual_hour {
    double heard = 0;    // the median
    double spread = 0;   // relative to it
    double learned = 0;  // mentions that this was learned from
    bool known = false;
};

double middle_of(const rhythm::slot& one)
{
    std::array<double, rhythm::weeks> values;
    std::copy_n(one.heard.begin(), one.filled, values.begin());
    return median_of(values, one.filled);
}

// Its neighbours say how much such hours differ from week to week: six values alone would say little.
usual_hour usual_of(const rhythm& account, int hour)
{
    usual_hour made;
    const auto& own = account.week[static_cast<std::size_t>(hour)];
    made.known = own.filled > 0;
    if (!made.known)
        return made;
    made.heard = middle_of(own);
    made.learned = made.heard * own.filled;
    std::array<double, 3 * rhythm::weeks> distances;
    std::size_t count = 0;
    for (int beside = -1; beside <= 1; ++beside) {
        const auto& other = account.week[static_cast<std::size_t>((hour + beside + rhythm::hours) % rhythm::hours)];
        auto middle = middle_of(other);
        for (int week = 0; other.filled > 1 && week < other.filled; ++week)
            distances[count++] = std::abs(other.heard[static_cast<std::size_t>(week)] - middle) / std::max(middle, 1.0);
    }
    made.spread = std::clamp(normal_of_mad * median_of(distances, count), one_week_differs / own.filled, 1.0);
    return made;
}

// Until a week is known: the busiest hour that was heard so far.
double busiest_hour(const rhythm& account)
{
    double most = 0;
    for (const auto& one : account.week)
        for (int week = 0; week < one.filled; ++week)
            most = std::max<double>(most, one.heard[static_cast<std::size_t>(week)]);
    return most;
}

// How much busier the last day was than usual: accounts grow, and some days are busy. A few bad hours do not count; nor does a poor
// day, for the normal one after it would look like a storm.
double level_of(const rhythm& account)
{
    std::array<double, day_hours> ratios;
    std::size_t count = 0;
    for (const auto& one : account.day)
        if (one.usual >= 0)
            ratios[count++] = (one.heard + 1.0) / (one.usual + 1.0);
    return count < day_hours / 2 ? 1 : std::clamp(median_of(ratios, count), 1.0, highest_level);
}

struct expectation {
    double heard = 0;
    double relative = 0;  // by how much usual hours differ
    double learned = 0;
};

// What is expected of one local minute, between the middles of the hours around it. Minutes of one hour are asked for in a row.
class forecast {
public:
    explicit forecast(const rhythm& account) : account_(account) {}

    expectation at(std::int64_t minute)
    {
        auto past_middle = minute - 30;
        auto hour = past_middle >= 0 ? past_middle / 60 : (past_middle - 59) / 60;
        if (hour != hour_) {
            hour_ = hour;
            before_ = usual_of(account_, hour_of_week(hour));
            after_ = usual_of(account_, hour_of_week(hour + 1));
            busiest_ = before_.known && after_.known ? 0 : busiest_hour(account_);
        }
        if (!before_.known || !after_.known)
            return {busiest_ / 60, 1, 1};
        auto part = static_cast<double>(past_middle - hour * 60) / 60;
        return {(before_.heard * (1 - part) + after_.heard * part) / 60, std::max(before_.spread, after_.spread),
                before_.learned + after_.learned};
    }

private:
    const rhythm& account_;
    std::int64_t hour_ = std::numeric_limits<std::int64_t>::min();
    usual_hour before_;
    usual_hour after_;
    double busiest_ = 0;  // stands for an hour that was never heard
};

void close_hour(rhythm& account)
{
    if (account.hour_minutes >= least_of_an_hour) {
        auto heard = static_cast<float>(account.hour_heard * 60 / account.hour_minutes);
        auto& own = account.week[static_cast<std::size_t>(hour_of_week(account.hour))];
        account.day.push_back({heard, own.filled > 0 ? static_cast<float>(middle_of(own)) : -1.0F});
        if (account.day.size() > day_hours)
            account.day.pop_front();
        own.heard[own.next] = heard;
        own.next = static_cast<std::uint8_t>((own.next + 1) % rhythm::weeks);
        own.filled = static_cast<std::uint8_t>(std::min(own.filled + 1, rhythm::weeks));
        ++account.hours_learned;
        auto minutes = static_cast<double>(account.hour_minutes);
        auto mean = account.hour_heard / minutes;
        if (account.hour_heard >= least_to_learn) {
            auto variance = (account.hour_squares - minutes * mean * mean) / (minutes - 1);
            account.unevenness += uneven_learned * (std::clamp(variance / mean, 1.0, most_uneven) - account.unevenness);
        }
    }
    account.hour_heard = 0;
    account.hour_squares = 0;
    account.hour_minutes = 0;
}

spike_evidence evidence_of(const rhythm& account, const spike_rules& rules, int minutes, double level)
{
    spike_evidence seen;
    seen.minutes = minutes;
    expectation usual;
    forecast expect{account};
    auto begin = account.recent.back().at - std::chrono::minutes{minutes};
    for (const auto& one : account.recent) {
        if (one.at <= begin)
            continue;
        seen.said += one.said;
        seen.complaints += one.complaints;
        seen.weighed += weigh(rules, one);
        auto expected = expect.at(local_minute(one));
        usual.heard += expected.heard;
        usual.relative = std::max(usual.relative, expected.relative);
        usual.learned = expected.learned;
    }
    seen.usual = usual.heard * level;
    // Mentions come by chance; usual hours differ from week to week; and what is known is known from few.
    auto by_chance = std::max(seen.usual, 1.0) * account.unevenness;
    auto by_week = usual.relative * seen.usual;
    auto by_learning = seen.usual * seen.usual / std::max(usual.learned, 1.0);
    auto spread = std::sqrt(by_chance + by_week * by_week + by_learning);
    auto surely = seen.usual + rules.sure * spread + skew * account.unevenness;
    seen.needed = std::max({static_cast<double>(rules.least), rules.times * seen.usual, surely});
    return seen;
}

}  // namespace

std::string_view to_string(spike_state state)
{
    switch (state) {
    case spike_state::learning: return "learning";
    case spike_state::usual: return "usual";
    case spike_state::spike: return "spike";
    }
    return "";
}

void hear(rhythm& account, const spike_rules& rules, const heard_minute& minute)
{
    auto local = local_minute(minute);
    auto hour = local >= 0 ? local / 60 : (local - 59) / 60;
    if (hour != account.hour)
        close_hour(account);
    account.hour = hour;
    auto weighed = weigh(rules, minute);
    account.hour_heard += weighed;
    account.hour_squares += weighed * weighed;
    ++account.hour_minutes;
    account.recent.push_back(minute);
    while (account.recent.front().at <= minute.at - std::chrono::minutes{spike_windows.back()})
        account.recent.pop_front();
}

spike_verdict judge_spike(const rhythm& account, const spike_rules& rules)
{
    spike_verdict made;
    if (account.recent.empty())
        return made;
    auto level = level_of(account);
    for (auto minutes : spike_windows) {
        auto seen = evidence_of(account, rules, minutes, level);
        if (made.what.minutes == 0)
            made.what = seen;
        if (account.hours_learned < day_hours)
            return made;
        made.state = spike_state::usual;
        if (seen.said < rules.least || seen.weighed < seen.needed)
            continue;
        made.what = seen;
        made.state = spike_state::spike;
        break;
    }
    return made;
}

std::string explain(const spike_verdict& verdict)
{
    const auto& seen = verdict.what;
    auto whole = [](double value) { return std::to_string(static_cast<long long>(std::llround(value))); };
    auto text = std::to_string(seen.said) + " mentions in " + std::to_string(seen.minutes) + " minutes, "
                + std::to_string(seen.complaints) + " of them complaints; ";
    if (verdict.state == spike_state::learning)
        return text + "less than a day was heard, so nothing is known to be usual";
    return text + "usual are " + whole(seen.usual) + ", and from " + whole(std::ceil(seen.needed))
           + " on, complaints counted with their weight, it is a spike";
}

std::vector<std::string> complaints_in(const judgement& words, std::string_view folded)
{
    scheduled_post post;
    post.folded = folded;
    std::vector<std::string> found;
    for (auto& one : words.judge(post).why)
        if (!one.match.empty() && std::ranges::find(found, one.match) == found.end())  // without one: that no word was found
            found.push_back(std::move(one.match));
    return found;
}

}  // namespace halfmast
