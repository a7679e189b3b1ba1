// What the public sees: the summary, pins, the feed; and doctor's questions.
#include <algorithm>
#include <set>

#include "connectors/rest/connector.hpp"
#include "connectors/rest/oauth.hpp"
#include "daemon/text/article.hpp"

namespace halfmast::rest {

// A copy of the summary from an earlier call: by its key, else by its words among the newest public posts.
asio::awaitable<result<std::optional<wire::standing>>> connector::find_copy(publish_summary call)
{
    const std::string doing = "look for an earlier summary";
    std::optional<wire::standing> copy;
    if (what().publish->find) {
        auto with = wire::fill_common(*own_, what().public_kind);
        with.texts["key"] = call.key;
        with.texts["slug"] = text::slug_of(call.key);
        auto reply = co_await tell(&*what().publish->find, std::move(with), doing, false);
        if (!reply)
            co_return reply.error();
        auto found = wire::read_standings(*own_, what().public_kind, *what().publish->find, doing, *reply);
        if (!found)
            co_return found.error();
        for (auto& one : *found)
            if (!copy || one.where == whereabouts::published)
                copy = std::move(one);
        co_return copy;
    }
    if (!call.look_first && !call.look_only)
        co_return copy;
    auto today = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) - std::chrono::hours{24 * 3};
    auto feed = co_await since(today);
    if (!feed)
        co_return feed.error();
    for (const auto& post : *feed)
        if (text::same_letters(post.text, call.words.text)) {
            copy.emplace();
            copy->id = post.id;
            copy->where = whereabouts::published;
            copy->link = post.url;
            break;
        }
    co_return copy;
}

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    const std::string doing = call.reply.empty() ? "publish the summary" : "answer " + call.in_reply_to.value;
    bool answers = !call.in_reply_to.empty() && what().publish->reply;
    if (!call.reply.empty() && !answers)
        co_return wire::trouble(*own_, failure::unsupported, doing, "its description has no [publish.reply]");
    const auto* ask = answers ? &*what().publish->reply : &what().publish->ask;
    auto earlier = co_await find_copy(call);
    if (!earlier)
        co_return earlier.error();
    if (*earlier) {
        const auto& copy = **earlier;
        if (copy.where == whereabouts::published)
            co_return receipt{copy.id, copy.link};
        if (copy.where == whereabouts::queued)
            co_return wire::trouble(*own_, failure::unknown_outcome, doing, "it is on its way there ('" + copy.state + "')");
        co_return wire::trouble(
            *own_, failure::rejected, doing,
            "it is there as '" + copy.state + "': somebody took it down, or it waits for a review; see " + copy.page);
    }
    if (call.look_only)
        co_return wire::trouble(*own_, failure::not_found, doing, "it never went out, and the flag is down");
    auto with = wire::fill_common(*own_, what().public_kind);
    wire::fill_summary(with, call);
    auto reply = co_await tell(ask, std::move(with), doing, true);
    // The post that is answered, not ours: nobody has to look for it.
    if (!reply && answers && reply.error().kind == failure::not_found)
        co_return problem{failure::rejected, reply.error().detail, {}};
    if (!reply)
        co_return reply.error();
    auto made = wire::read_standing(*own_, what().public_kind, *ask, doing, *reply);
    if (!made)
        co_return made.error();
    // What a cache answers is not yet a post that is there.
    auto seen = co_await look(what().public_kind, made->id, doing);
    if (!seen && seen.error().kind == failure::not_found)
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the platform said yes and has no such post");
    if (!seen)
        co_return problem{failure::unknown_outcome, seen.error().detail, {}};
    if (seen->where == whereabouts::queued)
        co_return wire::trouble(*own_, failure::unknown_outcome, doing,
                                "the platform has it and has not sent it yet ('" + seen->state + "')");
    if (seen->where != whereabouts::published)
        co_return wire::trouble(*own_, failure::forbidden, doing, "the platform made it '" + seen->state + "'; see " + seen->page);
    co_return receipt{seen->id, seen->link};
}

