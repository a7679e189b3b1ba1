#include "daemon/app/metrics.hpp"

#include <array>
#include <fstream>
#include <sstream>

#include <dirent.h>
#include <unistd.h>

#include <prometheus/text_serializer.h>

namespace halfmast::app {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

class family {
public:
    family(std::string name, std::string help, MetricType type)
    {
        made_.name = std::move(name);
        made_.help = std::move(help);
        made_.type = type;
    }
    family& add(double value, labels with = {})
    {
        ClientMetric one;
        one.label = std::move(with);
        if (made_.type == MetricType::Counter)
            one.counter.value = value;
        else
            one.gauge.value = value;
        made_.metric.push_back(std::move(one));
        return *this;
    }
    MetricFamily take() { return std::move(made_); }

private:
    MetricFamily made_;
};

family gauge(std::string name, std::string help) { return {std::move(name), std::move(help), MetricType::Gauge}; }
family counter(std::string name, std::string help) { return {std::move(name), std::move(help), MetricType::Counter}; }

double unix_time(time_point at) { return static_cast<double>(at.time_since_epoch().count()) / 1000; }

constexpr std::array all_severities{severity::minor, severity::major, severity::critical};

std::string word(severity level) { return std::string{to_string(level)}; }

void add_crises(std::vector<MetricFamily>& all, const state& known, time_point now)
{
    std::array<int, all_severities.size()> up{};
    auto posts = gauge("halfmast_crisis_posts", "Posts of a flag that is up, by the state of their hold.");
    auto promise = gauge("halfmast_crisis_next_update_timestamp_seconds", "When the next word of a flag that is up is promised.");
    auto raised = gauge("halfmast_crisis_raised_timestamp_seconds", "Since when a flag is up.");
    auto late = gauge("halfmast_crisis_update_late", "1 while the promised time of the next word has passed.");
    auto tasks = gauge("halfmast_crisis_tasks_open", "What a person still has to do by hand for a flag that is up.");
    int drills = 0;
    for (const auto& [id, flag] : known.crises) {
        if (flag.now != phase::raised)
            continue;
        labels name{{"crisis", id.value}, {"playbook", flag.playbook}};
        if (flag.drill) {
            ++drills;
            name.push_back({"drill", "true"});
        } else {
            ++up[static_cast<std::size_t>(flag.level)];
        }
        auto counts = count_holds(known, id);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            auto with = name;
            with.push_back({"state", std::string{to_string(static_cast<hold_state>(i))}});
            posts.add(counts[i], std::move(with));
        }
        raised.add(unix_time(flag.raised_at), name);
        tasks.add(static_cast<double>(count_open_tasks(known, id)), name);
        bool promised = flag.next_update_by != time_point{};
        late.add(promised && flag.next_update_by < now ? 1 : 0, name);
        if (promised)
            promise.add(unix_time(flag.next_update_by), name);
    }
    auto flags = gauge("halfmast_crises_open", "Flags that are up, by severity; no drills.");
    for (auto level : all_severities)
        flags.add(up[static_cast<std::size_t>(level)], {{"severity", word(level)}});
    auto practised = gauge("halfmast_drills_open", "Drills that are on; their series have the label drill.");
    practised.add(drills);
    for (auto* one : {&flags, &practised, &raised, &promise, &late, &posts, &tasks})
        all.push_back(one->take());
}

void add_accounts(std::vector<MetricFamily>& all, const policy& rules, const state& known)
{
    auto reachable = gauge("halfmast_account_reachable", "1 while the account answers.");
    auto polled = gauge("halfmast_account_last_poll_timestamp_seconds", "When the account's queue was read last.");
    auto queued = gauge("halfmast_account_queued_posts", "Posts in the account's queue, as it was read last.");
    auto to_hold = gauge("halfmast_account_posts_to_hold", "Posts that must be held and are not yet.");
    auto ends =
        gauge("halfmast_account_credential_ends_timestamp_seconds", "When the account's credential ends, where that is known.");
    for (const auto& [id, declared] : rules.accounts) {
        labels name{{"account", id.value}, {"connector", declared.connector}};
        auto found = known.accounts.find(id);
        bool there = found != known.accounts.end();
        reachable.add(there && found->second.reachable ? 1 : 0, name);
        if (!there)
            continue;
        const auto& where = found->second;
        if (where.polled)
            polled.add(unix_time(where.last_poll), name);
        queued.add(static_cast<double>(where.queue.size()), name);
        to_hold.add(static_cast<double>(where.undone.size() + where.wanted.size()), name);
        if (where.ready.ends)
            ends.add(unix_time(*where.ready.ends), name);
    }
    for (auto* one : {&reachable, &polled, &queued, &to_hold, &ends})
        all.push_back(one->take());
}

