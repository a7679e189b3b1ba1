// Mastodon's wire: what is asked, byte by byte where it matters, and what answers of all versions and kin are taken for.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "connectors/mastodon/wire.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::mastodon;
using nlohmann::json;

namespace wire_test {

namespace {

settings sample()
{
    settings own;
    own.url = "https://social.example";
    own.token = "s3cret";
    return own;
}

const time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");

http_response reply(int status, const std::string& body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = body;
    made.headers = std::move(headers);
    return made;
}

json scheduled(const std::string& id, const std::string& text)
{
    return {{"id", id},
            {"scheduled_at", "2026-03-02T15:00:00.000Z"},
            {"params", {{"text", text}}},
            {"media_attachments", json::array()}};
}

http_response list_of(int many, http_headers headers = {})
{
    auto list = json::array();
    for (int number = many; number > 0; --number)
        list.push_back(scheduled(std::to_string(number), "x"));
    return reply(200, list.dump(), std::move(headers));
}

std::string next_of(const http_response& given) { return wire::read_scheduled_page(sample(), given, now).value().next; }

}  // namespace

TEST_CASE("the next page is asked for at our own address, whatever the Link header says", "[mastodon]")
{
    auto path = std::string{"/api/v1/scheduled_statuses?limit=40&max_id=7"};
    CHECK(next_of(list_of(3, {{"link", "<https://social.example" + path
                                           + ">; rel=\"next\", <https://social.example/x?min_id=9>; rel=\"prev\""}}))
          == "limit=40&max_id=7");
    auto elsewhere = next_of(list_of(3, {{"Link", "<https://evil.example" + path + ">; rel=\"next\""}}));
    CHECK(wire::scheduled_page(sample(), elsewhere).url == "https://social.example" + path);
    CHECK(next_of(list_of(3, {{"Link", "<https://social.example/api/v1/other?a=b>; rel=\"next\""}})).empty());
    CHECK(next_of(list_of(40, {{"Link", "<https://social.example" + path + ">; rel=\"prev\""}})).empty());
    CHECK(next_of(list_of(3, {{"Link", "<<<;;; rel=\"next"}})).empty());
}

TEST_CASE("without a Link header a full page is followed, a short one is the last", "[mastodon]")
{
    CHECK(next_of(list_of(40)) == "limit=40&max_id=1");
    CHECK(next_of(list_of(39)).empty());
    CHECK(next_of(list_of(0)).empty());
}

TEST_CASE("of a scheduled post only the id is indispensable", "[mastodon]")
{
    auto read = [](const json& element) {
        return wire::read_scheduled_page(sample(), reply(200, json::array({element}).dump()), now);
    };
    auto bare = read({{"id", 17}});
    REQUIRE(bare.has_value());
    CHECK(bare->items[0].id.value == "17");
    CHECK(bare->items[0].due == time_point{});  // may go out at any moment
    CHECK(bare->items[0].text.empty());

    auto odd = read({{"id", "18"},
                     {"scheduled_at", 5},
                     {"params", {{"text", nullptr}, {"poll", "?"}, {"media_ids", 3}}},
                     {"media_attachments", "?"}});
    REQUIRE(odd.has_value());
    CHECK_FALSE(odd->items[0].has_media);

    auto nameless = read({{"scheduled_at", "2026-03-02T15:00:00Z"}});
    REQUIRE_FALSE(nameless.has_value());
    CHECK(nameless.error().kind == failure::bad_reply);
}

TEST_CASE("a reader's text: the warning, the text, the poll's options", "[mastodon]")
{
    auto element = scheduled("1", "Vote #sale https://shop.example/a.");
    element["params"]["spoiler_text"] = "Ad";
    element["params"]["language"] = "en";
    element["params"]["poll"] = {{"options", {"Yes", "No"}}};
    auto post = wire::read_scheduled(sample(), "x", reply(200, element.dump()), now).value();
    CHECK(post.text == "Ad\nVote #sale https://shop.example/a.\nYes\nNo");
    CHECK(post.tags == std::vector<std::string>{"sale"});
    CHECK(post.links == std::vector<std::string>{"https://shop.example/a"});
    CHECK(post.language == "en");
    CHECK(json::parse(*post.raw) == element);
}

TEST_CASE("recreating says everything the post said, and nothing it did not", "[mastodon]")
{
    auto element = scheduled("1", "Text");
    element["params"].update(
        {{"poll", {{"options", {"A", "B"}}, {"expires_in", "7200"}, {"multiple", "true"}, {"hide_totals", "false"}}},
         {"sensitive", true},
         {"spoiler_text", "W"},
         {"visibility", "unlisted"},
         {"language", "hu"},
         {"in_reply_to_id", 112'233'445'566'778'899},
         {"quoted_status_id", "5"},
         {"quote_approval_policy", 1},
         {"application_id", 9},
         {"idempotency", nullptr},
         {"with_rate_limit", true},
         {"scheduled_at", nullptr}});
    auto stored = wire::read_stored(sample(), reply(200, element.dump()), now).value();
    auto made = wire::recreate(sample(), stored, {"31", "32"}, *parse_rfc3339("2026-03-03T10:00:00Z"));
    REQUIRE(made.has_value());
    CHECK(made->publishes);
    CHECK(made->method == "POST");
    CHECK(json::parse(made->body)
          == json{{"status", "Text"},
                  {"scheduled_at", "2026-03-03T10:00:00Z"},
                  {"sensitive", true},
                  {"spoiler_text", "W"},
                  {"visibility", "unlisted"},
                  {"language", "hu"},
                  {"in_reply_to_id", "112233445566778899"},
                  {"quoted_status_id", "5"},
                  {"quote_approval_policy", 1},
                  {"media_ids", {"31", "32"}},
                  {"poll", {{"options", {"A", "B"}}, {"expires_in", 7200}, {"multiple", true}, {"hide_totals", false}}}});

    auto plain =
        wire::recreate(sample(), wire::read_stored(sample(), reply(200, scheduled("1", "T").dump()), now).value(), {}, now);
    CHECK(json::parse(plain->body) == json{{"status", "T"}, {"scheduled_at", "2026-03-02T14:00:00Z"}});
}

TEST_CASE("a post that is recreated with other words keeps its warning and its poll", "[mastodon]")
{
    auto element = scheduled("1", "Sale today");
    element["params"].update({{"poll", {{"options", {"Yes", "No"}}, {"expires_in", "7200"}}}, {"spoiler_text", "Offer"}});
    auto stored = wire::read_stored(sample(), reply(200, element.dump()), now).value();
    REQUIRE(wire::text_of(stored) == "Offer\nSale today\nYes\nNo");
    for (const auto* words : {"Closed today", "Offer\nClosed today", "Closed today\nYes\nNo", "Offer\nClosed today\nYes\nNo"}) {
        INFO(words);
        auto changed = wire::with_text(stored, words);
        CHECK(wire::text_of(changed) == "Offer\nClosed today\nYes\nNo");
        auto made = json::parse(wire::recreate(sample(), changed, {}, now)->body);
        CHECK(made.at("status") == "Closed today");
        CHECK(made.at("spoiler_text") == "Offer");
        CHECK(made.at("poll").at("options") == json{"Yes", "No"});
    }
    auto plain = wire::read_stored(sample(), reply(200, scheduled("1", "Sale").dump()), now).value();
    CHECK(wire::text_of(wire::with_text(plain, "Open again")) == "Open again");
}

TEST_CASE("the media of a post are stored in the post's order, and come back whole", "[mastodon]")
{
    auto element = scheduled("1", "Text");
    element["params"]["media_ids"] = {"2", 1, "3"};
    element["media_attachments"] = {
        {{"id", "1"}, {"type", "image"}, {"url", "https://files.example/1.png"}, {"description", "one"}},
        {{"id", "2"},
         {"type", "video"},
         {"url", "https://files.example/2.mp4"},
         {"description", nullptr},
         {"meta", {{"focus", {{"x", -0.5}, {"y", 0.25}}}}}}};
    auto stored = wire::read_stored(sample(), reply(200, element.dump()), now).value();
    REQUIRE(stored.media.size() == 3);
    CHECK(stored.media[0].id == "2");
    CHECK(stored.media[1].description == "one");
    CHECK(stored.unseen_media == std::vector<std::string>{"3"});

    auto kept = wire::keep(stored, {"video", "image", "third"});
    auto back = wire::unkeep(sample(), kept).value();
    CHECK(*back.media[0] == "video");
    CHECK(back.post.media[0].focused);
    CHECK(back.post.media[0].focus_x == -0.5);
    CHECK(back.post.media[1].description == "one");
    CHECK_FALSE(back.post.media[1].focused);
    CHECK(wire::text_of(back.post) == "Text");

    for (std::size_t missing = 0; missing < kept.size(); ++missing) {
        auto some = kept;
        some.erase(some.begin() + static_cast<std::ptrdiff_t>(missing));
        auto broken = wire::unkeep(sample(), some);
        REQUIRE_FALSE(broken.has_value());
        CHECK(broken.error().kind == failure::local);
    }
}

TEST_CASE("an upload is multipart whose boundary stands nowhere in the bytes", "[mastodon]")
{
    wire::attachment file;
    file.type = "image";
    file.url = "https://files.example/a/b.webp?sig=1";
    file.content_type = "image/webp";
    file.description = "Alt\r\ntext";
    file.focused = true;
    file.focus_x = 0.5;
    auto made = wire::upload(sample(), file, "xx--halfmast-0xx", false);
    CHECK(made.url == "https://social.example/api/v2/media");
    CHECK(find_header(made.headers, "Content-Type") == "multipart/form-data; boundary=halfmast-1");
    CHECK(made.body
          == "--halfmast-1\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nAlt\r\ntext\r\n"
             "--halfmast-1\r\nContent-Disposition: form-data; name=\"focus\"\r\n\r\n0.5,0.0\r\n"
             "--halfmast-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"media.webp\"\r\nContent-Type: image/webp\r\n\r\n"
             "xx--halfmast-0xx\r\n--halfmast-1--\r\n");
    CHECK(wire::upload(sample(), file, "x", true).url == "https://social.example/api/v1/media");
}

TEST_CASE("media are fetched without the token, over https or from the instance itself", "[mastodon]")
{
    auto far = wire::download(sample(), "https://files.example/1.png");
    REQUIRE(far.has_value());
    CHECK(find_header(far->headers, "Authorization").empty());
    CHECK_FALSE(wire::download(sample(), "http://files.example/1.png").has_value());
    CHECK_FALSE(wire::download(sample(), "file:///etc/passwd").has_value());
    CHECK_FALSE(wire::download(sample(), "https://files.example/1.png\r\nX: y").has_value());
    CHECK_FALSE(wire::download(sample(), "").has_value());
    auto own = sample();
    own.url = "http://127.0.0.1:3000";
    CHECK(wire::download(own, "http://127.0.0.1:3000/media/1.png").has_value());
    CHECK_FALSE(wire::download(own, "http://127.0.0.1:3000.evil.example/1.png").has_value());
}

TEST_CASE("what a recreation made is told apart", "[mastodon]")
{
    auto at = *parse_rfc3339("2026-03-02T15:00:00Z");
    auto read = [&](int status, const json& body) { return wire::read_recreated(sample(), reply(status, body.dump()), at, now); };
    CHECK(read(200, scheduled("9", "T"))->remote.value == "9");

    // Published at once: the public post's id, so that the read-back finds it.
    auto out = read(200, {{"id", "1001"},
                          {"created_at", "2026-03-02T14:00:00Z"},
                          {"content", "<p>T</p>"},
                          {"url", "https://social.example/@a/1001"}});
    REQUIRE(out.has_value());
    CHECK(out->remote.value == "1001");
    CHECK(out->url == "https://social.example/@a/1001");

    auto moved = scheduled("9", "T");
    moved["scheduled_at"] = "2026-03-02T18:00:00Z";
    CHECK(read(200, moved).error().kind == failure::unknown_outcome);
    CHECK(read(200, json::object()).error().kind == failure::unknown_outcome);
    CHECK(read(404, {{"error", "The post you are trying to reply to does not exist"}}).error().kind == failure::rejected);
    CHECK(read(422, {{"error", "Validation failed"}}).error().kind == failure::rejected);
}

TEST_CASE("troubles say what was tried, what the platform said, and what to do", "[mastodon]")
{
    auto said = [](int status, const std::string& body) {
        return wire::trouble(sample(), "pin post 7", reply(status, body), now)->detail;
    };
    CHECK(said(401, R"({"error":"The access token is invalid"})")
          == "mastodon/social.example: pin post 7: token refused (401); renew it in the account's Preferences, Development, and put it where "
             "'token' points: The access token is invalid");
    CHECK(said(422, R"({"error":"Validation failed:\n five pins"})")
          == "mastodon/social.example: pin post 7: refused (422): Validation failed:  five pins");
    CHECK(said(500, "<html>") == "mastodon/social.example: pin post 7: trouble at the server (500)");
    CHECK(said(422, json{{"error", std::string(5'000, 'e')}}.dump()).size() < 400);
}

TEST_CASE("words are the same whatever a server made of them", "[mastodon]")
{
    CHECK(wire::same_words("Hi @bob@other.example!\n\nSale", "hi @bob! Sale"));
    CHECK(wire::same_words("https://shop.example/?a=1&b=2", "https://shop.example/?a=1&b=2\n"));
    CHECK_FALSE(wire::same_words("Sale on 5 May", "Sale on 6 May"));
    CHECK_FALSE(wire::same_words("Hi @bob", "Hi @bobby"));
    CHECK(wire::same_words("", ""));
}

TEST_CASE("the feed's text names people by their host, and its links are the author's", "[mastodon]")
{
    json element{
        {"id", "5"},
        {"created_at", "2026-03-02T14:00:00.000Z"},
        {"url", nullptr},
        {"uri", "https://social.example/5"},
        {"spoiler_text", "Ad"},
        {"reblog", nullptr},
        {"pinned", true},
        {"content", R"(<p>Hi <a href="https://other.example/@bob" class="u-url mention">@<span>bob</span></a> and @bobby, see )"
                    R"(<a href="https://shop.example/x"><span class="invisible">https://</span><span>shop.example/x</span></a> )"
                    R"(<a href="https://social.example/tags/sale" class="mention hashtag">#<span>sale</span></a></p>)"},
        {"mentions", {{{"acct", "bob@other.example"}, {"url", "https://other.example/@bob"}}}},
        {"tags", {{{"name", "sale"}, {"url", "https://social.example/tags/sale"}}}}};
    auto made = wire::read_status(sample(), "x", reply(200, element.dump()), now).value();
    CHECK(made.shown.text == "Ad\nHi @bob@other.example and @bobby, see https://shop.example/x #sale");
    CHECK(made.shown.links == std::vector<std::string>{"https://shop.example/x"});
    CHECK(made.shown.url == "https://social.example/5");
    CHECK(made.pinned);
    CHECK_FALSE(made.reblog);
}

TEST_CASE("an id is one part of a path, whatever stands in it", "[mastodon]")
{
    CHECK(wire::take_out(sample(), post_id{"../statuses/1?x"}).url
          == "https://social.example/api/v1/scheduled_statuses/..%2Fstatuses%2F1%3Fx");
}

TEST_CASE("what an instance says about itself, in the words of its kin", "[mastodon]")
{
    auto mastodon =
        wire::read_instance(sample(), reply(200, R"({"version":"4.5.0","configuration":{"accounts":{"max_pinned_statuses":5},
        "statuses":{"max_characters":1000}}})"),
                            now)
            .value();
    CHECK(mastodon.most_pins == 5);
    CHECK(mastodon.text_limit == 1000);
    auto pleroma =
        wire::read_instance(sample(), reply(200, R"j({"version":"2.7.2 (compatible; Pleroma 2.5.0)","max_toot_chars":5000})j"), now)
            .value();
    CHECK_FALSE(pleroma.most_pins.has_value());
    CHECK(pleroma.text_limit == 5000);
    CHECK(wire::read_scopes(reply(200, R"({"name":"x","scopes":["read","write:statuses",7]})")) == "read write:statuses");
    CHECK(wire::read_scopes(reply(404, "{}")).empty());
}

TEST_CASE("reading back agrees with reading the whole, whatever comes", "[mastodon]")
{
    auto list = list_of(3);
    std::vector<std::string> bodies{
        list.body,
        "[]",
        "{}",
        "[{}]",
        "[[]]",
        "[[{\"id\":\"1\"}]]",
        "[1]",
        "[null]",
        "\"x\"",
        "",
        "[",
        "{\"a\":[]}",
        "{\"a\":{\"id\":\"1\"}}",
        json::array({{{"id", 17}}, {{"id", "18"}, {"scheduled_at", 5}, {"params", 3}}}).dump(),
        json::array({{{"params", {{"id", "9"}, {"scheduled_at", "x"}}}, {"id", "7"}, {"deep", {{{"id", "8"}}}}}}).dump(),
        scheduled("1", "Text").dump(),
        R"({"id":"1"})",
        R"({"id":"1","params":[]})",
        R"({"id":"1","params":{},"id":2})",
        R"({"params":{"id":"1"}})",
        std::string(100'000, '['),
        R"([{"id":"1"},])"};
    for (const auto& body : bodies) {
        CAPTURE(body.substr(0, 80));
        auto answer = reply(200, body);
        auto whole = wire::read_scheduled_page(sample(), answer, now);
        auto places = wire::read_places(sample(), answer, now);
        REQUIRE(places.has_value() == whole.has_value());
        if (!places)
            CHECK(places.error().detail == whole.error().detail);
        else {
            CHECK(places->next == whole->next);
            REQUIRE(places->items.size() == whole->items.size());
            for (std::size_t i = 0; i < places->items.size(); ++i) {
                CHECK(places->items[i].id == whole->items[i].id);
                CHECK(places->items[i].due == whole->items[i].due);
            }
        }
        auto one = wire::read_scheduled(sample(), "x", answer, now);
        auto place = wire::read_place(sample(), "x", answer, now);
        REQUIRE(place.has_value() == one.has_value());
        if (!place)
            CHECK(place.error().detail == one.error().detail);
        else {
            CHECK(place->id == one->id);
            CHECK(place->due == one->due);
        }
    }
    CHECK(wire::read_places(sample(), list_of(40), now)->next == "limit=40&max_id=1");
    auto refused = reply(429, "{}");
    CHECK(wire::read_places(sample(), refused, now).error().kind == failure::rate_limited);
}

TEST_CASE("a reply names whom it answers, unless it does already", "[mastodon]")
{
    wire::status kati;
    kati.address = "kati@elsewhere.example";
    CHECK(wire::addressed("We are sorry.", kati) == "@kati@elsewhere.example We are sorry.");
    CHECK(wire::addressed("We are sorry, @Kati@Elsewhere.example.", kati) == "We are sorry, @Kati@Elsewhere.example.");
    kati.address = "kati";
    CHECK(wire::addressed("@kati_b and @kati@elsewhere.example: sorry", kati)
          == "@kati @kati_b and @kati@elsewhere.example: sorry");
    kati.address.clear();
    CHECK(wire::addressed("We are sorry.", kati) == "We are sorry.");
}

TEST_CASE("an edit names the post's media again, and a reply the post it answers", "[mastodon]")
{
    auto shown =
        wire::read_status(sample(), "look", reply(200, R"({"id":"7","created_at":"2026-03-02T13:00:00.000Z","content":"<p>a</p>",
        "in_reply_to_id":"5","visibility":"unlisted","account":{"id":"3","acct":"acme"},"media_attachments":[{"id":"81"},{"id":82},{}]})"),
                          now);
    REQUIRE(shown.has_value());
    CHECK(shown->in_reply_to == post_id{"5"});
    CHECK(shown->visibility == "unlisted");
    CHECK(shown->author == "3");
    CHECK(shown->address == "acme");
    edit_summary call;
    call.remote = post_id{"7/../8"};
    call.words = {"hu", "Helyesbítés"};
    auto asked = wire::edit(sample(), call, *shown);
    CHECK(asked.method == "PUT");
    CHECK(asked.url == "https://social.example/api/v1/statuses/7%2F..%2F8");
    CHECK(json::parse(asked.body) == json{{"status", "Helyesbítés"}, {"language", "hu"}, {"media_ids", {"81", "82"}}});
    publish_summary answer;
    answer.words = {"en", "Sorry"};
    answer.in_reply_to = post_id{"7"};
    CHECK(json::parse(wire::publish(sample(), answer, "unlisted").body)
          == json{{"status", "Sorry"}, {"language", "en"}, {"visibility", "unlisted"}, {"in_reply_to_id", "7"}});
}

}  // namespace wire_test
