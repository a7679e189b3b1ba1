// Who is told what, and when: the letters that the groups of pages owe their receivers. Nothing here is remembered but what the
// ledger has: what is owed follows from what a receiver was told and what is so. A letter that has no outcome is owed still, so
// that a kill between "sent" and "recorded" makes a second letter with the same id, never none.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::size_t most_sentences = 5;
constexpr std::chrono::minutes refused_again_after{15};
constexpr std::chrono::hours given_up_after{24};  // what is over by then, and still could not be said

const page_route* route_of(const step& now, const page_group& group)
{
    auto found = std::ranges::find(now.rules.pages.routes, group.route, &page_route::name);
    return found == now.rules.pages.routes.end() ? nullptr : &*found;
}

time_point first_told_at(const step& now, const page_group& group, const page_route& route)
{
    auto at = group.ready_at + route.gather;
    if (group.level > page_level::minor || !now.rules.pages.quiet_until)
        return at;
    return now.rules.pages.quiet_until(at).value_or(at);
}

// What this receiver has to be told, at the earliest at `from`; nothing: it knows.
struct debt {
    page_verb verb;
    time_point from;
};

std::optional<debt> debt_to(const step& now, const page_group& group, const page_route& route, const page_receiver& who,
                            const page_delivery& one)
{
    bool over = group.pages.empty();
    auto first = first_told_at(now, group, route);
    if (one.version == 0 && !one.resolved && !(over && group.over_at < first))
        return debt{page_verb::trigger, first};
    if (over)
        return one.told && who.hears_resolved ? std::optional{debt{page_verb::resolve, now.now}} : std::nullopt;
    if (!group.acknowledged_by.empty() && !one.acknowledged && who.hears_acknowledged)
        return debt{page_verb::acknowledge, now.now};
    std::optional<debt> later;
    if (group.version > one.version)
        later = debt{page_verb::trigger, one.told_at + route.more};
    if (group.acknowledged_by.empty() && route.repeat.count() > 0 && (!later || one.told_at + route.repeat < later->from))
        later = debt{page_verb::trigger, one.told_at + route.repeat};
    if (who.refresh.count() > 0 && (!later || one.told_at + who.refresh < later->from))
        later = debt{page_verb::trigger, one.told_at + who.refresh};
    return later;
}

audit_record about_letter(record_kind kind, const step& now, const std::string& name, const page_group& group,
                          const std::string& receiver)
{
    audit_record record{kind, now.now};
    record.crisis = group.crisis;
    record.paged.emplace();
    record.paged->group = name;
    record.paged->receiver = receiver;
    return record;
}

// The receivers that a step names, by themselves or as who has the duty now.
std::vector<std::string> receivers_of(const step& now, const page_step& one)
{
    std::vector<std::string> all;
    for (const auto& name : one.to) {
        auto duty = receivers_on_duty(now.rules.pages, now.known().duties, name, now.now);
        if (duty)
            all.insert(all.end(), duty->begin(), duty->end());
        else
            all.push_back(name);
    }
    return all;
}

// Everybody who is told by now: the route's steps as far as they were reached, and who stands in for one of them.
std::set<std::string> told_now(const step& now, const page_group& group, const page_route& route)
{
    std::set<std::string> all;
    for (std::size_t i = 0; i < route.steps.size() && i <= group.step; ++i)
        for (auto& name : receivers_of(now, route.steps[i]))
            all.insert(std::move(name));
    for (const auto& [name, one] : group.to)
        all.insert(name);
    return all;
}

void escalate(const step& now, const std::string& name, page_group& group, const page_route& route)
{
    if (!group.acknowledged_by.empty() || group.pages.empty())
        return;
    auto first = first_told_at(now, group, route);
    while (group.step + 1 < route.steps.size() && now.now >= first + route.steps[group.step + 1].after) {
        const auto& next = route.steps[group.step + 1];
        auto record = about_letter(record_kind::page_escalated, now, name, group, {});
        record.paged->number = static_cast<std::uint32_t>(group.step + 1);
        record.outcome = "done";
        record.why = "nobody acknowledged it for " + format_duration(next.after) + "; now told:";
        for (const auto& to : receivers_of(now, next))
            record.why += " " + to;
        now.note(std::move(record));
    }
}

