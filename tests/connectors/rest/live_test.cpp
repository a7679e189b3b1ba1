// The shipped description of WordPress against a real one, through the real HTTP client. PEER_WORDPRESS holds one JSON line, as the
// peer's start script says it; its cron has to run every two seconds. Without it every test here is skipped, and says so.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "connectors/rest/capabilities.hpp"
#include "connectors/rest/connector.hpp"
#include "daemon/net/http_client.hpp"
#include "tests/connectors/rest/support.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

time_point live_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::optional<json> peer()
{
    const char* line = std::getenv("PEER_WORDPRESS");
    if (line == nullptr || *line == '\0') {
        std::cout << "skipped: PEER_WORDPRESS is not set, so there is no WordPress to try the description against\n";
        return std::nullopt;
    }
    return json::parse(line);
}

class live {
public:
    live(const json& site, const std::string& who, std::string password = {})
        : http_(context_.get_executor(), net::http_client_settings{})
    {
        auto read = halfmast::settings::read_document(HALFMAST_SOURCE_DIR "/config/connectors/wordpress.toml");
        REQUIRE(read.value != nullptr);
        auto own = std::make_shared<rest::settings>();
        own->url = site.at("url").get<std::string>();
        const auto& mine = site.at("accounts").at(who);
        own->username = mine.at("user").get<std::string>();
        own->secret = password.empty() ? mine.at("app_password").get<std::string>() : std::move(password);
        std::erase(own->secret, ' ');
        own->what = rest::read_description(*read.value, "UTC", [](document_place, const std::string& text) { FAIL(text); });
        own_ = own;
        to = rest::room().connect(own, http_, vault_);
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
        auto request =
            rest::wire::request_of(*own_, own_->what->checks.front().ask, rest::wire::fill_common(*own_, ""), "write by hand")
                .value();
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
        auto due = format_utc(std::chrono::floor<seconds>(live_now() + ahead));
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
        return run(to.queue->release(std::move(call), {}, live_now()));
    }

    // Reads until it is there; the platform's own cron needs its time.
    bool becomes(const post_ptr& post, whereabouts wanted, milliseconds within)
    {
        auto deadline = live_now() + within;
        do {
            if (read(post).where == wanted)
                return true;
            asio::steady_timer pause(context_, 300ms);
            pause.wait();
        } while (live_now() < deadline);
        return false;
    }

private:
    asio::io_context context_;
    net::http_client http_;
    test::memory_vault vault_;
    std::shared_ptr<const rest::settings> own_;

public:
    connection to;
};

std::string unique(const std::string& words) { return words + " " + std::to_string(live_now().time_since_epoch().count()); }

}  // namespace

TEST_CASE("live: the description's checks find the editor sound, and the author not", "[rest][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    for (const auto& line : editor.run(editor.to.checks->check())) {
        INFO(line.what << ": " << line.detail);
        CHECK(line.ok);
    }
    live author{*site, "author"};
    auto lines = author.run(author.to.checks->check());
    auto others = std::ranges::find(lines, std::string{"may edit others' posts"}, &check_line::what);
    REQUIRE(others != lines.end());
    CHECK_FALSE(others->ok);
    CHECK(others->detail.find("Editor") != std::string::npos);
}

TEST_CASE("live: a refused password is told from an empty queue by its description", "[rest][live]")
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
}

TEST_CASE("live: posts and pages are listed, held twice, and released by their description", "[rest][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto route = GENERATE(as<std::string>{}, "posts", "pages");
    CAPTURE(route);
    auto title = unique("Winter & sale");
    auto more = route == "posts" ? json{{"categories", {site->at("categories").at("promo")}}} : json::object();
    auto post = editor.listed(editor.schedule(route, title, 90min, more));
    REQUIRE(post != nullptr);
    CHECK(post->text == title + "\nOnly today: shop");
    CHECK(post->links == std::vector<std::string>{"https://shop.example/?utm_source=blog"});
    CHECK(post->author == "halfmast");
    if (route == "posts")
        CHECK(std::ranges::find(post->categories, "promo") != post->categories.end());
    for (int turn = 0; turn < 2; ++turn) {
        auto done = editor.hold(post);
        INFO((done ? "" : done.error().detail));
        REQUIRE(done.has_value());
        CHECK(editor.read(post).where == whereabouts::parked);
        CHECK(editor.read(post).due == post->due);
    }
    CHECK(editor.listed(post->id) == nullptr);
    CHECK(editor.release(post, live_now() + 60s).error().kind == failure::rejected);
    for (int turn = 0; turn < 2; ++turn) {
        auto back = editor.release(post, post->due);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        CHECK(editor.read(post).where == whereabouts::queued);
        CHECK(editor.read(post).due == post->due);
    }
    CHECK(editor.hold(post).has_value());
}

