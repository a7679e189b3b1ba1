// Counts calls and says when one is too many. Pure: time comes in. Decides nothing about what an answer looks like.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/sandbox/rules.hpp"

namespace halfmast::sandbox {

struct rate_verdict {
    bool allowed = true;
    bool limited = false;  // a rule applies at all: the headers mean something
    int limit = 0;         // of the rule closest to being hit
    int remaining = 0;
    time_point reset{};
};

class limiter {
public:
    explicit limiter(std::vector<rate_rule> all) : rules_(std::move(all)) {}

    // One call by `key` (a token or an address); `is` names what it counts as besides `all`.
    rate_verdict take(const std::string& key, const std::vector<rate_rule::counts>& is, time_point now);

private:
    struct counter {
        std::int64_t window = -1;
        int used = 0;
        double tokens = -1;
        time_point filled{};
    };

    static rate_verdict count(const rate_rule& rule, counter& so_far, time_point now);

    std::vector<rate_rule> rules_;
    std::unordered_map<std::string, std::vector<counter>> counters_;
};

}  // namespace halfmast::sandbox
