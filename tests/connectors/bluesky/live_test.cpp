// The room against a real Bluesky server, through the real HTTP client. PEER_BLUESKY holds one JSON line:
// {"pds", "appview", "accounts": {"ann": {"did", "handle", "app_password", "password"}, ...}}, as the peer's start script says it.
// Without it every test here is skipped, and says so. Uses the account ann: shop is the whole story's.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "connectors/bluesky/connector.hpp"
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
    const char* line = std::getenv("PEER_BLUESKY");
    if (line == nullptr || *line == '\0') {
        std::cout << "skipped: PEER_BLUESKY is not set, so there is no Bluesky to try this against\n";
        return std::nullopt;
    }
    return json::parse(line);
}

// One account, connected, and its API by hand for what other programs do there.
class live {
public:
    explicit live(const json& server, std::string password = {}, const std::string& who = "ann")
        : http_(context_.get_executor(), net::http_client_settings{})
    {
        auto own = std::make_shared<bluesky::settings>();
        const auto& mine = server.at("accounts").at(who);
        own->url = server.at("pds").get<std::string>();
        own->handle = mine.at("handle").get<std::string>();
        own->password = password.empty() ? mine.at("app_password").get<std::string>() : std::move(password);
        did = mine.at("did").get<std::string>();
        own_ = own;
        to = bluesky::room().connect(own_, http_, vault_);
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

    json by_hand(http_request request)
    {
        if (token_.empty()) {
            auto login = run(http_.fetch(bluesky::wire::create_session(*own_)));
            token_ = json::parse(login.value().body).at("accessJwt").get<std::string>();
        }
        bluesky::wire::sign(request, token_);
        auto reply = run(http_.fetch(std::move(request)));
        REQUIRE(reply.has_value());
        INFO(reply->body);
        REQUIRE(reply->status < 300);
        return json::parse(reply->body);
    }

    json profile() { return by_hand(bluesky::wire::get_profile(*own_, did)); }

    void put(const std::string& collection, const std::string& rkey, const json& record)
    {
        http_request request{"POST", own_->url + "/xrpc/com.atproto.repo.putRecord"};
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = json{{"repo", did}, {"collection", collection}, {"rkey", rkey}, {"record", record}}.dump();
        by_hand(std::move(request));
    }

    publish_summary summary(bool look_first = false) const
    {
        publish_summary call;
        call.crisis = crisis_id{"c-1"};
        call.words = {
            "hu",
            "A fizetés nem működik 👩‍👩‍👧, dolgozunk rajta. https://status.example/hu #hiba @bob.test @nobody.test"};
        call.key = key;
        call.look_first = look_first;
        return call;
    }

    result<receipt> publish(bool look_first = false) { return run(to.pins->publish(summary(look_first))); }

    std::string did;
    std::string key = "halfmast-c-1-ann-" + std::to_string(clock_now().time_since_epoch().count() / 1000);
    connection to;

private:
    asio::io_context context_;
    net::http_client http_;
    test::memory_vault vault_;
    std::shared_ptr<const bluesky::settings> own_;
    std::string token_;
};

}  // namespace

TEST_CASE("live: doctor finds the account sound, and a wrong password refused", "[bluesky][live]")
{
    auto server = peer();
    if (!server)
        return;
    live on{*server};
    for (const auto& line : on.run(on.to.checks->check())) {
        INFO(line.what << ": " << line.detail);
        CHECK(line.ok);
    }
    live wrong{*server, "abcd-abcd-abcd-abcd"};
    auto lines = wrong.run(wrong.to.checks->check());
    REQUIRE_FALSE(lines.empty());
    CHECK_FALSE(lines[0].ok);
}

TEST_CASE("live: a summary goes out once, with facets and language, and shows in the feed", "[bluesky][live]")
{
    auto server = peer();
    if (!server)
        return;
    live on{*server};
    auto made = on.publish();
    INFO((made ? "" : made.error().detail));
    REQUIRE(made.has_value());
    for (bool look_first : {true, false}) {
        auto again = on.publish(look_first);
        REQUIRE(again.has_value());
        CHECK(again->remote == made->remote);
    }
    // The AppView shows it a moment later.
    auto feed = on.run(on.to.feed->since(clock_now() - 10min));
    auto is_there = [&] { return feed.has_value() && std::ranges::count(*feed, made->remote, &publication::id) == 1; };
    for (auto deadline = clock_now() + 30s; !is_there() && clock_now() < deadline;)
        feed = on.run(on.to.feed->since(clock_now() - 10min));
    INFO((feed ? "" : feed.error().detail));
    REQUIRE(is_there());
    auto shown = std::ranges::find(*feed, made->remote, &publication::id);
    CHECK(shown->text == on.summary().words.text);
    CHECK(shown->links == std::vector<std::string>{"https://status.example/hu"});
    CHECK(shown->url == made->url);

    bluesky::settings own;
    own.url = server->at("pds").get<std::string>();
    auto record = on.by_hand(bluesky::wire::get_post(own, on.did, bluesky::wire::rkey_of(on.key))).at("value");
    CHECK(record.at("langs") == json::array({"hu"}));
    REQUIRE(record.at("facets").size() == 3);  // link, hashtag, and bob; nobody.test is nobody
    CHECK(record["facets"][2]["features"][0]["did"] == server->at("accounts").at("bob").at("did"));
}

