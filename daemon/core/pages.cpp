// Opening, acknowledging and ending pages, and the fold of their records.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::seconds noted_again_after{60};
constexpr std::string_view nobody = "nobody";       // the route of what no route matches
constexpr std::string_view drill_front = "drill-";  // of the name of a group; no kind of page begins like that

audit_record about_page(record_kind kind, const step& now, const page& one, const std::string& group)
{
    audit_record record{kind, now.now};
    record.crisis = one.crisis;
    record.account = one.account;
    record.paged.emplace();
    record.paged->key = one.key;
    record.paged->group = group;
    return record;
}

// A flag says it; what concerns no flag is practice where it concerns a practice account.
bool is_of_drill(const step& now, const page& one)
{
    auto flag = now.known().crises.find(one.crisis);
    if (flag != now.known().crises.end())
        return flag->second.drill;
    const auto* where = one.account.empty() ? nullptr : now.declared(one.account);
    return where != nullptr && where->practice;
}

bool label_is(const step& now, const page& one, const std::string& name, const std::string& wanted)
{
    if (name == "drill")
        return (is_of_drill(now, one) ? "true" : "false") == wanted;
    if (name == "kind")
        return kind_of_page(one.key) == wanted;
    if (name == "crisis")
        return one.crisis.value == wanted;
    const auto* where = one.account.empty() ? nullptr : now.declared(one.account);
    if (where != nullptr && matches({{name, wanted}}, *where))
        return true;
    if (name == "account")
        return one.account.value == wanted;
    auto flag = now.known().crises.find(one.crisis);
    if (flag == now.known().crises.end())
        return false;
    if (name == "playbook")
        return flag->second.playbook == wanted;
    auto scoped = flag->second.over.find(name);
    return where == nullptr && scoped != flag->second.over.end() && scoped->second == wanted;
}

const page_route* find_route(const step& now, const page& one)
{
    auto found = std::ranges::find_if(now.rules.pages.routes, [&](const auto& route) {
        return one.level >= route.least && std::ranges::all_of(route.match, [&](const auto& matcher) {
                   return label_is(now, one, matcher.first, matcher.second);
               });
    });
    return found == now.rules.pages.routes.end() ? nullptr : &*found;
}

struct place {
    std::string group;
    std::string route;
};

place place_of(const step& now, const page& one)
{
    const auto* chosen = find_route(now, one);
    auto kind = (is_of_drill(now, one) ? std::string{drill_front} : std::string{}) + std::string{kind_of_page(one.key)};
    place found{std::move(kind), chosen == nullptr ? std::string{nobody} : chosen->name};
    if (!one.crisis.empty())
        found.group += "/" + one.crisis.value;
    // Where there is no route at all, that is no news in every name.
    if (!found.route.empty() && (chosen != nullptr || !now.rules.pages.routes.empty()))
        found.group += "@" + found.route;
    return found;
}

bool is_worse(const page& said, const page& before) { return said.level > before.level || said.count > before.count; }

// A page that is open already: the ledger hears of it when it got much worse, or when it is worse and a minute has passed.
bool is_worth_noting(const step& now, const open_page_state& open, const page& said)
{
    const auto& before = open.said;
    if (said.level > before.level || said.count >= before.count * 2 || (said.ends_with_word && said.count > before.count))
        return true;
    bool changed = said.count != before.count || said.what != before.what;
    return changed && now.now >= open.noted_at + noted_again_after;
}

