// The lines to a program and back, byte for byte, and what is no answer.
#include <algorithm>

#include "connectors/exec/wire.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::exec;
using namespace std::chrono_literals;
using nlohmann::json;

namespace wire_test {

using exec::settings;

namespace {

settings acme()
{
    settings own;
    own.account = "acme";
    own.program = "/opt/queue";
    own.secret = "s3cret";
    own.rungs = {{rung::draft}, {rung::postpone, seconds{600}}};
    own.publishes = own.feed = true;
    return own;
}

post_ptr nobody() { return nullptr; }

}  // namespace

TEST_CASE("a request is one line with its number and verb", "[exec][wire]")
{
    hold_post call{post_id{"7"}, post_id{"7b"}, nobody(), rung::postpone, parse_rfc3339("2027-01-01T00:00:00Z").value()};
    CHECK(wire::line_of(3, "hold", wire::hold(call))
          == R"({"id":3,"post":"7b","rung":"postpone","until":"2027-01-01T00:00:00Z","verb":"hold"})"
             "\n");
    call.by = rung::draft;
    call.remote = post_id{};
    CHECK(wire::line_of(4, "hold", wire::hold(call))
          == R"({"id":4,"post":"7","rung":"draft","verb":"hold"})"
             "\n");
    auto text = wire::line_of(5, "publish", wire::publish({crisis_id{"c-1"}, {"en", "two\nlines \xFF"}, "key", true, false}));
    CHECK(std::ranges::count(text, '\n') == 1);
    CHECK(text.find(R"("look_first":true)") != std::string::npos);
    CHECK(wire::line_of(1, "hello", wire::hello(acme()))
          == R"({"account":"acme","id":1,"protocol":1,"token":"s3cret","verb":"hello"})"
             "\n");
}

TEST_CASE("what people write comes with a cursor, oldest first, or not at all", "[exec][wire]")
{
    auto own = acme();
    auto seen = wire::read_mentions(
        own, json::parse(R"({"posts":[{"id":"b","at":"2026-03-02T14:00:01+01:00","text":"two","by":"maria","language":"pt",)"
                         R"("url":"https://x.example/b","in_reply_to":"a","x":[]},{"id":"a","at":"2026-03-02T13:00:00Z"}],)"
                         R"("cursor":"{\"n\":2}","more":true})"));
    REQUIRE(seen.has_value());
    CHECK(seen->cursor == R"({"n":2})");
    CHECK(seen->more);
    REQUIRE(seen->posts.size() == 2);
    CHECK(seen->posts[0].id.value == "a");
    CHECK(seen->posts[1].at == parse_rfc3339("2026-03-02T13:00:01Z").value());
    CHECK(seen->posts[1].text == "two");
    CHECK(seen->posts[1].by == "maria");
    CHECK(seen->posts[1].language == "pt");
    CHECK(seen->posts[1].url == "https://x.example/b");
    CHECK(seen->posts[1].in_reply_to.value == "a");
    for (const auto* given : {R"({})", R"({"posts":[]})", R"({"posts":[],"cursor":""})", R"({"posts":[],"cursor":7})",
                              R"({"cursor":"x"})", R"({"posts":[{"id":"a"}],"cursor":"x"})",
                              R"({"posts":[{"at":"2026-03-02T13:00:00Z"}],"cursor":"x"})", R"({"posts":[7],"cursor":"x"})"}) {
        CAPTURE(given);
        CHECK(wire::read_mentions(own, json::parse(given)).error().kind == failure::bad_reply);
    }
    json long_one{{"posts", json::array()}, {"cursor", std::string((64 << 10) + 1, 'x')}};
    CHECK(wire::read_mentions(own, long_one).error().kind == failure::bad_reply);
}

TEST_CASE("what is no answer is nothing", "[exec][wire]")
{
    auto own = acme();
    for (std::string line : {"", "ok", "\"ok\"", "[]", "{}", "null", R"({"id":1})", R"({"id":-1,"result":{}})",
                             R"({"id":"1","result":{}})", R"({"id":1,"result":[]})", R"({"id":1,"problem":{}})",
                             R"({"id":1,"problem":{"kind":"tired","detail":"x"}})", R"({"id":1,"result":{)", "\xFF\xFE"}) {
        CAPTURE(line);
        CHECK_FALSE(wire::read_line(own, line).has_value());
    }
    CHECK_FALSE(wire::read_line(own, std::string(2'000'000, '[')).has_value());
    CHECK_FALSE(
        wire::read_line(own, R"({"id":1,"result":{},"deep":)" + std::string(64, '[') + std::string(64, ']') + "}").has_value());
    CHECK(wire::read_line(own, R"({"id":1,"result":{},"more":[1]})").has_value());
    // Brackets inside a text are no depth, nor are those beside one another.
    CHECK(wire::read_line(own, R"({"id":1,"result":{},"text":"\\\")" + std::string(100, '[') + "\"}").has_value());
    std::string flat = "[]";
    for (int number = 0; number < 100; ++number)
        flat += ",[]";
    CHECK(wire::read_line(own, R"({"id":1,"result":{},"flat":[)" + flat + "]}").has_value());
}

TEST_CASE("a problem keeps its kind and loses the secret", "[exec][wire]")
{
    auto told = wire::read_line(
        acme(), R"({"id":2,"problem":{"kind":"rate_limited","detail":"token s3cret\nis tired","retry_after":"90s"}})");
    REQUIRE(told.has_value());
    REQUIRE(told->trouble.has_value());
    CHECK(told->trouble->kind == failure::rate_limited);
    CHECK(told->trouble->detail == "token [secret] is tired");
    CHECK(told->trouble->retry_after == 90s);
    auto secret_in_blot = acme();
    secret_in_blot.secret = "secret";
    CHECK(wire::shown(secret_in_blot, "the secret") == "the [secret]");
    CHECK(wire::shown(acme(), std::string(1000, 'x')).size() < 410);
}

TEST_CASE("posts are read, and one without an id or a time spoils the list", "[exec][wire]")
{
    auto own = acme();
    auto read = wire::read_list(
        own,
        json::parse(
            R"({"posts":[{"id":"a","due":"2026-03-02T15:30:00+01:00","text":"Sale #Now https://x.example/","tags":["promo",7,""],
        "categories":["c"],"labels":["l"],"url":"u","author":"Maria","version":"2","media":true,"new":{}}],"next":"b"})"));
    REQUIRE(read.has_value());
    REQUIRE(read->items.size() == 1);
    const auto& post = read->items[0];
    CHECK(post.id == post_id{"a"});
    CHECK(format_utc(post.due) == "2026-03-02T14:30:00Z");
    CHECK(post.tags == std::vector<std::string>{"promo", "Now"});
    CHECK(post.links == std::vector<std::string>{"https://x.example/"});
    CHECK(post.has_media);
    CHECK(post.raw->find("\"new\"") != std::string::npos);
    CHECK(read->next == "b");
    for (std::string body : {R"({})", R"({"posts":{}})", R"({"posts":[{}]})", R"({"posts":[{"id":"a","due":"tomorrow"}]})",
                             R"({"posts":[{"id":7,"due":"2026-03-02T15:30:00Z"}]})"}) {
        CAPTURE(body);
        auto spoilt = wire::read_list(own, json::parse(body));
        REQUIRE_FALSE(spoilt.has_value());
        CHECK(spoilt.error().kind == failure::bad_reply);
    }
}

