// Do people write to an account far more than they usually do at this hour of the week? Counts of minutes go in, a verdict with its
// evidence comes out. What is usual is learned from medians, so that a bad day of last month does not hide the next one.
// It decides nothing else: no flag, no page. Its limit, as measured: where whole days differ by a quarter (standard deviation of
// their logarithms; the tests have 0.15), 90 of the 129,600 minutes of ninety quiet days were called a spike.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/classify.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct spike_rules {
    int least = 15;                 // mentions in the window, below which nothing is a spike: a few angry people are no crisis
    double times = 3.0;             // what was heard is at least so many times what is usual
    double sure = 5.5;              // and lies at least so many spreads above it
    double complaint_weight = 1.0;  // so much more counts a mention that has a complaint word

    bool operator==(const spike_rules&) const = default;
};

// What one minute brought. Minutes come in their order, silent ones too; one in which nobody listened is left out.
struct heard_minute {
    time_point at;          // its beginning, UTC
    int said = 0;           // mentions
    int complaints = 0;     // of them, with a complaint word
    seconds utc_offset{0};  // of the account's time zone then: people's days are local
};

// What an account hears in usual weeks, and what it heard just now. A value; hear() folds minutes into it.
struct rhythm {
    static constexpr int weeks = 6;
    static constexpr int hours = 7 * 24;

    // The same hour of the last weeks: mentions in it, complaints counted with their weight.
    struct slot {
        std::array<float, weeks> heard{};
        std::uint8_t filled = 0;
        std::uint8_t next = 0;

        bool operator==(const slot&) const = default;
    };

    // One hour of the last day, against what was usual then.
    struct compared {
        float heard = 0;
        float usual = -1;  // not known then

        bool operator==(const compared&) const = default;
    };

    std::array<slot, hours> week{};   // local, from Monday 00:00
    std::deque<heard_minute> recent;  // the last half hour
    std::deque<compared> day;         // the last day, hour by hour
    std::int64_t hour = -1;           // the one under way, counted from 1970, local
    double hour_heard = 0;
    double hour_squares = 0;
    int hour_minutes = 0;
    int hours_learned = 0;
    double unevenness = 1.5;  // variance of an hour's minutes over their mean: 1 where people do not hear one another
};

// How a window of minutes compares.
struct spike_evidence {
    int minutes = 0;
    int said = 0;
    int complaints = 0;
    double weighed = 0;  // mentions, complaints counted with their weight
    double usual = 0;    // the same, as it is expected
    double needed = 0;   // from here on it is a spike

    bool operator==(const spike_evidence&) const = default;
};

enum class spike_state {
    learning,  // less than a day was heard: nothing can be said
    usual,
    spike,
};

std::string_view to_string(spike_state state);

struct spike_verdict {
    spike_state state = spike_state::learning;
    spike_evidence what;  // of the window that decided; of the shorter one when nothing is unusual

    bool operator==(const spike_verdict&) const = default;
};

void hear(rhythm& account, const spike_rules& rules, const heard_minute& minute);

// As of the last minute that was heard.
spike_verdict judge_spike(const rhythm& account, const spike_rules& rules);

// "62 mentions in 5 minutes, 41 of them complaints; usual are 9, and from 34 on it is a spike"
std::string explain(const spike_verdict& verdict);

// The complaint words in a text, each once. `folded` after Unicode case folding; `words` is a judgement made of complaint words alone.
std::vector<std::string> complaints_in(const judgement& words, std::string_view folded);

}  // namespace halfmast
