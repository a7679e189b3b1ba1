// The other half of connector.hpp: the summary and its pin, the feed, and what doctor asks.
#include <algorithm>

#include "connectors/mastodon/connector.hpp"

namespace halfmast::mastodon {

namespace {

constexpr std::chrono::hours summary_looks_back{24};
constexpr std::chrono::hours check_looks_back{1};

// Which scopes an ability needs. What is taken out comes back with its media, which are sent again.
struct scopes_of {
    ability of;
    std::optional<rung> by;
    std::vector<std::string> scopes;
};

}  // namespace

// --- the summary ---

asio::awaitable<result<wire::status>> connector::look_at(post_id id, std::string what)
{
    auto request = wire::status_by_id(*own_, id);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_status(*own_, what, *reply, now());
}

// A reply is as public as what it answers: words to followers alone are not answered before everybody.
asio::awaitable<result<std::string>> connector::take_thread(publish_summary* call)
{
    auto visibility = std::string{"public"};
    if (call->in_reply_to.empty())
        co_return visibility;
    auto account = co_await account_id();
    if (!account)
        co_return account.error();
    auto above = co_await look_at(call->in_reply_to, "read the post to answer");
    if (!above && above.error().kind == failure::not_found)
        co_return problem{
            failure::rejected, own_->name() + ": answer post " + call->in_reply_to.value + ": it is not there (any more)", {}};
    if (!above)
        co_return above.error();
    if (above->author == *account)
        co_return visibility;
    call->words.text = wire::addressed(call->words.text, *above);
    if (!above->visibility.empty())
        visibility = above->visibility;
    co_return visibility;
}

asio::awaitable<result<receipt>> connector::publish(publish_summary call)
{
    auto visibility = co_await take_thread(&call);
    if (!visibility)
        co_return visibility.error();
    if (call.look_first) {
        auto account = co_await account_id();  // with it comes the platform's time
        if (!account)
            co_return account.error();
        auto posts = co_await posts_since(now() - summary_looks_back, evidence_pages);
        if (!posts)
            co_return posts.error();
        for (const auto& one : *posts)
            if (one.in_reply_to == call.in_reply_to && wire::same_words(one.shown.text, call.words.text))
                co_return receipt{one.shown.id, one.shown.url};
        if (call.look_only)  // the flag is down
            co_return problem{
                failure::not_found, own_->name() + ": publish the summary: it never went out, and the flag is down", {}};
    }
    auto request = wire::publish(*own_, call, *visibility);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto made = wire::read_status(*own_, "publish the summary", *reply, now());
    if (!made)
        co_return made.error();
    // A spam filter may answer 200 and keep nothing. Whatever goes wrong from here on, it may be out: look first next time.
    auto shown = co_await look_at(made->shown.id, "read the summary back");
    if (!shown)
        co_return problem{failure::unknown_outcome, "published, but not read back: " + shown.error().detail,
                          shown.error().retry_after};
    co_return receipt{made->shown.id, made->shown.url};
}

// The pin, the replies and the address stay; readers see that it was edited, and what it said before.
asio::awaitable<result<receipt>> connector::edit(edit_summary call)
{
    auto what = "edit post " + call.remote.value;
    auto before = co_await look_at(call.remote, what);
    if (!before)
        co_return before.error();
    if (wire::same_words(before->shown.text, call.words.text))
        co_return receipt{before->shown.id, before->shown.url};
    auto request = wire::edit(*own_, call, *before);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    if (auto made = wire::read_status(*own_, what, *reply, now()); !made)
        co_return made.error();
    auto after = co_await look_at(call.remote, what);
    if (!after)
        co_return problem{failure::unknown_outcome, "edited, but not read back: " + after.error().detail,
                          after.error().retry_after};
    if (!wire::same_words(after->shown.text, call.words.text))
        co_return problem{
            failure::unknown_outcome, own_->name() + ": " + what + ": the instance said yes and shows another text", {}};
    co_return receipt{after->shown.id, after->shown.url};
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
    auto add = [&](ability of, std::string what, const std::optional<problem>& wrong) {
        lines.emplace_back(of, std::move(what), wrong);
    };
    account_id_.clear();
    auto account = co_await account_id();
    add(ability::credential, "credential", account ? std::nullopt : std::optional{account.error()});
    if (!account)
        co_return lines;
    auto request = wire::scheduled_page(*own_, {});
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    std::optional<problem> unlisted;
    if (!reply)
        unlisted = reply.error();
    else if (auto page = wire::read_scheduled_page(*own_, *reply, now()); !page)
        unlisted = page.error();
    if (unlisted && unlisted->kind == failure::not_found)
        unlisted->detail =
            own_->name() + ": this instance has no scheduled posts (404): nothing can be held here, only published and pinned";
    add(ability::list, "scheduled posts can be listed", unlisted);
    auto pinned = co_await pins();
    add(ability::pin, "pinned posts can be read", pinned ? std::nullopt : std::optional{pinned.error()});
    auto shown = co_await since(now() - check_looks_back);
    add(ability::read_feed, "public posts can be read", shown ? std::nullopt : std::optional{shown.error()});
    std::string no_mark;
    auto heard = co_await since(std::move(no_mark));
    add(ability::read_feed, "mentions can be read", heard ? std::nullopt : std::optional{heard.error()});
    lines.back().advice = true;
    co_await check_scopes(lines);
    co_await check_instance(lines);
    co_return lines;
}

// Only the application's scopes can be read, and not everywhere; a token may have fewer.
asio::awaitable<void> connector::check_scopes(std::vector<check_line>& lines)
{
    auto request = wire::application(*own_);
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    auto scopes = reply ? wire::read_scopes(*reply) : std::string{};
    if (scopes.empty())
        co_return;
    auto given = " " + scopes + " ";
    auto has = [&](const std::string& scope) { return given.find(" " + scope + " ") != std::string::npos; };
    static const std::vector<scopes_of> needs{
        {ability::list, {}, {"read:statuses"}},          {ability::hold, {}, {"write:statuses"}},
        {ability::hold, rung::takeout, {"write:media"}}, {ability::publish, {}, {"write:statuses"}},
        {ability::pin, {}, {"write:accounts"}},          {ability::read_feed, {}, {"read:accounts", "read:statuses"}},
    };
    for (const auto& need : needs) {
        std::string wanted, missing;
        for (const auto& scope : need.scopes) {
            wanted += " " + scope;
            if (!has(scope) && !has(scope.substr(0, scope.find(':'))))
                missing += " " + scope;
        }
        check_line line{need.of, "the application has" + wanted, missing.empty(),
                        missing.empty()
                            ? ""
                            : own_->name() + ": the application lacks" + missing + "; add what is missing and make a new token"};
        line.by = need.by;
        lines.push_back(std::move(line));
    }
}

asio::awaitable<void> connector::check_instance(std::vector<check_line>& lines)
{
    auto request = wire::about_instance(*own_, false);
    request.looks = true;
    auto reply = co_await ask(std::move(request));
    if (reply && reply->status == 404) {
        auto older = wire::about_instance(*own_, true);
        older.looks = true;
        reply = co_await ask(std::move(older));
    }
    auto about = reply ? wire::read_instance(*own_, *reply, now()) : result<wire::instance>{reply.error()};
    if (!about) {
        lines.emplace_back(ability::publish, "the instance tells its limits", about.error());
        lines.back().advice = true;
        co_return;
    }
    auto limit = [&](ability of, std::string what, const std::optional<int>& taken, int set, const std::string& unit,
                     const std::string& key) {
        bool fits = !taken || *taken >= set;
        lines.emplace_back(of, std::move(what), fits,
                           fits ? ""
                                : own_->name() + ": it takes " + std::to_string(*taken) + " " + unit + "; set " + key + " = "
                                      + std::to_string(*taken));
    };
    limit(ability::publish, "instance " + about->version + ": length of the summary", about->text_limit, own_->text_limit,
          "characters", "text_limit");
    limit(ability::pin, "instance " + about->version + ": number of pins", about->most_pins, own_->most_pins, "pins", "most_pins");
}

}  // namespace halfmast::mastodon
