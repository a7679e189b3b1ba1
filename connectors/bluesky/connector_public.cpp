// The other half of connector.hpp: the summary and its pin, the feed, and what doctor asks.
#include <algorithm>
#include <set>

#include <boost/asio/use_awaitable.hpp>

#include "connectors/bluesky/connector.hpp"

namespace halfmast::bluesky {

namespace {

constexpr std::chrono::hours keys_wander{1};  // a record's key is made by its author's program and clock

// The host of an address, in lower case as servers name themselves.
std::string_view host_of(std::string_view url)
{
    auto begin = url.find("://");
    auto host = begin == std::string_view::npos ? url : url.substr(begin + 3);
    return host.substr(0, host.find('/'));
}

}  // namespace

// --- the summary ---

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    auto rkey = wire::rkey_of(call.key);
    if (call.look_first) {
        auto earlier = co_await find_post(did, rkey, "look for the summary");
        if (!earlier)
            co_return earlier.error();
        if (*earlier)
            co_return receipt{wire::id_of(did, **earlier), wire::url_of(did, (*earlier)->uri)};
        if (call.look_only)  // the flag is down
            co_return problem{
                failure::not_found, own_->name() + ": publish the summary: it never went out, and the flag is down", {}};
    }
    if (auto wrong = wire::too_long(call.words.text); !wrong.empty())
        co_return problem{
            failure::rejected, own_->name() + ": publish the summary: " + wrong + "; shorten the playbook's summary", {}};
    std::optional<wire::thread> in;
    if (!call.in_reply_to.empty()) {
        auto found = co_await thread_of(did, call.in_reply_to);
        if (!found)
            co_return found.error();
        in = std::move(*found);
    }
    auto handles = wire::handles_in(call.words.text);
    auto mentioned = co_await resolve(std::move(handles));
    auto request = wire::put_post(*own_, did, rkey, call.words, mentioned, now(), in);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    // A record under this key is an earlier call's: its answer was lost, and nobody said so.
    if (!wire::is_swap_refused(*reply))
        if (auto written = wire::read_written(*own_, "publish the summary", *reply, now()); !written)
            co_return written.error();
    auto there = co_await find_post(did, rkey, "read the summary back");
    if (there && *there)
        co_return receipt{wire::id_of(did, **there), wire::url_of(did, (*there)->uri)};
    auto why = there ? own_->name() + ": the account has no such post" : there.error().detail;
    co_return problem{failure::unknown_outcome, "published, but not read back: " + why,
                      there ? std::nullopt : there.error().retry_after};
}

asio::awaitable<result<std::optional<wire::record_ref>>> connector::find_post(std::string did, std::string rkey, std::string what)
{
    auto request = wire::get_post(*own_, did, rkey);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_post(*own_, what, *reply, now());
}

// The account's own posts are asked for where they are kept, others' at the AppView.
asio::awaitable<result<wire::thread>> connector::thread_of(std::string did, post_id answered)
{
    auto what = "answer post " + answered.value;
    auto ref = wire::ref_of(did, answered);
    if (!ref)
        co_return problem{failure::rejected, own_->name() + ": " + what + ": that is no post of this platform", {}};
    auto rkey = wire::rkey_in(did, ref->uri);
    auto request = rkey.empty() ? wire::view_post(*own_, ref->uri) : wire::get_post(*own_, did, rkey);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto found = wire::read_thread(*own_, what, *reply, now(), rkey.empty());
    if (!found)
        co_return found.error();
    if (!*found)
        co_return problem{failure::rejected, own_->name() + ": " + what + ": it is not there (any more)", {}};
    co_return std::move(**found);
}

// Who cannot be found stays plain text: a mention is never a reason to be silent.
asio::awaitable<std::map<std::string, std::string>> connector::resolve(std::vector<std::string> handles)
{
    std::map<std::string, std::string> known;
    for (const auto& handle : handles) {
        auto request = wire::resolve_handle(*own_, handle);
        auto reply = co_await send(std::move(request));
        if (!reply)
            continue;
        if (auto did = wire::read_did(*own_, *reply, now()))
            known[handle] = *did;
    }
    co_return known;
}

