// Figures for Prometheus: what is known now, and what was recorded since the start. No label holds the id of a post, or anything
// that somebody outside could make up: the number of series is bounded by the settings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "daemon/api/backend.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/record.hpp"
#include "daemon/core/state.hpp"

namespace halfmast::app {

class metrics {
public:
    struct sources {
        std::function<time_point()> clock;
        std::function<const policy&()> rules;
        std::function<const state&()> known;
        std::function<std::size_t()> troubles;  // what is not well with the daemon itself
        // hook, outcome ("taken", "refused", "repeated") -> how many since the start
        std::function<std::map<std::pair<std::string, std::string>, std::uint64_t>()> hooks;
        std::function<api::ledger_proof()> proof;  // what the last checks of the ledger found
    };

    explicit metrics(sources from) : from_(std::move(from)) {}

    // A record that is durable now.
    void recorded(const audit_record& record);

    // The text format of Prometheus, 0.0.4. Linear in the accounts.
    [[nodiscard]] std::string text() const;

private:
    sources from_;
    std::map<record_kind, std::uint64_t> records_;
};

}  // namespace halfmast::app
