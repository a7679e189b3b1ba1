#include "daemon/net/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "daemon/net/http_date.hpp"

namespace halfmast::net {

namespace {

constexpr int plenty = 1'000'000;
constexpr milliseconds usual_pause{5'000};                   // refused, and nobody said for how long
constexpr milliseconds usual_window{60'000};                 // a number of calls, and nobody said until when
constexpr milliseconds most_pause = std::chrono::hours{24};  // a wrong header must not silence an account for good
constexpr milliseconds most_outage{300'000};                 // Retry-After of a 5xx is a guess: ask again after that
constexpr milliseconds jitter{1'200};                        // platforms compute the end of a window anew, in whole seconds
constexpr milliseconds exact_jitter{100};                    // or to the millisecond
constexpr milliseconds other_window{3'000};
constexpr milliseconds honest_clock{5'000};  // Date has whole seconds, so small differences mean nothing

std::string_view trim(std::string_view text)
{
    auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "300", "300;w=60", "300, 300;w=60": the number in front.
std::optional<double> number(std::string_view text)
{
    text = trim(text);
    double value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    auto rest = std::string_view{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    if (error != std::errc{} || value < 0 || !std::isfinite(value) || (!rest.empty() && rest.find_first_of(",; ") != 0))
        return std::nullopt;
    return value;
}

std::optional<int> count(std::optional<double> value)
{
    if (!value)
        return std::nullopt;
    return static_cast<int>(std::min(*value, static_cast<double>(plenty)));
}

// A parameter of a structured field: r of `"default";r=50;t=30`, remaining of `limit=100, remaining=50, reset=5`.
std::optional<double> parameter(std::string_view field, std::string_view name)
{
    while (!field.empty()) {
        auto end = std::min(field.find_first_of(",;"), field.size());
        auto part = trim(field.substr(0, end));
        field.remove_prefix(std::min(end + 1, field.size()));
        if (auto equals = part.find('='); equals != std::string_view::npos && trim(part.substr(0, equals)) == name)
            return number(part.substr(equals + 1));
    }
    return std::nullopt;
}

// The first of these headers that is there.
std::string_view any_of(const http_headers& headers, std::initializer_list<std::string_view> names)
{
    for (auto name : names)
        if (auto value = find_header(headers, name); !value.empty())
            return trim(value);
    return {};
}

// How far the platform's clock is from ours; nothing when the difference is within what `Date` can tell.
milliseconds skew(const http_headers& headers, time_point now)
{
    auto date = parse_http_date(find_header(headers, "Date"));
    if (!date || std::chrono::abs(*date - now) < honest_clock)
        return milliseconds{0};
    return *date - now;
}

time_point after(time_point now, double length_ms)
{
    return now + milliseconds{static_cast<std::int64_t>(std::min(length_ms, static_cast<double>(most_pause.count())))};
}

// An ISO 8601 or HTTP date, a Unix time in seconds or milliseconds, or seconds from now. Never further ahead than a day.
std::optional<time_point> moment(std::string_view text, const http_headers& headers, time_point now)
{
    auto absolute = parse_rfc3339(text);
    if (!absolute)
        absolute = parse_http_date(text);
    if (!absolute) {
        auto value = number(text);
        if (!value)
            return std::nullopt;
        constexpr double first_unix_time = 1e9;  // 2001; as seconds from now it would be thirty years
        constexpr double first_unix_ms = 1e12;
        if (*value < first_unix_time)
            return after(now, *value * 1000);
        absolute =
            time_point{milliseconds{static_cast<std::int64_t>(std::min(*value < first_unix_ms ? *value * 1000 : *value, 1e15))}};
    }
    return std::min(*absolute - skew(headers, now), now + most_pause);
}

}  // namespace

struct budget::report {
    std::optional<int> limit;
    std::optional<int> remaining;
    std::optional<time_point> reset;
    bool exact = false;  // the reset was given with fractions of a second
};

budget::report budget::read(const http_headers& headers, time_point now)
{
    report said;
    said.limit = count(number(any_of(headers, {"X-RateLimit-Limit", "X-Rate-Limit-Limit", "RateLimit-Limit"})));
    said.remaining = count(number(any_of(headers, {"X-RateLimit-Remaining", "X-Rate-Limit-Remaining", "RateLimit-Remaining"})));
    auto reset = any_of(headers, {"X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"});
    said.reset = moment(reset, headers, now);
    said.exact = reset.find('.') != std::string_view::npos;
    auto field = find_header(headers, "RateLimit");
    for (auto name : {"r", "remaining"})
        if (!said.remaining)
            said.remaining = count(parameter(field, name));
    for (auto name : {"t", "reset"})
        if (auto value = parameter(field, name); value && !said.reset)
            said.reset = after(now, *value * 1000);
    if (!said.limit)
        said.limit = count(parameter(field, "limit"));
    if (!said.limit)
        said.limit = count(parameter(find_header(headers, "RateLimit-Policy"), "q"));
    if (said.limit == 0)
        said.limit.reset();  // a limit of nothing would never end
    return said;
}

int budget::reserve() const { return static_cast<int>(std::floor(limit_.value_or(0) * reserved_)); }

int budget::left(time_point now) const
{
    if (fills_) {
        auto full_at = static_cast<double>((full_at_ - now).count()) + in_flight_ / per_ms_;
        auto there = *limit_ - std::max(0.0, full_at) * per_ms_;
        return std::max(0, static_cast<int>(std::floor(there + 1e-6)));
    }
    if (!remaining_)
        return plenty;
    return now < window_ends_ ? std::max(0, *remaining_) : limit_.value_or(plenty);
}

void budget::follow(time_point now)
{
    if (now < seen_)
        for (auto* one : {&blocked_until_, &window_ends_, &first_end_, &no_bucket_until_, &full_at_})
            *one -= seen_ - now;
    seen_ = now;
}

int budget::available(time_point now, bool crisis) const
{
    if (now < blocked_until_)
        return 0;
    auto all = left(now);
    return crisis ? all : std::max(0, all - reserve());
}

time_point budget::ready_at(time_point now, bool crisis) const
{
    auto first = std::max(now, blocked_until_);
    if (available(first, crisis) > 0)
        return first;
    if (!fills_)
        return std::max(first, window_ends_);
    auto needed = std::min(*limit_, crisis ? 1 : 1 + reserve());
    auto before_full = (*limit_ - needed - in_flight_) / per_ms_;
    return std::max(first, full_at_ - milliseconds{static_cast<std::int64_t>(std::floor(before_full))});
}

std::optional<milliseconds> budget::time_for(std::size_t calls, time_point now) const
{
    if (!limit_ || (!fills_ && !remaining_))
        return std::nullopt;
    auto first = std::max(now, blocked_until_);
    auto there = static_cast<std::size_t>(left(first));
    auto wait = first - now;
    if (calls <= there)
        return wait;
    auto more = calls - there;
    if (fills_)
        return wait + milliseconds{static_cast<std::int64_t>(std::ceil(static_cast<double>(more) / per_ms_))};
    auto windows = (more + static_cast<std::size_t>(*limit_) - 1) / static_cast<std::size_t>(*limit_);
    auto length = window_ > milliseconds{0} ? window_ : usual_window;
    return std::max(wait, window_ends_ - now) + length * static_cast<std::int64_t>(windows - 1);
}

void budget::spend(time_point now)
{
    ++in_flight_;
    if (fills_ || !remaining_)
        return;
    if (now >= window_ends_) {
        remaining_ = limit_.value_or(plenty);
        window_ends_ = now + (window_ > milliseconds{0} ? window_ : usual_window);
        last_said_.reset();
    }
    remaining_ = std::max(0, *remaining_ - 1);
}

void budget::lost() { in_flight_ = std::max(0, in_flight_ - 1); }

void budget::give_back()
{
    lost();
    if (remaining_ && !fills_)
        remaining_ = std::min(*remaining_ + 1, limit_.value_or(plenty));
}

// A platform counts some calls apart (media, deletions) and then names that smaller limit: it says nothing about calls at large.
bool budget::knows_more_than(const report& said, time_point now) const
{
    return said.limit && limit_ && *said.limit < *limit_ && now < (fills_ ? full_at_ : window_ends_) && left(now) > 0;
}

void budget::forget()
{
    fills_ = false;
    per_ms_ = per_ms_at_least_ = 0;
    window_ = milliseconds{0};
    window_ends_ = first_end_ = full_at_ = no_bucket_until_ = time_point{};
    last_said_.reset();
}

// The bucket's rate follows from how many calls are missing and how long they take to come back. Counts are whole numbers, so
// an answer gives a lower and an upper bound; when they cross, it is no bucket.
bool budget::take_bucket(const report& said, time_point now)
{
    auto span = static_cast<double>((*said.reset - now).count());
    auto missing = *limit_ - *said.remaining;
    if (span >= 50 && missing > 0) {
        constexpr double latency = 0.8;  // the answer is older than `now`, so its lower bound is a little too high
        auto most = missing / span;
        per_ms_ = per_ms_ == 0 ? most : std::min(per_ms_, most);
        per_ms_at_least_ = std::max(per_ms_at_least_, latency * (missing - 1) / span);
    }
    if (per_ms_ == 0 || per_ms_at_least_ > per_ms_)
        return false;
    // Clocks differ: what the count says is sure, the reset tells only the fraction of a call.
    auto earliest = now + milliseconds{static_cast<std::int64_t>((missing - 1) / per_ms_)};
    auto latest = now + milliseconds{static_cast<std::int64_t>(std::ceil(missing / per_ms_))};
    auto full_at = std::clamp(*said.reset, std::max(now, earliest), std::max({now, earliest, latest}));
    // It only moves ahead while calls leave; an earlier one is an older answer that came late.
    full_at_ = std::max(full_at_, full_at);
    return true;
}

void budget::take_window(const report& said, time_point now)
{
    auto there = std::max(0, *said.remaining - in_flight_);
    bool same = said.reset && now < window_ends_ && remaining_ && std::chrono::abs(*said.reset - window_ends_) <= other_window;
    if (same) {
        remaining_ = std::min(*remaining_, there);  // answers may come in another order than the calls left
        window_ends_ = std::max(window_ends_, *said.reset);
        return;
    }
    remaining_ = there;
    if (said.reset) {
        window_ends_ = first_end_ = *said.reset;
        window_ = std::max(window_, *said.reset - now);
    } else if (now >= window_ends_) {
        window_ends_ = now + usual_window;
    }
}

void budget::learn(int status, const http_headers& headers, time_point now)
{
    lost();
    bool refused = status == 429;
    bool told = false;
    if (auto pause = find_header(headers, "Retry-After"); !pause.empty() && (refused || status >= 500))
        if (auto until = moment(trim(pause), headers, now)) {
            told = true;
            blocked_until_ = std::max(blocked_until_, refused ? *until : std::min(*until, now + most_outage));
        }
    auto said = read(headers, now);
    if (refused && !said.remaining && said.reset)
        said.remaining = 0;
    bool apart = knows_more_than(said, now);
    if (said.remaining && !apart) {
        if (said.limit && limit_ && *said.limit != *limit_)
            forget();
        if (said.limit)
            limit_ = said.limit;
        else if (*said.remaining > limit_.value_or(0))
            limit_ = said.remaining;  // there are at least so many
        if (refused)
            said.remaining = 0;
        bool later = said.reset && last_said_ && now<window_ends_&& * said.reset> first_end_ + (said.exact ? exact_jitter : jitter)
                     && *said.remaining <= *last_said_;
        if (later && limit_ && now >= no_bucket_until_)
            fills_ = true;
        if (fills_ && (!said.reset || !take_bucket(said, now))) {
            fills_ = false;
            no_bucket_until_ = now + usual_window;
            per_ms_ = per_ms_at_least_ = 0;
        }
        if (!fills_)
            take_window(said, now);
        last_said_ = said.remaining;
    }
    if (!refused || told)
        return;
    if (remaining_ && !fills_ && !apart && now < window_ends_)
        remaining_ = 0;
    if (available(now, true) > 0)
        blocked_until_ = std::max(blocked_until_, now + usual_pause);
}

}  // namespace halfmast::net