// --- the pin ---

asio::awaitable<result<wire::profile>> connector::read_profile(std::string did, std::string what)
{
    auto request = wire::get_profile(*own_, did);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_profile(*own_, what, *reply, now());
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    auto profile = co_await read_profile(did, "read the pin");
    if (!profile)
        co_return profile.error();
    std::vector<post_id> all;
    if (profile->pinned)
        all.push_back(wire::id_of(did, *profile->pinned));
    co_return all;
}

asio::awaitable<result<receipt>> connector::pin(post_id id)
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    auto what = "pin post " + id.value;
    auto wanted = wire::ref_of(did, id);
    if (!wanted)
        co_return problem{failure::rejected, own_->name() + ": " + what + ": that is no post of this platform", {}};
    // The server takes a pin on anything. One on a post that was deleted meanwhile shows nothing and stays in the way.
    if (auto rkey = wire::rkey_in(did, wanted->uri); !rkey.empty()) {
        auto there = co_await find_post(did, rkey, what);
        if (!there)
            co_return there.error();
        if (!*there)
            co_return problem{failure::not_found, own_->name() + ": " + what + ": the post is not there any more", {}};
        if (wanted->cid.empty())
            wanted = **there;
    }
    if (wanted->cid.empty())
        co_return problem{
            failure::rejected, own_->name() + ": " + what + ": another account's post, and not known in which version", {}};
    choice choose = [this, &what,
                     &wanted](const std::optional<wire::record_ref>& now_pinned) -> result<std::optional<wire::record_ref>> {
        if (now_pinned && now_pinned->uri != wanted->uri)
            return problem{failure::rejected,
                           own_->name() + ": " + what + ": there is room for one pin, and " + now_pinned->uri + " has it",
                           {}};
        return wanted;
    };
    auto failed = co_await change_pin(did, what, std::move(choose));
    if (failed)
        co_return *failed;
    co_return receipt{wire::id_of(did, *wanted), wire::url_of(did, wanted->uri)};
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    auto what = "unpin post " + id.value;
    auto unwanted = wire::ref_of(did, id);
    if (!unwanted)
        co_return problem{failure::rejected, own_->name() + ": " + what + ": that is no post of this platform", {}};
    choice choose = [&unwanted](const std::optional<wire::record_ref>& now_pinned) -> result<std::optional<wire::record_ref>> {
        bool is_it = now_pinned && now_pinned->uri == unwanted->uri;
        return is_it ? std::optional<wire::record_ref>{} : now_pinned;
    };
    auto failed = co_await change_pin(did, what, std::move(choose));
    if (failed)
        co_return *failed;
    co_return receipt{id, wire::url_of(did, unwanted->uri)};
}

// Compare and swap: what somebody else wrote into the profile meanwhile is read again and kept.
asio::awaitable<std::optional<problem>> connector::change_pin(std::string did, std::string what, choice choose)
{
    for (int turn_number = 0; turn_number < most_swaps; ++turn_number) {
        auto profile = co_await read_profile(did, what);
        if (!profile)
            co_return profile.error();
        auto chosen = choose(profile->pinned);
        if (!chosen)
            co_return chosen.error();
        if (*chosen == profile->pinned)
            co_return std::nullopt;
        auto request = wire::put_profile(*own_, did, *profile, *chosen);
        if (!request)
            co_return request.error();
        auto reply = co_await ask(std::move(*request));
        if (!reply)
            co_return reply.error();
        if (wire::is_swap_refused(*reply))
            continue;
        auto written = wire::read_written(*own_, what, *reply, now());
        co_return written ? std::nullopt : std::optional{written.error()};
    }
    co_return problem{failure::conflict, own_->name() + ": " + what + ": somebody else changes the profile again and again", {}};
}

// --- the feed ---

// As a visitor's program sees it; where there is no AppView, or it is in trouble, the account's own repository tells.
asio::awaitable<result<std::vector<publication>>> connector::since(time_point from)
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto did = (*who)->did;
    auto seen = co_await posts_since(true, did, from);
    if (seen)
        co_return seen;
    auto kind = seen.error().kind;
    if (kind != failure::unknown_outcome && kind != failure::bad_reply && kind != failure::unsupported
        && kind != failure::not_found)
        co_return seen;
    auto kept = co_await posts_since(false, did, from);
    co_return kept;
}

