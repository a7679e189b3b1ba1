// Pages: what is open and who has it in hand, taking one in hand, and a test of the receivers.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api {

namespace {

constexpr std::size_t most_causes = 100;  // of one group in a list; the count says how many there are

document text_or_none(const std::string& text) { return text.empty() ? document(nullptr) : document(text); }

document delivery_member(const std::string& name, const page_delivery& one)
{
    document made;
    made["receiver"] = name;
    made["state"] = one.in_flight ? "sending" : !one.trouble.empty() ? "failing" : one.number > 0 ? "told" : "waiting";
    made["letters"] = one.number;
    made["told_at"] = one.told_at == time_point{} ? document(nullptr) : document(format_utc(one.told_at));
    made["trouble"] = text_or_none(one.trouble);
    return made;
}

// The worst first; of the same level the one that stands first by name.
const open_page_state* worst_of(const page_book& book, const page_group& group)
{
    const open_page_state* worst = nullptr;
    for (const auto& key : group.pages)
        if (auto found = book.open.find(key);
            found != book.open.end() && (worst == nullptr || found->second.said.level > worst->said.level))
            worst = &found->second;
    return worst;
}

std::vector<std::pair<std::string, const page_group*>> by_level(const page_book& book)
{
    std::vector<std::pair<std::string, const page_group*>> all;
    for (const auto& [name, group] : book.groups)
        if (!group.pages.empty())
            all.emplace_back(name, &group);
    std::ranges::stable_sort(all, [](const auto& a, const auto& b) {
        return std::pair{a.second->level, b.second->since} > std::pair{b.second->level, a.second->since};
    });
    return all;
}

// Who has the duty of one rota, and from when on nobody would.
document duty_member(const state& known, const paging& rules, const std::string& rota, time_point now)
{
    auto told = receivers_on_duty(rules, known.duties, rota, now).value_or(std::vector<std::string>{});
    document one;
    one["rota"] = rota;
    one["told"] = told;
    auto filled = rules.calendars.find(rota);
    one["from"] = filled == rules.calendars.end() ? "turns" : "calendar";
    one["stands_in"] = false;
    one["next_gap"] = nullptr;
    one["read_at"] = nullptr;
    one["trouble"] = nullptr;
    if (filled == rules.calendars.end())
        return one;
    auto found = known.duties.find(rota);
    const auto roster = found == known.duties.end() ? duty_roster{} : found->second;
    one["stands_in"] = who_has_duty(roster, now).empty();
    auto gap = next_gap(roster, now);
    one["next_gap"] = {{"from", format_utc(gap.from)},
                       {"to", gap.to ? document(format_utc(*gap.to)) : document(nullptr)},
                       {"unknown", gap.unknown}};
    if (roster.read_at != time_point{})
        one["read_at"] = format_utc(roster.read_at);
    if (auto fault = fault_of(rota, filled->second, roster, now))
        one["trouble"] = fault->what;
    return one;
}

}  // namespace

document page_member(const state& known, const std::string& name, const page_group& group)
{
    const auto& book = known.pages;
    const auto* worst = worst_of(book, group);
    std::uint64_t count = 0;
    auto causes = document::array();
    for (const auto& key : group.pages) {
        auto found = book.open.find(key);
        if (found == book.open.end())
            continue;
        const auto& said = found->second.said;
        count += said.count;
        if (causes.size() < most_causes)
            causes.push_back({{"key", key},
                              {"severity", to_string(said.level)},
                              {"what", said.what},
                              {"count", said.count},
                              {"since", format_utc(found->second.since)}});
    }
    document one;
    one["key"] = name;
    if (is_drill_group(name))
        one["drill"] = true;
    one["severity"] = to_string(group.level);
    one["what"] = worst == nullptr ? std::string{} : worst->said.what;
    one["todo"] = worst == nullptr ? document(nullptr) : text_or_none(worst->said.todo);
    one["link"] = worst == nullptr ? document(nullptr) : text_or_none(worst->said.link);
    one["count"] = count;
    one["crisis"] = text_or_none(group.crisis.value);
    one["since"] = format_utc(group.since);
    one["acknowledged_by"] = text_or_none(group.acknowledged_by.value);
    one["acknowledged_at"] = group.acknowledged_by.empty() ? document(nullptr) : document(format_utc(group.acknowledged_at));
    one["escalated"] = group.step;
    one["causes"] = std::move(causes);
    auto told = document::array();
    for (const auto& [receiver, delivery] : group.to)
        told.push_back(delivery_member(receiver, delivery));
    one["receivers"] = std::move(told);
    return one;
}

