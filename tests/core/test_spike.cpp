// When people write more than usual: synthetic weeks with their own noise, quiet ones and bad ones. Figures are printed.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>

#include "daemon/core/spike.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace std::chrono_literals;

namespace {

const time_point first_monday = parse_rfc3339("2026-03-02T00:00:00Z").value();

// An account's usual weeks: day and night, weekends, better and worse days, growth; people who answer one another.
class spoken_weeks {
public:
    spoken_weeks(double a_minute, unsigned seed) : dice_(seed), a_minute_(a_minute) {}

    double growth_a_day = 0;  // 0.01: one per cent more each day
    double complaint_share = 0.1;
    double unevenness = 0.15;  // of days

    [[nodiscard]] double rate(time_point at)
    {
        auto minutes = std::chrono::duration<double, std::ratio<60>>(at - first_monday).count();
        auto day = static_cast<int>(minutes / 1440);
        if (day != day_) {
            day_ = day;
            factor_ = std::exp(std::normal_distribution{0.0, unevenness}(dice_)) * std::pow(1 + growth_a_day, day);
        }
        auto hour = std::fmod(minutes / 60, 24);
        auto wave = 0.55 - 0.45 * std::cos((hour - 4) / 24 * 2 * 3.141592653589793);  // 0.1 at four at night, 1 in the afternoon
        return a_minute_ * wave * factor_ * (day % 7 >= 5 ? 0.6 : 1.0);
    }

    heard_minute next(time_point at, double times = 1, double share = -1)
    {
        heard_minute made;
        made.at = at;
        // Of changing rate by itself: the variance is about one and a half times the mean.
        auto usual = rate(at) * times;
        auto now = usual > 0 ? std::gamma_distribution{usual * 2, 0.5}(dice_) : 0.0;
        made.said = now > 0 ? std::poisson_distribution{now}(dice_) : 0;
        made.complaints = made.said > 0 ? std::binomial_distribution{made.said, share < 0 ? complaint_share : share}(dice_) : 0;
        return made;
    }

private:
    std::mt19937 dice_;
    double a_minute_;
    int day_ = -1;
    double factor_ = 1;
};

// Hears so many days, and gives in how many minutes it called a spike.
int alarms_of(rhythm& account, spoken_weeks& people, time_point from, int days, spike_verdict* last = nullptr)
{
    spike_rules rules;
    int alarms = 0;
    for (auto at = from; at < from + 24h * days; at += 1min) {
        hear(account, rules, people.next(at));
        auto said = judge_spike(account, rules);
        if (said.state != spike_state::spike)
            continue;
        if (alarms++ == 0)
            UNSCOPED_INFO(format_utc(at) << ": " << explain(said));
        if (last != nullptr)
            *last = said;
    }
    return alarms;
}

// Minutes until it is called a spike; -1: not within an hour.
int delay_of(rhythm account, spoken_weeks people, time_point at, double times, double share)
{
    spike_rules rules;
    for (int minute = 1; minute <= 60; ++minute, at += 1min) {
        hear(account, rules, people.next(at, times, share));
        if (judge_spike(account, rules).state == spike_state::spike)
            return minute;
    }
    return -1;
}

}  // namespace

#ifdef NDEBUG
constexpr int quiet_days = 90;
#else
constexpr int quiet_days = 9;  // the same code, slower
#endif

TEST_CASE("ninety quiet days raise no alarm, however much is said, and however it grows", "[core][spike]")
{
    struct quiet {
        const char* name;
        double a_minute;
        double growth;
        double unevenness;
    };
    const auto what =
        GENERATE(quiet{"one an hour", 1.0 / 60, 0, 0.15}, quiet{"ten an hour", 10.0 / 60, 0, 0.15},
                 quiet{"one a minute", 1, 0, 0.15}, quiet{"six a minute", 6, 0, 0.15}, quiet{"forty a minute", 40, 0, 0.15},
                 quiet{"growing, three times in ninety days", 4, 0.0123, 0.15}, quiet{"nobody", 0, 0, 0});
    CAPTURE(what.name);
    rhythm account;
    spoken_weeks people{what.a_minute, 7};
    people.growth_a_day = what.growth;
    people.unevenness = what.unevenness;
    auto learning = alarms_of(account, people, first_monday, 14);
    auto alarms = alarms_of(account, people, first_monday + 14 * 24h, quiet_days);
    std::cout << "spike, " << quiet_days << " quiet days, " << what.name << ": " << alarms << " of " << quiet_days * 1440
              << " minutes (and " << learning << " in the first two weeks)\n";
    CHECK(learning == 0);
    CHECK(alarms == 0);
}

