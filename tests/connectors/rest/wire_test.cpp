// Requests byte for byte and answers of every kind, by a small description.
#include <algorithm>

#include "tests/connectors/rest/support.hpp"

using namespace halfmast;
using namespace halfmast::rest;
using namespace halfmast::rest_test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

rest::settings small_account(const std::string& change_from = "", const std::string& change_to = "", const std::string& more = "")
{
    auto text = small;
    if (!change_from.empty()) {
        REQUIRE(text.find(change_from) != std::string::npos);
        text.replace(text.find(change_from), change_from.size(), change_to);
    }
    auto made = describe(text + more);
    CHECK(made.faults == std::vector<std::string>{});
    REQUIRE(made.what != nullptr);
    return account_of(made.what);
}

http_response reply(int status, std::string body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
}

std::string_view header(const http_request& request, std::string_view name) { return find_header(request.headers, name); }

}  // namespace

TEST_CASE("each way of authorization sends the secret where it belongs", "[rest][wire]")
{
    auto ask = [](const rest::settings& own) {
        auto with = wire::fill_common(own, "");
        with.texts["id"] = "7";
        return wire::request_of(own, *own.what->read_one, with, "try").value();
    };
    CHECK(header(ask(small_account()), "Authorization") == "Bearer s3cret");
    CHECK(header(ask(small_account("kind = \"bearer\"", "kind = \"basic\"")), "Authorization") == "Basic aGFsZm1hc3Q6czNjcmV0");
    auto by_header = ask(small_account("kind = \"bearer\"", "kind = \"header\"\nname = \"X-Api-Key\"\nprefix = \"Key \""));
    CHECK(header(by_header, "X-Api-Key") == "Key s3cret");
    CHECK(header(by_header, "Authorization").empty());
    CHECK(ask(small_account("kind = \"bearer\"", "kind = \"query\"\nname = \"key\"")).url
          == "https://api.example/v1/posts/7?key=s3cret");
    CHECK(header(ask(small_account("kind = \"bearer\"", "kind = \"none\"")), "Authorization").empty());
    CHECK(header(ask(small_account()), "Accept") == "application/json");
    CHECK(header(ask(small_account("", "", "[headers]\naccept = \"application/vnd.x+json\"\n")), "Accept")
          == "application/vnd.x+json");
}

TEST_CASE("bodies are JSON or a form, each with its encoding", "[rest][wire]")
{
    auto own = small_account("body = { at = \"{at}\" }", "form = { at = \"{at:unix}\", note = \"a&b {id}\" }");
    auto with = wire::fill_common(own, "");
    with.texts["id"] = "7 8";
    with.times["at"] = parse_rfc3339("2026-07-01T12:30:15Z").value();
    auto form = wire::request_of(own, own.what->release->ask, with, "try").value();
    CHECK(form.body == "at=1782909015&note=a%26b%207%208");
    CHECK(header(form, "Content-Type") == "application/x-www-form-urlencoded");
    CHECK(form.url == "https://api.example/v1/posts/7%208/schedule");
    auto hold = wire::request_of(own, own.what->holds.front().ask, with, "try").value();
    CHECK(hold.method == "POST");
    CHECK(hold.body == R"({"status":"draft"})");
    CHECK(header(hold, "Content-Type") == "application/json");
}

TEST_CASE("whole replacement sends back what the post had", "[rest][wire]")
{
    auto own = small_account("body = { status = \"draft\" }",
                             "body = { accounts = \"{post:/accounts}\", versions = \"{post:/versions}\", status = \"draft\" }");
    auto with = wire::fill_common(own, "");
    with.texts["id"] = "7";
    auto post = json::parse(R"({"accounts":[1,2],"versions":[{"body":"x"}]})");
    with.post = &post;
    CHECK(wire::request_of(own, own.what->holds.front().ask, with, "try")->body
          == R"({"accounts":[1,2],"status":"draft","versions":[{"body":"x"}]})");
    post.erase("accounts");
    auto lacks = wire::request_of(own, own.what->holds.front().ask, with, "try");
    REQUIRE_FALSE(lacks.has_value());
    CHECK(lacks.error().kind == failure::rejected);
}

