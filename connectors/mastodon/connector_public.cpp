// The other half of connector.hpp: the summary and its pin, the feed, and what doctor asks.
#include <algorithm>

#include "connectors/mastodon/connector.hpp"

namespace halfmast::mastodon {

namespace {

constexpr std::chrono::hours summary_looks_back{24};

}  // namespace

// --- the summary ---

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    if (call.look_first) {
        auto account = co_await account_id();  // with it comes the platform's time
        if (!account)
            co_return account.error();
        auto posts = co_await posts_since(now() - summary_looks_back, evidence_pages);
        if (!posts)
            co_return posts.error();
        for (const auto& one : *posts)
            if (wire::same_words(one.shown.text, call.words.text))
                co_return receipt{one.shown.id, one.shown.url};
        if (call.look_only)  // the flag is down
            co_return problem{failure::not_found, own_->name() + ": publish the summary: it never went out, and the flag is down", {}};
    }
    auto request = wire::publish(*own_, call);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto made = wire::read_status(*own_, "publish the summary", *reply, now());
    if (!made)
        co_return made.error();
    // A spam filter may answer 200 and keep nothing. Whatever goes wrong from here on, it may be out: look first next time.
    auto looking = wire::status_by_id(*own_, made->shown.id);
    auto shown = co_await ask(std::move(looking));
    auto problem_seen = [&]() -> std::optional<problem> {
        if (!shown)
            return shown.error();
        auto there = wire::read_status(*own_, "read the summary back", *shown, now());
        return there ? std::nullopt : std::optional{there.error()};
    }();
    if (problem_seen)
        co_return problem{failure::unknown_outcome, "published, but not read back: " + problem_seen->detail, problem_seen->retry_after};
    co_return receipt{made->shown.id, made->shown.url};
}

asio::awaitable<result<std::vector<post_id>>> connector::pins()
{
    auto account = co_await account_id();
    if (!account)
        co_return account.error();
    std::vector<post_id> all;
    std::string query;
    std::set<std::string> asked;
    do {
        if (!asked.insert(query).second || asked.size() > most_pages)
            co_return endless("read the pins");
        auto request = wire::pinned_page(*own_, *account, query);
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        auto page = wire::read_statuses(*own_, *reply, now(), "pinned=true&");
        if (!page)
            co_return page.error();
        for (auto& one : page->items)
            all.push_back(one.shown.id);
        query = page->next;
    } while (!query.empty());
    co_return all;
}

asio::awaitable<result<receipt>> connector::pin(post_id id)
{
    auto done = co_await set_pin(std::move(id), true);
    co_return done;
}

asio::awaitable<result<receipt>> connector::unpin(post_id id)
{
    auto done = co_await set_pin(std::move(id), false);
    co_return done;
}

asio::awaitable<result<receipt>> connector::set_pin(post_id id, bool wanted)
{
    auto what = (wanted ? "pin post " : "unpin post ") + id.value;
    auto request = wanted ? wire::pin(*own_, id) : wire::unpin(*own_, id);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto made = wire::read_status(*own_, what, *reply, now());
    if (made)
        co_return receipt{made->shown.id, made->shown.url};
    if (made.error().kind != failure::rejected)
        co_return made.error();
    // 422 also for what is as wanted already: the post itself says which.
    auto looking = wire::status_by_id(*own_, id);
    auto shown = co_await ask(std::move(looking));
    if (!shown)
        co_return shown.error();
    auto there = wire::read_status(*own_, what, *shown, now());
    if (there && there->pinned == wanted)
        co_return receipt{there->shown.id, there->shown.url};
    co_return made.error();
}

// --- the feed ---

asio::awaitable<result<std::vector<publication>>> connector::since(time_point from)
{
    auto posts = co_await posts_since(from, most_pages);
    if (!posts)
        co_return posts.error();
    std::vector<publication> shown;
    for (auto& one : *posts)
        if (one.shown.at >= from)
            shown.push_back(std::move(one.shown));
    std::ranges::stable_sort(shown, std::ranges::greater{}, &publication::at);
    co_return shown;
}