void fold_opened(page_book& book, const audit_record& record)
{
    const auto& paged = *record.paged;
    auto [entry, is_new] = book.open.try_emplace(paged.key);
    auto& open = entry->second;
    page said{paged.key,  paged.level, record.crisis, record.account, paged.what,
              paged.todo, paged.link,  paged.count,   paged.wait,     paged.ends_with_word};
    bool worse = !is_new && is_worse(said, open.said);
    if (is_new) {
        open.since = record.at;
        open.group = paged.group;
    }
    open.said = std::move(said);
    open.noted_at = record.at;
    auto [place, first] = book.groups.try_emplace(open.group);
    auto& group = place->second;
    auto ready = record.at + paged.wait;
    if (first) {
        group.id = open.group + "-" + std::to_string(record.at.time_since_epoch().count() / 1000);
        group.crisis = record.crisis;
    } else if (is_new || worse) {
        ++group.version;
    }
    bool begins = first || group.pages.empty();
    // A new cause of an acknowledged group is news, unless it is a small thing: nobody knows of it yet.
    bool anew =
        !begins && !group.acknowledged_by.empty() && paged.level > page_level::minor && (is_new || paged.level > group.level);
    if (begins) {
        group.since = record.at;
        group.route = paged.route;
    }
    if (begins || anew) {
        group.ready_at = ready;
        group.step = 0;
        group.acknowledged_by = {};
        group.over_at = {};
        group.over_why.clear();
        group.level = std::max(paged.level, begins ? page_level::minor : group.level);
        for (auto& [name, one] : group.to) {
            one.version = 0;
            one.sending = 0;  // what is on its way does not say it
            one.acknowledged = false;
            one.resolved = false;
        }
    }
    group.ready_at = std::min(group.ready_at, ready);
    group.level = std::max(group.level, paged.level);
    group.pages.insert(paged.key);
}

void fold_resolved(page_book& book, const audit_record& record)
{
    auto open = book.open.find(record.paged->key);
    if (open == book.open.end())
        return;
    auto found = book.groups.find(open->second.group);
    if (found != book.groups.end()) {
        auto& group = found->second;
        group.pages.erase(open->first);
        if (group.pages.empty()) {
            group.over_at = record.at;
            group.over_why = record.why;
            group.last = std::move(open->second.said);
        }
    }
    book.open.erase(open);
}

void fold_delivered(const page_group& group, page_delivery& one, const audit_record& record)
{
    ++one.number;
    one.attempts = 0;
    one.tried_since = {};
    one.not_before = {};
    one.refused = false;
    one.trouble.clear();
    one.told_at = record.at;
    switch (one.verb) {
    case page_verb::trigger:
        one.version = one.sending;
        one.told = true;
        one.resolved = false;
        return;
    case page_verb::acknowledge: one.acknowledged = !group.acknowledged_by.empty(); return;
    case page_verb::resolve:
        one.told = false;
        one.resolved = group.pages.empty();  // else it began anew meanwhile
        return;
    }
}

void fold_letter(page_group& group, const audit_record& record)
{
    auto& one = group.to[record.paged->receiver];
    if (record.kind == record_kind::page_sent) {
        one.in_flight = true;
        one.verb = record.paged->verb;
        one.sending = record.paged->version;
        if (one.attempts++ == 0)
            one.tried_since = record.at;
        return;
    }
    one.in_flight = false;
    if (record.kind == record_kind::page_delivered)
        return fold_delivered(group, one, record);
    one.not_before = record.until.value_or(time_point{});
    one.refused = record.flagged;
    one.trouble = record.why;
}

}  // namespace

std::optional<std::vector<std::string>> receivers_on_duty(const paging& rules, const std::map<std::string, duty_roster>& calendars,
                                                          const std::string& rota, time_point at)
{
    auto filled = rules.calendars.find(rota);
    if (filled == rules.calendars.end())
        return rules.on_duty ? rules.on_duty(rota, at) : std::nullopt;
    auto known = calendars.find(rota);
    auto duty = known == calendars.end() ? std::vector<std::string>{} : who_has_duty(known->second, at);
    return duty.empty() ? filled->second.otherwise : std::move(duty);  // never nobody
}

std::string_view kind_of_page(std::string_view key) { return key.substr(0, key.find('/')); }

bool is_drill_group(std::string_view name) { return name.starts_with(drill_front); }

