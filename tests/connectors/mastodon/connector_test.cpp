// The connector against a scripted server: the conversations of several calls, and the platform's own traps.
#include <algorithm>
#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "connectors/mastodon/connector.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");

http_response reply(int status, const json& body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = body.is_string() ? body.get<std::string>() : body.dump();
    made.headers = std::move(headers);
    made.headers.emplace_back("Date", "Mon, 02 Mar 2026 14:00:00 GMT");
    return made;
}

struct scripted final : http_port {
    std::function<http_response(const http_request&, const std::string& line)> answer;
    std::vector<std::string> lines;  // "GET /api/..."

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        constexpr std::string_view home = "https://social.example";
        auto line = request.method + " " + (request.url.starts_with(home) ? request.url.substr(home.size()) : request.url);
        lines.push_back(line);
        auto given = answer(request, line);
        co_return given;
    }
};

struct talk {
    talk()
    {
        auto own = std::make_shared<mastodon::settings>();
        own->url = "https://social.example";
        own->token = "s3cret";
        to = std::make_unique<mastodon::connector>(own, net, milliseconds{1});
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        asio::io_context context;
        std::optional<T> given;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr thrown, T value) {
            if (thrown)
                std::rethrow_exception(thrown);
            given = std::move(value);
        });
        context.run_for(30s);
        return std::move(given.value());
    }

    [[nodiscard]] auto count(const std::string& start) const
    {
        return std::ranges::count_if(net.lines, [&](const auto& line) { return line.starts_with(start); });
    }

    scripted net;
    std::unique_ptr<mastodon::connector> to;
};

json scheduled(const std::string& id, const std::string& text, const std::string& at = "2026-03-02T15:00:00.000Z")
{
    return {{"id", id},
            {"scheduled_at", at},
            {"params", {{"text", text}, {"media_ids", json::array()}}},
            {"media_attachments", json::array()}};
}

json status(const std::string& id, const std::string& text, const std::string& at)
{
    return {{"id", id}, {"created_at", at}, {"content", "<p>" + text + "</p>"}, {"url", "https://social.example/@acme/" + id}};
}

post_ptr snapshot(const std::string& id, const std::string& text, time_point due)
{
    auto post = std::make_shared<scheduled_post>();
    post->id.value = id;
    post->text = text;
    post->due = due;
    return post;
}

kept_bytes kept_with_media()
{
    auto bytes = [](std::string text) { return std::make_shared<const std::string>(std::move(text)); };
    return {{"post.json", "", bytes(scheduled("7", "Sale").dump())},
            {"media.json", "", bytes(R"([{"id":"3","type":"image","url":"https://files.example/3.png","description":"Alt"}])")},
            {"media/0", "", bytes("PNG")}};
}

release_post release(bool look_first = false)
{
    release_post call;
    call.post = post_id{"7"};
    call.by = rung::takeout;
    call.at = now + 1h;
    call.look_first = look_first;
    return call;
}

}  // namespace

TEST_CASE("a release waits for media that the server still works on", "[mastodon]")
{
    talk on;
    int asked = 0;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "POST /api/v2/media")
            return reply(202, {{"id", "55"}, {"url", nullptr}});
        if (line == "GET /api/v1/media/55")
            return reply(++asked < 4 ? 206 : 200, {{"id", "55"}});
        return reply(200, scheduled("8", "Sale"));
    };
    auto back = on.run(on.to->release(release(), kept_with_media(), now));
    REQUIRE(back.has_value());
    CHECK(back->remote.value == "8");
    CHECK(asked == 4);
    CHECK(on.net.lines.back() == "POST /api/v1/statuses");
}

TEST_CASE("where the newer upload is unknown the older one is used", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request& request, const std::string& line) {
        if (line == "POST /api/v2/media")
            return reply(404, {{"error", "Not Found"}});
        if (line == "POST /api/v1/media")
            return reply(200, {{"id", "56"}});
        CHECK(json::parse(request.body).at("media_ids") == json{"56"});
        return reply(200, scheduled("8", "Sale"));
    };
    CHECK(on.run(on.to->release(release(), kept_with_media(), now)).has_value());
}

