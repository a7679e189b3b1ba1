#include "connectors/exec/connector.hpp"

#include <algorithm>
#include <set>

#include "connectors/exec/capabilities.hpp"
#include "daemon/text/article.hpp"
#include "daemon/text/respell.hpp"

namespace halfmast::exec {

namespace {

constexpr int most_pages = 10'000;

void declare(const connector_settings& own, account& where) { declare_by(static_cast<const settings&>(own), where); }

connection connect(std::shared_ptr<const connector_settings> given, http_port&, vault_port&)
{
    auto own = std::static_pointer_cast<const settings>(std::move(given));
    auto made = std::make_shared<connector>(own);
    connection to;
    to.queue = made;
    to.checks = made;
    if (own->publishes)
        to.pins = made;
    if (own->feed)
        to.feed = made;
    if (own->mentions)
        to.mentions = made;
    to.hear = [made](std::function<void(std::string)> listener) { made->hear(std::move(listener)); };
    return to;
}

}  // namespace

connector_room room() { return {"exec", &parse, &declare, &connect, {"a program of your own", nullptr, describable, absences}}; }

// What is answered with a receipt.
asio::awaitable<result<receipt>> connector::tell(std::string verb, nlohmann::json members, std::string doing)
{
    auto given = co_await program_.ask(std::move(verb), std::move(members), doing);
    if (!given)
        co_return given.error();
    co_return wire::read_receipt(*own_, doing, given->given);
}

asio::awaitable<result<std::vector<scheduled_post>>> connector::list()
{
    const std::string doing = "list the scheduled posts";
    std::vector<scheduled_post> all;
    std::set<post_id> seen;
    std::set<std::string> cursors;
    std::string cursor;
    for (int number = 0; number < most_pages; ++number) {
        auto members = wire::from_cursor(cursor);
        auto given = co_await program_.ask("list", std::move(members), doing);
        if (!given)
            co_return given.error();
        auto page = wire::read_list(*own_, given->given);
        if (!page)
            co_return page.error();
        for (auto& post : page->items)
            if (seen.insert(post.id).second)
                all.push_back(std::move(post));
        cursor = page->next;
        if (cursor.empty())
            co_return all;
        if (!cursors.insert(cursor).second)
            break;
    }
    co_return wire::trouble(*own_, failure::bad_reply, doing, "its pages never end");
}

asio::awaitable<result<kept_bytes>> connector::save(save_post)
{
    co_return wire::trouble(*own_, failure::unsupported, "store a post", "nothing is ever taken out by a program");
}

asio::awaitable<result<receipt>> connector::hold(hold_post call)
{
    auto doing = "hold " + call.post.value;
    if (std::ranges::find(own_->rungs, call.by, &rung_offer::kind) == own_->rungs.end())
        co_return wire::trouble(*own_, failure::unsupported, doing, "the settings name no rung " + std::string{to_string(call.by)});
    auto members = wire::hold(call);
    auto done = co_await tell("hold", std::move(members), doing);
    co_return done;
}

asio::awaitable<result<std::vector<post_reading>>> connector::read(read_posts call)
{
    std::vector<post_reading> all;
    for (std::size_t at = 0; at < call.wanted.size(); at += read_batch) {
        read_posts part;
        auto end = std::min(call.wanted.size(), at + read_batch);
        part.wanted.assign(call.wanted.begin() + static_cast<std::ptrdiff_t>(at),
                           call.wanted.begin() + static_cast<std::ptrdiff_t>(end));
        auto members = wire::read(part);
        auto given =
            co_await program_.ask("read", std::move(members), "read " + std::to_string(part.wanted.size()) + " posts back");
        if (!given)
            co_return given.error();
        auto some = wire::read_readings(*own_, part, given->given);
        if (!some)
            co_return some.error();
        std::ranges::move(*some, std::back_inserter(all));
    }
    co_return all;
}

asio::awaitable<result<receipt>> connector::release(release_post call, kept_bytes, time_point now)
{
    auto doing = "release " + call.post.value + " for " + format_utc(call.at);
    if (call.at < now + own_->release_margin)
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "that is less than " + format_duration(own_->release_margin) + " ahead; give a later time");
    if (call.text && !own_->release_text)
        co_return wire::trouble(*own_, failure::unsupported, doing, "the settings do not say release_text = true");
    // Between a person's look and this call somebody else may have written.
    if (call.snapshot) {
        read_posts look;
        look.wanted.push_back({call.post, call.remote, call.by, call.snapshot, true});
        auto seen = co_await read(std::move(look));
        if (!seen)
            co_return seen.error();
        bool as_seen = seen->empty() || seen->front().where != whereabouts::parked
                       || text::is_as_seen(seen->front().text, &call.snapshot->text, call.text);
        if (!as_seen)
            co_return wire::trouble(*own_, failure::rejected, doing, text::changed_meanwhile);
    }
    auto members = wire::release(call, now);
    auto done = co_await tell("release", std::move(members), doing);
    co_return done;
}

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    const std::string doing = call.reply.empty() ? "publish the summary" : "answer " + call.in_reply_to.value;
    if (!call.reply.empty() && !own_->replies)
        co_return wire::trouble(*own_, failure::unsupported, doing, "the settings do not say replies = true");
    if (!own_->replies)
        call.in_reply_to = {};
    auto members = wire::publish(call);
    auto done = co_await tell("publish", std::move(members), doing);
    if (!done)
        co_return done;
    // A program that says yes is not yet a post that is there.
    read_posts look;
    read_request wanted;
    wanted.post = wanted.remote = done->remote;
    wanted.by = rung::manual;
    look.wanted.push_back(std::move(wanted));
    auto seen = co_await read(look);
    if (!seen)
        co_return problem{failure::unknown_outcome, seen.error().detail, {}};
    if (seen->empty() || seen->front().where != whereabouts::published)
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "it said yes, and the post is not public");
    if (done->url.empty())
        done->url = seen->front().url;
    co_return done;
}

