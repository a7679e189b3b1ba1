// How often something may be tried, by whoever it is tried by. Pure: time comes in.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include <optional>

#include "daemon/core/time.hpp"

namespace halfmast::access {

struct pace {
    double burst = 1;     // at once
    double a_second = 1;  // after that
};

class limits {
public:
    // Remembers so many names; of more, those that have waited longest are forgotten first.
    explicit limits(pace allowed, std::size_t most = 10'000) : allowed_(allowed), most_(most) {}

    // Takes one; else says how long to wait. What is refused costs nothing more.
    std::optional<milliseconds> take(const std::string& name, time_point now);
    // As if it had never tried.
    void forgive(const std::string& name) { known_.erase(name); }
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    struct bucket {
        double left;
        time_point at;
    };

    void make_room(time_point now);
    [[nodiscard]] double filled(const bucket& one, time_point now) const;

    pace allowed_;
    std::size_t most_;
    std::unordered_map<std::string, bucket> known_;
};

}  // namespace halfmast::access
