// Mentions: what servers of all kinds answer, and conversations that the contract suite's platform does not have.
#include <algorithm>
#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "connectors/mastodon/connector.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::mastodon;
using namespace std::chrono_literals;
using nlohmann::json;

namespace mentions_test {

namespace {

const time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
constexpr auto ourselves = "77";

settings sample()
{
    settings own;
    own.url = "https://social.example";
    own.token = "s3cret";
    return own;
}

json notification(const std::string& id, const std::string& words)
{
    return {{"id", id},
            {"type", "mention"},
            {"created_at", "2026-03-02T13:59:00.000Z"},
            {"account", {{"id", "5"}, {"acct", "maria@elsewhere.example"}}},
            {"status",
             {{"id", "s" + id},
              {"created_at", "2026-03-02T11:00:00.000Z"},
              {"in_reply_to_id", "9"},
              {"visibility", "public"},
              {"language", "pt"},
              {"url", "https://elsewhere.example/@maria/1"},
              {"content", "<p>" + words + "</p>"}}}};
}

http_response answer(const json& body, int status = 200)
{
    http_response made;
    made.status = status;
    made.body = body.dump();
    made.headers.emplace_back("Date", "Mon, 02 Mar 2026 14:00:00 GMT");
    return made;
}

// What is asked of the notifications, and a list that answers as a server of any kind does.
struct server final : http_port {
    std::vector<json> all;  // oldest first
    std::size_t most = 40;
    bool pages = true;  // false: knows no min_id, and always gives the newest
    bool oldest_first = false;
    std::vector<std::string> asked;

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        auto given = serve(request);
        co_return given;
    }

    http_response serve(const http_request& request)
    {
        if (request.url.find("verify_credentials") != std::string::npos)
            return answer({{"id", ourselves}});
        CHECK(request.looks);
        asked.push_back(request.url.substr(request.url.find('?') + 1));
        auto at = request.url.find("&min_id=");
        auto above = at == std::string::npos || !pages ? 0 : std::stoll(request.url.substr(at + 8));
        std::vector<json> page;
        for (const auto& one : all)
            if (std::stoll(one.at("id").get<std::string>()) > above)
                page.push_back(one);
        if (above == 0 && at == std::string::npos && page.size() > most)
            page.erase(page.begin(), page.end() - static_cast<std::ptrdiff_t>(most));
        page.resize(std::min(page.size(), most));
        if (!oldest_first)
            std::ranges::reverse(page);
        return answer(page);
    }
};

struct desk {
    desk()
    {
        auto own = std::make_shared<settings>(sample());
        to = std::make_unique<connector>(own, net);
    }

    mention_look look(std::string cursor)
    {
        asio::io_context context;
        std::optional<result<mention_look>> given;
        asio::co_spawn(context, to->since(std::move(cursor)), [&](std::exception_ptr thrown, result<mention_look> value) {
            if (thrown)
                std::rethrow_exception(thrown);
            given = std::move(value);
        });
        context.run_for(30s);
        REQUIRE(given.has_value());
        INFO((given->has_value() ? "" : given->error().detail));
        REQUIRE(given->has_value());
        return **given;
    }