TEST_CASE("five times the usual is found within five minutes", "[core][spike]")
{
    struct burst {
        double a_minute;
        double share;  // of complaints in the burst; usual are 0.1
        double from;   // mentions a minute, when it begins
    };
    const auto what = GENERATE(burst{2, 0.6, 1.7}, burst{6, 0.1, 4}, burst{6, 0.6, 2}, burst{40, 0.1, 12}, burst{40, 0.6, 12});
    const auto a_minute = what.a_minute;
    const auto share = what.share;
    CAPTURE(a_minute, share);
    rhythm account;
    spoken_weeks people{a_minute, 11};
    CHECK(alarms_of(account, people, first_monday, 35) == 0);
    std::vector<int> delays;
    auto at = first_monday + 35 * 24h;
    spike_rules rules;
    for (int day = 0; day < 14; ++day)
        for (int hour = 0; hour < 24; ++hour)
            for (int minute = 0; minute < 60; ++minute, at += 1min) {
                hear(account, rules, people.next(at));
                if (minute == 17 && people.rate(at) >= what.from)
                    delays.push_back(delay_of(account, people, at + 1min, 5, share));
            }
    REQUIRE(delays.size() > 40);
    std::ranges::sort(delays);
    auto late = std::ranges::count_if(delays, [](int one) { return one < 0 || one > 5; });
    std::cout << "spike, 5x burst, " << a_minute << " a minute, " << static_cast<int>(share * 100)
              << "% complaints: " << delays.size() << " bursts, median " << delays[delays.size() / 2] << " min, longest "
              << delays.back() << " min, later than 5 min: " << late << '\n';
    CHECK(delays.front() > 0);
    CHECK(late * 100 <= std::ssize(delays));  // one in a hundred is a slow burst by chance
    CHECK(delays.back() <= 8);
}

TEST_CASE("where little is said a burst is found a little later, and a few voices are none", "[core][spike]")
{
    rhythm account;
    spoken_weeks people{0.5, 3};
    CHECK(alarms_of(account, people, first_monday, 35) == 0);
    std::vector<int> delays;
    for (int turn = 0; turn < 50; ++turn)
        delays.push_back(
            delay_of(account, spoken_weeks{0.5, 100U + static_cast<unsigned>(turn)}, first_monday + 35 * 24h + 14h, 8, 0.6));
    std::ranges::sort(delays);
    auto late = std::ranges::count_if(delays, [](int one) { return one > 5; });
    std::cout << "spike, 8x burst, one every two minutes: median " << delays[25] << " min, longest " << delays.back()
              << " min, later than 5 min: " << late << " of " << delays.size() << '\n';
    CHECK(delays.front() > 0);
    CHECK(late * 2 <= std::ssize(delays));  // of 19 mentions in five minutes, many a burst has fewer than fifteen by chance
    CHECK(delays.back() <= 20);
    // Ten angry people within five minutes are below the least volume.
    spike_rules rules;
    heard_minute angry{first_monday + 35 * 24h, 10, 10, 0s};
    hear(account, rules, angry);
    CHECK(judge_spike(account, rules).state == spike_state::usual);
}

TEST_CASE("an account of which nobody speaks hears a storm at once", "[core][spike]")
{
    rhythm account;
    spoken_weeks silence{0, 1};
    CHECK(alarms_of(account, silence, first_monday, 8) == 0);
    spike_rules rules;
    auto at = first_monday + 8 * 24h;
    hear(account, rules, {at, 8, 2, 0s});
    CHECK(judge_spike(account, rules).state == spike_state::usual);
    hear(account, rules, {at + 1min, 9, 2, 0s});
    auto said = judge_spike(account, rules);
    CHECK(said.state == spike_state::spike);
    CHECK(said.what.minutes == 5);
    CHECK(said.what.said == 17);
    CHECK(said.what.complaints == 4);
    CHECK(explain(said) == "17 mentions in 5 minutes, 4 of them complaints; usual are 0, and from 16 on, complaints counted with their weight, it is a spike");
}

TEST_CASE("what swells slowly is seen in the longer window", "[core][spike]")
{
    rhythm account;
    spoken_weeks people{1, 5};
    CHECK(alarms_of(account, people, first_monday, 35) == 0);
    auto at = first_monday + 35 * 24h + 15h;
    spike_rules rules;
    int found = -1;
    for (int minute = 0; minute < 180 && found < 0; ++minute, at += 1min) {
        hear(account, rules, people.next(at, 1 + minute / 20.0, 0.5));
        if (judge_spike(account, rules).state == spike_state::spike)
            found = minute;
    }
    std::cout << "spike, swelling by one more usual rate every 20 minutes: found after " << found << " min\n";
    CHECK(found > 0);
    CHECK(found <= 90);
}