document duty_members(const state& known, const paging& rules, time_point now)
{
    auto all = document::array();
    for (const auto& rota : rules.rotas)
        all.push_back(duty_member(known, rules, rota, now));
    return all;
}

document pages_message(const state& known, const paging& rules, time_point now)
{
    auto pages = document::array();
    for (const auto& [name, group] : by_level(known.pages))
        pages.push_back(page_member(known, name, *group));
    document message;
    message["schema"] = "halfmast.pages/1";
    message["pages"] = std::move(pages);
    message["duty"] = duty_members(known, rules, now);
    return message;
}

document unanswered_pages(const state& known)
{
    auto pages = document::array();
    for (const auto& [name, group] : by_level(known.pages)) {
        if (!group->acknowledged_by.empty())
            continue;
        const auto* worst = worst_of(known.pages, *group);
        document one{{"key", name},
                     {"severity", to_string(group->level)},
                     {"what", worst == nullptr ? std::string{} : worst->said.what},
                     {"since", format_utc(group->since)}};
        if (is_drill_group(name))
            one["drill"] = true;
        pages.push_back(std::move(one));
    }
    return pages;
}

document page_tests_message(const std::vector<receiver_report>& reports)
{
    auto receivers = document::array();
    bool ok = true;
    for (const auto& report : reports) {
        receivers.push_back({{"name", report.name}, {"kind", report.kind}, {"ok", report.ok}, {"said", report.said}});
        ok = ok && report.ok;
    }
    document message;
    message["schema"] = "halfmast.page-tests/1";
    message["ok"] = ok;
    message["receivers"] = std::move(receivers);
    return message;
}

namespace handlers {

response list_pages(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    co_return json(200, pages_message(asked.daemon.known(), asked.daemon.rules().pages, asked.daemon.now()));
}

response acknowledge_page(const call& asked)
{
    auto wanted = read_acknowledge(asked.request.body);
    if (!wanted)
        co_return to_response(bad_request(wanted.error().detail));
    auto name = wanted->page;
    event happened = page_acknowledged{std::move(wanted->page), asked.by, std::move(wanted->why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    const auto& book = asked.daemon.known().pages;
    if (came.refused) {
        auto refused = from_refusal(*came.refused);
        text::nearest search{name};
        for (const auto& [key, group] : book.groups)
            search.offer(key);
        refused.detail += search.question();
        co_return to_response(refused);
    }
    document message;
    message["schema"] = "halfmast.page/1";
    message["created"] = !came.repeated;  // false: somebody had it in hand already
    // Nobody else is woken for it from here on, and that it is on record can wait.
    if (!came.durable)
        message["degraded"] = "the ledger cannot be written (" + came.ledger_error
                              + "): nobody else is called; a restart before it can be written would forget who has it in hand";
    auto open = book.open.find(name);
    auto found = book.groups.find(open == book.open.end() ? name : open->second.group);
    // What only a word could end is over by it.
    message["page"] = found == book.groups.end() || found->second.pages.empty()
                          ? document(nullptr)
                          : page_member(asked.daemon.known(), found->first, found->second);
    co_return json(200, message);
}

response test_pages(const call& asked)
{
    auto reports = co_await asked.daemon.test_pages();
    co_return json(200, page_tests_message(reports));
}

}  // namespace handlers

}  // namespace halfmast::api
