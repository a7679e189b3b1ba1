// Requests and answers of the Ghost room, against answers as Ghost 6.65 gave them.
#include <algorithm>

#include "connectors/ghost/wire.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
namespace wire = halfmast::ghost::wire;

namespace {

ghost::settings own_settings()
{
    ghost::settings made;
    made.url = "https://news.acme.example";
    made.key_id = "6b064a562b76505e65064756";
    made.secret = "\x01\x02\xfe\xff";
    return made;
}

http_response reply_of(int status, std::string body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
}

time_point moment(const std::string& text) { return parse_rfc3339(text).value(); }

wire::standing scheduled_standing()
{
    wire::standing seen;
    seen.id = post_id{"6b064a592b76505e6506477d"};
    seen.status = "scheduled";
    seen.version = "2026-11-25T02:39:22.000Z";
    return seen;
}

// Of GET posts/?filter=status:scheduled, shortened.
const std::string scheduled =
    R"({"id":"6b064a592b76505e6506477d","uuid":"28ec4259","title":"Spring sale & more","slug":"spring-sale",)"
    R"("html":"<p>Book <a href=\"https://shop.example/?utm_source=blog&amp;a=1\">now</a>.</p>","feature_image":"https://x.example/a.png",)"
    R"("featured":false,"status":"scheduled","visibility":"public","updated_at":"2026-11-25T02:39:22.000Z",)"
    R"("published_at":"2026-11-25T04:09:22.000Z","custom_excerpt":"20% off","tags":[{"id":"1","name":"#Campaign","slug":"hash-campaign"},)"
    R"({"id":"2","name":"promo","slug":"promo"}],"authors":[{"id":"3","name":"Olga Owner","slug":"olga","email":"owner@example.test",)"
    R"("last_seen":"2026-11-25T02:39:18.000Z"}],"newsletter":{"id":"4","slug":"weekly","status":"active","title_color":"red"},)"
    R"("email_segment":"status:-free","email":null,"email_only":false})";

std::string list_of(const std::string& item)
{
    return R"({"posts":[)" + item + R"(],"meta":{"pagination":{"page":1,"limit":100,"pages":2,"total":101}}})";
}

}  // namespace

TEST_CASE("a token is signed with the secret's bytes and lives less than five minutes", "[ghost]")
{
    auto mine = own_settings();
    // Made with Python's hmac over the same text.
    CHECK(wire::token(mine, moment("2026-03-02T14:00:00.900Z")) == "eyJhbGciOiJIUzI1NiIsImtpZCI6IjZiMDY0YTU2MmI3NjUwNWU2NTA2NDc1NiIsInR5cCI6IkpXVCJ9."
                                                                   "eyJhdWQiOiIvYWRtaW4vIiwiZXhwIjoxNzcyNDYwMjQwLCJpYXQiOjE3NzI0NjAwMDB9."
                                                                   "2wZNhkj6XntIw-TfzL7mJNLtas7JNxU6804Pqngsw7c");
    auto request = wire::look_request(mine, "posts", post_id{"6b064a592b76505e6506477d"});
    CHECK(find_header(request.headers, "Authorization").empty());
    wire::sign(mine, request, moment("2026-03-02T14:00:00Z"));
    wire::sign(mine, request, moment("2026-03-02T14:00:01Z"));
    CHECK(std::ranges::count(request.headers, std::string{"Authorization"}, &std::pair<std::string, std::string>::first) == 1);
    CHECK(find_header(request.headers, "Authorization") == "Ghost " + wire::token(mine, moment("2026-03-02T14:00:01Z")));
    CHECK(find_header(request.headers, "Accept-Version") == "v5.0");
    CHECK(
        request.url
        == "https://news.acme.example/ghost/api/admin/posts/6b064a592b76505e6506477d/?include=newsletter,email&formats=plaintext");
}

TEST_CASE("a list is asked for by id, and a strange id becomes none", "[ghost]")
{
    auto mine = own_settings();
    auto first = wire::list_request(mine, "posts", {});
    CHECK(first.url == "https://news.acme.example/ghost/api/admin/posts/?filter=status%3Ascheduled&order=id%20asc&limit=100&formats=html"
                       "&include=tags,authors,newsletter,email");
    CHECK(wire::list_request(mine, "pages", post_id{"6b06"}).url == "https://news.acme.example/ghost/api/admin/pages/?filter=status%3Ascheduled%2Bid%3A%3E%276b06%27"
                                                                    "&order=id%20asc&limit=100&formats=html&include=tags,authors");
    CHECK(wire::look_request(mine, "posts", post_id{"../users/?x='"}).url.find("/posts/000000000000000000000000/?")
          != std::string::npos);
    CHECK(wire::look_request(mine, "posts", {post_id{"a1"}, post_id{"b'2"}}, false)
              .url.find("filter=id%3A%5B%27a1%27%2C%27000000000000000000000000%27%5D%2Bstatus")
          != std::string::npos);
}

