// Notifications: what the AppView answers, and its traps.
#include <nlohmann/json.hpp>

#include "connectors/bluesky/wire_mentions.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::bluesky;
using namespace std::chrono_literals;
using nlohmann::json;

namespace mentions_test {

namespace {

const std::string did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const std::string theirs = "did:plc:44ybard66vv44zksje25o7dz";
const std::string hash = "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const time_point now = parse_rfc3339("2026-03-02T14:00:00Z").value();

settings sample()
{
    settings own;
    own.url = "https://pds.example";
    own.handle = "acme.example";
    own.password = "abcd-efgh-ijkl-mnop";
    return own;
}

json told(const std::string& reason, const std::string& words)
{
    return {{"uri", "at://" + theirs + "/app.bsky.feed.post/3jzfcijpj2z2a"},
            {"cid", hash},
            {"author", {{"did", theirs}, {"handle", "maria.test"}}},
            {"reason", reason},
            {"record",
             {{"$type", "app.bsky.feed.post"}, {"text", words}, {"langs", {"pt-BR", "en"}}, {"createdAt", "2026-03-02T13:00:00Z"}}},
            {"indexedAt", "2026-03-02T13:59:00.120Z"}};
}

http_response answer(const json& body, int status = 200)
{
    http_response made;
    made.status = status;
    made.body = body.dump();
    return made;
}

result<wire::page<wire::notice>> read(const json& notifications)
{
    return wire::read_notifications(sample(), did, answer({{"notifications", notifications}, {"cursor", "next one"}}), now);
}

}  // namespace

TEST_CASE("a reply is read with its author, its language and what it answers", "[bluesky]")
{
    auto reply = told("reply", "where is my kettle? \xE2\x98\x95");
    reply["record"]["reply"]["parent"] = {{"uri", "at://" + did + "/app.bsky.feed.post/3kroot"}, {"cid", hash}};
    auto page = read(json::array({reply}));
    REQUIRE(page.has_value());
    REQUIRE(page->items.size() == 1);
    CHECK(page->next == "next one");
    REQUIRE(page->items[0].said.has_value());
    const auto& said = *page->items[0].said;
    CHECK(said.id.value == "at://" + theirs + "/app.bsky.feed.post/3jzfcijpj2z2a#" + hash);
    CHECK(said.at == parse_rfc3339("2026-03-02T13:59:00.120Z").value());
    CHECK(said.text == "where is my kettle? \xE2\x98\x95");
    CHECK(said.language == "pt-BR");
    CHECK(said.by == "maria.test");
    CHECK(said.url == "https://bsky.app/profile/" + theirs + "/post/3jzfcijpj2z2a");
    CHECK(said.in_reply_to.value == "3kroot#" + hash);
}

TEST_CASE("mentions, replies and quotes are words; likes, follows and our own are none", "[bluesky]")
{
    for (const auto* reason : {"mention", "reply", "quote"})
        CHECK(read(json::array({told(reason, "x")})).value().items.at(0).said.has_value());
    for (const auto* reason : {"like", "repost", "follow", "starterpack-joined", "like-via-repost", "subscribed-post", ""})
        CHECK_FALSE(read(json::array({told(reason, "x")})).value().items.at(0).said.has_value());
    auto ours = told("reply", "thanks");
    ours["author"]["did"] = did;
    CHECK_FALSE(read(json::array({ours})).value().items.at(0).said.has_value());
    auto odd = told("mention", "x");
    odd["record"] = nullptr;
    CHECK_FALSE(read(json::array({odd})).value().items.at(0).said.has_value());
}

TEST_CASE("an entry without an address or a moment is passed over, a list that is none is a problem", "[bluesky]")
{
    auto nowhere = told("mention", "x");
    nowhere.erase("uri");
    auto never = told("mention", "x");
    never["indexedAt"] = "yesterday";
    auto page = read({nowhere, never, 7, nullptr, told("mention", "x")});
    REQUIRE(page.has_value());
    CHECK(page->items.size() == 1);
    CHECK(wire::read_notifications(sample(), did, answer(json::array()), now).error().kind == failure::bad_reply);
    CHECK(wire::read_notifications(sample(), did, answer({{"error", "UpstreamFailure"}}, 502), now).error().kind
          == failure::unknown_outcome);
    CHECK(wire::read_notifications(sample(), did, answer({{"error", "MethodNotImplemented"}}, 501), now).error().kind
          == failure::unsupported);
}

TEST_CASE("everybody's words are asked for, whatever the account prefers to see", "[bluesky]")
{
    auto request = wire::notifications(sample(), "a b&c");
    CHECK(request.looks);
    CHECK(request.url == "https://pds.example/xrpc/app.bsky.notification.listNotifications?limit=100&priority=false&reasons=mention&reasons=reply&reasons=quote"
                         "&cursor=a%20b%26c");
}

}  // namespace mentions_test
