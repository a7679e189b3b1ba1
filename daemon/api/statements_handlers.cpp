// What is said in a crisis: asking for a statement, looking at it first, taking it back, approving it, and who leads.
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::api::handlers {

namespace {

// The number of the newest edition; 0: there is none.
std::uint32_t newest(const crisis& flag) { return flag.editions.empty() ? 0 : flag.editions.back().number; }

// The newest one that waits for a word, else the newest.
std::uint32_t waiting(const crisis& flag)
{
    for (auto one = flag.editions.rbegin(); one != flag.editions.rend(); ++one)
        if (!one->approved && !one->undone)
            return one->number;
    return newest(flag);
}

// The newest one that was not taken back.
std::uint32_t not_undone(const crisis& flag)
{
    for (auto one = flag.editions.rbegin(); one != flag.editions.rend(); ++one)
        if (!one->undone)
            return one->number;
    return 0;
}

// Which one it became, or was. Another one may have been asked for since.
std::uint32_t edition_in(const answer& came)
{
    std::uint32_t number = 0;
    for (char digit : came.made)
        number = digit >= '0' && digit <= '9' ? number * 10 + static_cast<std::uint32_t>(digit - '0') : 0;
    return number;
}

}  // namespace

asio::awaitable<void> ask_links(const call& asked, std::vector<statement_preview>& statements)
{
    std::vector<std::string> urls;
    std::set<std::string> seen;
    for (const auto& one : statements)
        for (auto& url : text::links_in(one.text))
            if (seen.insert(url).second)
                urls.push_back(std::move(url));
    if (urls.empty())
        co_return;
    auto reports = co_await asked.daemon.check_links(std::move(urls));
    for (auto& one : statements)
        for (const auto& url : text::links_in(one.text))
            for (const auto& report : reports)
                if (report.url == url)
                    one.links.push_back(report);
}

response say(const call& asked)
{
    auto wanted = read_say(asked.request.body, asked.by);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    if (auto no = refuse_break_glass(asked, wanted->break_glass))
        co_return to_response(*no);
    wanted->crisis = id;
    auto came = co_await asked.daemon.say(std::move(*wanted));
    co_return answer_crisis(asked, came, id, "a statement of " + id.value, 202, edition_in(came));
}

response preview_statement(const call& asked)
{
    auto wanted = read_say(asked.request.body, asked.by);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    wanted->crisis = id;
    auto statements = asked.daemon.preview(*wanted);
    if (!statements)
        co_return to_response(from_problem(statements.error()));
    co_await ask_links(asked, *statements);
    co_return json(200, statements_message(*statements));
}

response undo(const call& asked)
{
    auto wanted = read_undo(asked.request.body);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    const auto* flag = find_crisis(asked, id);
    auto number = not_undone(*flag);
    if (wanted->edition != 0 && wanted->edition != number) {
        trouble other{409, 9, "wrong-state", "It is not in a state in which this can be asked",
                      "edition " + std::to_string(wanted->edition) + " of " + id.value
                          + " is not the newest any more: that is edition " + std::to_string(number) + "; nothing was taken back"};
        co_return to_response(other);
    }
    event happened = statement_undone{id, asked.by, std::move(wanted->why), wanted->edition};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_crisis(asked, came, id, "taking back what " + id.value + " was to say", 200, edition_in(came));
}

response approve(const call& asked)
{
    auto wanted = read_approve(asked.request.body);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    const auto* flag = find_crisis(asked, id);
    if (auto no = refuse_break_glass(asked, wanted->break_glass))
        co_return to_response(*no);
    auto number = wanted->edition != 0 ? wanted->edition : waiting(*flag);
    event happened = summary_approved{id, asked.by, std::move(wanted->break_glass), wanted->edition};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_crisis(asked, came, id, "approving what " + id.value + " is to say", 200, number);
}

response change_owner(const call& asked)
{
    auto wanted = read_owner(asked.request.body);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    event happened = owner_changed{id, asked.by, std::move(wanted->owner), std::move(wanted->why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_crisis(asked, came, id, "handing over " + id.value);
}

}  // namespace halfmast::api::handlers
