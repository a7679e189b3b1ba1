// A decision in sentences: for `plan`, `queue why`, the console and pages. English; the catalogue of languages is the console's.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/decide.hpp"

namespace halfmast {

struct planned_act {
    account_id account;
    post_id post;
    time_point due;
    verdict judged;
    bool would_hold = false;
    rung by = rung::manual;
    std::string why;
    post_ptr snapshot;
    std::string doubt;  // why the rung may not work: what the last check said of it; empty: nothing speaks against it
};

// What `raise` or `drill` would do to every post of the mirror, earliest due first. Changes nothing.
std::vector<planned_act> plan(const policy&, const state&, const playbook&, const scope&, bool drill, time_point now);

// Why there can be no drill over this scope, and what to write into the settings; nullopt when it covers a practice account.
std::optional<std::string> no_drill(const policy&, const scope&);

// One sentence: "promotional, because the tag 'promo' matches judgement.promotional.tags".
std::string explain(const verdict&);
std::string explain(const hold&);

}  // namespace halfmast