TEST_CASE("a write names what it changes and nothing else", "[ghost]")
{
    auto mine = own_settings();
    auto hold = wire::draft_request(mine, "pages", scheduled_standing());
    CHECK(hold.method == "PUT");
    CHECK(hold.url == "https://news.acme.example/ghost/api/admin/pages/6b064a592b76505e6506477d/?formats=plaintext");
    CHECK(hold.body == R"({"pages":[{"status":"draft","updated_at":"2026-11-25T02:39:22.000Z"}]})");
    CHECK_FALSE(hold.publishes);
    auto back = wire::schedule_request(mine, "posts", scheduled_standing(), moment("2026-03-01T15:30:00.900+01:00"), nullptr);
    CHECK(back.body
          == R"({"posts":[{"published_at":"2026-03-01T14:30:00Z","status":"scheduled","updated_at":"2026-11-25T02:39:22.000Z"}]})");
    CHECK(back.url.find("newsletter=") == std::string::npos);
    wire::place mail{"posts", "weekly & more", "status:-free"};
    auto mailed = wire::schedule_request(mine, "posts", scheduled_standing(), moment("2026-03-01T14:30:00Z"), &mail);
    CHECK(mailed.url.ends_with("&newsletter=weekly%20%26%20more&email_segment=status%3A-free"));
    mail.segment.clear();
    CHECK(wire::schedule_request(mine, "posts", scheduled_standing(), moment("2026-03-01T14:30:00Z"), &mail)
              .url.ends_with("&email_segment=all"));
    auto featured = wire::feature_request(mine, scheduled_standing(), true);
    CHECK(featured.body == R"({"posts":[{"featured":true,"updated_at":"2026-11-25T02:39:22.000Z"}]})");
    auto out = wire::publish_request(mine, {"en", "We are on it."}, "halfmast-c-1");
    CHECK(out.publishes);
    CHECK(out.url.find("newsletter=") == std::string::npos);  // a summary is never mailed
    CHECK(out.body.find(R"("visibility":"public")") != std::string::npos);
}

TEST_CASE("where a post lives and whom it is mailed to survives as a word", "[ghost]")
{
    auto place = GENERATE(wire::place{"posts", "", ""}, wire::place{"pages", "", ""}, wire::place{"posts", "weekly", ""},
                          wire::place{"posts", "default-newsletter", "status:-free,label:'a&b=c%'"});
    CAPTURE(wire::kind_of(place));
    CHECK(wire::place_in(wire::kind_of(place)) == place);
    CHECK(wire::kind_of({"posts", "weekly", "status:free"}) == "posts?newsletter=weekly&email_segment=status%3Afree");
    CHECK(wire::place_in("") == wire::place{});
    CHECK(wire::place_in("../x?newsletter") == wire::place{});
    CHECK(wire::place_in("posts?a=1&&newsletter=w%2").newsletter == "w%2");
}

TEST_CASE("a scheduled post is read as a visitor would see it", "[ghost]")
{
    auto mine = own_settings();
    auto page = wire::read_list(mine, "posts", reply_of(200, list_of(scheduled), {{"Date", "Tue, 24 Nov 2026 23:22:44 GMT"}}));
    REQUIRE(page.has_value());
    REQUIRE(page->items.size() == 1);
    CHECK(page->pages == 2);
    CHECK(page->seen == 1);
    CHECK(page->last == post_id{"6b064a592b76505e6506477d"});
    CHECK(page->served == moment("2026-11-24T23:22:44Z"));
    const auto& post = page->items[0];
    CHECK(post.id == post_id{"6b064a592b76505e6506477d"});
    CHECK(post.due == moment("2026-11-25T04:09:22Z"));
    CHECK(post.text == "Spring sale & more\n20% off\nBook now.");
    CHECK(post.links == std::vector<std::string>{"https://shop.example/?utm_source=blog&a=1"});
    CHECK(post.tags == std::vector<std::string>{"hash-campaign", "Campaign", "promo"});
    CHECK(post.author == "Olga Owner");
    CHECK(post.has_media);
    CHECK(post.kind == "posts?newsletter=weekly&email_segment=status%3A-free");
    CHECK(post.version == "2026-11-25T02:39:22.000Z");
    CHECK(post.url == "https://news.acme.example/ghost/#/editor/post/6b064a592b76505e6506477d");
    CHECK(post.raw->find("\"slug\":\"weekly\"") != std::string::npos);
    // What belongs to people and changes by itself is left out.
    CHECK(post.raw->find("owner@example.test") == std::string::npos);
    CHECK(post.raw->find("last_seen") == std::string::npos);
}