TEST_CASE("a recreation that was published at once is read back as published", "[mastodon]")
{
    talk on;
    auto out = status("1001", "Sale", "2026-03-02T14:00:00Z");
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "POST /api/v2/media")
            return reply(200, {{"id", "55"}});
        if (line == "POST /api/v1/statuses")
            return reply(200, out);
        if (line.starts_with("GET /api/v1/scheduled_statuses/"))
            return reply(404, {{"error", "Record not found"}});
        if (line == "GET /api/v1/accounts/verify_credentials")
            return reply(200, {{"id", "1"}});
        return reply(200, json::array({out}));
    };
    auto back = on.run(on.to->release(release(), kept_with_media(), now));
    REQUIRE(back.has_value());
    CHECK(back->remote.value == "1001");
    read_posts call{{{post_id{"7"}, back->remote, rung::takeout, snapshot("7", "Sale", now + 30min)}}};
    auto seen = on.run(on.to->read(call)).value().at(0);
    CHECK(seen.where == whereabouts::published);
    CHECK(seen.url == "https://social.example/@acme/1001");
}

TEST_CASE("a release that looks first takes the copy an earlier call made public", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "GET /api/v1/accounts/verify_credentials")
            return reply(200, {{"id", "1"}});
        if (line.starts_with("GET /api/v1/scheduled_statuses"))
            return reply(200, json::array({scheduled("3", "Sale", "2026-03-05T15:00:00Z")}));  // the same words for another day
        return reply(200, json::array({status("1001", "Sale", "2026-03-02T13:58:00Z")}));
    };
    auto back = on.run(on.to->release(release(true), kept_with_media(), now));
    REQUIRE(back.has_value());
    CHECK(back->remote.value == "1001");
    CHECK(on.count("POST") == 0);
}

TEST_CASE("a release is refused when the platform's clock says its time is near", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string&) { return reply(200, json::array()); };
    on.run(on.to->list());
    // Our engine's clock is an hour behind: for the server the time has nearly come.
    auto late = release();
    late.at = now + 2min;
    auto refused = on.run(on.to->release(late, kept_with_media(), now - 1h));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rejected);
    CHECK(on.count("POST /api/v1/statuses") == 0);
}

TEST_CASE("pinning what is pinned already is success; having no room is not", "[mastodon]")
{
    talk on;
    bool pinned = GENERATE(true, false);
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line.starts_with("POST"))
            return reply(422, {{"error", "Validation failed: You have already pinned the maximum number of posts"}});
        auto post = status("5", "x", "2026-03-02T13:00:00Z");
        post["pinned"] = pinned;
        return reply(200, post);
    };
    auto done = on.run(on.to->pin(post_id{"5"}));
    CHECK(done.has_value() == pinned);
    if (!pinned)
        CHECK(done.error().kind == failure::rejected);
}

TEST_CASE("reading many back starts at the highest id and ends below the lowest", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        CHECK(line == "GET /api/v1/scheduled_statuses?limit=40&max_id=151");
        auto list = json::array();
        for (int id = 150; id > 110; --id)
            list.push_back(scheduled(std::to_string(id), "x"));
        return reply(200, list, {{"Link", "<https://social.example/api/v1/scheduled_statuses?limit=40&max_id=111>; rel=\"next\""}});
    };
    read_posts call;
    for (const auto* id : {"112", "150", "149"})
        call.wanted.push_back({post_id{id}, post_id{id}, rung::postpone, snapshot(id, "x", now + 1h)});
    auto seen = on.run(on.to->read(call)).value();
    CHECK(std::ranges::all_of(seen, [](const auto& one) { return one.where == whereabouts::queued; }));
    CHECK(on.net.lines.size() == 1);
}