TEST_CASE("live: the pin changes and the rest of the profile does not", "[bluesky][live]")
{
    auto server = peer();
    if (!server)
        return;
    live on{*server};
    auto former = bluesky::wire::rkey_of(on.key + "-former");
    on.put("app.bsky.feed.post", former,
           {{"$type", "app.bsky.feed.post"}, {"text", "Welcome"}, {"createdAt", format_utc(clock_now())}});
    bluesky::settings own;
    own.url = server->at("pds").get<std::string>();
    auto welcome = on.by_hand(bluesky::wire::get_post(own, on.did, former));
    json before{{"$type", "app.bsky.actor.profile"},
                {"displayName", "Ann \xE2\x98\x95"},
                {"description", "x\ny"},
                {"createdAt", "2024-01-01T00:00:00.000Z"},
                {"example.acme.theme", {{"colour", nullptr}, {"layers", {1, 9'007'199'254'740'991, true}}}},
                {"pinnedPost", {{"uri", welcome.at("uri")}, {"cid", welcome.at("cid")}}}};
    on.put("app.bsky.actor.profile", "self", before);

    auto summary = on.publish().value().remote;
    auto pins = on.run(on.to.pins->pins()).value();
    REQUIRE(pins.size() == 1);
    auto full = on.run(on.to.pins->pin(summary));
    REQUIRE_FALSE(full.has_value());
    CHECK(full.error().kind == failure::rejected);
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->unpin(pins[0])).has_value());
    for (int turn = 0; turn < 2; ++turn)
        REQUIRE(on.run(on.to.pins->pin(summary)).has_value());
    CHECK(on.run(on.to.pins->pins()).value() == std::vector{summary});
    auto during = on.profile().at("value");
    during["pinnedPost"] = before["pinnedPost"];
    CHECK(during == before);
    REQUIRE(on.run(on.to.pins->unpin(summary)).has_value());
    REQUIRE(on.run(on.to.pins->pin(pins[0])).has_value());
    CHECK(on.profile().at("value") == before);
}

TEST_CASE("live: what was deleted is not pinned", "[bluesky][live]")
{
    auto server = peer();
    if (!server)
        return;
    live on{*server};
    auto gone = on.run(on.to.pins->pin(post_id{"3jzfcijpj2z2a#bafyreibhabnfhfcgbkovqc2wdmv6c6nr7cvvg2sfbcjwjymuytuf6xc6si"}));
    REQUIRE_FALSE(gone.has_value());
    CHECK(gone.error().kind == failure::not_found);
}

TEST_CASE("live: what others write to the account is given once", "[bluesky][live]")
{
    auto server = peer();
    if (!server)
        return;
    live ann{*server};
    live bob{*server, {}, "bob"};
    auto look = [&](const std::string& cursor) { return ann.run(ann.to.mentions->since(cursor)); };
    auto seen = look("");
    if (server->value("appview", json()).is_null() || server->value("appview", json()) == "") {
        CHECK_FALSE(seen.has_value());
        std::cout << "skipped: this Bluesky was started without its AppView, which alone tells of mentions: " << seen.error().detail
                  << '\n';
        return;
    }
    INFO((seen ? "" : seen.error().detail));
    REQUIRE(seen.has_value());
    CHECK(seen->posts.empty());
    auto root = ann.publish();
    REQUIRE(root.has_value());
    auto hash = root->remote.value.find('#');
    json parent{{"uri", "at://" + ann.did + "/app.bsky.feed.post/" + root->remote.value.substr(0, hash)},
                {"cid", root->remote.value.substr(hash + 1)}};
    auto created = format_utc(clock_now());
    auto key = [&](const std::string& what) { return bluesky::wire::rkey_of(what + created); };
    const std::string words = "my kettle is cold ð§";
    bob.put("app.bsky.feed.post", key("reply"),
            {{"$type", "app.bsky.feed.post"},
             {"text", words},
             {"createdAt", created},
             {"langs", {"pt"}},
             {"reply", {{"root", parent}, {"parent", parent}}}});
    json by_name{{"index", {{"byteStart", 0}, {"byteEnd", 4}}},
                 {"features", {{{"$type", "app.bsky.richtext.facet#mention"}, {"did", ann.did}}}}};
    // Its author's clock is slow: the AppView sorts it before what was there already.
    bob.put("app.bsky.feed.post", key("mention"),
            {{"$type", "app.bsky.feed.post"},
             {"text", "@ann so is mine"},
             {"createdAt", format_utc(clock_now() - 20min)},
             {"facets", json::array({by_name})}});
    ann.put("app.bsky.feed.post", key("own"),
            {{"$type", "app.bsky.feed.post"},
             {"text", "we look into it"},
             {"createdAt", created},
             {"reply", {{"root", parent}, {"parent", parent}}}});
    std::vector<mention> all;
    auto cursor = seen->cursor;
    auto deadline =
        std::chrono::steady_clock::now() + 2min;  // a limit, not a promise: its AppView shares the machine with other tests
    while (all.size() < 2 && std::chrono::steady_clock::now() < deadline) {
        auto more = look(cursor);
        INFO((more ? "" : more.error().detail));
        REQUIRE(more.has_value());
        cursor = more->cursor;
        std::ranges::move(more->posts, std::back_inserter(all));
    }
    REQUIRE(all.size() == 2);
    auto reply = std::ranges::find(all, words, &mention::text);
    REQUIRE(reply != all.end());
    CHECK(reply->by == server->at("accounts").at("bob").at("handle").get<std::string>());
    CHECK(reply->language == "pt");
    CHECK(reply->in_reply_to == root->remote);
    CHECK(reply->url.starts_with("https://bsky.app/profile/did:plc:"));
    CHECK(std::ranges::count(all, "@ann so is mine", &mention::text) == 1);
    CHECK(look(cursor).value().posts.empty());
}
