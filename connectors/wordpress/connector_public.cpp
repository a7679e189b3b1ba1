// What visitors see: the summary, sticky posts, the feed; and doctor's questions.
#include <algorithm>
#include <set>

#include "connectors/wordpress/capabilities.hpp"
#include "connectors/wordpress/connector.hpp"
#include "daemon/text/article.hpp"

namespace halfmast::wordpress {

namespace {

constexpr std::int64_t most_pages = 1000;    // of any list; a hundred thousand posts
constexpr int tell_late = 3;                 // how often the feed shows a late post
constexpr std::chrono::minutes overdue{10};  // WP-Cron should have published by then

bool refuses_for_good(failure kind)
{
    return kind == failure::forbidden || kind == failure::rejected || kind == failure::unsupported || kind == failure::not_found;
}

}  // namespace

asio::awaitable<result<std::optional<wire::standing>>> connector::find_by_slug(wire::site at, std::string slug)
{
    const std::string doing = "look for an earlier summary";
    auto request = wire::find_request(at, slug);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto found = wire::read_standings(*own_, doing, *reply);
    if (!found)
        co_return found.error();
    std::optional<wire::standing> copy;
    for (auto& one : *found)
        if (!copy || one.status == "publish")
            copy = std::move(one);
    co_return copy;
}

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    if (!call.reply.empty()) {
        auto done = co_await answer(std::move(call));
        co_return done;
    }
    const std::string doing = "publish the summary";
    auto slug = text::slug_of(call.key);
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    // A second post with this slug would become slug-2: always look, also at the first try.
    auto earlier = co_await find_by_slug(*at, slug);
    if (!earlier)
        co_return earlier.error();
    if (*earlier) {
        const auto& copy = **earlier;
        if (copy.status == "publish")
            co_return receipt{copy.id, copy.link};
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "it is there as '" + copy.status + "': somebody took it down, or it waits for a review; see "
                                    + wire::edit_link(*own_, copy.id));
    }
    if (call.look_only)
        co_return wire::trouble(*own_, failure::not_found, doing, "it never went out, and the flag is down");
    auto request = wire::publish_request(*at, call.words, slug);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto made = wire::read_standing(*own_, doing, *reply);
    if (!made)
        co_return made.error();
    // What a cache or a plugin answers is not yet a post that is there.
    auto seen = co_await look(*at, "posts", made->id, doing);
    if (!seen && seen.error().kind == failure::not_found)
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the site said yes and has no such post");
    if (!seen)
        co_return problem{failure::unknown_outcome, seen.error().detail, {}};
    if (seen->status != "publish")
        co_return wire::trouble(
            *own_, failure::forbidden, doing,
            "the site made it '" + seen->status + "'; give the user the role Editor, and see " + wire::edit_link(*own_, made->id));
    co_return receipt{seen->id, seen->link};
}

asio::awaitable<result<wire::written>> connector::look_at_words(wire::site at, std::string kind, post_id id, std::string doing)
{
    auto request = wire::words_request(at, kind, id);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    co_return wire::read_written(*own_, doing, *reply);
}

// New words go above what the post said: few themes show that a post was edited, and nothing said in a crisis is taken back.
asio::awaitable<result<receipt>> connector::edit(edit_summary call)
{
    auto doing = "edit " + call.remote.value;
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto before = co_await look_at_words(*at, "posts", call.remote, doing);
    if (!before)
        co_return before.error();
    if (!before->has_content)
        co_return wire::trouble(*own_, failure::bad_reply, doing, "the site shows no content of it");
    if (before->now.status == "trash")
        co_return wire::trouble(*own_, failure::not_found, doing, "somebody put it in the trash");
    // An edit of what is not public could publish it.
    if (before->now.status != "publish")
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "it is not public but '" + before->now.status + "'; see " + wire::edit_link(*own_, call.remote));
    if (wire::says_first(before->content, call.words.text))
        co_return receipt{before->now.id, before->now.link};
    auto request = wire::edit_request(*at, call.remote, call.words, before->content);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    if (auto changed = wire::read_standing(*own_, doing, *reply); !changed)
        co_return changed.error();
    auto after = co_await look_at_words(*at, "posts", call.remote, doing);
    if (!after)
        co_return problem{failure::unknown_outcome, after.error().detail, after.error().retry_after};
    if (!wire::says_first(after->content, call.words.text))
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "the site said yes and shows other words");
    co_return receipt{after->now.id, after->now.link};
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    std::vector<post_id> all;
    for (std::int64_t number = 1; number <= most_pages; ++number) {
        auto request = wire::sticky_list_request(*at, number);
        auto reply = co_await send(std::move(request), "list the sticky posts");
        if (!reply)
            co_return reply.error();
        auto page = wire::read_ids(*own_, "list the sticky posts", *reply);
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
    auto done = co_await stick(std::move(id), true);
    co_return done;
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto done = co_await stick(std::move(id), false);
    co_return done;
}