asio::awaitable<result<connector::shown_post>> connector::look_at(post_id id, std::string doing)
{
    read_posts look;
    read_request wanted;
    wanted.post = wanted.remote = id;
    wanted.by = rung::manual;
    look.wanted.push_back(std::move(wanted));
    auto members = wire::read(look);
    auto given = co_await program_.ask("read", std::move(members), doing);
    if (!given)
        co_return given.error();
    auto readings = wire::read_readings(*own_, look, given->given);
    if (!readings)
        co_return readings.error();
    shown_post seen;
    if (readings->empty())
        co_return wire::trouble(*own_, failure::bad_reply, doing, "it does not say where the post is");
    seen.reading = std::move(readings->front());
    seen.text = wire::read_text(id, given->given);
    co_return seen;
}

asio::awaitable<result<receipt>> connector::edit(edit_summary call)
{
    auto doing = "edit " + call.remote.value;
    if (!own_->edits)
        co_return wire::trouble(*own_, failure::unsupported, doing, "the settings do not say edits = true");
    auto before = co_await look_at(call.remote, doing);
    if (!before)
        co_return before.error();
    if (before->reading.where == whereabouts::absent)
        co_return wire::trouble(*own_, failure::not_found, doing, "it is not there (any more)");
    if (before->reading.where != whereabouts::published)
        co_return wire::trouble(*own_, failure::rejected, doing, "it is not public");
    if (!before->text)
        co_return wire::trouble(*own_, failure::bad_reply, doing, "its read does not say the text, so no edit could be read back");
    if (text::same_letters(*before->text, call.words.text))
        co_return receipt{call.remote, before->reading.url};
    auto members = wire::edit(call);
    auto done = co_await tell("edit", std::move(members), doing);
    if (!done)
        co_return done;
    auto after = co_await look_at(call.remote, doing);
    if (!after)
        co_return problem{failure::unknown_outcome, after.error().detail, {}};
    if (!after->text || !text::same_letters(*after->text, call.words.text))
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "it said yes, and the post says something else");
    co_return receipt{call.remote, after->reading.url};
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    auto given = co_await program_.ask("pins", nlohmann::json::object(), "read the pins");
    if (!given)
        co_return given.error();
    co_return wire::read_pins(*own_, given->given);
}

asio::awaitable<result<receipt>> connector::pin(post_id id)
{
    auto members = wire::about(id);
    auto done = co_await tell("pin", std::move(members), "pin " + id.value);
    co_return done;
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto members = wire::about(id);
    auto done = co_await tell("unpin", std::move(members), "unpin " + id.value);
    co_return done;
}

asio::awaitable<result<std::vector<publication>>> connector::since(time_point from)
{
    const std::string doing = "read the public posts";
    std::vector<publication> all;
    std::set<post_id> seen;
    std::set<std::string> cursors;
    std::string cursor;
    for (int number = 0; number < most_pages; ++number) {
        auto members = wire::since(from, cursor);
        auto given = co_await program_.ask("feed", std::move(members), doing);
        if (!given)
            co_return given.error();
        auto page = wire::read_feed(*own_, given->given);
        if (!page)
            co_return page.error();
        for (auto& post : page->items)
            if (post.at >= from && seen.insert(post.id).second)
                all.push_back(std::move(post));
        cursor = page->next;
        if (cursor.empty()) {
            std::ranges::stable_sort(all, std::ranges::greater{}, &publication::at);
            co_return all;
        }
        if (!cursors.insert(cursor).second)
            break;
    }
    co_return wire::trouble(*own_, failure::bad_reply, doing, "its pages never end");
}

// The cursor is the program's own: what was given already, it knows by it.
asio::awaitable<result<mention_look>> connector::since(std::string cursor)
{
    auto members = wire::from_cursor(cursor);
    auto given = co_await program_.ask("mentions", std::move(members), "read mentions");
    if (!given)
        co_return given.error();
    auto seen = wire::read_mentions(*own_, given->given);
    if (seen && cursor.empty())
        seen->posts.clear();  // what was there before the first look is no news
    co_return seen;
}

asio::awaitable<std::vector<check_line>> connector::check()
{
    std::vector<check_line> lines;
    auto own = co_await program_.ask("check", nlohmann::json::object(), "be checked");
    lines.emplace_back(ability::credential, "the program answers", own ? std::nullopt : std::optional{own.error()});
    if (!own)
        co_return lines;
    for (auto& line : wire::read_checks(own->given))
        lines.push_back(std::move(line));
    auto posts = co_await list();
    lines.emplace_back(ability::list, "scheduled posts can be listed", posts ? std::nullopt : std::optional{posts.error()});
    if (own_->pins) {
        auto pinned = co_await pins();
        lines.emplace_back(ability::pin, "pins can be read", pinned ? std::nullopt : std::optional{pinned.error()});
    }
    if (own_->feed) {
        auto shown = co_await since(std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) - std::chrono::hours{1});
        lines.emplace_back(ability::read_feed, "public posts can be read", shown ? std::nullopt : std::optional{shown.error()});
    }
    if (own_->mentions) {
        std::string no_mark;
        auto heard = co_await since(std::move(no_mark));
        lines.emplace_back(ability::read_feed, "mentions can be read", heard ? std::nullopt : std::optional{heard.error()});
        lines.back().advice = true;
    }
    co_return lines;
}

}  // namespace halfmast::exec
