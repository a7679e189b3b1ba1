// The room against a real WordPress, through the real HTTP client. PEER_WORDPRESS holds one JSON line:
// {"url", "accounts": {"editor"|"author"|"admin": {"user", "app_password"}}, ...}, as the peer's start script says it; its cron
// has to run every two seconds. Without it every test here is skipped, and says so.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "connectors/wordpress/connector.hpp"
#include "daemon/net/http_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

time_point clock_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::optional<json> peer()
{
    const char* line = std::getenv("PEER_WORDPRESS");
    if (line == nullptr || *line == '\0') {
        std::cout << "skipped: PEER_WORDPRESS is not set, so there is no WordPress to try this against\n";
        return std::nullopt;
    }
    return json::parse(line);
}

// One account of the site, connected, and its API by hand for what only a person does there.
class live {
public:
    live(const json& site, const std::string& who, std::string password = {})
        : http_(context_.get_executor(), net::http_client_settings{})
    {
        auto own = std::make_shared<wordpress::settings>();
        own->url = site.at("url").get<std::string>();
        const auto& mine = site.at("accounts").at(who);
        own->username = mine.at("user").get<std::string>();
        own->password = password.empty() ? mine.at("app_password").get<std::string>() : std::move(password);
        std::erase(own->password, ' ');
        own_ = own;
        to = wordpress::room().connect(own_, http_, vault_);
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> given;
        std::exception_ptr thrown;
        asio::co_spawn(context_, std::move(work), [&](std::exception_ptr error, T value) {
            thrown = error;
            given = std::move(value);
        });
        context_.restart();
        auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!given && !thrown && std::chrono::steady_clock::now() < deadline)
            context_.run_one_for(100ms);
        if (thrown)
            std::rethrow_exception(thrown);
        return std::move(given.value());
    }

    // A call as a person's browser would make it.
    json by_hand(const std::string& route, const json& body)
    {
        wordpress::wire::site where{own_.get(), wordpress::wire::addressing::plain};
        auto request = wordpress::wire::look_request(where, "posts", post_id{"1"});
        request.method = "POST";
        request.url = own_->url + "/?rest_route=/wp/v2/" + route;
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = body.dump();
        auto reply = run(http_.fetch(std::move(request)));
        REQUIRE(reply.has_value());
        INFO(reply->body);
        REQUIRE(reply->status < 300);
        return json::parse(reply->body);
    }

    post_id schedule(const std::string& route, const std::string& title, milliseconds ahead, json more = json::object())
    {
        auto due = format_utc(std::chrono::floor<seconds>(clock_now() + ahead));
        due.pop_back();
        more.update({{"title", title},
                     {"content", "<p>Only today: <a href=\"https://shop.example/?utm_source=blog\">shop</a></p>"},
                     {"status", "future"},
                     {"date_gmt", due}});
        return post_id{std::to_string(by_hand(route, more).at("id").get<std::int64_t>())};
    }

    post_ptr listed(const post_id& id)
    {
        auto all = run(to.queue->list());
        INFO((all ? "" : all.error().detail));
        REQUIRE(all.has_value());
        auto found = std::ranges::find(*all, id, &scheduled_post::id);
        return found == all->end() ? nullptr : std::make_shared<const scheduled_post>(*found);
    }

    result<receipt> hold(const post_ptr& post)
    {
        hold_post call{post->id, post->id, post, rung::draft, {}};
        return run(to.queue->hold(std::move(call)));
    }

    post_reading read(const post_ptr& post)
    {
        read_posts call{{{post->id, post->id, rung::draft, post}}};
        auto readings = run(to.queue->read(std::move(call)));
        INFO((readings ? "" : readings.error().detail));
        REQUIRE(readings.has_value());
        REQUIRE(readings->size() == 1);
        return readings->front();
    }

    result<receipt> release(const post_ptr& post, time_point at)
    {
        release_post call{post->id, post->id, post, rung::draft, at, {}, false};
        return run(to.queue->release(std::move(call), {}, clock_now()));
    }

    // Reads until it is there; the platform's own cron needs its time.
    bool becomes(const post_ptr& post, whereabouts wanted, milliseconds within)
    {
        auto deadline = clock_now() + within;
        do {
            if (read(post).where == wanted)
                return true;
            asio::steady_timer pause(context_, 300ms);
            pause.wait();
        } while (clock_now() < deadline);
        return false;
    }

