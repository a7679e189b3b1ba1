// Raising, lowering, and what a raise would do.
#include <algorithm>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/listing.hpp"
#include "daemon/api/playbooks.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

document current(const call& asked, const crisis& flag)
{
    return crisis_message(asked.daemon.rules(), asked.daemon.known(), flag, asked.daemon.now());
}

// What is common to every account of a plan.
struct account_plan {
    std::size_t would_hold = 0;
    std::size_t leaves = 0;
    std::map<rung, std::size_t> rungs;
};

document plan_accounts(const call& asked, const raise_request& request, const std::vector<planned_act>& acts)
{
    std::map<account_id, account_plan> plans;
    for (const auto& [id, declared] : asked.daemon.rules().accounts)
        if (covers(request.over, request.drill, declared))
            plans.try_emplace(id);
    for (const auto& act : acts) {
        auto& there = plans[act.account];
        if (act.would_hold) {
            ++there.would_hold;
            ++there.rungs[act.by];
        } else {
            ++there.leaves;
        }
    }
    auto list = document::array();
    for (const auto& [id, there] : plans) {
        auto rungs = document::object();
        for (const auto& [kind, number] : there.rungs)
            rungs[std::string{to_string(kind)}] = number;
        auto quiet = asked.daemon.quiet_in(id, there.would_hold);
        auto not_ready = document::object();
        if (auto known = asked.daemon.known().accounts.find(id); known != asked.daemon.known().accounts.end())
            for (const auto& known_of : known->second.ready.abilities)
                if (known_of.of == ability::hold && known_of.by && known_of.now == standing::lost)
                    not_ready[std::string{to_string(*known_of.by)}] = known_of.detail;
        document one;
        one["id"] = id.value;
        one["would_hold"] = there.would_hold;
        one["leaves"] = there.leaves;
        one["rungs"] = std::move(rungs);
        one["not_ready"] = std::move(not_ready);
        one["quiet_in"] = quiet ? document(format_duration(*quiet)) : document(nullptr);
        list.push_back(std::move(one));
    }
    return list;
}

// halfmast.plan/1. A plan may name every post of every queue, so it is written in slices like the list. `look`: also at links and pins,
// which takes its time.
response write_plan(const call& asked, const raise_request& request, bool look)
{
    auto chosen = choose_playbook(asked.daemon.rules(), request.playbook);
    if (!chosen)
        co_return to_response(from_problem(chosen.error()));
    if (auto no = request.drill ? no_drill(asked.daemon.rules(), request.over) : std::nullopt)
        co_return to_response(from_refusal({refusal::cause::not_possible, std::move(*no)}));
    auto statements = asked.daemon.preview(request);
    if (!statements)
        co_return to_response(from_problem(statements.error()));
    if (look) {
        co_await ask_links(asked, *statements);
        co_await asked.daemon.look_at_pins(*statements);
    }

    auto executor = co_await asio::this_coro::executor;
    const auto& daemon = asked.daemon;
    auto acts = halfmast::plan(daemon.rules(), daemon.known(), **chosen, request.over, request.drill, daemon.now());
    document head;
    head["schema"] = "halfmast.plan/1";
    head["playbook"] = (*chosen)->name;
    head["severity"] = to_string(request.level.value_or((*chosen)->level));
    if (request.drill)
        head["drill"] = true;
    head["accounts"] = plan_accounts(asked, request, acts);
    auto said = document::array();
    for (const auto& shown : *statements)
        said.push_back(statement_member(shown));
    head["statements"] = std::move(said);

    auto text = dump(head);
    text.back() = ',';
    text += R"("posts":[)";
    std::size_t written = 0;
    for (const auto& act : acts) {
        if (written != 0 && written % slice == 0)
            co_await asio::post(executor, asio::use_awaitable);
        if (written++ != 0)
            text += ',';
        text += dump(planned_member(act));
    }
    text += "]}";
    net::server_response made{200, std::move(text)};
    co_return made;
}

}  // namespace

