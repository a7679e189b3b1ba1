// The room's entry, and the queue: list, hold, read, release.
#include "connectors/rest/connector.hpp"

#include <algorithm>
#include <map>

#include "connectors/rest/capabilities.hpp"
#include "daemon/net/http_date.hpp"
#include "connectors/rest/oauth.hpp"
#include "daemon/net/oauth_http.hpp"
#include "daemon/text/respell.hpp"

namespace halfmast::rest {

namespace {

void declare(const connector_settings& own, account& where) { declare_by(*static_cast<const settings&>(own).what, where); }

connection connect(std::shared_ptr<const connector_settings> given, http_port& http, vault_port& vault)
{
    auto own = std::static_pointer_cast<const settings>(std::move(given));
    std::shared_ptr<net::oauth_http> behind;
    if (own->what->auth == auth_kind::oauth2)
        behind = std::make_shared<net::oauth_http>(oauth_of(*own), http, vault);
    auto made = std::make_shared<connector>(own, behind ? static_cast<http_port&>(*behind) : http, behind);
    connection to;
    to.queue = made;
    to.checks = made;
    if (own->what->publish)
        to.pins = made;
    if (!own->what->feeds.empty())
        to.feed = made;
    if (own->what->mentions)
        to.mentions = made;
    return to;
}

post_id id_of(const post_id& remote, const post_id& post) { return remote.empty() ? post : remote; }

}  // namespace

connector_room room() { return {"rest", &parse, &declare, &connect, {"any HTTP API", nullptr, describable, absences}}; }

std::string connector::kind_of(const post_ptr& snapshot) const
{
    return snapshot && !snapshot->kind.empty() ? snapshot->kind : what().lists.front().kind;
}

// One call. Whatever is not 2xx is a problem, and what a rule of [errors] says is one too.
asio::awaitable<result<http_response>> connector::send(http_request request, std::string doing)
{
    auto reply = co_await http_.fetch(std::move(request));
    if (!reply)
        co_return reply;
    if (auto theirs = net::parse_http_date(find_header(reply->headers, "Date")))
        ahead_ = *theirs - std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    if (auto refused = wire::refusal(*own_, doing, *reply))
        co_return *refused;
    co_return reply;
}

// `ask` belongs to the description.
asio::awaitable<result<http_response>> connector::tell(const call* ask, filling with, std::string doing, bool publishes)
{
    auto request = wire::request_of(*own_, *ask, with, doing);
    if (!request)
        co_return request.error();
    request->publishes = publishes;
    auto reply = co_await send(std::move(*request), doing);
    co_return reply;
}

// A list over all its pages; everything on it, whatever its state.
asio::awaitable<result<std::vector<nlohmann::json>>> connector::read_all(const listing* from, filling with, std::string doing,
                                                                         bool looks)
{
    auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    with.times["from"] = now - from->back;
    with.times["to"] = now + from->ahead;
    std::vector<nlohmann::json> all;
    pager next{from->pages};
    for (;;) {
        auto request = wire::page_request(*own_, *from, next, with, doing);
        if (!request)
            co_return request.error();
        request->looks = looks;
        auto reply = co_await send(std::move(*request), doing);
        if (!reply)
            co_return reply.error();
        auto page = wire::read_page(*own_, *from, doing, *reply);
        if (!page)
            co_return page.error();
        std::vector<std::size_t> fresh;
        auto told = next.take(page->facts, fresh);
        if (told == pager::answer::stuck)
            co_return wire::trouble(*own_, failure::bad_reply, doing,
                                    "the pages of the list do not fit together; see [paging] in its description");
        if (told == pager::answer::again) {
            all.clear();
            continue;
        }
        for (auto index : fresh)
            all.push_back(std::move(page->items[index]));
        if (told == pager::answer::done)
            co_return all;
    }
}

asio::awaitable<result<std::vector<scheduled_post>>> connector::list()
{
    std::vector<scheduled_post> posts;
    for (const auto& from : what().lists) {
        auto with = wire::fill_common(*own_, from.kind);
        auto items = co_await read_all(&from, std::move(with), "list the scheduled posts");
        if (!items)
            co_return items.error();
        for (const auto& item : *items) {
            auto post = wire::read_post(*own_, from.kind, item);
            if (!post)
                co_return post.error();
            if (*post)
                posts.push_back(std::move(**post));
        }
    }
    co_return posts;
}

asio::awaitable<result<kept_bytes>> connector::save(save_post)
{
    co_return wire::trouble(*own_, failure::unsupported, "store a post",
                            "nothing is ever taken out by a description; the post stays at the platform");
}

asio::awaitable<result<wire::standing>> connector::look(std::string kind, post_id id, std::string doing)
{
    if (what().read_from_list) {
        auto all = co_await look_at_list(doing);
        if (!all)
            co_return all.error();
        for (auto& one : *all)
            if (one.id == id)
                co_return std::move(one);
        co_return wire::trouble(*own_, failure::not_found, doing, "the list does not show it");
    }
    auto with = wire::fill_common(*own_, kind);
    with.texts["id"] = id.value;
    auto reply = co_await tell(&*what().read_one, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    auto now = wire::read_standing(*own_, kind, *what().read_one, doing, *reply);
    if (now && now->id != id)
        co_return wire::trouble(*own_, failure::bad_reply, doing,
                                "the answer is about another post, " + now->id.value.substr(0, 80));
    co_return now;
}

asio::awaitable<result<std::vector<wire::standing>>> connector::look_at_list(std::string doing)
{
    std::vector<wire::standing> all;
    for (const auto& from : what().lists) {
        auto with = wire::fill_common(*own_, from.kind);
        auto items = co_await read_all(&from, std::move(with), doing);
        if (!items)
            co_return items.error();
        for (const auto& item : *items) {
            auto now = wire::read_standing(*own_, from.kind, item, doing);
            if (!now)
                co_return now.error();
            all.push_back(std::move(*now));
        }
    }
    co_return all;
}

asio::awaitable<result<std::vector<wire::standing>>> connector::look_at_many(std::string kind, std::vector<post_id> ids)
{
    std::vector<wire::standing> found;
    const auto doing = "read back " + std::to_string(ids.size()) + " posts";
    auto missing = ids;
    while (what().read_many && !ids.empty()) {
        auto count = std::min(ids.size(), static_cast<std::size_t>(what().most_read));
        std::string some;
        for (std::size_t i = 0; i < count; ++i)
            some += (some.empty() ? "" : ",") + ids[ids.size() - 1 - i].value;
        ids.resize(ids.size() - count);
        auto with = wire::fill_common(*own_, kind);
        with.texts["ids"] = some;
        auto reply = co_await tell(&*what().read_many, std::move(with), doing, false);
        if (!reply)
            co_return reply.error();
        auto seen = wire::read_standings(*own_, kind, *what().read_many, doing, *reply);
        if (!seen)
            co_return seen.error();
        std::ranges::move(*seen, std::back_inserter(found));
    }
    // A list leaves out what is gone and what this credential may not see. Only the post itself tells which.
    std::erase_if(missing, [&](const auto& id) { return std::ranges::find(found, id, &wire::standing::id) != found.end(); });
    for (const auto& id : missing) {
        auto one = co_await look(kind, id, doing);
        if (one) {
            found.push_back(std::move(*one));
        } else if (one.error().kind == failure::not_found) {
            wire::standing gone;
            gone.id = id;
            found.push_back(std::move(gone));
        } else if (one.error().kind != failure::forbidden) {
            co_return one.error();
        }
    }
    co_return found;
}

asio::awaitable<result<std::vector<post_reading>>> connector::read(read_posts call)
{
    std::map<post_id, wire::standing> found;
    std::map<std::string, std::vector<post_id>> by_kind;
    for (const auto& wanted : call.wanted)
        by_kind[kind_of(wanted.snapshot)].push_back(id_of(wanted.remote, wanted.post));
    if (what().read_from_list) {
        auto all = co_await look_at_list("read back " + std::to_string(call.wanted.size()) + " posts");
        if (!all)
            co_return all.error();
        for (auto& one : *all)
            found[one.id] = std::move(one);
        for (const auto& wanted : call.wanted)
            found.try_emplace(id_of(wanted.remote, wanted.post));  // absent
        by_kind.clear();
    }
    for (const auto& [kind, ids] : by_kind) {
        auto some = co_await look_at_many(kind, ids);
        if (!some)
            co_return some.error();
        for (auto& one : *some)
            found[one.id] = std::move(one);
    }
    // A list that leaves the words out.
    for (const auto& wanted : call.wanted) {
        auto seen = found.find(id_of(wanted.remote, wanted.post));
        if (!wanted.with_text || !what().read_one || seen == found.end() || seen->second.text
            || seen->second.where == whereabouts::absent)
            continue;
        auto kind = kind_of(wanted.snapshot);
        auto one = co_await look(kind, seen->first, "read back a post with its text");
        if (one)
            seen->second = std::move(*one);
    }
    std::vector<post_reading> readings;
    for (const auto& wanted : call.wanted) {
        auto seen = found.find(id_of(wanted.remote, wanted.post));
        if (seen == found.end())
            continue;  // not ours to see: left open, never called held
        const auto& now = seen->second;
        post_reading reading{wanted.post,
                             now.where,
                             {},
                             now.version,
                             now.where == whereabouts::published && !now.link.empty() ? now.link : now.page};
        if (now.where != whereabouts::absent)
            reading.due = now.due;
        reading.text = now.text;
        readings.push_back(std::move(reading));
    }
    co_return readings;
}

asio::awaitable<result<receipt>> connector::hold(hold_post call)
{
    auto id = id_of(call.remote, call.post);
    auto kind = kind_of(call.snapshot);
    auto doing = "hold " + id.value;
    auto by = std::ranges::find(what().holds, call.by, [](const auto& one) { return one.offer.kind; });
    if (by == what().holds.end())
        co_return wire::trouble(*own_, failure::unsupported, doing,
                                "its description has no rung " + std::string{to_string(call.by)});
    // Few platforms have a conditional write, so look first: holding a public post could hide it.
    auto now = co_await look(kind, id, doing);
    if (!now)
        co_return now.error();
    if (now->where == whereabouts::published)
        co_return wire::trouble(*own_, failure::not_found, doing, "it is public already, " + now->link);
    if (now->where == whereabouts::absent)
        co_return wire::trouble(*own_, failure::not_found, doing, "it is '" + now->state + "' there");
    receipt done{id, now->page};
    auto postponed = [&](const wire::standing& one) {
        return one.where == whereabouts::queued && one.due + what().precision > call.until;
    };
    bool stopped = call.by == rung::postpone ? postponed(*now) : now->where == whereabouts::parked;
    if (stopped || now->where == whereabouts::parked)
        co_return done;  // it does not go out by itself
    auto with = wire::fill_common(*own_, kind);
    with.texts["id"] = id.value;
    with.times["until"] = call.until;
    with.post = now->whole.get();
    auto reply = co_await tell(&by->ask, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    if (!by->ask.answers_post)
        co_return done;
    auto after = wire::read_standing(*own_, kind, by->ask, doing, *reply);
    if (!after)
        co_return after.error();
    if (call.by == rung::postpone ? !postponed(*after) && after->due != time_point{} : after->where != whereabouts::parked)
        co_return wire::trouble(*own_, failure::conflict, doing, "the platform made it '" + after->state + "'");
    co_return done;
}

bool connector::planned_for(time_point at, const wire::standing& one) const
{
    return one.due > at - what().precision && one.due < at + what().precision;
}

std::optional<problem> connector::refuse_release(const release_post& call, const wire::standing& before,
                                                 std::string_view doing) const
{
    auto no = [&](failure kind, std::string_view why) { return wire::trouble(*own_, kind, doing, why); };
    if (before.where == whereabouts::published)
        return no(failure::not_found, "it is public already, " + before.link);
    if (before.where == whereabouts::absent)
        return no(failure::not_found, "it is '" + before.state + "' there");
    if (what().release->keeps_time && !planned_for(call.at, before))
        return no(failure::rejected, "it can only be put back with the time it has there, " + format_utc(before.due)
                                         + "; for another one open " + before.page);
    if (before.served && call.at < *before.served + what().release_margin * 3 / 4)
        return no(failure::rejected,
                  "the platform's clock says " + format_utc(*before.served) + " already; give a later time, and set the clocks");
    // Between a person's look and this call somebody else may have written.
    if (!text::is_as_seen(before.text, call.snapshot ? &call.snapshot->text : nullptr, call.text))
        return no(failure::rejected, text::changed_meanwhile);
    if (call.text && !what().release->with_text)
        return no(failure::unsupported, "its description has no [release.text]");
    return std::nullopt;
}

asio::awaitable<result<receipt>> connector::release(release_post call, kept_bytes, time_point now)
{
    auto id = id_of(call.remote, call.post);
    auto kind = kind_of(call.snapshot);
    auto doing = "release " + id.value + " for " + format_utc(call.at);
    account limits;
    declare_by(what(), limits);
    if (call.at < now + limits.release_margin)
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "that is less than " + format_duration(limits.release_margin) + " ahead; give a later time");
    if (!what().release)
        co_return wire::trouble(*own_, failure::unsupported, doing, "its description has no [release]");
    auto before = co_await look(kind, id, doing);
    if (!before)
        co_return before.error();
    receipt done{id, before->page};
    if (before->where == whereabouts::queued && planned_for(call.at, *before))
        co_return done;  // an earlier call worked; whether its words are the wanted ones is read back
    if (auto refused = refuse_release(call, *before, doing))
        co_return *refused;
    auto with = wire::fill_common(*own_, kind);
    with.texts["id"] = id.value;
    with.times["at"] = call.at;
    with.post = before->whole.get();
    if (call.text)
        if (auto refused = wire::fill_new_words(*own_, with, *before, *call.text, doing))
            co_return *refused;
    const auto* ask = call.text ? &*what().release->with_text : &what().release->ask;
    auto reply = co_await tell(ask, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    if (!ask->answers_post)
        co_return done;
    auto after = wire::read_standing(*own_, kind, *ask, doing, *reply);
    if (!after)
        co_return after.error();
    bool silent = after->due == time_point{};  // the answer says no time; the read-back will
    if (after->where != whereabouts::queued || !(silent || planned_for(call.at, *after)))
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "the platform made it '" + after->state + "' for " + format_utc(after->due));
    co_return done;
}

}  // namespace halfmast::rest