void apply_page(state& known, const audit_record& record)
{
    if (!record.paged)
        return;
    auto& book = known.pages;
    book.stirred = true;
    if (record.kind == record_kind::page_opened)
        return fold_opened(book, record);
    if (record.kind == record_kind::page_resolved)
        return fold_resolved(book, record);
    auto found = book.groups.find(record.paged->group);
    if (found == book.groups.end())
        return;
    auto& group = found->second;
    switch (record.kind) {
    case record_kind::page_sent:
    case record_kind::page_delivered:
    case record_kind::page_failed: fold_letter(group, record); return;
    case record_kind::page_acknowledged:
        group.acknowledged_by = record.actor;
        group.acknowledged_at = record.at;
        return;
    case record_kind::page_escalated:
        if (record.paged->receiver.empty())
            group.step = record.paged->number;
        else
            group.to.try_emplace(record.paged->receiver);
        return;
    case record_kind::page_closed: book.groups.erase(found); return;
    default: return;
    }
}

void open_page(const step& now, page said)
{
    auto& book = now.known().pages;
    auto found = book.open.find(said.key);
    if (found != book.open.end() && !is_worth_noting(now, found->second, said))
        return;
    auto [group, route] = place_of(now, said);
    if (found != book.open.end() && found->second.group != group) {
        if (said.level <= found->second.said.level)
            group = found->second.group;  // it stays with those who know of it
        else
            resolve_page(now, said.key, "it became worse: others are told now");
    }
    auto record = about_page(record_kind::page_opened, now, said, group);
    record.url = said.link;
    auto& paged = *record.paged;
    paged.route = std::move(route);
    paged.level = said.level;
    paged.what = std::move(said.what);
    paged.todo = std::move(said.todo);
    paged.link = std::move(said.link);
    paged.count = said.count;
    paged.wait = said.wait;
    paged.ends_with_word = said.ends_with_word;
    now.note(std::move(record));
}

void resolve_page(const step& now, const std::string& key, const std::string& why)
{
    auto& book = now.known().pages;
    auto found = book.open.find(key);
    if (found == book.open.end())
        return;
    auto record = about_page(record_kind::page_resolved, now, found->second.said, found->second.group);
    record.outcome = "done";
    record.why = why;
    now.note(std::move(record));
}

void route_anew(const step& now)
{
    const auto& book = now.known().pages;
    std::vector<page> moved;
    for (const auto& [key, open] : book.open) {
        auto group = book.groups.find(open.group);
        bool known =
            group != book.groups.end()
            && std::ranges::find(now.rules.pages.routes, group->second.route, &page_route::name) != now.rules.pages.routes.end();
        if (!known && find_route(now, open.said) != nullptr)
            moved.push_back(open.said);
    }
    for (const auto& one : moved)
        resolve_page(now, one.key, "the settings name others for it now");
    for (auto& one : moved)
        open_page(now, std::move(one));
}

void acknowledge_page(const step& now, const page_acknowledged& what)
{
    auto& book = now.known().pages;
    auto open = book.open.find(what.key);
    auto name = open == book.open.end() ? what.key : open->second.group;
    audit_record record{record_kind::page_acknowledged, now.now, what.by};
    record.paged.emplace();
    record.paged->group = name;
    record.why = what.why;
    record.outcome = "done";
    auto found = book.groups.find(name);
    if (found == book.groups.end())
        return now.refuse(refusal::cause::unknown_target,
                          "acknowledge " + what.key + ": no such page is open; 'halfmast pages list' shows those that are", record);
    record.crisis = found->second.crisis;
    now.made.crisis = record.crisis;
    if (!found->second.acknowledged_by.empty() || found->second.pages.empty()) {
        now.made.repeated = true;
        return;
    }
    now.note(std::move(record));
    std::vector<std::string> ended;
    for (const auto& key : found->second.pages)
        if (auto one = book.open.find(key); one != book.open.end() && one->second.said.ends_with_word)
            ended.push_back(key);
    for (const auto& key : ended)
        resolve_page(now, key, "seen by " + what.by.value);
}

}  // namespace halfmast
