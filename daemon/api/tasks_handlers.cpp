// What only a person can do: the list, and a person's word that it is done.
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

const task* find_task(const call& asked, const std::string& id)
{
    const auto& tasks = asked.daemon.known().tasks;
    auto found = tasks.find(id);
    return found == tasks.end() ? nullptr : &found->second;
}

trouble no_such_task(const call& asked, const std::string& id)
{
    text::nearest search{id};
    for (const auto& [other, one] : asked.daemon.known().tasks)
        search.offer(other);
    return not_found("there is no task '" + id + "'." + search.question());
}

}  // namespace

response list_tasks(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"all"}))
        co_return to_response(*wrong);
    co_return json(200, tasks_message(asked.daemon.known(), flag(asked, "all")));
}

response finish_task(const call& asked)
{
    auto why = read_reason(asked.request.body);
    if (!why)
        co_return to_response(bad_request(why.error().detail));
    const auto& id = asked.parts[0];
    if (find_task(asked, id) == nullptr)
        co_return to_response(no_such_task(asked, id));
    event happened = task_done{id, asked.by, std::move(*why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    if (came.refused)
        co_return to_response(from_refusal(*came.refused));
    if (!came.durable)
        co_return to_response(ledger_refused("task " + id, came.ledger_error));
    const auto* one = find_task(asked, id);
    if (one == nullptr)
        co_return to_response(no_such_task(asked, id));
    document message;
    message["schema"] = "halfmast.task/1";
    message["task"] = task_member(*one);
    co_return json(200, message);
}

}  // namespace halfmast::api::handlers
