// The rules a customer sets, as values. Made once from the settings; read-only afterwards.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/classify.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/pages.hpp"
#include "daemon/core/review.hpp"
#include "daemon/core/signals.hpp"

namespace halfmast {

struct policy {
    std::map<account_id, account> accounts;
    std::map<std::string, playbook> playbooks;
    std::shared_ptr<const judgement> rules;
    paging pages;
    review_rules review;
    signal_rules signals;
    milliseconds retry_first{std::chrono::seconds{1}};  // back-off after the first failure; doubles
    milliseconds retry_most{std::chrono::seconds{60}};
    int attempts_per_rung = 4;
    milliseconds feed_margin{std::chrono::minutes{2}};      // how long after its due time a post may still appear
    milliseconds warn_before{std::chrono::hours{24 * 14}};  // a credential that ends so soon is said; an account may have its own
    milliseconds parked_for{std::chrono::hours{24 * 330}};  // postpone: how far ahead a parked post goes
};

}  // namespace halfmast