asio::awaitable<result<wire::standing>> connector::look_at_words(post_id id, std::string doing)
{
    if (!what().edit->read) {
        auto now = co_await look(what().public_kind, std::move(id), doing);
        co_return now;
    }
    auto with = wire::fill_common(*own_, what().public_kind);
    with.texts["id"] = id.value;
    auto reply = co_await tell(&*what().edit->read, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    co_return wire::read_standing(*own_, what().public_kind, *what().edit->read, doing, *reply);
}

asio::awaitable<result<receipt>> connector::edit(edit_summary call)
{
    auto doing = "edit " + call.remote.value;
    if (!what().edit)
        co_return wire::trouble(*own_, failure::unsupported, doing, "its description has no [edit]");
    auto before = co_await look_at_words(call.remote, doing);
    if (!before)
        co_return before.error();
    if (before->where == whereabouts::absent)
        co_return wire::trouble(*own_, failure::not_found, doing, "it is '" + before->state + "' there");
    // An edit of a post that is not out could send it.
    if (before->where != whereabouts::published)
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "it is not public but '" + before->state + "'; see " + before->page);
    if (wire::says(*own_, *before->whole, call.words.text))
        co_return receipt{before->id, before->link};
    auto with = wire::fill_common(*own_, what().public_kind);
    wire::fill_words(with, call.words);
    with.texts["id"] = call.remote.value;
    with.post = before->whole.get();
    const auto* ask = &what().edit->ask;
    auto reply = co_await tell(ask, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    if (ask->answers_post)
        if (auto changed = wire::read_standing(*own_, what().public_kind, *ask, doing, *reply); !changed)
            co_return changed.error();
    auto after = co_await look_at_words(call.remote, doing);
    if (!after)
        co_return problem{failure::unknown_outcome, after.error().detail, after.error().retry_after};
    if (!wire::says(*own_, *after->whole, call.words.text))
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the platform said yes and shows other words");
    co_return receipt{after->id, after->link};
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    if (!what().pins)
        co_return wire::trouble(*own_, failure::unsupported, "read the pins", "its description has no [pins]");
    auto with = wire::fill_common(*own_, what().public_kind);
    auto items = co_await read_all(&*what().pins, std::move(with), "read the pins");
    if (!items)
        co_return items.error();
    std::vector<post_id> all;
    for (const auto& item : *items)
        if (const auto* id = what().fields.id.first(item))
            all.push_back(post_id{as_text(*id).value_or("")});
    co_return all;
}

asio::awaitable<result<receipt>> connector::pin(post_id id)
{
    auto doing = "pin " + id.value;
    if (!what().pin)
        co_return wire::trouble(*own_, failure::unsupported, doing, "its description has no [pin]");
    if (what().most_pins > 0) {
        auto now = co_await pins();
        if (!now)
            co_return now.error();
        bool there = std::ranges::find(*now, id) != now->end();
        if (!there && now->size() >= static_cast<std::size_t>(what().most_pins))
            co_return wire::trouble(*own_, failure::rejected, doing,
                                    "there are " + std::to_string(now->size()) + " pins already, and no more are possible");
    }
    auto done = co_await change_pin(&*what().pin, std::move(id), doing);
    co_return done;
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto doing = "unpin " + id.value;
    if (!what().unpin)
        co_return wire::trouble(*own_, failure::unsupported, doing, "its description has no [unpin]");
    auto done = co_await change_pin(&*what().unpin, std::move(id), doing);
    co_return done;
}

asio::awaitable<result<receipt>> connector::change_pin(const call* ask, post_id id, std::string doing)
{
    // An edit of a post that is not out could send it.
    auto now = co_await look(what().public_kind, id, doing);
    if (!now)
        co_return now.error();
    if (now->where == whereabouts::absent)
        co_return wire::trouble(*own_, failure::not_found, doing, "it is '" + now->state + "' there");
    if (now->where != whereabouts::published)
        co_return wire::trouble(*own_, failure::rejected, doing, "it is not public but '" + now->state + "'; see " + now->page);
    auto with = wire::fill_common(*own_, what().public_kind);
    with.texts["id"] = id.value;
    with.post = now->whole.get();
    auto reply = co_await tell(ask, std::move(with), doing, false);
    if (!reply)
        co_return reply.error();
    if (ask->answers_post) {
        auto after = wire::read_standing(*own_, what().public_kind, *ask, doing, *reply);
        if (!after)
            co_return after.error();
    }
    co_return receipt{id, now->link};
}

asio::awaitable<result<std::vector<publication>>> connector::since(time_point since)
{
    std::vector<publication> all;
    std::set<post_id> seen;
    for (const auto& from : what().feeds) {
        auto with = wire::fill_common(*own_, from.kind);
        with.times["since"] = since - from.early;
        auto items = co_await read_all(&from, std::move(with), "read the public posts");
        if (!items)
            co_return items.error();
        for (const auto& item : *items) {
            auto post = wire::read_publication(*own_, from, item);
            if (!post)
                co_return post.error();
            if (*post && (*post)->at >= since && seen.insert((*post)->id).second)
                all.push_back(std::move(**post));
        }
    }
    std::ranges::stable_sort(all, std::ranges::greater{}, &publication::at);
    co_return all;
}

asio::awaitable<check_line> connector::try_check(const check_call* check)
{
    auto with = wire::fill_common(*own_, what().public_kind);
    auto reply = co_await tell(&check->ask, std::move(with), "check " + check->what, false);
    auto wrong = reply ? wire::read_check(*own_, *check, *reply) : std::optional{reply.error()};
    if (!reply && !check->say.empty())
        wrong->detail += "; " + check->say;
    co_return check_line(check->of, check->what, wrong);
}

asio::awaitable<std::vector<check_line>> connector::check()
{
    std::vector<check_line> lines;
    if (behind_) {
        auto credential = co_await check_oauth(own_, behind_);
        lines = std::move(credential);
    }
    for (const auto& one : what().checks) {
        auto line = co_await try_check(&one);
        lines.push_back(std::move(line));
    }
    auto posts = co_await list();
    lines.emplace_back(ability::list, "scheduled posts can be listed", posts ? std::nullopt : std::optional{posts.error()});
    if (posts && !posts->empty() && !what().holds.empty()) {
        auto now = co_await look(posts->front().kind, posts->front().id, "read back " + posts->front().id.value);
        bool fine = now.has_value() || now.error().kind == failure::not_found;  // it may have gone out meanwhile
        lines.emplace_back(ability::hold, "scheduled posts can be read back", fine ? std::nullopt : std::optional{now.error()});
    }
    if (what().pins) {
        auto pinned = co_await pins();
        lines.emplace_back(ability::pin, "pins can be read", pinned ? std::nullopt : std::optional{pinned.error()});
    }
    if (!what().feeds.empty()) {
        auto feed = co_await since(std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) - std::chrono::hours{1});
        lines.emplace_back(ability::read_feed, "public posts can be read", feed ? std::nullopt : std::optional{feed.error()});
    }
    if (what().mentions) {
        std::string no_mark;
        auto heard = co_await since(std::move(no_mark));
        lines.emplace_back(ability::read_feed, "mentions can be read", heard ? std::nullopt : std::optional{heard.error()});
        lines.back().advice = true;
    }
    co_return lines;
}

}  // namespace halfmast::rest