private:
    asio::io_context context_;
    net::http_client http_;
    test::memory_vault vault_;
    std::shared_ptr<const wordpress::settings> own_;

public:
    connection to;
};

std::string unique(const std::string& words) { return words + " " + std::to_string(clock_now().time_since_epoch().count()); }

}  // namespace

TEST_CASE("live: doctor finds the editor sound", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto lines = editor.run(editor.to.checks->check());
    CHECK(lines.size() >= 7);
    for (const auto& line : lines) {
        INFO(line.what << ": " << line.detail);
        CHECK(line.ok);
    }
}

TEST_CASE("live: doctor says that an author sees only its own", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live author{*site, "author"};
    auto lines = author.run(author.to.checks->check());
    auto others = std::ranges::find(lines, std::string{"may edit others' posts"}, &check_line::what);
    REQUIRE(others != lines.end());
    CHECK_FALSE(others->ok);
    CHECK(others->detail.find("Editor") != std::string::npos);
    auto pages = std::ranges::find(lines, std::string{"scheduled pages can be listed"}, &check_line::what);
    REQUIRE(pages != lines.end());
    CHECK_FALSE(pages->ok);
}

TEST_CASE("live: a refused password is told from an empty queue", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live stranger{*site, "editor", "wrongwrongwrongwrongwron"};
    auto all = stranger.run(stranger.to.queue->list());
    REQUIRE_FALSE(all.has_value());
    CHECK(all.error().kind == failure::auth_expired);
    CHECK(all.error().detail.find("application password") != std::string::npos);
    CHECK(all.error().detail.find("wrongwrong") == std::string::npos);
    auto lines = stranger.run(stranger.to.checks->check());
    CHECK(std::ranges::any_of(lines, [](const auto& line) { return line.what == "credential" && !line.ok; }));
}

TEST_CASE("live: a scheduled post is listed with its words and marks", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto title = unique("Winter & sale");
    auto id = editor.schedule("posts", title, 2h, {{"categories", {site->at("categories").at("promo")}}});
    auto post = editor.listed(id);
    REQUIRE(post != nullptr);
    CHECK(post->text == title + "\nOnly today: shop");
    CHECK(post->categories == std::vector<std::string>{"promo"});
    CHECK(post->links == std::vector<std::string>{"https://shop.example/?utm_source=blog"});
    CHECK(post->kind == "posts");
    CHECK(post->author == "halfmast");
    CHECK(post->due > clock_now() + 119min);
    CHECK(editor.read(post).where == whereabouts::queued);
    CHECK(editor.hold(post).has_value());
}

TEST_CASE("live: posts and pages are held, twice, keep their date, and are released", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto route = GENERATE(as<std::string>{}, "posts", "pages");
    CAPTURE(route);
    auto post = editor.listed(editor.schedule(route, unique("Held"), 90min));
    REQUIRE(post != nullptr);
    for (int turn = 0; turn < 2; ++turn) {
        auto done = editor.hold(post);
        INFO((done ? "" : done.error().detail));
        REQUIRE(done.has_value());
        auto seen = editor.read(post);
        CHECK(seen.where == whereabouts::parked);
        CHECK(seen.due == post->due);
    }
    CHECK(editor.listed(post->id) == nullptr);
    auto late = editor.release(post, clock_now() + 60s);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().kind == failure::rejected);
    for (int turn = 0; turn < 2; ++turn) {
        auto back = editor.release(post, post->due);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        auto seen = editor.read(post);
        CHECK(seen.where == whereabouts::queued);
        CHECK(seen.due == post->due);
    }
    CHECK(editor.hold(post).has_value());
}