TEST_CASE("last month's storm does not hide this month's, and a busy holiday is no storm", "[core][spike]")
{
    rhythm account;
    spoken_weeks people{6, 9};
    CHECK(alarms_of(account, people, first_monday, 28) == 0);
    spike_rules rules;
    auto at = first_monday + 28 * 24h;
    for (; at < first_monday + 29 * 24h; at += 1min)  // a day of ten times as much
        hear(account, rules, people.next(at, 10, 0.7));
    alarms_of(account, people, at, 6);
    at = first_monday + 35 * 24h;  // the same weekday, a week later
    int quiet = 0;
    for (; at < first_monday + 35 * 24h + 14h; at += 1min) {
        hear(account, rules, people.next(at));
        quiet += judge_spike(account, rules).state == spike_state::spike ? 1 : 0;
    }
    CHECK(quiet == 0);
    CHECK(delay_of(account, people, at, 5, 0.6) > 0);
    CHECK(delay_of(account, people, at, 5, 0.6) <= 5);
    int holiday = 0;
    for (; at < first_monday + 37 * 24h; at += 1min) {
        hear(account, rules, people.next(at, 1.8));
        holiday += judge_spike(account, rules).state == spike_state::spike ? 1 : 0;
    }
    CHECK(holiday == 0);
}

TEST_CASE("minutes in which nobody listened are not taken for silence", "[core][spike]")
{
    rhythm account;
    spoken_weeks people{6, 21};
    spike_rules rules;
    // The daemon is away from ten to twelve each day, for weeks.
    for (auto at = first_monday; at < first_monday + 28 * 24h; at += 1min)
        if (auto hour = std::chrono::floor<std::chrono::hours>(at - std::chrono::floor<std::chrono::days>(at)).count();
            hour != 10 && hour != 11)
            hear(account, rules, people.next(at));
    CHECK(alarms_of(account, people, first_monday + 28 * 24h, 2) == 0);
}

TEST_CASE("less than a day says nothing", "[core][spike]")
{
    rhythm account;
    spike_rules rules;
    CHECK(judge_spike(account, rules).state == spike_state::learning);
    hear(account, rules, {first_monday, 500, 500, 0s});
    auto said = judge_spike(account, rules);
    CHECK(said.state == spike_state::learning);
    CHECK(explain(said).find("less than a day") != std::string::npos);
    CHECK(to_string(said.state) == "learning");
}

TEST_CASE("days are those of the account's own clocks", "[core][spike]")
{
    // Loud between nine and ten by local time; then the clocks change, and nine is another hour of UTC.
    rhythm account;
    spike_rules rules;
    auto loud = [](time_point at, seconds offset) {
        auto local = at + offset;
        auto hour = std::chrono::floor<std::chrono::hours>(local - std::chrono::floor<std::chrono::days>(local)).count();
        return hour == 9 ? 20 : 1;
    };
    int alarms = 0;
    for (auto at = first_monday; at < first_monday + 42 * 24h; at += 1min) {
        seconds offset = at < first_monday + 35 * 24h ? 3600s : 7200s;
        hear(account, rules, {at, loud(at, offset), 0, offset});
        if (at > first_monday + 14 * 24h && judge_spike(account, rules).state == spike_state::spike)
            ++alarms;
    }
    CHECK(alarms == 0);
}

TEST_CASE("complaint words of each language are found as judgement finds words", "[core][spike]")
{
    std::vector<word_rule> words;
    for (const auto* phrase : {"broken", "does not work", "kaputt", "funktioniert nicht"})
        words.push_back({phrase, post_class::promotional, 1.0, "complaint", false});
    words.push_back({"hib\xC3\xA1s", post_class::promotional, 1.0, "complaint", true});
    judgement complaints{{}, words, false};
    CHECK(complaints_in(complaints, "my kettle is broken. broken!") == std::vector<std::string>{"broken"});
    CHECK(complaints_in(complaints, "der wasserkocher ist kaputt und funktioniert nicht").size() == 2);
    CHECK(complaints_in(complaints,
                        "a kassza hib\xC3\xA1san m\xC5\xB1k\xC3\xB6"
                        "dik")
              .size()
          == 1);
    CHECK(complaints_in(complaints, "what a lovely kettle, unbroken").empty());
}
