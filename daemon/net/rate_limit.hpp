// A budget of calls, learned from the platform's own headers: X-RateLimit-*, RateLimit-*, Retry-After. Pure: time comes in.
#pragma once

#include <optional>

#include "daemon/core/time.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::net {

class budget {
public:
    // Part of every window that only crisis work may use, 0 to 1.
    explicit budget(double reserved = 0.2) : reserved_(reserved) {}

    // A request leaves.
    void spend(time_point now);

    // An answer came: learns remaining calls, window end and Retry-After. X-RateLimit-Reset is read as an ISO 8601 time,
    // as seconds from now (small numbers) or as a Unix time (large ones).
    void learn(int status, const http_headers& headers, time_point now);

    // How many calls may leave now; a large number when the platform never named a limit.
    [[nodiscard]] int available(time_point now, bool crisis) const;

    // When the next call may leave; `now` or earlier when one may leave already.
    [[nodiscard]] time_point ready_at(time_point now, bool crisis) const;

private:
    double reserved_;
    std::optional<int> limit_;
    std::optional<int> remaining_;
    time_point window_ends_{};
    time_point blocked_until_{};
};

}  // namespace halfmast::net