// Why the receiver is taken for one that does not take letters now: it refuses, or fails for too long. Empty: it is not.
std::string failing(const step& now, const page_receiver& who, const page_delivery& one)
{
    bool fails = one.attempts > 0 && (one.refused || now.now >= one.tried_since + who.patience);
    return !fails ? std::string{} : one.trouble.empty() ? "no answer" : one.trouble;
}

// Somebody else has to hear of it.
void stand_in(const step& now, const std::string& name, const page_group& group, const std::string& receiver,
              const std::string& instead, const std::string& why)
{
    auto record = about_letter(record_kind::page_escalated, now, name, group, instead);
    record.outcome = "done";
    record.why = receiver + " does not take it, so " + instead + " is told: " + why;
    now.note(std::move(record));
}

void fill_words(const step& now, const page_group& group, page_letter& made)
{
    const auto& book = now.known().pages;
    const page* worst = nullptr;
    for (const auto& key : group.pages) {
        auto open = book.open.find(key);
        if (open == book.open.end())
            continue;
        const auto& said = open->second.said;
        made.count += said.count;
        if (worst == nullptr || said.level > worst->level) {
            if (worst != nullptr && made.more.size() < most_sentences)
                made.more.push_back(worst->what);
            worst = &said;
        } else if (made.more.size() < most_sentences) {
            made.more.push_back(said.what);
        }
    }
    if (worst == nullptr) {
        worst = &group.last;
        made.count = worst->count;
    }
    made.what = worst->what;
    made.todo = worst->todo;
    made.link = worst->link;
    made.kind = kind_of_page(worst->key);
}

page_letter write_letter(const step& now, const std::string& name, const page_group& group, const std::string& receiver,
                         page_verb verb)
{
    page_letter made;
    made.group = name;
    made.receiver = receiver;
    made.dedup = group.id;
    made.verb = verb;
    made.level = group.level;
    made.drill = is_drill_group(name);
    made.crisis = group.crisis;
    made.count = 0;
    fill_words(now, group, made);
    if (auto flag = now.known().crises.find(group.crisis); flag != now.known().crises.end())
        made.owner = flag->second.owner;
    made.since = group.since;
    made.over_at = group.pages.empty() ? group.over_at : time_point{};
    made.over_why = group.over_why;
    made.acknowledged_by = group.acknowledged_by;
    const auto& one = group.to.at(receiver);
    made.number = one.number + 1;
    made.attempt = one.attempts;
    made.id = group.id + "-" + std::to_string(made.number);
    return made;
}

void send(const step& now, const std::string& name, page_group& group, const std::string& receiver, page_verb verb)
{
    auto record = about_letter(record_kind::page_sent, now, name, group, receiver);
    record.outcome = "intent";
    record.paged->verb = verb;
    record.paged->number = group.to[receiver].number + 1;
    record.paged->version = group.version;
    now.note(std::move(record));
    now.made.letters.push_back(write_letter(now, name, group, receiver, verb));
}

bool is_given_up(const step& now, const page_group& group)
{
    return group.pages.empty() && now.now >= group.over_at + given_up_after;
}

// What a receiver is owed for one crisis leaves in the order in which it came. Who is in the line has a letter that did not get
// there yet; the text says why that takes so long that others are told instead.
using line = std::map<std::pair<std::string, crisis_id>, std::string>;

// True when the group owes nobody anything any more.
bool serve(const step& now, const std::string& name, page_group& group, const page_route& route, line& waiting)
{
    bool owed = false;
    auto told = told_now(now, group, route);
    auto called = route.steps.empty() ? std::vector<std::string>{} : receivers_of(now, route.steps.front());
    std::set<std::string> first{called.begin(), called.end()};
    std::vector<std::string> queue{told.begin(), told.end()};
    for (std::size_t i = 0; i < queue.size(); ++i) {
        const auto receiver = queue[i];
        auto who = now.rules.pages.receivers.find(receiver);
        if (who == now.rules.pages.receivers.end())
            continue;
        auto known = group.to.find(receiver);
        auto one = known == group.to.end() ? page_delivery{} : known->second;
        auto wanted = debt_to(now, group, route, who->second, one);
        bool in_hand = !group.acknowledged_by.empty() && one.version == 0 && !one.told && !first.contains(receiver);
        if ((!wanted || in_hand) && !one.in_flight)
            continue;  // it knows, or was to be called because nobody had it in hand
        owed = owed || one.in_flight || (group.pages.empty() && !is_given_up(now, group));
        if (!one.in_flight && wanted->from > now.now)
            continue;  // not yet: what came later need not wait for it
        auto why = failing(now, who->second, one);
        auto ahead = group.crisis.empty() ? waiting.end() : waiting.find({receiver, group.crisis});
        bool first_in_line = ahead == waiting.end();
        if (!first_in_line && why.empty())
            why = ahead->second;
        if (first_in_line && !one.refused)  // what is refused holds nothing up
            waiting[{receiver, group.crisis}] = why;
        const auto& instead = who->second.instead;
        if (!why.empty() && !instead.empty() && now.rules.pages.receivers.contains(instead) && told.insert(instead).second) {
            stand_in(now, name, group, receiver, instead, why);
            queue.push_back(instead);
        }
        if (!one.in_flight && first_in_line && one.not_before <= now.now)
            send(now, name, group, receiver, wanted->verb);
    }
    return !owed;
}

