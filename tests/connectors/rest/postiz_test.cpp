// The shipped description of Postiz against a fake made from its source: one answer for the whole window, a status call that says
// yes whatever happens, and a put-back that publishes at once when the time has passed.
#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "connectors/rest/connector.hpp"
#include "daemon/net/http_server.hpp"
#include "tests/connectors/rest/support.hpp"
#include "tests/support/memory_vault.hpp"

using namespace halfmast;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

time_point clock_now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

class postiz final : public http_port {
public:
    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        sent.push_back(request.method + " " + request.url.substr(0, request.url.find('?')));
        auto given = answer(request);
        co_return given;
    }

    json& add(const std::string& id, const std::string& state, milliseconds ahead)
    {
        posts.push_back({{"id", id},
                         {"content", "<p>Big sale, see <a href=\"https://shop.example/?utm_source=x\">shop</a></p>"},
                         {"state", state},
                         {"publishDate", format_utc(clock_now() + ahead)},
                         {"releaseURL", state == "PUBLISHED" ? json("https://x.example/" + id) : json(nullptr)},
                         {"tags", json::array({{{"tag", {{"name", "promo"}}}}})},
                         {"integration", {{"name", "Acme on X"}, {"providerIdentifier", "x"}}}});
        return posts.back();
    }

    json posts = json::array();
    std::vector<std::string> sent;
    bool swallows = false;  // says DRAFT, and the waiting workflow goes on

private:
    http_response answer(const http_request& request)
    {
        http_response made;
        made.status = 200;
        auto target = request.url.substr(std::string_view{"https://postiz.example/api/public/v1"}.size());
        if (find_header(request.headers, "Authorization") != "api-key") {
            made.status = 401;
            made.body = R"({"msg":"Invalid API key"})";
        } else if (target == "/is-connected") {
            made.body = R"({"connected":true})";
        } else if (target.starts_with("/posts?")) {
            made.body = window(target);
        } else if (request.method == "PUT" && target.ends_with("/status")) {
            made = change(target.substr(7, target.size() - 14), json::parse(request.body).at("status"));
        } else {
            made.status = 404;
            made.body = R"({"message":"Cannot find it","statusCode":404})";
        }
        return made;
    }

    std::string window(const std::string& target) const
    {
        auto value = [&](const std::string& name) {
            auto at = target.find(name + "=") + name.size() + 1;
            return parse_rfc3339(net::percent_decode(target.substr(at, target.find('&', at) - at)).value()).value();
        };
        auto found = json::array();
        for (const auto& post : posts)
            if (auto at = parse_rfc3339(post["publishDate"].get<std::string>()).value();
                at >= value("startDate") && at <= value("endDate"))
                found.push_back(post);
        return json{{"posts", found}}.dump();
    }

    http_response change(const std::string& id, const std::string& status)
    {
        http_response made;
        auto found = std::ranges::find(posts, json(id), [](const auto& post) { return post["id"]; });
        if (found == posts.end()) {
            made.status = 400;
            made.body = R"({"message":"Post not found","statusCode":400})";
            return made;
        }
        made.status = 200;
        auto state = status == "draft" ? "DRAFT" : "QUEUE";
        if (!swallows)
            (*found)["state"] = state;
        made.body = json{{"id", id}, {"state", state}}.dump();
        return made;
    }
};

class office {
public:
    explicit office(const std::string& key = "api-key")
    {
        auto read = halfmast::settings::read_document(HALFMAST_SOURCE_DIR "/config/connectors/postiz.toml");
        REQUIRE(read.value != nullptr);
        auto own = std::make_shared<rest::settings>();
        own->url = "https://postiz.example/api/public/v1";
        own->secret = key;
        own->what = rest::read_description(*read.value, "UTC", [](document_place, const std::string& text) { FAIL(text); });
        to = rest::room().connect(own, there, vault);
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> given;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            REQUIRE(error == nullptr);
            given = std::move(value);
        });
        context.restart();
        context.run();
        return std::move(given.value());
    }

    post_ptr listed(const std::string& id)
    {
        auto all = run(to.queue->list());
        INFO((all ? "" : all.error().detail));
        REQUIRE(all.has_value());
        auto found = std::ranges::find(*all, post_id{id}, &scheduled_post::id);
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
        return run(to.queue->read(std::move(call))).value().at(0);
    }

    result<receipt> release(const post_ptr& post, time_point at)
    {
        release_post call{post->id, post->id, post, rung::draft, at, {}, false};
        return run(to.queue->release(std::move(call), {}, clock_now()));
    }

    asio::io_context context;
    postiz there;
    test::memory_vault vault;
    connection to;
};

}  // namespace