TEST_CASE("a reading that says too little is no reading", "[exec][wire]")
{
    auto own = acme();
    read_posts asked;
    for (const auto* id : {"a", "b", "c"})
        asked.wanted.push_back({post_id{id}, post_id{id}, rung::draft, nobody()});
    auto read = wire::read_readings(
        own, asked,
        json::parse(R"({"posts":[{"id":"c","where":"parked"},{"id":"a","where":"queued","due":"2026-03-02T15:30:00Z"}]})"));
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 2);  // b was not answered and stays open
    CHECK(read->at(0).post == post_id{"a"});
    CHECK(read->at(1).where == whereabouts::parked);
    for (std::string body : {R"({"posts":[{"id":"a","where":"held"}]})", R"({"posts":[{"where":"parked"}]})",
                             R"({"posts":[{"id":"a","where":"queued"}]})"}) {
        CAPTURE(body);
        CHECK_FALSE(wire::read_readings(own, asked, json::parse(body)).has_value());
    }
}

TEST_CASE("a program that offers less than the settings promise is named", "[exec][wire]")
{
    auto own = acme();
    auto offer = wire::read_offer(own, json::parse(R"({"protocol":1,"rungs":["draft","fly"],"publishes":true})"));
    REQUIRE(offer.has_value());
    CHECK(wire::missing_in(*offer, own) == "the settings promise what it does not offer: the rung postpone, feed");
    offer->rungs.push_back(rung::postpone);
    offer->feed = true;
    CHECK(wire::missing_in(*offer, own).empty());
    offer->protocol = 2;
    CHECK_FALSE(wire::missing_in(*offer, own).empty());
    CHECK_FALSE(wire::read_offer(own, json::parse(R"({"rungs":[]})")).has_value());
}

TEST_CASE("an edit and an answer are asked for by the post they are about", "[exec][wire]")
{
    edit_summary call;
    call.remote = post_id{"7"};
    call.words = {"en", "Correction: it was Tuesday."};
    CHECK(wire::line_of(6, "edit", wire::edit(call))
          == R"({"id":6,"language":"en","post":"7","text":"Correction: it was Tuesday.","verb":"edit"})"
             "\n");
    publish_summary answer;
    CHECK_FALSE(wire::publish(answer).contains("in_reply_to"));
    answer.in_reply_to = post_id{"m-1"};
    CHECK(wire::publish(answer)["in_reply_to"] == "m-1");
    CHECK(wire::read_text(post_id{"7"}, json::parse(R"({"posts":[{"id":"8","text":"x"},{"id":"7","text":""}]})")) == "");
    for (const auto* given :
         {R"({})", R"({"posts":[]})", R"({"posts":[{"id":"7"}]})", R"({"posts":[{"id":"7","text":7}]})", R"({"posts":[7]})"})
        CHECK_FALSE(wire::read_text(post_id{"7"}, json::parse(given)).has_value());
    auto own = acme();
    own.edits = own.replies = true;
    wire::offer given;
    given.protocol = 1;
    given.publishes = given.feed = true;
    given.rungs = {rung::draft, rung::postpone};
    CHECK(wire::missing_in(given, own) == "the settings promise what it does not offer: edits, replies");
}

}  // namespace wire_test