asio::awaitable<result<receipt>> connector::stick(post_id id, bool sticky)
{
    auto doing = (sticky ? "make sticky " : "end the stickiness of ") + id.value;
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto now = co_await look(*at, "posts", id, doing);
    if (!now)
        co_return now.error();
    if (now->status == "trash")
        co_return wire::trouble(*own_, failure::not_found, doing, "somebody put it in the trash");
    // Any edit of a scheduled post in its last minute would publish it.
    if (now->status != "publish")
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "it is not public but '" + now->status + "'; see " + wire::edit_link(*own_, id));
    auto request = wire::stick_request(*at, id, sticky);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto after = wire::read_standing(*own_, doing, *reply);
    if (!after)
        co_return after.error();
    co_return receipt{id, after->link};
}

asio::awaitable<result<std::vector<publication>>> connector::since(time_point since)
{
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto outline = co_await find_outline();
    if (!outline)
        co_return outline.error();
    std::vector<publication> all;
    for (const auto& type : (*outline)->types) {
        auto some = co_await feed_of(*at, type, since);
        bool core_type = type.kind == "posts" || type.kind == "pages";
        if (!some && !core_type && refuses_for_good(some.error().kind))
            continue;  // as in the queue: a plugin's type must not hide the rest
        if (!some)
            co_return some.error();
        std::ranges::move(*some, std::back_inserter(all));
    }
    auto late = co_await late_feed(*at);
    if (!late)
        co_return late.error();
    std::ranges::move(*late, std::back_inserter(all));
    std::set<post_id> seen;
    std::erase_if(all, [&](const auto& post) { return !seen.insert(post.id).second; });
    std::ranges::stable_sort(all, std::ranges::greater{}, &publication::at);
    co_return all;
}