TEST_CASE("postiz: what is queued is listed, held, read back and put back with its own time", "[rest][postiz]")
{
    office on;
    on.there.add("a", "QUEUE", 2h);
    on.there.add("b", "DRAFT", 2h);
    on.there.add("c", "PUBLISHED", -2h);
    on.there.add("d", "QUEUE", 24h * 300);  // beyond the window
    auto post = on.listed("a");
    REQUIRE(post != nullptr);
    CHECK(on.listed("b") == nullptr);
    CHECK(on.listed("d") == nullptr);
    CHECK(post->text == "Big sale, see shop");
    CHECK(post->tags == std::vector<std::string>{"promo"});
    CHECK(post->labels == std::vector<std::string>{"Acme on X", "x"});
    CHECK(post->links == std::vector<std::string>{"https://shop.example/?utm_source=x"});
    for (int turn = 0; turn < 2; ++turn) {
        REQUIRE(on.hold(post).has_value());
        CHECK(on.read(post).where == whereabouts::parked);
        CHECK(on.read(post).due == post->due);
    }
    CHECK(std::ranges::count(on.there.sent, "PUT https://postiz.example/api/public/v1/posts/a/status") == 1);
    auto other_time = on.release(post, post->due + 1h);
    REQUIRE_FALSE(other_time.has_value());
    CHECK(other_time.error().kind == failure::rejected);
    CHECK(on.release(post, clock_now() + 60s).error().kind == failure::rejected);
    CHECK(on.read(post).where == whereabouts::parked);
    for (int turn = 0; turn < 2; ++turn) {
        REQUIRE(on.release(post, post->due).has_value());
        CHECK(on.read(post).where == whereabouts::queued);
    }
}

TEST_CASE("postiz: a yes that did nothing does not survive the read-back", "[rest][postiz]")
{
    office on;
    on.there.add("a", "QUEUE", 2h);
    auto post = on.listed("a");
    on.there.swallows = true;
    on.hold(post);
    CHECK(on.read(post).where == whereabouts::queued);
}

TEST_CASE("postiz: a published post is never set back, or it would go out twice", "[rest][postiz]")
{
    office on;
    auto& there = on.there.add("a", "QUEUE", 5min);
    auto post = on.listed("a");
    there["state"] = "PUBLISHED";
    there["releaseURL"] = "https://x.example/a";
    CHECK(on.hold(post).error().kind == failure::not_found);
    CHECK(on.release(post, post->due).error().kind == failure::not_found);
    CHECK(on.read(post).where == whereabouts::published);
    CHECK(on.read(post).url == "https://x.example/a");
    CHECK(std::ranges::none_of(on.there.sent, [](const auto& one) { return one.starts_with("PUT"); }));
    auto feed = on.run(on.to.feed->since(clock_now() - 1h));
    REQUIRE(feed.has_value());
    CHECK(feed->size() == 1);
    on.there.posts.clear();
    CHECK(on.read(post).where == whereabouts::absent);
    CHECK(on.hold(post).error().kind == failure::not_found);
}

TEST_CASE("postiz: doctor tells a refused key", "[rest][postiz]")
{
    office sound;
    sound.there.add("a", "QUEUE", 2h);
    for (const auto& line : sound.run(sound.to.checks->check())) {
        INFO(line.what << ": " << line.detail);
        CHECK(line.ok);
    }
    office stranger{"wrong-key"};
    auto lines = stranger.run(stranger.to.checks->check());
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].what == "credential");
    CHECK_FALSE(lines[0].ok);
    CHECK(lines[0].detail.find("Invalid API key") != std::string::npos);
    CHECK(lines[0].detail.find("wrong-key") == std::string::npos);
    CHECK(stranger.to.pins == nullptr);
}