TEST_CASE("when pages cost more than questions, questions are asked; ids need not be numbers", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line.starts_with("GET /api/v1/scheduled_statuses?")) {
            auto list = json::array();
            for (int id = 0; id < 40; ++id)
                list.push_back(scheduled("01F" + std::to_string(on.net.lines.size() * 100 + static_cast<std::size_t>(id)), "x"));
            return reply(200, list,
                         {{"Link", "<https://social.example/api/v1/scheduled_statuses?limit=40&max_id=01F"
                                       + std::to_string(on.net.lines.size()) + ">; rel=\"next\""}});
        }
        return reply(200, scheduled(line.substr(line.rfind('/') + 1), "x"));
    };
    read_posts call;
    for (const auto* id : {"01A", "01B"})
        call.wanted.push_back({post_id{id}, post_id{id}, rung::postpone, snapshot(id, "x", now + 1h)});
    auto seen = on.run(on.to->read(call)).value();
    CHECK(std::ranges::all_of(seen, [](const auto& one) { return one.where == whereabouts::queued; }));
    CHECK(on.net.lines.size() <= 4);
}

TEST_CASE("the same words published before the due time are no evidence", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "GET /api/v1/accounts/verify_credentials")
            return reply(200, {{"id", "1"}});
        if (line.starts_with("GET /api/v1/scheduled_statuses"))
            return reply(404, {{"error", "Record not found"}});
        return reply(200, json::array({status("1001", "Weekly sale", "2026-03-02T13:55:00Z")}));
    };
    auto where = [&](time_point due) {
        read_posts call{{{post_id{"7"}, post_id{"7"}, rung::takeout, snapshot("7", "Weekly sale", due)}}};
        return on.run(on.to->read(call)).value().at(0).where;
    };
    CHECK(where(now + 3min) == whereabouts::absent);
    CHECK(where(now - 6min) == whereabouts::published);
    CHECK(on.count("GET /api/v1/accounts/verify_credentials") == 1);
}

TEST_CASE("what we took out before its time is read back by one call: the feed is watched later", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        CHECK(line == "GET /api/v1/scheduled_statuses/7");
        return reply(404, {{"error", "Record not found"}});
    };
    read_posts call{{{post_id{"7"}, post_id{"7"}, rung::takeout, snapshot("7", "Sale", now + 30min)}}};
    auto seen = on.run(on.to->read(call)).value().at(0);
    CHECK(seen.where == whereabouts::absent);
    CHECK(on.net.lines.size() == 1);
}

TEST_CASE("a list without an end is a bad reply", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string&) {
        return reply(200, json::array({scheduled("1", "x")}), {{"Link", "</api/v1/scheduled_statuses?max_id=1>; rel=\"next\""}});
    };
    auto all = on.run(on.to->list());
    REQUIRE_FALSE(all.has_value());
    CHECK(all.error().kind == failure::bad_reply);
}

TEST_CASE("an attachment behind a redirect is fetched, and without the token", "[mastodon]")
{
    talk on;
    auto element = scheduled("7", "Sale");
    element["params"]["media_ids"] = {"3"};
    element["media_attachments"] = json::array({{{"id", "3"}, {"type", "image"}, {"url", "https://social.example/media/3.png"}}});
    on.net.answer = [&](const http_request& request, const std::string& line) {
        if (line.starts_with("GET /api/"))
            return reply(200, element);
        CHECK(find_header(request.headers, "Authorization").empty());
        if (line == "GET /media/3.png")
            return reply(302, "", {{"Location", "https://files.example/3.png"}});
        return reply(200, "PNG", {{"Content-Type", "image/png"}});
    };
    save_post call{post_id{"7"}, snapshot("7", "Sale", now + 3min)};
    auto kept = on.run(on.to->save(call));
    REQUIRE(kept.has_value());
    CHECK(*kept->back().bytes == "PNG");
    CHECK(std::ranges::none_of(*kept, [](const auto& one) { return one.name == "raw"; }));
}

