// Lets so many in at once; the others wait in line, where they take no memory but their place. Whoever stays inside for long makes room
// for the next, so that the slow hold nobody up. Pure: no clock, no timer; time comes in as an argument.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

#include "daemon/core/time.hpp"

namespace halfmast::engine {

class turnstile {
public:
    using moment = std::chrono::steady_clock::time_point;

    struct visitor {
        bool waits = false;
        bool inside = false;
        moment entered{};
    };

    // `admitted` is called for each, within enter(), leave() or look(). Visitors outlive the turnstile.
    turnstile(std::size_t room, milliseconds patience, std::function<void(visitor&)> admitted)
        : room_(room),
          patience_(patience),
          admitted_(std::move(admitted))
    {
    }

    void enter(visitor& who, moment now);
    void leave(visitor& who, moment now);

    // When look() has something to do next; nothing when nobody waits.
    [[nodiscard]] std::optional<moment> next_look() const;
    void look(moment now);

private:
    struct entry {
        visitor* who;
        moment entered;

        [[nodiscard]] bool is_over() const { return !who->inside || who->entered != entered; }
    };

    void call_next(moment now);

    std::size_t room_;
    milliseconds patience_;
    std::function<void(visitor&)> admitted_;
    std::size_t taken_ = 0;
    std::deque<entry> inside_;  // in the order they came; those that left are still in it for a while
    std::deque<visitor*> line_;
};

}  // namespace halfmast::engine
