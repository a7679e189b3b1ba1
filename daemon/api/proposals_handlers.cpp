// Proposals: what signals say may be the beginning of a crisis, with its evidence, and a person's word on it.
#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api {

namespace {

document said_or_null(const std::string& text) { return text.empty() ? document(nullptr) : document(text); }
document decided_or_null(time_point at) { return at == time_point{} ? document(nullptr) : document(format_utc(at)); }

// The worst first; of the same severity the one that has waited longest.
std::vector<const proposal*> sorted_proposals(const proposal_book& book, bool all)
{
    std::vector<const proposal*> listed;
    for (const auto& [number, one] : book.all)
        if (all || one.now == proposal_state::open)
            listed.push_back(&one);
    std::ranges::stable_sort(listed, [](const auto* a, const auto* b) {
        return std::tuple{a->now, b->level, a->made_at} < std::tuple{b->now, a->level, b->made_at};
    });
    return listed;
}

}  // namespace

document proposal_member(const proposal& said)
{
    document one;
    one["id"] = said.id;
    one["state"] = to_string(said.now);
    one["what"] = said.what;
    one["playbook"] = said.playbook;
    one["severity"] = to_string(said.level);
    one["scope"] = document::object();
    for (const auto& [name, wanted] : said.over)
        one["scope"][name] = wanted;
    one["sources"] = said.sources;
    one["evidence"] = said.evidence;
    one["link"] = said_or_null(said.link);
    one["signals"] = said.count + said.unnoted;
    one["made_at"] = format_utc(said.made_at);
    one["heard_at"] = format_utc(said.heard_at);
    one["decided_at"] = decided_or_null(said.decided_at);
    one["decided_by"] = said_or_null(said.by.value);
    one["reason"] = said_or_null(said.why);
    one["crisis"] = said_or_null(said.crisis.value);
    return one;
}

document proposals_message(const state& known, bool all)
{
    document message;
    message["schema"] = "halfmast.proposals/1";
    message["proposals"] = document::array();
    for (const auto* one : sorted_proposals(known.proposals, all))
        message["proposals"].push_back(proposal_member(*one));
    return message;
}

document open_proposals(const state& known)
{
    auto open = document::array();
    for (const auto* one : sorted_proposals(known.proposals, false))
        open.push_back({{"id", one->id},
                        {"severity", to_string(one->level)},
                        {"playbook", one->playbook},
                        {"what", one->what},
                        {"made_at", format_utc(one->made_at)}});
    return open;
}

namespace handlers {

namespace {

// A refusal, with the id that was probably meant.
net::server_response refuse_proposal(const call& asked, const refusal& no)
{
    auto refused = from_refusal(no);
    if (no.kind == refusal::cause::unknown_target) {
        text::nearest search{asked.parts[0]};
        for (const auto& [number, one] : asked.daemon.known().proposals.all)
            search.offer(one.id);
        refused.detail += search.question();
    }
    return to_response(refused);
}

}  // namespace

response list_proposals(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"all"}))
        co_return to_response(*wrong);
    co_return json(200, proposals_message(asked.daemon.known(), flag(asked, "all")));
}

response accept_proposal(const call& asked)
{
    auto request = read_accept(asked.request.body, asked.by);
    if (!request)
        co_return to_response(bad_request(request.error().detail));
    auto name = asked.parts[0];
    auto came = co_await asked.daemon.accept_proposal(std::move(name), std::move(*request));
    if (came.refused)
        co_return refuse_proposal(asked, *came.refused);
    auto flag = asked.daemon.known().crises.find(came.crisis);
    if (flag == asked.daemon.known().crises.end())
        co_return to_response(not_found("there is no crisis '" + came.crisis.value + "'"));
    auto message = crisis_message(asked.daemon.rules(), asked.daemon.known(), flag->second, asked.daemon.now());
    message["created"] = !came.repeated;
    message["proposal"] = asked.parts[0];
    if (!came.durable)
        message["degraded"] = "the ledger cannot be written (" + came.ledger_error
            + "): the flag is up in memory and posts are being held; nothing will be published, pinned or released until it can be "
              "written";
    co_return json(came.repeated ? 200 : 201, message);
}

response dismiss_proposal(const call& asked)
{
    auto why = read_reason(asked.request.body);
    if (!why)
        co_return to_response(bad_request(why.error().detail));
    proposal_decided what;
    what.proposal = asked.parts[0];
    what.verdict = proposal_verdict::dismiss;
    what.by = asked.by;
    what.why = std::move(*why);
    event happened{std::move(what)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    if (came.refused)
        co_return refuse_proposal(asked, *came.refused);
    if (!came.durable)
        co_return to_response(ledger_refused("dismissing " + asked.parts[0], came.ledger_error));
    document message;
    message["schema"] = "halfmast.proposal/1";
    message["created"] = !came.repeated;  // false: it was dismissed already
    const auto* said = find_proposal(asked.daemon.known().proposals, asked.parts[0]);
    message["proposal"] = said == nullptr ? document(nullptr) : proposal_member(*said);
    co_return json(200, message);
}

response metrics(const call& asked)
{
    net::server_response made{200, asked.daemon.metrics()};
    made.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return made;
}

}  // namespace handlers

}  // namespace halfmast::api