void add_pages(std::vector<MetricFamily>& all, const state& known)
{
    std::array<int, all_severities.size()> open{};
    std::array<int, all_severities.size()> waiting{};
    for (const auto& [name, group] : known.pages.groups) {
        if (group.pages.empty())
            continue;
        ++open[static_cast<std::size_t>(group.level)];
        waiting[static_cast<std::size_t>(group.level)] += group.acknowledged_by.empty();
    }
    std::array<int, all_severities.size()> proposed{};
    for (const auto& [number, one] : known.proposals.all)
        proposed[static_cast<std::size_t>(one.level)] += one.now == proposal_state::open;
    auto pages = gauge("halfmast_pages_open", "Pages that are open, by severity.");
    auto unanswered = gauge("halfmast_pages_unacknowledged", "Open pages that nobody has in hand, by severity.");
    auto proposals = gauge("halfmast_proposals_open", "Signals that wait for a person's word, by severity.");
    for (auto level : all_severities) {
        auto i = static_cast<std::size_t>(level);
        pages.add(open[i], {{"severity", word(level)}});
        unanswered.add(waiting[i], {{"severity", word(level)}});
        proposals.add(proposed[i], {{"severity", word(level)}});
    }
    for (auto* one : {&pages, &unanswered, &proposals})
        all.push_back(one->take());
}

void add_proof(std::vector<MetricFamily>& all, const api::ledger_proof& proof)
{
    all.push_back(gauge("halfmast_ledger_records", "Records in the ledger.").add(static_cast<double>(proof.records)).take());
    all.push_back(gauge("halfmast_ledger_verified_records", "Records that the last check of the ledger reached.")
                      .add(static_cast<double>(proof.through))
                      .take());
    all.push_back(gauge("halfmast_ledger_faults", "What the last checks of the ledger found wrong; 0: nothing.")
                      .add(static_cast<double>(proof.faults.size()))
                      .take());
    if (proof.verified_at)
        all.push_back(gauge("halfmast_ledger_verified_timestamp_seconds", "When the ledger was checked last.")
                          .add(unix_time(*proof.verified_at))
                          .take());
}

// What Prometheus' own libraries say of a process.
void add_process(std::vector<MetricFamily>& all)
{
    std::ifstream statm("/proc/self/statm");
    double whole = 0;
    double resident = 0;
    if (statm >> whole >> resident)
        all.push_back(gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
                          .add(resident * static_cast<double>(::sysconf(_SC_PAGESIZE)))
                          .take());
    if (auto* folder = ::opendir("/proc/self/fd"); folder != nullptr) {
        int files = -3;  // ".", ".." and the folder itself
        while (::readdir(folder) != nullptr)
            ++files;
        ::closedir(folder);
        all.push_back(gauge("process_open_fds", "Number of open file descriptors.").add(files).take());
    }
}

}  // namespace

void metrics::recorded(const audit_record& record) { ++records_[record.kind]; }

std::string metrics::text() const
{
    const auto& known = from_.known();
    std::vector<MetricFamily> all;
    all.push_back(gauge("halfmast_build_info", "The version, as a label.").add(1, {{"version", HALFMAST_VERSION}}).take());
    all.push_back(gauge("halfmast_troubles", "What is not well with the daemon itself: 'halfmast status' names each.")
                      .add(static_cast<double>(from_.troubles()))
                      .take());
    add_crises(all, known, from_.clock());
    add_accounts(all, from_.rules(), known);
    add_pages(all, known);
    if (from_.proof)
        add_proof(all, from_.proof());
    auto hooks = counter("halfmast_hook_requests_total", "Requests at the hooks since the start, by what came of them.");
    for (const auto& [key, count] : from_.hooks())
        hooks.add(static_cast<double>(count), {{"hook", key.first}, {"outcome", key.second}});
    all.push_back(hooks.take());
    // All kinds, so that an alert on one that never happened yet has something to look at.
    auto records = counter("halfmast_records_total", "Records that became durable since the start, by kind.");
    for (int i = 0; i <= static_cast<int>(record_kind::request_refused); ++i) {
        auto kind = static_cast<record_kind>(i);
        auto found = records_.find(kind);
        records.add(found == records_.end() ? 0 : static_cast<double>(found->second), {{"kind", std::string{to_string(kind)}}});
    }
    all.push_back(records.take());
    add_process(all);
    std::erase_if(all, [](const auto& one) { return one.metric.empty(); });
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, all);
    return out.str();
}

}  // namespace halfmast::app
