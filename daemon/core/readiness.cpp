// What checks say about an account: which ability is lost, which is back, which credential ends. On record only when it changes.
#include "daemon/core/readiness.hpp"

#include <algorithm>
#include <array>

#include "daemon/core/pages.hpp"
#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::hours check_every{24};
constexpr std::chrono::minutes check_soon{15};
constexpr std::chrono::hours check_soon_most{6};
constexpr int soon_checks = 4;  // so many at that distance; then it doubles
constexpr std::chrono::hours silent_too_long{1};
constexpr int silent_too_often = 4;        // checks in a row
constexpr std::chrono::hours same_end{1};  // an end told as "so many seconds from now" is not the same to the second
constexpr std::array<std::chrono::hours, 2> last_warnings{std::chrono::hours{72}, std::chrono::hours{24}};

struct asked_ability {
    ability of;
    std::optional<rung> by;
    bool by_person = false;
};

// What an account has to be asked about, by what it declares.
std::vector<asked_ability> asked_of(const account& where)
{
    std::vector<asked_ability> all{{ability::credential, {}}};
    if (where.has_queue) {
        all.push_back({ability::list, {}});
        for (const auto& offer : where.rungs)
            all.push_back({ability::hold, offer.kind});
        if (where.rungs.empty())
            all.push_back({ability::hold, rung::manual, true});
    }
    if (where.speaks) {
        all.push_back({ability::publish, {}, !where.can_publish});
        all.push_back({ability::pin, {}, !where.can_publish || !where.can_pin});
    }
    if (where.can_read_feed)
        all.push_back({ability::read_feed, {}});
    return all;
}

std::string name_of(ability of, std::optional<rung> by)
{
    if (of == ability::read_feed)
        return "read the public posts";
    if (of == ability::list)
        return "list the queue";
    return std::string{to_string(of)} + (by ? " by " + std::string{to_string(*by)} : "");
}

bool decides(const check_line& line, ability of, std::optional<rung> by)
{
    return !line.advice && line.of == of && (of != ability::hold || !line.by || line.by == by);
}

// The line that says most: a no, then a question that nobody answered, then a yes. Null: there is none.
const check_line* telling(const std::vector<check_line>& lines, ability of, std::optional<rung> by)
{
    const check_line* found = nullptr;
    auto weight = [](const check_line& line) { return line.ok ? 0 : is_unanswered(line) ? 1 : 2; };
    for (const auto& line : lines)
        if (decides(line, of, by) && (found == nullptr || weight(line) > weight(*found)))
            found = &line;
    return found;
}

check_line derived(const asked_ability& wanted, const check_line* from)
{
    check_line line;
    line.of = wanted.of;
    line.by = wanted.by;
    line.what = name_of(wanted.of, wanted.by);
    if (from == nullptr) {
        line.trouble = failure::local;
        line.detail = "it was not tried";
        return line;
    }
    line.what += " (follows from: " + from->what + ")";
    line.ok = from->ok;
    line.trouble = from->trouble;
    line.detail = from->detail;
    return line;
}

// What an ability without a line of its own follows from. A queue or a feed that nobody read is not known to be readable.
const check_line* source_of(const std::vector<check_line>& lines, ability of)
{
    const check_line* found = nullptr;
    auto consider = [&](ability source) {
        const auto* line = telling(lines, source, {});
        if (line != nullptr
            && (found == nullptr || (found->ok && !line->ok) || (is_unanswered(*found) && !line->ok && !is_unanswered(*line))))
            found = line;
    };
    switch (of) {
    case ability::credential:
        consider(ability::list);
        consider(ability::read_feed);
        return found;
    case ability::list:
    case ability::read_feed: consider(ability::credential); return found != nullptr && found->ok ? nullptr : found;
    case ability::hold:
        consider(ability::hold);  // of every rung
        consider(ability::list);
        consider(ability::credential);
        return found;
    case ability::publish: consider(ability::credential); return found;
    case ability::pin:
        consider(ability::publish);
        consider(ability::credential);
        return found;
    }
    return found;
}

struct judged_ability {
    standing now = standing::unknown;
    std::string detail;
};

