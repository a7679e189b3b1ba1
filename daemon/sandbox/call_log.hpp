// What was asked of the sandbox: the last requests, and counts for each account and route, so that tests can prove what
// was called and what never was. Keeps no token.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/time.hpp"

namespace halfmast::sandbox {

struct logged_call {
    time_point at;
    std::string method;
    std::string path;                  // with the query
    std::string route;                 // "PUT /api/v1/scheduled_statuses/:id", or "other"
    int status = 0;                    // 0: no answer
    std::string account;               // "-" without a known token
    std::optional<std::size_t> fault;  // the rule that struck
    bool cut = false;
};

struct call_counts {
    std::map<std::string, std::uint64_t> routes;
    std::uint64_t calls = 0;
    std::uint64_t rate_limited = 0;
    std::uint64_t unauthorized = 0;
    std::uint64_t status_deletes = 0;     // DELETE of a published status, whatever the answer
    std::uint64_t scheduled_deletes = 0;  // DELETE of a scheduled one, likewise
};

class call_log {
public:
    explicit call_log(std::size_t most = 10'000) : most_(most) {}

    void add(logged_call entry);
    void clear();

    [[nodiscard]] const call_counts& counts_of(const std::string& account) const;
    [[nodiscard]] const call_counts& total() const { return total_; }
    // The newest `limit` calls, oldest of them first; `account` empty for all.
    [[nodiscard]] nlohmann::json show(std::size_t limit, std::string_view account) const;

private:
    std::size_t most_;
    std::deque<logged_call> calls_;
    std::map<std::string, call_counts> by_account_;
    call_counts total_;
};

nlohmann::json to_json(const call_counts& counts);

}  // namespace halfmast::sandbox