TEST_CASE("keys of the account stand in every call", "[rest][wire]")
{
    auto own =
        small_account("name = \"Small\"", "name = \"Small\"\nkeys = [\"workspace\"]",
                      "[[check]]\nwhat = \"workspace\"\nurl = \"/workspaces/{workspace}\"\nquery = { w = \"{workspace}\" }\n");
    own.own["workspace"] = "a/b";
    auto request = wire::request_of(own, own.what->checks.front().ask, wire::fill_common(own, ""), "try");
    CHECK(request->url == "https://api.example/v1/workspaces/a%2Fb?w=a%2Fb");
}

TEST_CASE("the next page is never asked of another server", "[rest][wire]")
{
    auto own = small_account("items = \"/data\"", "items = \"/data\"\npaging = { by = \"link\" }");
    const auto& from = own.what->lists.front();
    auto page_after = [&](const std::string& link) {
        auto read = wire::read_page(
            own, from, "list",
            reply(200, R"({"data":[]})", {{"Link", "<https://x/prev>; rel=\"prev\", <" + link + ">; rel=\"next\""}}));
        REQUIRE(read.has_value());
        CHECK(read->facts.next == link);
        pager next{from.pages};
        std::vector<std::size_t> fresh;
        CHECK(next.take(read->facts, fresh) == pager::answer::more);
        return wire::page_request(own, from, next, wire::fill_common(own, ""), "list");
    };
    CHECK(page_after("https://api.example/v1/posts?page=2")->url == "https://api.example/v1/posts?page=2");
    CHECK(page_after("/v1/posts?page=2")->url == "https://api.example/v1/posts?page=2");
    for (const auto* elsewhere : {"https://evil.example/v1/posts", "http://api.example/v1/posts", "https://api.example.evil/v1",
                                  "https://api.example:8443/v1", "//evil.example/"}) {
        CAPTURE(elsewhere);
        auto refused = page_after(elsewhere);
        bool safe = !refused.has_value() || refused->url.starts_with("https://api.example/");
        CHECK(safe);
    }
}

TEST_CASE("statuses, rules and words make the problem", "[rest][wire]")
{
    auto own = small_account("", "", R"([errors]
message = ["/errors/0/message", "/message"]
code = "/errors/0/extensions/code"
[[errors.rule]]
at = "/errors/0/extensions/code"
is = "UNAUTHENTICATED"
kind = "auth_expired"
say = "make a new key"
[[errors.rule]]
status = 400
kind = "conflict"
[[errors.rule]]
status = 405
kind = "not_found"
)");
    auto refused = wire::refusal(
        own, "hold 7", reply(200, R"({"errors":[{"message":"key s3cret is\nold","extensions":{"code":"UNAUTHENTICATED"}}]})"));
    REQUIRE(refused.has_value());
    CHECK(refused->kind == failure::auth_expired);
    CHECK(refused->detail == "Small (rest): cannot hold 7 at https://api.example/v1: the credential is refused; renew it (200 UNAUTHENTICATED: key [secret] is old); make a new key");
    CHECK_FALSE(wire::refusal(own, "x", reply(200, R"({"errors":[{"extensions":{"code":"OTHER"}}]})")).has_value());
    CHECK_FALSE(wire::refusal(own, "x", reply(204, "")).has_value());
    CHECK(wire::refusal(own, "x", reply(400, "{}"))->kind == failure::conflict);
    CHECK(wire::refusal(own, "x", reply(405, "<html>"))->kind == failure::not_found);  // the description says so
    // A web server without the API says nothing about a post.
    CHECK(wire::refusal(own, "x", reply(404, "<html>"))->kind == failure::bad_reply);
    CHECK(wire::refusal(own, "x", reply(404, "{}"))->kind == failure::not_found);
    CHECK(wire::refusal(own, "x", reply(302, "", {{"Location", "https://login.example/?token=abc"}}))->detail.find("abc")
          == std::string::npos);
}