TEST_CASE("a post whose mail has left has none to come", "[ghost]")
{
    auto mine = own_settings();
    auto mailed = scheduled;
    mailed.replace(mailed.find("\"email\":null"), 12, R"("email":{"id":"5","status":"submitted"})");
    auto page = wire::read_list(mine, "posts", reply_of(200, list_of(mailed)));
    REQUIRE(page.has_value());
    CHECK(page->items.at(0).kind == "posts");
    auto stand = wire::read_standing(mine, "posts", "try", reply_of(200, list_of(mailed)));
    REQUIRE(stand.has_value());
    CHECK(stand->mailed);
    CHECK(stand->newsletter == "weekly");
    CHECK(stand->segment == "status:-free");
}

TEST_CASE("what is not a scheduled post is left out, and what cannot be read is said", "[ghost]")
{
    auto mine = own_settings();
    auto read = [&](std::string body) { return wire::read_list(mine, "posts", reply_of(200, std::move(body))); };
    CHECK(read(R"({"posts":[{"id":"1","status":"published","published_at":"2026-12-01T23:18:41.000Z"}]})")->items.empty());
    for (const auto* bad : {"", "{}", "null", "[1]", R"({"posts":{}})", R"({"pages":[]})", R"({"posts":[{}]})", R"({"posts":[1]})",
                            R"({"posts":[{"id":"1","status":"scheduled","published_at":null}]})",
                            R"({"posts":[{"id":"a/b","status":"scheduled","published_at":"2026-12-01T23:18:41.000Z"}]})",
                            "<html><title>Ghost</title>", "{\"posts\":[{\"id\":1"}) {
        CAPTURE(bad);
        auto given = read(bad);
        REQUIRE_FALSE(given.has_value());
        CHECK(given.error().kind == failure::bad_reply);
        CHECK(given.error().detail.find("https://news.acme.example") != std::string::npos);
    }
}

TEST_CASE("every refusal of Ghost has its failure, its reason and no secret", "[ghost]")
{
    auto mine = own_settings();
    struct expectation {
        int status;
        std::string body;
        failure kind;
        std::string says;
    };
    auto error = [](const std::string& type, const std::string& message, const std::string& context, const std::string& code) {
        return R"({"errors":[{"message":")" + message + R"(","context":)" + (context.empty() ? "null" : '"' + context + '"')
               + R"(,"type":")" + type + R"(","details":null,"code":)" + (code.empty() ? "null" : '"' + code + '"') + "}]}";
    };
    auto one = GENERATE_COPY(
        expectation{401, error("UnauthorizedError", "Invalid token: jwt expired", "", "INVALID_JWT"), failure::auth_expired,
                    "set the clocks"},
        expectation{401, error("UnauthorizedError", "Invalid token: maxAge exceeded", "", "INVALID_JWT"), failure::auth_expired,
                    "Wed, 25 Nov 2026 02:40:02 GMT"},
        expectation{401, error("UnauthorizedError", "Invalid token: invalid signature", "", "INVALID_JWT"), failure::auth_expired,
                    "behind the colon"},
        expectation{401, error("UnauthorizedError", "Unknown Admin API Key", "", "UNKNOWN_ADMIN_API_KEY"), failure::auth_expired,
                    "make an integration anew"},
        expectation{401, error("UnauthorizedError", "Invalid API Key type", "", "INVALID_API_KEY_TYPE"), failure::auth_expired,
                    "no Admin API key"},
        expectation{400, error("BadRequestError", "Invalid token", "", "INVALID_JWT"), failure::auth_expired,
                    "(400 BadRequestError INVALID_JWT: Invalid token)"},
        expectation{400,
                    error("BadRequestError", "Request not understood error, cannot edit post.",
                          "The newsletter parameter doesn't match any active newsletter.", ""),
                    failure::rejected, "any active newsletter"},
        expectation{403,
                    error("NoPermissionError", "Authorization failed",
                          "Unable to determine the authenticated user or integration. Check", ""),
                    failure::forbidden, "Authorization header"},
        expectation{403, error("NoPermissionError", "API tokens do not have permission to access this endpoint", "", ""),
                    failure::forbidden, "not allowed"},
        expectation{404, error("NotFoundError", "Resource not found error, cannot read post.", "Post not found.", ""),
                    failure::not_found, "Post not found."},
        expectation{406, error("RequestNotAcceptableError", "Request could not be served", "", "UPDATE_CLIENT"), failure::rejected,
                    "UPDATE_CLIENT"},
        expectation{409, error("UpdateCollisionError", "Saving failed! Someone else is editing this post.", "", "UPDATE_COLLISION"),
                    failure::conflict, "UPDATE_COLLISION"},
        expectation{422,
                    error("ValidationError", "Validation error, cannot edit post.",
                          "Scheduling an email requires a newsletter reference.", ""),
                    failure::rejected, "newsletter reference"},
        expectation{429, error("TooManyRequestsError", "Too many", "", ""), failure::rate_limited, "429"},
        expectation{501, error("NotImplementedError", "The server does not support it.", "", ""), failure::unsupported,
                    "closed to API keys"},
        expectation{503, error("MaintenanceError", "Site is starting up, please wait a moment then retry.", "", ""),
                    failure::unknown_outcome, "starting up"},
        expectation{500, error("InternalServerError", "An unexpected error occurred", "", ""), failure::unknown_outcome, "log"},
        expectation{403, "<html>cloud</html>", failure::forbidden, "firewall"},
        expectation{404, "<html>nginx</html>", failure::bad_reply, "url"},
        expectation{301, "", failure::rejected, "https://admin.acme.example/ghost/"},
        expectation{502, "<html>bad gateway</html>", failure::unknown_outcome, "502"});
    CAPTURE(one.status, one.body);
    auto given = wire::refusal(mine, "hold 6",
                               reply_of(one.status, one.body,
                                        {{"Location", "https://admin.acme.example/ghost/?token=1"},
                                         {"Retry-After", "60"},
                                         {"Date", "Wed, 25 Nov 2026 02:40:02 GMT"}}));
    REQUIRE(given.has_value());
    INFO(given->detail);
    CHECK(given->kind == one.kind);
    CHECK(given->detail.starts_with("ghost: cannot hold 6 at https://news.acme.example: "));
    CHECK(given->detail.find(one.says) != std::string::npos);
    CHECK(given->detail.find("token=1") == std::string::npos);
    CHECK(given->detail.find('\n') == std::string::npos);
    CHECK(given->retry_after.has_value() == (one.status == 429));
}