TEST_CASE("live: a hold works in the last minute, where any other edit publishes", "[wordpress][live][.last-minute]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto held = editor.listed(editor.schedule("posts", unique("Nearly out"), 63s));
    auto edited = editor.listed(editor.schedule("posts", unique("Edited late"), 63s));
    REQUIRE(held != nullptr);
    REQUIRE(edited != nullptr);
    auto lost = editor.listed(editor.schedule("posts", unique("Gone out"), 63s));
    REQUIRE(lost != nullptr);
    asio::io_context waiting;
    asio::steady_timer until(waiting, std::chrono::milliseconds{held->due - clock_now() - 55s});
    until.wait();  // the platform's own clock: its last minute begins
    editor.by_hand("posts/" + edited->id.value, {{"title", "Edited in the last minute"}});
    CHECK(editor.read(edited).where == whereabouts::published);
    until.expires_after(std::chrono::milliseconds{held->due - clock_now() - 3s});
    until.wait();
    auto done = editor.hold(held);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    CHECK(editor.read(held).where == whereabouts::parked);

    // The third one goes out by the site's cron: a hold must leave it public, and the feed shows it.
    REQUIRE(editor.becomes(lost, whereabouts::published, 30s));
    auto refused = editor.hold(lost);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::not_found);
    auto again = editor.release(lost, clock_now() + 1h);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().kind == failure::not_found);
    auto seen = editor.read(lost);
    CHECK(seen.where == whereabouts::published);
    auto feed = editor.run(editor.to.feed->since(clock_now() - 10min));
    REQUIRE(feed.has_value());
    auto shown = std::ranges::find(*feed, lost->id, &publication::id);
    REQUIRE(shown != feed->end());
    CHECK(shown->text == lost->text);
    CHECK(shown->links == lost->links);
    CHECK(shown->at == lost->due);
    // Under an old date it is found by its id.
    auto late = editor.run(editor.to.feed->since(clock_now() + 1h));
    REQUIRE(late.has_value());
    CHECK(std::ranges::find(*late, lost->id, &publication::id) != late->end());
    CHECK(editor.read(held).where == whereabouts::parked);
}

TEST_CASE("live: a post in the trash is absent and cannot be held", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto post = editor.listed(editor.schedule("posts", unique("Thrown away"), 2h));
    REQUIRE(post != nullptr);
    editor.by_hand("posts/" + post->id.value + "&_method=DELETE", json::object());
    CHECK(editor.read(post).where == whereabouts::absent);
    auto done = editor.hold(post);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::not_found);
}

TEST_CASE("live: a summary goes out once and is pinned and unpinned", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto before = editor.run(editor.to.pins->pins());
    REQUIRE(before.has_value());
    publish_summary call{crisis_id{"c-1"},
                         {"en", "Checkout is failing & we are on it. Next update by 14:45 UTC.\nhttps://status.example/?a=1&b=2"},
                         unique("halfmast-c-1-live"),
                         false};
    auto only_looked = call;
    only_looked.look_only = true;
    auto none = editor.run(editor.to.pins->publish(only_looked));
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().kind == failure::not_found);
    auto first = editor.run(editor.to.pins->publish(call));
    INFO((first ? "" : first.error().detail));
    REQUIRE(first.has_value());
    auto second = editor.run(editor.to.pins->publish(call));
    REQUIRE(second.has_value());
    CHECK(second->remote == first->remote);
    CHECK(second->url == first->url);
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(editor.run(editor.to.pins->pin(first->remote)).has_value());
    auto pins = editor.run(editor.to.pins->pins()).value();
    CHECK(pins.size() == before->size() + 1);
    CHECK(std::ranges::find(pins, first->remote) != pins.end());
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(editor.run(editor.to.pins->unpin(first->remote)).has_value());
    CHECK(editor.run(editor.to.pins->pins()).value() == *before);
    auto feed = editor.run(editor.to.feed->since(clock_now() - 5min));
    REQUIRE(feed.has_value());
    auto shown = std::ranges::find(*feed, first->remote, &publication::id);
    REQUIRE(shown != feed->end());
    CHECK(shown->text.find("Checkout is failing & we are on it\n") == 0);
    CHECK(shown->links == std::vector<std::string>{"https://status.example/?a=1&b=2"});
}

