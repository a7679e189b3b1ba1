// Answers to single people: asking for one, a second person's word, and dropping it.
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

const reply* find_reply(const call& asked, const std::string& id)
{
    const auto& replies = asked.daemon.known().replies;
    auto found = replies.find(id);
    return found == replies.end() ? nullptr : &found->second;
}

trouble no_such_reply(const call& asked, const std::string& id)
{
    text::nearest search{id};
    for (const auto& [other, one] : asked.daemon.known().replies)
        search.offer(other);
    return not_found("there is no reply '" + id + "'." + search.question());
}

// What stops a request about the reply that its path names.
std::optional<trouble> refuse_reply(const call& asked, const result<std::string>& why)
{
    if (!why)
        return bad_request(why.error().detail);
    if (find_reply(asked, asked.parts[0]) == nullptr)
        return no_such_reply(asked, asked.parts[0]);
    return std::nullopt;
}

net::server_response answer_reply(const call& asked, const answer& came, const std::string& id, std::string_view what, int status)
{
    if (came.refused)
        return to_response(from_refusal(*came.refused));
    if (!came.durable)
        return to_response(ledger_refused(what, came.ledger_error));
    const auto* one = find_reply(asked, id);
    if (one == nullptr)
        return to_response(no_such_reply(asked, id));
    document message;
    message["schema"] = "halfmast.reply/1";
    message["reply"] = reply_member(*one);
    return json(status, message);
}

}  // namespace

response ask_reply(const call& asked)
{
    auto wanted = read_reply(asked.request.body, asked.by);
    if (auto no = refuse_crisis(asked, wanted))
        co_return to_response(*no);
    auto id = crisis_of(asked);
    wanted->crisis = id;
    auto came = co_await asked.daemon.reply(std::move(*wanted));
    co_return answer_reply(asked, came, came.made, "the reply", 202);
}

response list_replies(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    if (auto no = refuse_crisis(asked))
        co_return to_response(*no);
    co_return json(200, replies_message(asked.daemon.known(), crisis_of(asked)));
}

response approve_reply(const call& asked)
{
    auto why = read_reason(asked.request.body);
    const auto& id = asked.parts[0];
    if (auto no = refuse_reply(asked, why))
        co_return to_response(*no);
    event happened = reply_approved{id, asked.by};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_reply(asked, came, id, "approving " + id, 200);
}

response drop_reply(const call& asked)
{
    auto why = read_reason(asked.request.body);
    const auto& id = asked.parts[0];
    if (auto no = refuse_reply(asked, why))
        co_return to_response(*no);
    event happened = reply_dropped{id, asked.by, std::move(*why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_reply(asked, came, id, "dropping " + id, 200);
}

}  // namespace halfmast::api::handlers
