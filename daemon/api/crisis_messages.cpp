// The documents about crises: counts from the state's own indices, and the list of what needs a person's eye.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "daemon/api/marks.hpp"
#include "daemon/api/messages.hpp"

namespace halfmast::api {

namespace {

// Always there, in this order; the other states only when they are not zero.
constexpr std::array always_shown{hold_state::planned, hold_state::stopping, hold_state::unconfirmed, hold_state::held,
                                  hold_state::escaped, hold_state::manual,   hold_state::failed,      hold_state::gone};
constexpr std::array always_summarised{summary_state::pinned, summary_state::published, summary_state::manual,
                                       summary_state::failed};

// A list of what is not confirmed is for eyes: beyond this, a number says more.
constexpr std::size_t most_attention = 200;

document matchers(const scope& over)
{
    auto object = document::object();
    for (const auto& [name, wanted] : over)
        object[name] = wanted;
    return object;
}

document hold_totals(const hold_counts& counts)
{
    document totals;
    for (auto shown : always_shown)
        totals[std::string{to_string(shown)}] = counts[static_cast<std::size_t>(shown)];
    for (std::size_t i = 0; i < counts.size(); ++i) {
        std::string word{to_string(static_cast<hold_state>(i))};
        if (counts[i] != 0 && !totals.contains(word))
            totals[word] = counts[i];
    }
    return totals;
}

document summary_totals(const state& known, const crisis_id& id)
{
    document totals;
    for (auto shown : always_summarised)
        totals[std::string{to_string(shown)}] = 0;
    for (const auto& [account, there] : known.accounts)
        if (auto found = there.summaries.find(id); found != there.summaries.end()) {
            std::string word{to_string(found->second.state)};
            totals[word] = totals.value(word, 0) + 1;
        }
    return totals;
}

// What would go out by itself. The mirror shows a held post until the next poll, and a parked one always.
std::size_t still_queued(const account_state& there)
{
    std::size_t out = 0;
    if (!there.holds.empty())
        for (const auto& [remote, seen] : there.queue) {
            const auto* one = find_hold(there, remote);
            out += one != nullptr && (one->state == hold_state::held || one->state == hold_state::kept);
        }
    return there.queue.size() - out;
}

document account_member(const account* declared, const account_id& id, const account_state* there, const crisis_id& about)
{
    document one;
    one["id"] = id.value;
    one["connector"] = declared == nullptr ? document(nullptr) : document(declared->connector);
    one["reachable"] = there != nullptr && there->reachable;
    hold_counts counts{};
    if (there != nullptr)
        if (auto found = there->counts.find(about); found != there->counts.end())
            counts = found->second;
    std::uint64_t total = 0;
    for (auto number : counts)
        total += number;
    one["total"] = total;
    for (std::size_t i = 0; i < counts.size(); ++i)
        one[std::string{to_string(static_cast<hold_state>(i))}] = counts[i];

    const summary* said = nullptr;
    if (there != nullptr)
        if (auto found = there->summaries.find(about); found != there->summaries.end())
            said = &found->second;
    one["summary"] = said == nullptr ? document(nullptr) : document(to_string(said->state));
    one["can_publish"] = declared != nullptr && declared->can_publish;
    one["can_pin"] = declared != nullptr && declared->can_pin;
    if (said != nullptr && !said->url.empty())
        one["summary_url"] = said->url;
    if (said != nullptr && !said->detail.empty())
        one["summary_detail"] = said->detail;
    if (there != nullptr && there->trouble)
        one["trouble"] = there->trouble->detail;
    return one;
}

// What went wrong for good first, then what is under way.
int urgency(hold_state value)
{
    switch (value) {
    case hold_state::escaped: return 0;
    case hold_state::manual: return 1;
    case hold_state::failed: return 2;
    case hold_state::unconfirmed: return 3;
    case hold_state::saving:
    case hold_state::stopping:
    case hold_state::planned: return 4;
    default: return -1;  // held, or decided by a person, or gone: nobody has to look
    }
}

struct attention_entry {
    int urgency;
    time_point due;
    const account_id* account;
    const hold* one;

    bool operator<(const attention_entry& other) const
    {
        return std::tie(urgency, due, account->value, one->id.value)
               < std::tie(other.urgency, other.due, other.account->value, other.one->id.value);
    }
};

bool needs_attention(const hold_counts& counts)
{
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] != 0 && urgency(static_cast<hold_state>(i)) >= 0)
            return true;
    return false;
}

std::vector<attention_entry> gather_attention(const state& known, const crisis_id& about)
{
    std::vector<attention_entry> found;
    for (const auto& [id, there] : known.accounts) {
        auto counts = there.counts.find(about);
        if (counts == there.counts.end() || !needs_attention(counts->second))
            continue;
        for (const auto& [post, one] : there.holds)
            if (auto how = urgency(one.state); how >= 0 && one.seen_in.contains(about))
                found.push_back({how, one.due, &id, &one});
    }
    return found;
}

document attention_list(std::vector<attention_entry> found)
{
    auto shown = std::min(found.size(), most_attention);
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end());
    auto list = document::array();
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& one = *found[i].one;
        document entry;
        entry["id"] = display_id(*found[i].account, one.id);
        entry["state"] = to_string(one.state);
        entry["detail"] = one.detail;
        entry["due"] = format_utc(one.due);
        entry["url"] = one.post && !one.post->url.empty() ? document(one.post->url) : document(nullptr);
        if (!one.escaped_as.empty())
            entry["escaped_as"] = one.escaped_as.value;
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

