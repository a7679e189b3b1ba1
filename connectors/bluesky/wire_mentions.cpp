#include "connectors/bluesky/wire_mentions.hpp"

#include <algorithm>
#include <array>

#include "connectors/bluesky/wire_json.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::bluesky::wire {

namespace {

constexpr auto spoken = std::to_array<std::string_view>({"mention", "reply", "quote"});

std::optional<mention> said_in(const std::string& did, const json& element, const record_ref& ref, time_point at)
{
    const auto& author = member(element, "author");
    const auto& record = member(element, "record");
    auto author_did = text_at(author, "did");
    // Also where the server is asked for these reasons alone: an older one gives likes and follows too.
    if (std::ranges::find(spoken, text_at(element, "reason")) == spoken.end() || author_did == did || !record.is_object())
        return std::nullopt;
    mention made;
    made.id = id_of(did, ref);
    made.at = at;
    made.text = text_at(record, "text");
    if (const auto& languages = list(record, "langs"); !languages.empty() && languages.front().is_string())
        made.language = languages.front().get<std::string>();
    made.by = text_at(author, "handle");
    made.url = url_of(author_did, ref.uri);
    const auto& parent = member(member(record, "reply"), "parent");
    if (record_ref above{text_at(parent, "uri"), text_at(parent, "cid")}; !above.uri.empty())
        made.in_reply_to = id_of(did, above);
    return made;
}

}  // namespace

http_request notifications(const settings& own, const std::string& cursor)
{
    http_request made{"GET", own.url + "/xrpc/app.bsky.notification.listNotifications?limit=100&priority=false"};
    for (auto reason : spoken)
        made.url += "&reasons=" + std::string{reason};
    if (!cursor.empty())
        made.url += "&cursor=" + net::percent_encode(cursor);
    made.headers.emplace_back("Accept", "application/json");
    made.looks = true;
    return made;
}

result<page<notice>> read_notifications(const settings& own, const std::string& did, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read mentions";
    if (auto wrong = trouble(own, what, reply, now))
        return *wrong;
    auto body = parse(reply.body);
    if (!member(body, "notifications").is_array())
        return problem{failure::bad_reply, own.name() + ": " + std::string{what} + ": the answer is no list of notifications", {}};
    page<notice> made;
    for (const auto& element : list(body, "notifications")) {
        record_ref ref{text_at(element, "uri"), text_at(element, "cid")};
        auto at = time_at(element, "indexedAt");
        // Without both it cannot be told from what was given already.
        if (ref.uri.starts_with("at://") && at)
            made.items.push_back({ref.uri, *at, said_in(did, element, ref, *at)});
    }
    made.next = text_at(body, "cursor");
    return made;
}

}  // namespace halfmast::bluesky::wire