    server net;
    std::unique_ptr<connector> to;
};

std::vector<std::string> ids_of(const mention_look& seen)
{
    std::vector<std::string> ids;
    for (const auto& one : seen.posts)
        ids.push_back(one.id.value);
    return ids;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a mention is read with its author, its language and what it answers", "[mastodon]")
{
    auto page = wire::read_mentions(sample(), ourselves,
                                    answer(json::array({notification("4", "<span>@acme</span> where is my kettle? &lt;3")})), now);
    REQUIRE(page.has_value());
    REQUIRE(page->size() == 1);
    REQUIRE(page->front().said.has_value());
    const auto& said = *page->front().said;
    CHECK(page->front().id == "4");
    CHECK(said.id.value == "s4");
    CHECK(said.text == "@acme where is my kettle? <3");
    CHECK(said.by == "maria@elsewhere.example");
    CHECK(said.language == "pt");
    CHECK(said.url == "https://elsewhere.example/@maria/1");
    CHECK(said.in_reply_to.value == "9");
    CHECK(said.at == now - 1min);  // when this server had it
}

TEST_CASE("what is no public mention by somebody else is known and not given", "[mastodon]")
{
    auto ours = notification("1", "thanks");
    ours["account"]["id"] = ourselves;
    auto direct = notification("2", "my order number is 4711");
    direct["status"]["visibility"] = "direct";
    auto liked = notification("3", "x");
    liked["type"] = "favourite";
    auto gone = notification("4", "x");
    gone["status"] = nullptr;
    auto nameless = notification("5", "x");
    nameless["id"] = nullptr;
    auto spaced = notification("a b", "x");
    auto page = wire::read_mentions(sample(), ourselves,
                                    answer({ours, direct, liked, gone, nameless, spaced, 7, nullptr, json::object()}), now);
    REQUIRE(page.has_value());
    REQUIRE(page->size() == 4);
    for (const auto& one : *page)
        CHECK_FALSE(one.said.has_value());
}

TEST_CASE("a refusal says which scope is missing", "[mastodon]")
{
    auto page =
        wire::read_mentions(sample(), ourselves, answer({{"error", "This action is outside the authorized scopes"}}, 403), now);
    REQUIRE_FALSE(page.has_value());
    CHECK(page.error().kind == failure::forbidden);
    CHECK(page.error().detail.find("read:notifications") != std::string::npos);
    CHECK(wire::read_mentions(sample(), ourselves, answer(json::array(), 404), now).error().kind == failure::unsupported);
    CHECK(wire::read_mentions(sample(), ourselves, answer(json::object()), now).error().kind == failure::bad_reply);
}

TEST_CASE("the newest are looked at again, for a server may show ids in another order than it gave them", "[mastodon]")
{
    desk at;
    for (int id = 100; id < 130; id += 2)
        at.net.all.push_back(notification(std::to_string(id), "x"));
    auto seen = at.look("");
    CHECK(seen.posts.empty());
    CHECK_FALSE(seen.more);
    // 121 was given its id before 122 and 128, and is shown only now.
    at.net.all.insert(at.net.all.begin() + 11, notification("121", "late"));
    at.net.all.push_back(notification("130", "x"));
    seen = at.look(seen.cursor);
    CHECK(ids_of(seen) == names{"s121", "s130"});
    CHECK(at.look(seen.cursor).posts.empty());
}

TEST_CASE("pages of any length and in either order are read to their end", "[mastodon]")
{
    desk at;
    at.net.most = GENERATE(12, 20, 40);
    at.net.oldest_first = GENERATE(false, true);
    CAPTURE(at.net.most, at.net.oldest_first);
    auto mark = at.look("").cursor;
    CHECK(mark == "1 0");
    names written;
    for (int id = 1; id <= 95; ++id) {
        at.net.all.push_back(notification(std::to_string(id), "x"));
        written.push_back("s" + std::to_string(id));
    }
    auto seen = at.look(mark);
    CHECK(ids_of(seen) == written);
    CHECK_FALSE(seen.more);
    at.net.asked.clear();
    CHECK(at.look(seen.cursor).posts.empty());
    REQUIRE(at.net.asked.size() == 1);  // a quiet look costs one call
    CHECK(at.net.asked[0] == "types%5B%5D=mention&limit=40&min_id=85");
}

TEST_CASE("a flood comes in several looks", "[mastodon]")
{
    desk at;
    auto mark = at.look("").cursor;
    for (int id = 1; id <= 2'500; ++id)
        at.net.all.push_back(notification(std::to_string(id), "x"));
    std::size_t all = 0;
    int looks = 0;
    for (bool more = true; more; ++looks) {
        auto seen = at.look(mark);
        all += seen.posts.size();
        more = seen.more;
        mark = seen.cursor;
        CHECK(seen.posts.size() <= 1'100);
        CHECK(mark.size() < 200);
    }
    CHECK(all == 2'500);
    CHECK(looks == 3);
}

TEST_CASE("a server that knows no pages gives what it shows, once", "[mastodon]")
{
    desk at;
    at.net.pages = false;
    at.net.all = {notification("1", "x")};
    auto mark = at.look("").cursor;
    at.net.all.push_back(notification("2", "x"));
    auto seen = at.look(mark);
    CHECK(ids_of(seen) == names{"s2"});
    CHECK(at.look(seen.cursor).posts.empty());
}

TEST_CASE("a mark is written and read, and nothing else is one", "[mastodon]")
{
    wire::mention_mark mark;
    mark.take({});
    CHECK(mark.text() == "1 0");
    for (const auto* text : {"1 0", "1 5 6 7", "1 01HZY7ZK4Q0000000000000000"})
        CHECK(wire::read_mark(text).value().text() == text);
    for (const auto* text : {"", "1", "1 ", "2 5", "5 6", "1  5", "1 5;6", "1 \n", "1 caf\xC3\xA9"}) {
        CAPTURE(text);
        CHECK_FALSE(wire::read_mark(text).has_value());
    }
}

}  // namespace mentions_test
