// Posts: list, show, explain, and what a person decides about one.
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/listing.hpp"
#include "daemon/api/marks.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

constexpr int most_history = 1000;

account_id account_of(const call& asked) { return account_id{asked.parts[0]}; }
post_id post_of(const call& asked) { return post_id{asked.parts[1]}; }

std::optional<listed_post> find(const call& asked) { return find_post(asked.daemon.known(), account_of(asked), post_of(asked)); }

// What the person may have meant; only asked when there is trouble already, for it looks at every id of the account.
std::string suggestion(const call& asked)
{
    const auto& accounts = asked.daemon.known().accounts;
    auto found = accounts.find(account_of(asked));
    if (found == accounts.end()) {
        text::nearest search{asked.parts[0]};
        for (const auto& [id, there] : accounts)
            search.offer(id.value);
        return search.found() ? " Did you mean '" + *search.found() + "/" + asked.parts[1] + "'?" : std::string{};
    }
    if (find(asked))
        return {};  // it is there: what is wrong is something else
    text::nearest search{asked.parts[1]};
    for (const auto& [id, one] : found->second.holds)
        search.offer(id.value);
    for (const auto& [id, seen] : found->second.queue)
        search.offer(id.value);
    return search.found() ? " Did you mean '" + asked.parts[0] + "/" + *search.found() + "'?" : std::string{};
}

trouble no_such_post(const call& asked)
{
    if (!asked.daemon.rules().accounts.contains(account_of(asked)) && !asked.daemon.known().accounts.contains(account_of(asked)))
        return not_found("there is no account '" + asked.parts[0] + "'." + suggestion(asked));
    return not_found("there is no post '" + asked.parts[0] + "/" + asked.parts[1] + "' in the queue or in a hold."
                     + suggestion(asked));
}

document post_message(const call& asked, const listed_post& listed)
{
    document message;
    message["schema"] = "halfmast.post/1";
    message["post"] = post_member(listed, asked.daemon.rules());
    return message;
}

// The platform's own answer goes in as it came: parsing and printing it again would change its numbers.
std::string with_original(document message, const std::string* raw)
{
    constexpr std::string_view place = "\"original\":null";
    auto& post = message["post"];
    if (raw != nullptr && !nlohmann::json::accept(*raw)) {
        post["original"] = *raw;
        return dump(message);
    }
    // The last member of the document, so that its place is at the end whatever stands in the post's text.
    post["original"] = nullptr;
    auto text = dump(message);
    if (raw != nullptr)
        text.replace(text.rfind(place), place.size(), "\"original\":" + *raw);
    return text;
}

}  // namespace

net::server_response answer_post(const call& asked, const answer& came, const char* doing, bool needs_ledger)
{
    if (came.refused) {
        auto refused = from_refusal(*came.refused);
        if (came.refused->kind == refusal::cause::unknown_target)
            refused.detail += (refused.detail.ends_with('.') ? "" : ".") + suggestion(asked);
        if (auto listed = find(asked); listed && came.refused->kind == refusal::cause::changed)
            refused.more["etag"] =
                dump(document(mark_of(*listed)));  // sent back as "seen", it says that the difference was looked at
        return to_response(refused);
    }
    if (!came.durable && needs_ledger)
        return to_response(ledger_refused(std::string{doing} + " " + asked.parts[0] + "/" + asked.parts[1], came.ledger_error));
    auto listed = find(asked);
    if (!listed)
        return to_response(no_such_post(asked));
    auto message = post_message(asked, *listed);
    if (!came.waits.empty()) {
        message["waits_for_second"] = true;
        message["ask"] = came.waits;
    }
    if (!came.durable)
        message["degraded"] = "the ledger cannot be written (" + came.ledger_error + "): the post is being held all the same";
    return json(202, message);
}

response list(const call& asked)
{
    auto request = read_list_request(asked.request.query, asked.daemon.known());
    if (!request)
        co_return to_response(bad_request(request.error().detail));
    auto page = list_posts(asked.daemon.known(), request->wanted, request->page);
    auto text = co_await write_posts(asked.daemon, page);
    net::server_response made{200, std::move(text)};
    co_return made;
}

response show_post(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"brief"}))
        co_return to_response(*wrong);
    auto listed = find(asked);
    if (!listed)
        co_return to_response(no_such_post(asked));
    if (flag(asked, "brief"))
        co_return json(200, post_message(asked, *listed));

    auto account = listed->account;
    auto id = listed->id;
    auto raw = co_await asked.daemon.original(account, id);
    auto target = display_id(account, id);
    auto entries = co_await asked.daemon.history(std::move(target), 0, most_history);

    listed = find_post(asked.daemon.known(), account, id);  // the state may have moved on meanwhile
    if (!listed)
        co_return to_response(no_such_post(asked));
    auto message = post_message(asked, *listed);
    auto history = document::array();
    if (entries)
        for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry)
            history.push_back(history_member(*entry));
    else
        message["degraded"] = "the history cannot be read: " + entries.error().detail;
    message["post"]["history"] = std::move(history);
    auto text = with_original(std::move(message), raw.get());
    net::server_response made{200, std::move(text)};
    co_return made;
}

response why(const call& asked)
{
    auto listed = find(asked);
    if (!listed)
        co_return to_response(no_such_post(asked));
    co_return json(200, why_message(*listed));
}

response hold(const call& asked)
{
    auto reason = read_reason(asked.request.body);
    if (!reason)
        co_return to_response(bad_request(reason.error().detail));
    event happened = hold_requested{account_of(asked), post_of(asked), asked.by, std::move(*reason)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_post(asked, came, "holding", false);
}

response keep(const call& asked)
{
    auto wanted = read_keep(asked.request.body);
    if (!wanted)
        co_return to_response(bad_request(wanted.error().detail));
    event happened = keep_requested{account_of(asked), post_of(asked), asked.by, std::move(wanted->why), wanted->as};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_post(asked, came, "keeping", true);
}

}  // namespace halfmast::api::handlers