TEST_CASE("only a refused token may be one of another clock", "[ghost]")
{
    CHECK(wire::is_stale_token(reply_of(401, R"({"errors":[{"code":"INVALID_JWT"}]})")));
    CHECK_FALSE(wire::is_stale_token(reply_of(403, R"({"errors":[{"code":"INVALID_JWT"}]})")));
    CHECK_FALSE(wire::is_stale_token(reply_of(401, R"({"errors":[{"code":"UNKNOWN_ADMIN_API_KEY"}]})")));
    CHECK_FALSE(wire::is_stale_token(reply_of(401, R"({"errors":[]})")));
    CHECK_FALSE(wire::is_stale_token(reply_of(401, "<html>")));
}

TEST_CASE("a staff token of too low a role is told", "[ghost]")
{
    auto mine = own_settings();
    auto read = [&](const std::string& role) {
        return wire::read_role(mine, reply_of(200, R"({"users":[{"id":"1","roles":[{"name":")" + role + "\"}]}]}"));
    };
    for (const auto* role : {"Owner", "Administrator", "Editor", "Super Editor"})
        CHECK(read(role).value().empty());
    for (const auto* role : {"Author", "Contributor"})
        CHECK(read(role).value().find(role) != std::string::npos);
    CHECK_FALSE(wire::read_role(mine, reply_of(200, R"({"users":[]})")).has_value());
}

TEST_CASE("what went out by mail alone is out", "[ghost]")
{
    CHECK(wire::place_of("scheduled") == whereabouts::queued);
    CHECK(wire::place_of("published") == whereabouts::published);
    CHECK(wire::place_of("sent") == whereabouts::published);
    CHECK(wire::place_of("draft") == whereabouts::parked);
    CHECK(wire::place_of("something new") == whereabouts::parked);
    auto feed = wire::read_feed(
        own_settings(), "posts",
        reply_of(
            200,
            R"({"posts":[{"id":"a","status":"sent","title":"By mail","html":"<p>x</p>","published_at":"2026-12-01T23:18:41.000Z","url":"https://u/"},)"
            R"({"id":"b","status":"draft","published_at":"2026-12-01T23:18:41.000Z"}]})"));
    REQUIRE(feed.has_value());
    REQUIRE(feed->items.size() == 1);
    CHECK(feed->items[0].text == "By mail\nx");
}

TEST_CASE("a summary's HTML holds the words as text", "[ghost]")
{
    CHECK(wire::html_of("Down & <out>.\nSee https://status.example/?a=1&b=2.\n\nSoon") ==
          "<p>Down &amp; &lt;out&gt;.<br>See <a href=\"https://status.example/?a=1&amp;b=2\">https://status.example/?a=1&amp;b=2</a>.</p><p>Soon</p>");
    CHECK(wire::html_of("").empty());
}