const crisis* find_crisis(const call& asked, const crisis_id& id)
{
    const auto& crises = asked.daemon.known().crises;
    auto found = crises.find(id);
    return found == crises.end() ? nullptr : &found->second;
}

trouble no_such_crisis(const call& asked, const std::string& id)
{
    text::nearest search{id};
    for (const auto& [other, flag] : asked.daemon.known().crises)
        search.offer(other.value);
    return not_found("there is no crisis '" + id + "'." + search.question());
}

crisis_id crisis_of(const call& asked) { return crisis_id{asked.parts[0]}; }

std::optional<trouble> refuse_crisis(const call& asked)
{
    if (find_crisis(asked, crisis_of(asked)) == nullptr)
        return no_such_crisis(asked, asked.parts[0]);
    return std::nullopt;
}

net::server_response answer_crisis(const call& asked, const answer& came, const crisis_id& about, std::string_view what, int status,
                                   std::uint32_t edition)
{
    if (came.refused)
        return to_response(from_refusal(*came.refused));
    if (!came.durable)
        return to_response(ledger_refused(what, came.ledger_error));
    const auto* flag = find_crisis(asked, about);
    if (flag == nullptr)
        return to_response(no_such_crisis(asked, about.value));
    auto message = current(asked, *flag);
    if (edition != 0)
        message["edition"] = edition;
    if (!came.waits.empty()) {
        message["waits_for_second"] = true;
        message["ask"] = came.waits;
        return json(202, message);
    }
    return json(status, message);
}

response raise(const call& asked)
{
    auto request = read_raise(asked.request.body, asked.by);
    if (!request)
        co_return to_response(bad_request(request.error().detail));
    auto came = co_await asked.daemon.raise(std::move(*request));
    if (came.refused)
        co_return to_response(from_refusal(*came.refused));
    const auto* flag = find_crisis(asked, came.crisis);
    if (flag == nullptr)
        co_return to_response(no_such_crisis(asked, came.crisis.value));
    auto message = current(asked, *flag);
    message["created"] = !came.repeated;
    // Holding never waits for the disk: the flag is up, and the answer says what it could not do.
    if (!came.durable)
        message["degraded"] = "the ledger cannot be written (" + came.ledger_error
            + "): the flag is up in memory and posts are being held; nothing will be published, pinned or released until it can be written";
    co_return json(came.repeated ? 200 : 201, message);
}

response preview(const call& asked)
{
    auto request = read_raise(asked.request.body, asked.by);
    if (!request)
        co_return to_response(bad_request(request.error().detail));
    co_return co_await write_plan(asked, *request, true);
}

response plan(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"playbook", "scope"}))
        co_return to_response(*wrong);
    raise_request request;
    request.by = asked.by;
    request.playbook = query(asked, "playbook");
    auto over = parse_scope(query(asked, "scope"));
    if (!over)
        co_return to_response(bad_request(over.error().detail));
    request.over = std::move(*over);
    co_return co_await write_plan(asked, request, false);
}

response show_crisis(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"brief"}))
        co_return to_response(*wrong);
    const auto* found = find_crisis(asked, crisis_id{asked.parts[0]});
    if (found == nullptr)
        co_return to_response(no_such_crisis(asked, asked.parts[0]));
    if (flag(asked, "brief"))
        co_return json(200, brief_crisis_message(asked.daemon.rules(), asked.daemon.known(), *found, asked.daemon.now()));
    co_return json(200, current(asked, *found));
}

response lower(const call& asked)
{
    auto wanted = read_lower(asked.request.body, asked.by);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    if (auto no = refuse_break_glass(asked, wanted->break_glass))
        co_return to_response(*no);
    wanted->crisis = id;
    auto came = co_await asked.daemon.lower(std::move(*wanted));
    co_return answer_crisis(asked, came, id, "lowering " + id.value);
}

}  // namespace halfmast::api::handlers