document crisis_member(const policy& rules, const state& known, const crisis& flag, time_point now)
{
    document one;
    one["id"] = flag.id.value;
    one["playbook"] = flag.playbook;
    one["severity"] = to_string(flag.level);
    if (flag.drill)
        one["drill"] = true;
    one["reason"] = flag.why;
    if (!flag.why_in.empty())
        one["reason_in"] = flag.why_in;
    one["owner"] = flag.owner.value;
    one["raised_by"] = flag.raised_by.value;
    one["raised_at"] = format_utc(flag.raised_at);
    one["next_update_by"] = flag.next_update_by == time_point{} ? document(nullptr) : document(format_utc(flag.next_update_by));
    one["phase"] = to_string(flag.now);
    one["scope"] = matchers(flag.over);
    one["publish"] = flag.publish == publish_mode::at_once ? "at-once" : "after-approval";
    if (flag.now == phase::lowered) {
        one["lowered_at"] = format_utc(flag.lowered_at);
        one["lowered_by"] = flag.lowered_by.value;
    }
    one["two_person"] = flag.two_person;
    auto waits = known.asks.find(flag.ask);
    one["waits_for_second"] = waits == known.asks.end() ? document(nullptr) : waits_member(waits->second);
    one["etag"] = mark_of(flag);
    one["holds"] = hold_totals(count_holds(known, flag.id));
    one["summary"] = summary_totals(known, flag.id);
    one["editions"] = editions_member(known, flag, now);
    one["promise"] = promise_member(flag, now);
    one["tasks"] = count_open_tasks(known, flag.id);
    one["replies"] = std::ranges::count_if(known.replies, [&](const auto& entry) {
        const auto& asked = entry.second;
        return asked.crisis == flag.id && asked.state != reply_state::published && asked.state != reply_state::dropped;
    });
    auto book = rules.playbooks.find(flag.playbook);
    one["most_public_acts"] = book == rules.playbooks.end() || book->second.most_public_acts == 0
                                  ? document(nullptr)
                                  : document(book->second.most_public_acts);
    return one;
}

document brief_crisis_message(const policy& rules, const state& known, const crisis& flag, time_point now)
{
    document message;
    message["schema"] = "halfmast.crisis/1";
    message["crisis"] = crisis_member(rules, known, flag, now);
    message["crisis"]["settled"] = is_settled(rules, known, flag);
    return message;
}

document crisis_message(const policy& rules, const state& known, const crisis& flag, time_point now)
{
    auto message = brief_crisis_message(rules, known, flag, now);

    // Accounts that were in scope once stay in the picture, also when the settings dropped them.
    std::set<account_id> ids;
    for (const auto& [id, declared] : rules.accounts)
        if (covers(flag, declared))
            ids.insert(id);
    for (const auto& [id, there] : known.accounts)
        if (there.counts.contains(flag.id) || there.summaries.contains(flag.id))
            ids.insert(id);

    auto accounts = document::array();
    for (const auto& id : ids) {
        auto declared = rules.accounts.find(id);
        auto there = known.accounts.find(id);
        auto one = account_member(declared == rules.accounts.end() ? nullptr : &declared->second, id,
                                  there == known.accounts.end() ? nullptr : &there->second, flag.id);
        add_shown(one, known, flag, id, now);
        accounts.push_back(std::move(one));
    }
    message["accounts"] = std::move(accounts);

    auto found = gather_attention(known, flag.id);
    auto number = found.size();
    message["attention"] = attention_list(std::move(found));
    message["attention_total"] = number;
    return message;
}

document status_message(const backend& daemon, bool all)
{
    const auto& known = daemon.known();
    document message;
    message["schema"] = "halfmast.status/1";
    auto crises = document::array();
    std::vector<const crisis*> shown;
    for (const auto& [id, flag] : known.crises)
        if (all || flag.now == phase::raised)
            shown.push_back(&flag);
    // Not by id: "c-10" would stand before "c-2".
    std::ranges::stable_sort(shown, {}, [](const crisis* flag) { return flag->raised_at; });
    for (const auto* flag : shown)
        crises.push_back(crisis_member(daemon.rules(), known, *flag, daemon.now()));
    message["crises"] = std::move(crises);

    auto accounts = document::array();
    for (const auto& [id, declared] : daemon.rules().accounts) {
        document one;
        one["id"] = id.value;
        one["connector"] = declared.connector;
        one["language"] = declared.language;
        one["time_zone"] = declared.time_zone;
        if (declared.practice)
            one["practice"] = true;
        auto found = known.accounts.find(id);
        bool there = found != known.accounts.end();
        one["reachable"] = there && found->second.reachable;
        one["last_poll"] = there && found->second.polled ? document(format_utc(found->second.last_poll)) : document(nullptr);
        one["queued"] = declared.has_queue ? document(there ? still_queued(found->second) : 0) : document(nullptr);
        if (there && found->second.trouble)
            one["trouble"] = found->second.trouble->detail;
        one["ready"] = ready_member(daemon.rules(), declared, there ? found->second.ready : readiness{}, daemon.now());
        auto shows = document::array();
        for (const auto* flag : shown)
            if (there && found->second.summaries.contains(flag->id)) {
                document said;
                said["crisis"] = flag->id.value;
                said["summary"] = to_string(found->second.summaries.at(flag->id).state);
                add_shown(said, known, *flag, id, daemon.now());
                shows.push_back(std::move(said));
            }
        one["shows"] = std::move(shows);
        accounts.push_back(std::move(one));
    }
    message["accounts"] = std::move(accounts);
    message["degraded"] = daemon.degraded();
    message["pages"] = unanswered_pages(known);
    message["proposals"] = open_proposals(known);
    message["tasks"] = tasks_message(known, false)["tasks"];
    return message;
}

}  // namespace halfmast::api
