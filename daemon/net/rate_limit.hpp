// A budget of calls, learned from the platform's own headers: X-RateLimit-*, RateLimit-*, Retry-After. Pure: time comes in.
// It knows two kinds of limits, and finds out which one it has: a window that starts anew at its end, and a bucket that fills
// all the time ("reset" is then the moment when it is full, and waiting for that would waste half of a crisis).
#pragma once

#include <optional>

#include "daemon/core/time.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::net {

class budget {
public:
    // Part of every window that only crisis work may use, 0 to 1.
    explicit budget(double reserved = 0.2) : reserved_(reserved) {}

    // What the clock shows now. When it was set back since the last time, whatever is waited for comes as much earlier by it:
    // it takes no longer.
    void follow(time_point now);

    // A request leaves. One of learn(), lost() and give_back() follows for each.
    void spend(time_point now);

    // An answer came: learns remaining calls, window end and Retry-After. X-RateLimit-Reset is read as an ISO 8601 time,
    // as seconds from now (small numbers) or as a Unix time (large ones).
    void learn(int status, const http_headers& headers, time_point now);

    // The request left, and no answer will come: it counts as used.
    void lost();

    // The request did not leave after all.
    void give_back();

    // How many calls may leave now; a large number when the platform never named a limit.
    [[nodiscard]] int available(time_point now, bool crisis) const;

    // How long so many calls will take to leave; nullopt when the platform never named a limit.
    [[nodiscard]] std::optional<milliseconds> time_for(std::size_t calls, time_point now) const;

    // When the next call may leave; `now` or earlier when one may leave already.
    [[nodiscard]] time_point ready_at(time_point now, bool crisis) const;

private:
    struct report;  // what one answer says

    static report read(const http_headers& headers, time_point now);
    void take_window(const report& said, time_point now);
    bool take_bucket(const report& said, time_point now);
    void forget();
    [[nodiscard]] int left(time_point now) const;
    [[nodiscard]] int reserve() const;
    [[nodiscard]] bool knows_more_than(const report& said, time_point now) const;

    double reserved_;
    int in_flight_ = 0;
    time_point seen_{};           // what the clock showed last
    time_point blocked_until_{};  // by Retry-After

    // Of a window.
    std::optional<int> limit_;
    std::optional<int> remaining_;  // what is under way is taken off
    time_point window_ends_{};
    time_point first_end_{};  // as the first answer of this window named it: a bucket's moves on with each call
    milliseconds window_{0};  // the longest one seen

    // Of a bucket.
    bool fills_ = false;
    time_point no_bucket_until_{};  // it looked like a bucket, and was none; a lagging answer may look so too, hence not for good
    std::optional<int> last_said_;  // remaining calls in the last answer
    time_point full_at_{};          // as the answers say; what is under way comes on top
    double per_ms_ = 0;             // calls that come back in a millisecond: the least upper bound ...
    double per_ms_at_least_ = 0;    // ... and the greatest lower bound, for counts are whole numbers
};

}  // namespace halfmast::net
