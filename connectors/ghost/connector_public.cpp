// What visitors see: the summary, featured posts, the feed; and doctor's questions.
#include <algorithm>
#include <set>

#include "connectors/ghost/capabilities.hpp"
#include "connectors/ghost/connector.hpp"
#include "daemon/text/article.hpp"

namespace halfmast::ghost {

namespace {

constexpr std::int64_t most_pages = 1000;    // of any list; a hundred thousand posts
constexpr int tell_late = 3;                 // how often the feed shows a late post
constexpr std::size_t most_asked = 50;       // ids in one call
constexpr std::chrono::minutes overdue{10};  // Ghost should have published by then

}  // namespace

asio::awaitable<result<std::optional<wire::standing>>> connector::find_by_slug(std::string slug)
{
    const std::string doing = "look for an earlier summary";
    auto request = wire::find_request(*own_, slug);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto found = wire::read_standings(*own_, "posts", doing, *reply);
    if (!found)
        co_return found.error();
    std::optional<wire::standing> copy;
    for (auto& one : *found)
        if (!copy || one.status == "published")
            copy = std::move(one);
    co_return copy;
}

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    if (!call.reply.empty())
        co_return wire::trouble(*own_, failure::unsupported, "answer " + call.in_reply_to.value,
                                "no key of an integration or of the staff may write comments");
    const std::string doing = "publish the summary";
    auto slug = text::slug_of(call.key);
    // A second post with this slug would become slug-2: always look, also at the first try.
    auto earlier = co_await find_by_slug(slug);
    if (!earlier)
        co_return earlier.error();
    if (*earlier) {
        const auto& copy = **earlier;
        if (copy.status == "published")
            co_return receipt{copy.id, copy.url};
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "it is there as '" + copy.status + "': somebody took it down; see " + copy.url);
    }
    if (call.look_only)
        co_return wire::trouble(*own_, failure::not_found, doing, "it never went out, and the flag is down");
    auto request = wire::publish_request(*own_, call.words, slug);
    auto made = co_await change(std::move(request), "posts", doing);
    if (!made)
        co_return made.error();
    // What a cache or a firewall answers is not yet a post that is there.
    auto seen = co_await look("posts", made->id, doing);
    if (!seen && seen.error().kind == failure::not_found)
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the site said yes and has no such post");
    if (!seen)
        co_return problem{failure::unknown_outcome, seen.error().detail, {}};
    if (seen->status != "published")
        co_return wire::trouble(
            *own_, failure::forbidden, doing,
            "the site made it '" + seen->status + "'; take an integration's Admin API key, and see " + seen->url);
    co_return receipt{seen->id, seen->url};
}

asio::awaitable<result<wire::written>> connector::look_at_words(std::string resource, post_id id, std::string doing)
{
    auto request = wire::words_request(*own_, resource, id);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    co_return wire::read_written(*own_, resource, doing, *reply);
}

// New words go above what the post said: few themes show that a post was edited, and nothing said in a crisis is taken back.
asio::awaitable<result<receipt>> connector::edit(edit_summary call)
{
    auto doing = "edit " + call.remote.value;
    for (int turn = 1;; ++turn) {
        auto before = co_await look_at_words("posts", call.remote, doing);
        if (!before)
            co_return before.error();
        if (!before->has_article)
            co_return wire::trouble(*own_, failure::bad_reply, doing, "the site shows no article of it");
        if (before->now.status != "published")
            co_return wire::trouble(*own_, failure::rejected, doing,
                                    "it is not public but '" + before->now.status + "'; see " + before->now.url);
        if (wire::says_first(before->html, call.words.text))
            co_return receipt{before->now.id, before->now.url};
        auto request = wire::edit_request(*own_, *before, call.words);
        auto changed = co_await change(std::move(request), "posts", doing);
        // Somebody edited it since the look: what they wrote is read, and stays below.
        if (!changed && changed.error().kind == failure::conflict && turn < most_turns)
            continue;
        if (!changed)
            co_return changed.error();
        auto after = co_await look_at_words("posts", call.remote, doing);
        if (!after)
            co_return problem{failure::unknown_outcome, after.error().detail, after.error().retry_after};
        if (!wire::says_first(after->html, call.words.text))
            co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the site said yes and shows other words");
        co_return receipt{after->now.id, after->now.url};
    }
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    const std::string doing = "list the featured posts";
    std::vector<post_id> all;
    for (std::int64_t number = 1; number <= most_pages; ++number) {
        auto request = wire::featured_list_request(*own_, number);
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto page = wire::read_ids(*own_, doing, *reply);
        if (!page)
            co_return page.error();
        for (auto& id : page->items)
            if (std::ranges::find(all, id) == all.end())
                all.push_back(std::move(id));
        if (number >= page->pages)
            break;
    }
    co_return all;
}

asio::awaitable<result<receipt>> connector::pin(post_id id)
{
    auto done = co_await feature(std::move(id), true);
    co_return done;
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto done = co_await feature(std::move(id), false);
    co_return done;
}

asio::awaitable<result<receipt>> connector::feature(post_id id, bool featured)
{
    auto doing = (featured ? "feature " : "end the featuring of ") + id.value;
    for (int turn = 1;; ++turn) {
        auto now = co_await look("posts", id, doing);
        if (!now)
            co_return now.error();
        if (now->status != "published")
            co_return wire::trouble(*own_, failure::rejected, doing, "it is not public but '" + now->status + "'; see " + now->url);
        auto request = wire::feature_request(*own_, *now, featured);
        auto after = co_await change(std::move(request), "posts", doing);
        // Somebody edited it since the look; the mark alone is asked for, so nothing of theirs is overwritten.
        if (!after && after.error().kind == failure::conflict && turn < most_turns)
            continue;
        if (!after)
            co_return after.error();
        co_return receipt{id, after->url};
    }
}