judged_ability judge_ability(const std::vector<check_line>& lines, const asked_ability& wanted)
{
    const auto* line = telling(lines, wanted.of, wanted.by);
    if (line == nullptr || is_unanswered(*line))
        return {};
    if (line->ok)
        return {wanted.by_person || line->by_person ? standing::by_person : standing::ready, {}};
    judged_ability lost{standing::lost, {}};
    for (const auto& one : lines)
        if (decides(one, wanted.of, wanted.by) && !one.ok && !is_unanswered(one)
            && lost.detail.find(one.detail) == std::string::npos)
            lost.detail += (lost.detail.empty() ? "" : "; ") + one.detail;
    return lost;
}

ability_state* ability_in(readiness& ready, ability of, std::optional<rung> by)
{
    auto found = std::ranges::find_if(ready.abilities, [&](const auto& one) { return one.of == of && one.by == by; });
    return found == ready.abilities.end() ? nullptr : &*found;
}

ability_state& put_ability(readiness& ready, ability of, std::optional<rung> by)
{
    if (auto* there = ability_in(ready, of, by); there != nullptr)
        return *there;
    auto place = std::ranges::find_if(ready.abilities, [&](const auto& one) {
        return std::pair{one.of, one.by} > std::pair{of, by};
    });
    return *ready.abilities.insert(place, ability_state{of, by, standing::unknown, {}, {}});
}

audit_record about_ability(record_kind kind, const account_id& id, ability of, std::optional<rung> by, const std::string& why)
{
    audit_record record{kind, {}};
    record.account = id;
    record.of = of;
    record.by = by;
    record.why = why;
    return record;
}

audit_record about_readiness(record_kind kind, const account_id& id, std::string_view outcome, const std::string& why)
{
    audit_record record{kind, {}};
    record.account = id;
    record.outcome = outcome;
    record.why = why;
    return record;
}

void note_abilities(const step& now, const account_id& id, const account& declared, const std::vector<check_line>& lines)
{
    auto& ready = now.at(id).ready;
    auto asked = asked_of(declared);
    for (const auto& wanted : asked) {
        auto judged = judge_ability(lines, wanted);
        auto& one = put_ability(ready, wanted.of, wanted.by);
        bool was_lost = one.now == standing::lost;
        if (judged.now == standing::unknown)
            continue;
        if (judged.now == standing::lost && !was_lost)
            now.note(about_ability(record_kind::readiness_lost, id, wanted.of, wanted.by, judged.detail));
        else if (judged.now != standing::lost && was_lost)
            now.note(about_ability(record_kind::readiness_back, id, wanted.of, wanted.by,
                                   "lost since " + format_utc(one.since) + ": " + one.detail));
        else if (one.now != judged.now)
            one.since = now.now;
        one.now = judged.now;
        one.detail = judged.detail;
    }
    std::erase_if(ready.abilities, [&](const auto& one) {
        return one.now != standing::lost
               && std::ranges::none_of(asked, [&](const auto& wanted) { return wanted.of == one.of && wanted.by == one.by; });
    });
}

// The settings do not ask for it any more: what was lost need not come back.
void give_up(const step& now, const account_id& id, const account* declared)
{
    auto& ready = now.at(id).ready;
    auto asked = declared == nullptr ? std::vector<asked_ability>{} : asked_of(*declared);
    auto known = ready.abilities;
    for (const auto& one : known) {
        bool wanted = std::ranges::any_of(asked, [&](const auto& other) { return other.of == one.of && other.by == one.by; });
        if (one.now == standing::lost && !wanted)
            now.note(about_ability(record_kind::readiness_back, id, one.of, one.by, "the settings no longer ask for it"));
    }
}

// Whether the checks of the account get through at all.
void note_silence(const step& now, const account_id& id, const std::vector<check_line>& lines)
{
    auto& ready = now.at(id).ready;
    auto silent = std::ranges::find_if(lines, [](const auto& line) { return !line.advice && is_unanswered(line); });
    if (std::ranges::any_of(lines, [](const auto& line) { return !line.advice && !line.by_person && !is_unanswered(line); }))
        ready.checked_at = now.now;
    if (silent == lines.end()) {
        ready.failures = 0;
        ready.trouble.reset();
        if (ready.unanswered)
            now.note(about_readiness(record_kind::readiness_answered, id, "done", ""));
        return;
    }
    if (ready.failures++ == 0)
        ready.failing_since = now.now;
    ready.trouble = problem{silent->trouble.value_or(failure::local), silent->what + ": " + silent->detail, {}};
    bool too_long = ready.failures >= silent_too_often || now.now - ready.failing_since >= silent_too_long;
    if (too_long && !ready.unanswered)
        now.note(about_readiness(record_kind::readiness_unanswered, id, to_string(ready.trouble->kind), ready.trouble->detail));
}