TEST_CASE("live: a hold in the last minute works by its description, and a public post stays public", "[rest][live][.last-minute]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto held = editor.listed(editor.schedule("posts", unique("Nearly out"), 63s));
    auto lost = editor.listed(editor.schedule("posts", unique("Gone out"), 63s));
    REQUIRE(held != nullptr);
    REQUIRE(lost != nullptr);
    asio::io_context waiting;
    asio::steady_timer until(waiting, std::chrono::milliseconds{held->due - live_now() - 5s});
    until.wait();  // the platform's own clock: its last minute
    auto done = editor.hold(held);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    CHECK(editor.read(held).where == whereabouts::parked);
    REQUIRE(editor.becomes(lost, whereabouts::published, 30s));
    CHECK(editor.hold(lost).error().kind == failure::not_found);
    CHECK(editor.release(lost, live_now() + 1h).error().kind == failure::not_found);
    CHECK(editor.read(lost).where == whereabouts::published);
    auto feed = editor.run(editor.to.feed->since(live_now() - 10min));
    REQUIRE(feed.has_value());
    auto shown = std::ranges::find(*feed, lost->id, &publication::id);
    REQUIRE(shown != feed->end());
    CHECK(shown->text == lost->text);
    CHECK(shown->at == lost->due);
    CHECK(editor.read(held).where == whereabouts::parked);
}

TEST_CASE("live: a post in the trash is absent by its description", "[rest][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto post = editor.listed(editor.schedule("posts", unique("Thrown away"), 2h));
    REQUIRE(post != nullptr);
    editor.by_hand("posts/" + post->id.value + "&_method=DELETE", json::object());
    CHECK(editor.read(post).where == whereabouts::absent);
    CHECK(editor.hold(post).error().kind == failure::not_found);
}

TEST_CASE("live: a summary goes out once and is pinned and unpinned by its description", "[rest][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    auto before = editor.run(editor.to.pins->pins());
    INFO((before ? "" : before.error().detail));
    REQUIRE(before.has_value());
    publish_summary call{crisis_id{"c-1"},
                         {"en", "Checkout is failing & we are on it. Next update by 14:45 UTC.\nhttps://status.example/?a=1&b=2"},
                         unique("halfmast-c-1-rest"),
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
    auto feed = editor.run(editor.to.feed->since(live_now() - 5min));
    REQUIRE(feed.has_value());
    auto shown = std::ranges::find(*feed, first->remote, &publication::id);
    REQUIRE(shown != feed->end());
    CHECK(shown->text.find("Checkout is failing & we are on it\n") == 0);
    CHECK(shown->links == std::vector<std::string>{"https://status.example/?a=1&b=2"});
}

TEST_CASE("live: a queue of more than a page is listed whole by its description", "[rest][live]")
{
    auto site = peer();
    if (!site)
        return;
    live editor{*site, "editor"};
    std::vector<post_id> made;
    for (int number = 0; number < 105; ++number)
        made.push_back(editor.schedule("posts", "Described " + std::to_string(number), 24h + number * 1min));
    auto all = editor.run(editor.to.queue->list());
    INFO((all ? "" : all.error().detail));
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

TEST_CASE("live, described: comments are given once, those that wait too, and our own not", "[rest][live]")
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
    auto post = admin.by_hand("posts", {{"title", unique("Open for comments")}, {"status", "publish"}, {"comment_status", "open"}})
                    .at("id");
    auto write = [&](live& who, const std::string& words, const std::string& status = "approve") {
        who.by_hand("comments", {{"post", post}, {"content", unique(words)}, {"status", status}});
    };
    write(admin, "long known");
    auto seen = look("");
    CHECK(seen.posts.empty());
    write(admin, "Where is my <em>kettle</em>?");
    write(admin, "this one waits", "hold");
    write(editor, "we look into it");
    seen = look(seen.cursor);
    REQUIRE(seen.posts.size() == 2);
    CHECK(seen.posts[0].text.starts_with("Where is my kettle? "));
    CHECK(seen.posts[0].in_reply_to.value == std::to_string(post.get<std::int64_t>()));
    CHECK_FALSE(seen.posts[0].by.empty());
    CHECK(seen.posts[1].text.starts_with("this one waits "));
    CHECK(look(seen.cursor).posts.empty());
}