asio::awaitable<result<std::vector<publication>>> connector::feed_of(wire::site at, wire::post_type type, time_point since)
{
    std::vector<publication> all;
    auto doing = "read the public " + type.kind;
    for (std::int64_t number = 1; number <= most_pages; ++number) {
        auto request = wire::feed_request(at, type, since, number);
        request.looks = true;
        auto reply = co_await send(std::move(request), doing);
        if (!reply && number > 1 && reply.error().kind == failure::rejected)
            break;  // the list grew shorter meanwhile: past the end is 400
        if (!reply)
            co_return reply.error();
        auto page = wire::read_feed(*own_, *reply);
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
asio::awaitable<result<std::vector<publication>>> connector::late_feed(wire::site at)
{
    std::map<std::string, std::vector<post_id>> wanted;
    for (const auto& [id, late] : late_)
        if (!late.queued)
            wanted[late.kind].push_back(id);
    std::vector<publication> all;
    for (auto& [kind, ids] : wanted) {
        while (!ids.empty()) {
            std::vector<post_id> some(ids.end() - static_cast<std::ptrdiff_t>(std::min(ids.size(), most_ids)), ids.end());
            ids.resize(ids.size() - some.size());
            auto request = wire::feed_request(at, kind, some);
            request.looks = true;
            auto reply = co_await send(std::move(request), "read public " + kind + " by id");
            if (!reply)
                co_return reply.error();
            auto page = wire::read_feed(*own_, *reply);
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
    addressing_.reset();
    outline_.reset();
    auto at = co_await find_site();
    if (!at) {
        lines.emplace_back(ability::credential, "REST API", at.error());
        co_return lines;
    }
    auto index = co_await try_addressing(at->by);
    if (!index) {
        lines.emplace_back(ability::credential, "REST API", index.error());
        co_return lines;
    }
    if (!index->has_posts) {
        lines.emplace_back(ability::credential, "REST API", false,
                           "the site's REST API has no namespace wp/v2; a plugin or the host switched it off");
        co_return lines;
    }
    lines.emplace_back(ability::credential, "REST API", true, "");
    lines.emplace_back(
        ability::credential, "application passwords are on", index->application_passwords,
        index->application_passwords ? "" : "the site offers none: it needs https, and no plugin or host that switches them off");
    lines.back().advice = true;  // whether ours is taken, the next line says
    wire::user me;
    auto credential = co_await check_user(*at, &me);
    bool known = credential.ok;
    lines.push_back(std::move(credential));
    if (!known)
        co_return lines;
    auto may = [&](const std::string& capability) { return me.capabilities.contains(capability); };
    lines.emplace_back(rung::draft, "may edit others' posts", may("edit_others_posts"),
                       may("edit_others_posts")
                           ? ""
                           : own_->username + " sees and holds only its own posts, and nobody else's; give it the role Editor");
    lines.emplace_back(
        ability::publish, "may publish", may("publish_posts"),
        may("publish_posts") ? "" : "the summary would wait for a review; give " + own_->username + " the role Editor");
    bool sticks = may("publish_posts") || may("edit_others_posts");
    lines.emplace_back(ability::pin, "may make posts sticky", sticks,
                       sticks ? "" : "the summary could not be pinned; give " + own_->username + " the role Editor");
    auto more = co_await check_types(*at, me);
    std::ranges::move(more, std::back_inserter(lines));
    std::string no_mark;
    auto heard = co_await since(std::move(no_mark));
    lines.emplace_back(ability::read_feed, "comments can be read", heard ? std::nullopt : std::optional{heard.error()});
    lines.back().advice = true;
    lines.emplace_back(ability::read_feed, "may see comments that wait for a moderator", may("moderate_comments"),
                       may("moderate_comments") ? "" : own_->username + " reads approved comments only; give it the role Editor");
    lines.back().advice = true;
    co_return lines;
}

asio::awaitable<check_line> connector::check_user(wire::site at, wire::user* me)
{
    auto request = wire::me_request(at);
    request.looks = true;
    auto reply = co_await send(std::move(request), "ask who we are");
    auto read = reply ? wire::read_me(*own_, *reply) : result<wire::user>{reply.error()};
    if (!read)
        co_return check_line(ability::credential, "credential", read.error());
    *me = std::move(*read);
    co_return check_line(ability::credential, "credential", true, "");
}

asio::awaitable<std::vector<check_line>> connector::check_types(wire::site at, wire::user me)
{
    std::vector<check_line> lines;
    auto outline = co_await find_outline();
    if (!outline) {
        lines.emplace_back(ability::list, "scheduled posts can be listed", outline.error());
        co_return lines;
    }
    std::size_t waiting = 0;
    for (const auto& type : (*outline)->types) {
        auto what = "scheduled " + type.kind + " can be listed";
        std::vector<page_mark> marks;
        auto posts = co_await list_type(at, *outline, type, &marks);
        bool others = type.edit_others.empty() || me.capabilities.contains(type.edit_others);
        std::optional<problem> wrong;
        if (!posts)
            wrong = posts.error();
        else if (!others && type.kind != "posts")
            wrong = problem{failure::forbidden,
                            own_->username + " sees only its own " + type.kind + " (it lacks " + type.edit_others
                                + "); give it the role Editor",
                            {}};
        lines.emplace_back(ability::list, std::move(what), wrong);
        auto is_late = [&](const wire::listed_post& one) { return one.post.due + overdue < *site_time_; };
        if (posts && site_time_)
            waiting += static_cast<std::size_t>(std::ranges::count_if(*posts, is_late));
    }
    bool pages = std::ranges::find((*outline)->types, std::string{"pages"}, &wire::post_type::kind) != (*outline)->types.end();
    if (!pages)
        lines.emplace_back(ability::list, "scheduled pages can be listed", false,
                           own_->username + " may not edit pages, so scheduled pages are not held; give it the role Editor");
    std::string late;
    if (waiting > 0)
        late = std::to_string(waiting) + " scheduled posts are past due and wait for WP-Cron, which runs on visits: they may go out at any "
                                         "moment; call wp-cron.php every minute";
    lines.emplace_back(ability::list, "the site publishes on time", waiting == 0, late);
    lines.back().advice = true;
    // Not by since(): what went out late is told so many times only, and to the one who watches.
    auto posts_type = std::ranges::find((*outline)->types, std::string{"posts"}, &wire::post_type::kind);
    if (posts_type == (*outline)->types.end())
        co_return lines;
    auto type = *posts_type;
    auto shown = co_await feed_of(at, std::move(type), platform_now() - std::chrono::hours{1});
    lines.emplace_back(ability::read_feed, "public posts can be read", shown ? std::nullopt : std::optional{shown.error()});
    co_return lines;
}

}  // namespace halfmast::wordpress