asio::awaitable<result<std::vector<publication>>> connector::since(time_point since)
{
    std::vector<publication> all;
    for (auto resource : wire::resources) {
        std::string name{resource};
        auto some = co_await feed_of(name, since);
        if (!some)
            co_return some.error();
        std::ranges::move(*some, std::back_inserter(all));
    }
    auto late = co_await late_feed();
    if (!late)
        co_return late.error();
    std::ranges::move(*late, std::back_inserter(all));
    std::set<post_id> seen;
    std::erase_if(all, [&](const auto& post) { return !seen.insert(post.id).second; });
    std::ranges::stable_sort(all, std::ranges::greater{}, &publication::at);
    co_return all;
}

asio::awaitable<result<std::vector<publication>>> connector::feed_of(std::string resource, time_point since)
{
    std::vector<publication> all;
    auto doing = "read the public " + resource;
    for (std::int64_t number = 1; number <= most_pages; ++number) {
        auto request = wire::feed_request(*own_, resource, since, number);
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto page = wire::read_feed(*own_, resource, *reply);
        if (!page)
            co_return page.error();
        for (auto& post : page->items)
            if (post.at >= since)
                all.push_back(std::move(post));
        if (number >= page->pages)
            break;
    }
    co_return all;
}

// Posts that went out late carry their old date, before any `since`.
asio::awaitable<result<std::vector<publication>>> connector::late_feed()
{
    std::map<std::string, std::vector<post_id>> wanted;
    for (const auto& [id, late] : late_)
        if (!late.queued)
            wanted[late.resource].push_back(id);
    std::vector<publication> all;
    for (auto& [resource, ids] : wanted) {
        while (!ids.empty()) {
            std::vector<post_id> some(ids.end() - static_cast<std::ptrdiff_t>(std::min(ids.size(), most_asked)), ids.end());
            ids.resize(ids.size() - some.size());
            auto request = wire::feed_request(*own_, resource, some);
            auto reply = co_await send(std::move(request), "read public " + resource + " by id");
            if (!reply)
                co_return reply.error();
            auto page = wire::read_feed(*own_, resource, *reply);
            if (!page)
                co_return page.error();
            for (const auto& id : some) {
                auto shown = std::ranges::find(page->items, id, &publication::id) != page->items.end();
                auto late = late_.find(id);
                // Not public: a draft by now, or gone. Should it be scheduled again, the next list says so.
                if (late != late_.end() && (!shown || ++late->second.told >= tell_late))
                    late_.erase(late);
            }
            std::ranges::move(page->items, std::back_inserter(all));
        }
    }
    co_return all;
}

asio::awaitable<std::vector<check_line>> connector::check()
{
    std::vector<check_line> lines;
    auto request = wire::site_request(*own_);
    auto reply = co_await send(std::move(request), "find the Admin API");
    if (!reply) {
        lines.emplace_back(ability::credential, "Admin API", reply.error());
        co_return lines;
    }
    auto version = wire::read_version(*own_, *reply);
    lines.emplace_back(ability::credential, "Admin API", version ? std::nullopt : std::optional{version.error()});
    if (!version)
        co_return lines;
    auto user = co_await check_user();
    bool known = user.front().ok;
    std::ranges::move(user, std::back_inserter(lines));
    if (!known)
        co_return lines;
    std::ptrdiff_t waiting = 0;
    for (auto resource : wire::resources) {
        std::string name{resource};
        std::vector<page_mark> marks;
        auto posts = co_await list_of(name, &marks);
        lines.emplace_back(ability::list, "scheduled " + name + " can be listed",
                           posts ? std::nullopt : std::optional{posts.error()});
        if (posts && site_time_)
            waiting += std::ranges::count_if(*posts, [&](const auto& one) { return one.due + overdue < *site_time_; });
    }
    lines.emplace_back(ability::list, "the site publishes on time", waiting == 0,
                       waiting == 0 ? "" : std::to_string(waiting) + " scheduled posts are past due and may go out at any moment, when Ghost starts the next "
                                                                     "time at the latest; see its log");
    lines.back().advice = true;
    // Not by since(): what went out late is told so many times only, and to the one who watches.
    std::string posts{"posts"};
    auto shown = co_await feed_of(std::move(posts), site_now() - std::chrono::hours{1});
    lines.emplace_back(ability::read_feed, "public posts can be read", shown ? std::nullopt : std::optional{shown.error()});
    co_return lines;
}

// An integration is no user; the owner of a staff token is one, and has a role.
asio::awaitable<std::vector<check_line>> connector::check_user()
{
    std::vector<check_line> lines;
    auto request = wire::me_request(*own_);
    request.looks = true;
    auto reply = co_await send(std::move(request), "ask who we are");
    bool integration = !reply && reply.error().kind == failure::not_found;
    auto lacks = reply         ? wire::read_role(*own_, *reply)
                 : integration ? result<std::string>{std::string{}}
                               : result<std::string>{reply.error()};
    if (!lacks) {
        lines.emplace_back(ability::credential, "credential", lacks.error());
        co_return lines;
    }
    lines.emplace_back(ability::credential, "credential", true, "");
    if (integration)
        co_return lines;
    lines.emplace_back(rung::draft, "may edit others' posts", lacks->empty(), *lacks);
    lines.emplace_back(ability::publish, "may publish", lacks->empty(), *lacks);
    co_return lines;
}

}  // namespace halfmast::ghost