bool is_refusal(failure kind)
{
    switch (kind) {
    case failure::auth_expired:
    case failure::forbidden:
    case failure::not_found:
    case failure::rejected:
    case failure::unsupported: return true;
    default: return false;
    }
}

}  // namespace

void send_letters(const step& now)
{
    auto& book = now.known().pages;
    std::vector<std::pair<time_point, std::string>> order;
    for (const auto& [name, group] : book.groups)
        order.emplace_back(group.since, name);
    std::ranges::sort(order);
    line waiting;
    std::vector<std::string> done;
    for (const auto& [since, name] : order) {
        auto& group = book.groups.at(name);
        const auto* route = route_of(now, group);
        bool quits = true;
        if (route != nullptr) {
            escalate(now, name, group, *route);
            quits = serve(now, name, group, *route, waiting);
        }
        if (group.pages.empty() && quits)
            done.push_back(name);
    }
    for (const auto& name : done) {
        auto record = about_letter(record_kind::page_closed, now, name, book.groups.at(name), {});
        record.outcome = "done";
        now.note(std::move(record));
    }
    book.stirred = false;
}

void escalate_at_once(const step& now, const std::string& page_key, const std::string& why)
{
    auto& book = now.known().pages;
    auto open = book.open.find(page_key);
    auto found = open == book.open.end() ? book.groups.end() : book.groups.find(open->second.group);
    if (found == book.groups.end())
        return;
    const auto* route = route_of(now, found->second);
    if (route == nullptr || found->second.step + 1 >= route->steps.size())
        return;  // everybody there is told already
    const auto& next = route->steps[found->second.step + 1];
    auto record = about_letter(record_kind::page_escalated, now, found->first, found->second, {});
    record.paged->number = static_cast<std::uint32_t>(found->second.step + 1);
    record.outcome = "done";
    record.why = why + "; now told:";
    for (const auto& to : receivers_of(now, next))
        record.why += " " + to;
    now.note(std::move(record));
}

void letter_answered(const step& now, const page_answered& what)
{
    auto& book = now.known().pages;
    auto found = book.groups.find(what.group);
    if (found == book.groups.end())
        return;
    auto& group = found->second;
    auto to = group.to.find(what.receiver);
    if (to == group.to.end() || !to->second.in_flight || what.id != group.id + "-" + std::to_string(to->second.number + 1))
        return;
    const auto& one = to->second;
    auto kind = what.trouble ? record_kind::page_failed : record_kind::page_delivered;
    auto record = about_letter(kind, now, what.group, group, what.receiver);
    record.paged->verb = one.verb;
    record.paged->number = one.number + 1;
    record.outcome = what.trouble ? std::string{to_string(what.trouble->kind)} : "done";
    record.why = what.trouble ? what.trouble->detail : what.said;
    if (what.trouble) {
        record.flagged = is_refusal(what.trouble->kind);
        auto wait = record.flagged ? milliseconds{refused_again_after} : now.back_off(one.attempts);
        // Who says "at once" again and again is not asked, and noted in the ledger, every second.
        record.until = now.now + std::max(what.trouble->retry_after.value_or(wait), wait);
    }
    now.note(std::move(record));
}

void forget_letters_under_way(state& known)
{
    for (auto& [name, group] : known.pages.groups)
        for (auto& [receiver, one] : group.to)
            one.in_flight = false;
    known.pages.stirred = true;
}

}  // namespace halfmast