asio::awaitable<result<std::vector<wire::status>>> connector::posts_since(time_point from, int pages)
{
    auto account = co_await account_id();
    if (!account)
        co_return account.error();
    std::vector<wire::status> all;
    std::string query;
    std::set<std::string> asked;
    for (int number = 0; number < pages; ++number) {
        if (!asked.insert(query).second)
            co_return endless("read the account's posts");
        auto request = wire::statuses_page(*own_, *account, query);
        request.looks = pages == most_pages;  // a poll; as evidence it is part of an act
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        auto page = wire::read_statuses(*own_, *reply, now());
        if (!page)
            co_return page.error();
        bool reached = page->items.empty() || page->items.back().shown.at < from;
        std::erase_if(page->items, [](const auto& one) { return one.reblog; });
        std::ranges::move(page->items, std::back_inserter(all));
        query = page->next;
        if (reached || query.empty())
            co_return all;
    }
    if (pages == most_pages)
        co_return endless("read the account's posts");
    co_return all;
}

asio::awaitable<result<std::string>> connector::account_id()
{
    if (!account_id_.empty())
        co_return account_id_;
    auto request = wire::credentials(*own_);
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto id = wire::read_account_id(*own_, *reply, now());
    if (id)
        account_id_ = *id;
    co_return id;
}

// --- doctor ---

asio::awaitable<std::vector<check_line>> connector::check()
{
    std::vector<check_line> lines;
    auto add = [&](std::string what, const std::optional<problem>& wrong) {
        lines.emplace_back(std::move(what), !wrong, wrong ? wrong->detail : std::string{});
    };
    account_id_.clear();
    auto account = co_await account_id();
    add("credential", account ? std::nullopt : std::optional{account.error()});
    if (!account)
        co_return lines;
    auto request = wire::scheduled_page(*own_, {});
    auto reply = co_await ask(std::move(request));
    std::optional<problem> unlisted;
    if (!reply)
        unlisted = reply.error();
    else if (auto page = wire::read_scheduled_page(*own_, *reply, now()); !page)
        unlisted = page.error();
    if (unlisted && unlisted->kind == failure::not_found)
        unlisted->detail = own_->name() + ": this instance has no scheduled posts (404): nothing can be held here, only published and pinned";
    add("scheduled posts can be listed", unlisted);
    auto pinned = co_await pins();
    add("pinned posts can be read", pinned ? std::nullopt : std::optional{pinned.error()});
    co_await check_scopes(lines);
    co_await check_instance(lines);
    co_return lines;
}

// Only the application's scopes can be read, and not everywhere; a token may have fewer.
asio::awaitable<void> connector::check_scopes(std::vector<check_line>& lines)
{
    auto request = wire::application(*own_);
    auto reply = co_await ask(std::move(request));
    auto scopes = reply ? wire::read_scopes(*reply) : std::string{};
    if (scopes.empty())
        co_return;
    std::string missing;
    for (const std::string wanted : {"read:statuses", "read:accounts", "write:statuses", "write:accounts", "write:media"}) {
        auto all = " " + scopes + " ";
        if (all.find(" " + wanted + " ") == std::string::npos && all.find(" " + wanted.substr(0, wanted.find(':')) + " ") == std::string::npos)
            missing += (missing.empty() ? "" : " ") + wanted;
    }
    lines.emplace_back("scopes", missing.empty(),
                       missing.empty() ? "" : own_->name() + ": the application lacks " + missing + "; add them and make a new token");
}

asio::awaitable<void> connector::check_instance(std::vector<check_line>& lines)
{
    auto request = wire::about_instance(*own_, false);
    auto reply = co_await ask(std::move(request));
    if (reply && reply->status == 404) {
        auto older = wire::about_instance(*own_, true);
        reply = co_await ask(std::move(older));
    }
    if (!reply) {
        lines.emplace_back("instance", false, reply.error().detail);
        co_return;
    }
    auto about = wire::read_instance(*own_, *reply, now());
    if (!about) {
        lines.emplace_back("instance", false, about.error().detail);
        co_return;
    }
    std::string differs;
    if (about->most_pins && *about->most_pins < own_->most_pins)
        differs = "it takes " + std::to_string(*about->most_pins) + " pins; set most_pins = " + std::to_string(*about->most_pins);
    if (about->text_limit && *about->text_limit < own_->text_limit)
        differs += (differs.empty() ? "" : "; ") + std::string{"it takes "} + std::to_string(*about->text_limit)
            + " characters; set text_limit = " + std::to_string(*about->text_limit);
    lines.emplace_back("instance " + about->version, differs.empty(), differs.empty() ? "" : own_->name() + ": " + differs);
}

}  // namespace halfmast::mastodon