milliseconds warn_before_of(const policy& rules, const account& declared)
{
    return declared.warn_before.value_or(rules.warn_before);
}

// How long before the end it is said, the earliest first.
std::vector<milliseconds> warnings_of(milliseconds warn_before)
{
    std::vector<milliseconds> steps{warn_before};
    for (auto last : last_warnings)
        if (last < warn_before)
            steps.emplace_back(last);
    return steps;
}

void note_end(const step& now, const account_id& id, const account& declared, const std::vector<check_line>& lines)
{
    auto& ready = now.at(id).ready;
    const auto* credential = telling(lines, ability::credential, {});
    if (credential == nullptr || !credential->ok)
        return;  // what was said of its end still stands
    ready.ends.reset();
    for (const auto& line : lines)
        if (line.ends && (!ready.ends || *line.ends < *ready.ends))
            ready.ends = line.ends;
    std::optional<milliseconds> within;  // the last step that is reached
    for (auto step : warnings_of(warn_before_of(now.rules, declared)))
        if (ready.ends && *ready.ends - now.now <= step)
            within = step;
    if (!within) {
        if (ready.warned_of)
            now.note(about_readiness(record_kind::credential_renewed, id, "done",
                                     ready.ends ? "it ends " + format_utc(*ready.ends) : "the platform names no end any more"));
        return;
    }
    bool other = !ready.warned_of || std::chrono::abs(*ready.ends - *ready.warned_of) > same_end;
    if (!other && *within >= ready.warned_within)
        return;
    auto record = about_readiness(record_kind::credential_ends, id, format_duration(*within), "");
    record.until = ready.ends;
    record.why = "the credential ends " + format_utc(*ready.ends) + "; nothing can be held, published or pinned there afterwards";
    now.note(std::move(record));
}

void page_readiness(const step& now, const account_id& id)
{
    const auto& ready = now.at(id).ready;
    auto key = "readiness/" + id.value;
    page told;
    told.key = key;
    told.account = id;
    told.level = severity::minor;
    told.todo = "mend it now, while nothing burns; 'halfmast doctor' tries again at once";
    std::string lost;
    told.count = 0;
    for (const auto& one : ready.abilities) {
        if (one.now != standing::lost)
            continue;
        lost += (lost.empty() ? "" : ", ") + name_of(one.of, one.by);
        if (told.count++ == 0 && !one.detail.empty())
            told.todo = one.detail + "; " + told.todo;
        if (one.of != ability::pin && one.of != ability::read_feed)
            told.level = severity::major;
    }
    if (told.count > 0)
        told.what = id.value + " is not ready for a crisis: it cannot do " + lost;
    else if (ready.unanswered && ready.trouble) {
        told.count = 1;
        told.what = "nobody answers the checks of " + id.value + ", so whether it is ready is not known: " + ready.trouble->detail;
    } else
        return resolve_page(now, key, "every check worked");
    // One cause, one page: what refuses or does not answer the polls is said already.
    const auto& open = now.known().pages.open;
    if (open.contains(key) || (!open.contains("account-refused/" + id.value) && !open.contains("account-unreachable/" + id.value)))
        open_page(now, std::move(told));
}

void page_end(const step& now, const account_id& id)
{
    const auto& ready = now.at(id).ready;
    auto key = "credential-ends/" + id.value;
    if (!ready.warned_of)
        return resolve_page(now, key, "the credential does not end soon any more");
    page told;
    told.key = key;
    told.account = id;
    told.level = ready.warned_within <= last_warnings.front() ? severity::major : severity::minor;
    told.what = "the credential of " + id.value + " ends " + format_utc(*ready.warned_of);
    told.todo = "make a new one and put it in place before that; 'halfmast doctor' shows its end";
    open_page(now, std::move(told));
}

}  // namespace

bool is_unanswered(const check_line& line)
{
    if (line.ok || !line.trouble)
        return false;
    switch (*line.trouble) {
    case failure::unreachable:
    case failure::unknown_outcome:
    case failure::rate_limited:
    case failure::conflict:
    case failure::bad_reply:
    case failure::local: return true;
    case failure::auth_expired:
    case failure::forbidden:
    case failure::not_found:
    case failure::rejected:
    case failure::unsupported: return false;
    }
    return false;
}

