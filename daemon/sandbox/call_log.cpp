#include "daemon/sandbox/call_log.hpp"

#include <nlohmann/json.hpp>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

void count(call_counts& counts, const logged_call& entry)
{
    ++counts.calls;
    ++counts.routes[entry.route];
    counts.rate_limited += entry.status == 429 ? 1 : 0;
    counts.unauthorized += entry.status == 401 ? 1 : 0;
    counts.status_deletes += entry.route == "DELETE /api/v1/statuses/:id" ? 1 : 0;
    counts.scheduled_deletes += entry.route == "DELETE /api/v1/scheduled_statuses/:id" ? 1 : 0;
}

}  // namespace

void call_log::add(logged_call entry)
{
    count(total_, entry);
    count(by_account_[entry.account], entry);
    calls_.push_back(std::move(entry));
    if (calls_.size() > most_)
        calls_.pop_front();
}

void call_log::clear()
{
    calls_.clear();
    by_account_.clear();
    total_ = {};
}

const call_counts& call_log::counts_of(const std::string& account) const
{
    static const call_counts none;
    const auto found = by_account_.find(account);
    return found == by_account_.end() ? none : found->second;
}

nlohmann::json call_log::show(std::size_t limit, std::string_view account) const
{
    auto picked = std::vector<const logged_call*>{};
    for (auto at = calls_.rbegin(); at != calls_.rend() && picked.size() < limit; ++at)
        if (account.empty() || at->account == account)
            picked.push_back(&*at);
    auto list = nlohmann::json::array();
    for (auto at = picked.rbegin(); at != picked.rend(); ++at) {
        const auto& entry = **at;
        auto shown = nlohmann::json{{"at", iso(entry.at)},  {"method", entry.method}, {"path", entry.path},
                                    {"route", entry.route}, {"status", entry.status}, {"account", entry.account}};
        if (entry.fault)
            shown["fault"] = *entry.fault;
        if (entry.cut)
            shown["cut"] = true;
        list.push_back(std::move(shown));
    }
    return list;
}

nlohmann::json to_json(const call_counts& counts)
{
    return {{"routes", counts.routes},
            {"calls", counts.calls},
            {"rate_limited", counts.rate_limited},
            {"unauthorized", counts.unauthorized},
            {"status_deletes", counts.status_deletes},
            {"scheduled_deletes", counts.scheduled_deletes}};
}

}  // namespace halfmast::sandbox