TEST_CASE("live: a queue of more than a page is listed whole, also while it shrinks", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    std::vector<post_id> made;
    for (int number = 0; number < 105; ++number)
        made.push_back(editor.schedule("posts", "Batch " + std::to_string(number), 24h + number * 1min));
    auto all = editor.run(editor.to.queue->list());
    REQUIRE(all.has_value());
    read_posts wanted;
    for (const auto& id : made) {
        auto found = std::ranges::find(*all, id, &scheduled_post::id);
        REQUIRE(found != all->end());
        auto post = std::make_shared<const scheduled_post>(*found);
        REQUIRE(editor.hold(post).has_value());
        wanted.wanted.push_back({id, id, rung::draft, post});
    }
    auto readings = editor.run(editor.to.queue->read(wanted));
    REQUIRE(readings.has_value());
    CHECK(readings->size() == made.size());
    CHECK(std::ranges::all_of(*readings, [](const auto& one) { return one.where == whereabouts::parked; }));
}

TEST_CASE("live: comments are given once, those that wait for a moderator too, and our own not", "[wordpress][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    live admin{*site, "admin"};
    auto look = [&](const std::string& cursor) {
        auto seen = editor.run(editor.to.mentions->since(cursor));
        INFO((seen ? "" : seen.error().detail));
        REQUIRE(seen.has_value());
        return *seen;
    };
    auto stamp = std::to_string(clock_now().time_since_epoch().count());
    auto post = admin.by_hand("posts", {{"title", "Open for comments " + stamp}, {"status", "publish"}, {"comment_status", "open"}})
                    .at("id");
    auto write = [&](live& who, const std::string& words, const std::string& status = "approve") {
        return who.by_hand("comments", {{"post", post}, {"content", words + " " + stamp}, {"status", status}})
            .at("id")
            .get<std::int64_t>();
    };
    auto old = write(admin, "long known");
    auto seen = look("");
    CHECK(seen.posts.empty());
    auto first = write(admin, "Where is my <em>kettle</em>? 5 &lt; 7 \U0001F9CA");
    auto held = write(admin, "this one waits", "hold");
    write(editor, "we look into it");
    seen = look(seen.cursor);
    REQUIRE(seen.posts.size() == 2);
    CHECK(seen.posts[0].id.value == "comment-" + std::to_string(first));
    CHECK(seen.posts[0].text.starts_with("Where is my kettle? 5 < 7 \U0001F9CA"));
    CHECK(seen.posts[0].in_reply_to.value == std::to_string(post.get<std::int64_t>()));
    CHECK_FALSE(seen.posts[0].by.empty());
    CHECK(seen.posts[0].url.starts_with("http"));
    CHECK(seen.posts[1].id.value == "comment-" + std::to_string(held));
    CHECK(seen.posts[0].at > clock_now() - 5min);
    admin.by_hand("comments/" + std::to_string(first), {{"content", "found it " + stamp}});
    admin.by_hand("comments/" + std::to_string(held), {{"status", "approve"}});
    admin.by_hand("comments/" + std::to_string(old), {{"status", "trash"}});
    CHECK(look(seen.cursor).posts.empty());
    write(admin, "thanks");
    auto after = look(seen.cursor);
    REQUIRE(after.posts.size() == 1);
    CHECK(after.posts[0].text.starts_with("thanks"));
}