std::vector<check_line> complete(const account& where, std::vector<check_line> lines)
{
    for (const auto& wanted : asked_of(where)) {
        bool has_own = std::ranges::any_of(
            lines, [&](const auto& line) { return !line.advice && line.of == wanted.of && line.by == wanted.by; });
        if (has_own)
            continue;
        auto line = derived(wanted, wanted.by_person ? nullptr : source_of(lines, wanted.of));
        if (wanted.by_person) {
            line.ok = line.by_person = true;
            line.trouble.reset();
            line.what = name_of(wanted.of, {}) + ": a person has to do it";
            line.detail.clear();
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

const ability_state* find_ability(const readiness& ready, ability of, std::optional<rung> by)
{
    return ability_in(const_cast<readiness&>(ready), of, by);
}

bool is_lost(const readiness& ready, ability of, std::optional<rung> by)
{
    const auto* one = find_ability(ready, of, by);
    return one != nullptr && one->now == standing::lost;
}

bool has_lost_any(const readiness& ready)
{
    return std::ranges::any_of(ready.abilities, [](const auto& one) { return one.now == standing::lost; });
}

bool is_wholly_ready(const readiness& ready, milliseconds warn_before, time_point now)
{
    return !has_lost_any(ready) && ready.failures == 0 && ready.checked_at != time_point{}
           && !(ready.ends && *ready.ends - now <= warn_before);
}

milliseconds until_next_check(const policy& rules, const account& declared, const readiness& ready, time_point now)
{
    bool lost = has_lost_any(ready);
    if (lost || ready.failures > 0) {
        milliseconds wait = check_soon;
        for (int done = std::max(ready.failures, ready.in_vain); done > soon_checks && wait < check_soon_most; --done)
            wait *= 2;
        return std::min<milliseconds>(wait, check_soon_most);
    }
    milliseconds wait = check_every;
    if (ready.ends)
        for (auto step : warnings_of(warn_before_of(rules, declared)))
            if (auto left = *ready.ends - step - now; left > milliseconds{0})
                wait = std::min(wait, left);
    return wait;
}

void observe_readiness(const step& now, const readiness_checked& seen)
{
    const auto* declared = now.declared(seen.account);
    if (declared == nullptr)
        return;
    auto lines = complete(*declared, seen.lines);
    give_up(now, seen.account, declared);
    note_abilities(now, seen.account, *declared, lines);
    note_silence(now, seen.account, lines);
    note_end(now, seen.account, *declared, lines);
    auto& ready = now.at(seen.account).ready;
    ready.in_vain = has_lost_any(ready) ? ready.in_vain + 1 : 0;
    page_readiness(now, seen.account);
    page_end(now, seen.account);
}

void forget_undeclared(const step& now)
{
    for (auto& [id, where] : now.known().accounts)
        if (now.declared(id) == nullptr && (has_lost_any(where.ready) || where.ready.unanswered || where.ready.warned_of)) {
            give_up(now, id, nullptr);
            if (where.ready.unanswered)
                now.note(
                    about_readiness(record_kind::readiness_answered, id, "done", "the settings do not name the account any more"));
            if (where.ready.warned_of)
                now.note(
                    about_readiness(record_kind::credential_renewed, id, "done", "the settings do not name the account any more"));
            page_readiness(now, id);
            page_end(now, id);
        }
}

void apply_readiness(readiness& ready, const audit_record& record)
{
    switch (record.kind) {
    case record_kind::readiness_lost:
    case record_kind::readiness_back: {
        if (!record.of)
            return;
        auto& one = put_ability(ready, *record.of, record.by);
        bool lost = record.kind == record_kind::readiness_lost;
        one.now = lost ? standing::lost : standing::ready;
        one.since = record.at;
        one.detail = lost ? record.why : std::string{};
        return;
    }
    case record_kind::readiness_unanswered: ready.unanswered = true; return;
    case record_kind::readiness_answered: ready.unanswered = false; return;
    case record_kind::credential_ends:
        ready.warned_of = record.until;
        ready.warned_within = parse_duration(record.outcome).value_or(milliseconds{0});
        return;
    case record_kind::credential_renewed:
        ready.warned_of.reset();
        ready.warned_within = milliseconds{0};
        return;
    default: return;
    }
}

}  // namespace halfmast