TEST_CASE("boosts are not the account's own words", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "GET /api/v1/accounts/verify_credentials")
            return reply(200, {{"id", "1"}});
        auto boost = status("2", "", "2026-03-02T13:59:00Z");
        boost["reblog"] = status("1", "Somebody's", "2026-03-01T00:00:00Z");
        return reply(200, json::array({boost, status("1", "Ours", "2026-03-02T13:58:00Z")}));
    };
    auto feed = on.run(on.to->since(now - 1h)).value();
    REQUIRE(feed.size() == 1);
    CHECK(feed[0].text == "Ours");
}

TEST_CASE("doctor names what an instance lacks", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string& line) {
        if (line == "GET /api/v1/accounts/verify_credentials")
            return reply(200, {{"id", "1"}});
        if (line == "GET /api/v1/apps/verify_credentials")
            return reply(200, {{"scopes", {"read", "write:statuses"}}});
        if (line.starts_with("GET /api/v1/scheduled_statuses"))
            return reply(404, {{"error", "Not Found"}});
        if (line == "GET /api/v2/instance")
            return reply(404, {{"error", "Not Found"}});
        if (line == "GET /api/v1/instance")
            return reply(200, {{"version", "2.7.2 (compatible; Pleroma 2.5.0)"},
                               {"configuration", {{"accounts", {{"max_pinned_statuses", 1}}}}}});
        return reply(200, json::array());
    };
    std::string all;
    for (const auto& line : on.run(on.to->check()))
        if (!line.ok)
            all += line.detail + "\n";
    CHECK(all.find("no scheduled posts (404)") != std::string::npos);
    CHECK(all.find("lacks write:accounts;") != std::string::npos);
    CHECK(all.find("lacks write:media;") != std::string::npos);
    CHECK(all.find("most_pins = 1") != std::string::npos);
}

TEST_CASE("a queue is asked for by its ETags, and nothing is read of what is still the same", "[mastodon]")
{
    talk on;
    std::vector<std::string> versions{"a", "b"};  // of the two pages
    int whole = 0;
    on.net.answer = [&](const http_request& request, const std::string& line) {
        if (!line.starts_with("GET /api/v1/scheduled_statuses"))
            return reply(200, {{"id", "1"}});
        std::size_t page = line.find("max_id") == std::string::npos ? 0 : 1;
        auto etag = "W/\"" + versions[page] + "\"";
        if (find_header(request.headers, "If-None-Match") == etag)
            return reply(304, "", {{"ETag", etag}});
        ++whole;
        http_headers headers{{"ETag", etag}};
        if (page == 0)
            headers.emplace_back("Link", "<https://social.example/api/v1/scheduled_statuses?limit=40&max_id=50>; rel=\"next\"");
        return reply(200, json::array({scheduled(page == 0 ? "50" : "7", versions[page])}), std::move(headers));
    };
    auto look = [&](std::vector<page_mark> known) {
        whole = 0;
        auto seen = on.run(on.to->observe(std::move(known)));
        REQUIRE(seen.has_value());
        return std::move(*seen);
    };
    auto first = look({});
    CHECK(first.posts.size() == 2);
    CHECK(whole == 2);
    auto second = look(first.mark);
    CHECK(second.unchanged);
    CHECK(whole == 0);

    // Of the page before it nothing was kept, so both are read.
    versions[1] = "c";
    auto third = look(second.mark);
    CHECK_FALSE(third.unchanged);
    REQUIRE(third.posts.size() == 2);
    CHECK(third.posts[1].text == "c");
    CHECK(look(third.mark).unchanged);

    versions[0] = "d";
    auto fourth = look(third.mark);
    CHECK_FALSE(fourth.unchanged);
    CHECK(whole == 2);
    CHECK(fourth.posts.size() == 2);
}

TEST_CASE("an answer 304 that nobody asked for is no empty queue", "[mastodon]")
{
    talk on;
    on.net.answer = [&](const http_request&, const std::string&) { return reply(304, "", {{"ETag", "W/\"a\""}}); };
    auto seen = on.run(on.to->observe({}));
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().kind == failure::bad_reply);
}