asio::awaitable<connector::page_result> connector::next_page(bool by_appview, const std::string& did, const std::string& cursor)
{
    auto request = by_appview ? wire::author_feed(*own_, did, cursor) : wire::list_posts(*own_, did, cursor);
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return by_appview ? wire::read_feed(*own_, did, *reply, now()) : wire::read_posts(*own_, did, *reply, now());
}

asio::awaitable<result<std::vector<publication>>> connector::posts_since(bool by_appview, std::string did, time_point from)
{
    auto far_enough = by_appview ? from : from - keys_wander;
    std::vector<publication> all;
    std::set<std::string> asked;
    std::string cursor;
    do {
        if (!asked.insert(cursor).second || asked.size() > most_pages)
            co_return endless("read the account's posts");
        auto page = co_await next_page(by_appview, did, cursor);
        if (!page)
            co_return page.error();
        bool reached = page->items.empty() || page->items.back().sorted_by < far_enough;
        for (auto& one : page->items)
            if (one.ours && one.shown.at >= from)
                all.push_back(std::move(one.shown));
        cursor = reached ? std::string{} : page->next;
    } while (!cursor.empty());
    std::ranges::stable_sort(all, std::ranges::greater{}, &publication::at);
    co_return all;
}

// --- doctor ---

asio::awaitable<std::vector<check_line>> connector::check()
{
    std::vector<check_line> lines;
    auto add = [&](ability of, std::string what, const std::optional<problem>& wrong) {
        lines.emplace_back(of, std::move(what), wrong);
    };
    refused_.reset();  // a person may just have mended it
    auto who = co_await log_in();
    if (!who) {
        add(ability::credential, "credential", who.error());
        co_return lines;
    }
    co_await check_server(lines);
    if (not_kept_) {
        check_line kept{ability::credential, "the session is kept", *not_kept_};
        kept.advice = true;
        kept.detail += "; each start logs in anew, which a server allows 300 times a day";
        lines.push_back(std::move(kept));
    }
    auto pinned = co_await pins();
    add(ability::pin, "the pin can be read", pinned ? std::nullopt : std::optional{pinned.error()});
    auto shown = co_await since(now() - keys_wander);
    add(ability::read_feed, "public posts can be read", shown ? std::nullopt : std::optional{shown.error()});
    std::string no_mark;
    auto heard = co_await since(std::move(no_mark));
    // Without an AppView nobody tells of mentions: a fact, and nothing that a person could mend here.
    bool silent = !heard && (heard.error().kind == failure::unknown_outcome || heard.error().kind == failure::unsupported);
    if (silent)
        lines.emplace_back(ability::read_feed, "mentions cannot be read: no AppView answers behind this server", true, "");
    else
        add(ability::read_feed, "mentions can be read", heard ? std::nullopt : std::optional{heard.error()});
    lines.back().advice = true;
    co_return lines;
}

// The token still works, the account is active, and this is where it lives.
asio::awaitable<void> connector::check_server(std::vector<check_line>& lines)
{
    auto request = wire::get_session(*own_);
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    if (!reply) {
        lines.emplace_back(ability::credential, "credential", reply.error());
        co_return;
    }
    auto own_words = wire::read_session(*own_, "ask whose session it is", *reply, now(), false);
    if (!own_words) {
        lines.emplace_back(ability::credential, "credential", own_words.error());
        co_return;
    }
    lines.emplace_back(ability::credential, "credential", true, "");
    auto asleep = wire::inactive(*own_, *own_words);
    lines.emplace_back(ability::publish, "the account is active", asleep);
    if (own_words->server.empty())
        co_return;
    bool here = host_of(own_words->server) == host_of(own_->url);
    lines.emplace_back(ability::publish, "the account's own server", here,
                       here
                           ? std::string{}
                           : own_->name() + ": the account lives on " + own_words->server.substr(0, 200) + "; put that into 'url'");
}

}  // namespace halfmast::bluesky