TEST_CASE("a wait is read from whatever header has it", "[rest][wire]")
{
    auto own = small_account("", "", "[limits]\nwait_header = \"X-Wait\"\n");
    const std::string date = "Mon, 02 Mar 2026 14:00:00 GMT";
    auto wait = [&](const std::string& name, const std::string& value) {
        return wire::refusal(own, "x", reply(429, "{}", {{"Date", date}, {name, value}}))->retry_after;
    };
    CHECK(wait("X-Wait", "30") == 30s);
    CHECK(wait("Retry-After", "90") == 90s);
    CHECK(wait("Retry-After", "Mon, 02 Mar 2026 14:01:30 GMT") == 90s);
    CHECK(wait("X-RateLimit-Reset", "1772460090") == 90s);
    CHECK(wait("RateLimit-Reset", "1772460090000") == 90s);
    CHECK(wait("X-Rate-Limit-Reset", "2026-03-02T14:01:30Z") == 90s);
    CHECK(wait("Retry-After", "9999999") == 24h);
    CHECK_FALSE(wait("Retry-After", "soon").has_value());
    CHECK_FALSE(wait("X-Other", "90").has_value());
}

TEST_CASE("a post is read by the fields that were named", "[rest][wire]")
{
    auto own = small_account("text = \"/text\"",
                             "text = [\"/title\", \"/body\"]\ntext_is = \"html\"\ntags = [\"/tags/*/name\"]\nlabels = "
                             "\"/channel\"\nmedia = \"/media\"\nchanged = \"/v\"\n"
                             "author = \"/by/name\"\npage = \"https://app.example/{id}\"");
    auto item = json::parse(
        R"({"id":12,"state":"queued","due":"2026-03-02T14:30:00Z","title":"Big &amp; new","body":"<p>See <a href=\"https://shop.example/?a=1&amp;b=2\">shop</a> #Spring</p>",
        "tags":[{"name":"promo"},{"name":null}],"channel":"X","media":[],"v":3,"by":{"name":"Maria"},"extra":true})");
    auto post = wire::read_post(own, "posts", item).value();
    REQUIRE(post.has_value());
    CHECK(post->id == post_id{"12"});
    CHECK(post->text == "Big & new\nSee shop #Spring");
    CHECK(post->links == std::vector<std::string>{"https://shop.example/?a=1&b=2"});
    CHECK(post->tags == std::vector<std::string>{"promo", "Spring"});
    CHECK(post->labels == std::vector<std::string>{"X"});
    CHECK(post->author == "Maria");
    CHECK(post->version == "3");
    CHECK(post->url == "https://app.example/12");
    CHECK(post->kind == "posts");
    CHECK_FALSE(post->has_media);
    CHECK(post->raw->find("\"extra\":true") != std::string::npos);
    item["media"] = {1};
    CHECK(wire::read_post(own, "posts", item).value()->has_media);
    item["state"] = "draft";
    CHECK_FALSE(wire::read_post(own, "posts", item)->has_value());
    item["state"] = "held by a plugin";
    auto strange = wire::read_post(own, "posts", item);
    REQUIRE_FALSE(strange.has_value());
    CHECK(strange.error().detail.find("'held by a plugin', which [states] does not name") != std::string::npos);
    item["state"] = "queued";
    item["due"] = nullptr;
    CHECK(wire::read_post(own, "posts", item).error().kind == failure::bad_reply);
    item.erase("id");
    CHECK(wire::read_post(own, "posts", item).error().kind == failure::bad_reply);
}

TEST_CASE("a statement becomes HTML with nothing alive in it", "[rest][wire]")
{
    CHECK(wire::html_of("a <b> & [c]\nsecond https://x.example/?a=1&b=2\n\nnext")
          == "<p>a &lt;b&gt; &amp; &#91;c]<br>second <a href=\"https://x.example/?a=1&amp;b=2\">https://x.example/?a=1&amp;b=2</a></p>\n<p>next</p>");
}
