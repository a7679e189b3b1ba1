// Comments: what is asked, and what WordPress answers.
#include "connectors/wordpress/wire_mentions.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
namespace wire = halfmast::wordpress::wire;

namespace {

wordpress::settings commented_site()
{
    wordpress::settings made;
    made.url = "https://blog.acme.example";
    made.username = "halfmast";
    made.password = "abcd1234efgh5678ijkl9012";
    return made;
}

http_response comments_reply(std::string body)
{
    http_response made;
    made.status = 200;
    made.body = std::move(body);
    made.headers = {{"X-WP-Total", "250"}, {"X-WP-TotalPages", "3"}, {"Date", "Mon, 02 Mar 2026 14:00:00 GMT"}};
    return made;
}

}  // namespace

TEST_CASE("comments are asked for from an hour before, for the site compares in its own zone", "[wordpress]")
{
    auto mine = commented_site();
    auto after = parse_rfc3339("2026-03-02T14:00:00.750Z").value();
    auto held = wire::comments_request({&mine, wire::addressing::pretty}, after, 2, true);
    CHECK(held.looks);
    CHECK(held.url == "https://blog.acme.example/wp-json/wp/v2/comments?orderby=date_gmt&order=asc&per_page=100&page=2&after=2026-03-02T13:00:00Z"
                      "&status=all&_fields=id,post,parent,author,author_name,date_gmt,content,link");
    auto plain = wire::comments_request({&mine, wire::addressing::plain}, after, 1, false);
    CHECK(plain.url.starts_with("https://blog.acme.example/?rest_route=/wp/v2/comments&orderby="));
    CHECK(plain.url.find("status") == std::string::npos);
}

TEST_CASE("a comment is read as a reader sees it, with its author and what it answers", "[wordpress]")
{
    auto page = wire::read_comments(
        commented_site(),
        comments_reply(
            R"([{"id":9,"post":1,"parent":7,"author":0,"author_name":"Maria &amp; Otto","date_gmt":"2026-03-02T13:59:00",)"
            R"("content":{"rendered":"<p>Where is my <em>kettle<\/em>?<br \/>\n5 &lt; 7<\/p>\n"},"link":"https:\/\/blog.acme.example\/hello\/#comment-9"},)"
            R"({"id":10,"post":1,"parent":0,"author":7,"author_name":"halfmast","date_gmt":"2026-03-02T13:59:30","content":{"rendered":""},"link":""}])"));
    REQUIRE(page.has_value());
    CHECK(page->pages == 3);
    CHECK(page->served == parse_rfc3339("2026-03-02T14:00:00Z"));
    REQUIRE(page->items.size() == 2);
    const auto& said = page->items[0].said;
    CHECK(said.id.value == "comment-9");
    CHECK(said.in_reply_to.value == "comment-7");
    CHECK(said.by == "Maria & Otto");
    CHECK(said.text == "Where is my kettle?\n5 < 7");
    CHECK(said.url == "https://blog.acme.example/hello/#comment-9");
    CHECK(page->items[0].author == 0);
    CHECK(page->items[1].author == 7);
    CHECK(page->items[1].said.in_reply_to.value == "1");
}

TEST_CASE("a comment without number or date is passed over, a page that is no list is a problem", "[wordpress]")
{
    auto page = wire::read_comments(
        commented_site(), comments_reply(R"([{"id":0,"date_gmt":"2026-03-02T13:59:00"},{"id":3},{"id":4,"date_gmt":"soon"},7,null,)"
                                         R"({"id":5,"date_gmt":"2026-03-02T13:59:00"}])"));
    REQUIRE(page.has_value());
    CHECK(page->items.size() == 1);
    for (const auto* body : {"", "<html>", "{}", "[", "\"x\""})
        CHECK(wire::read_comments(commented_site(), comments_reply(body)).error().kind == failure::bad_reply);
}
