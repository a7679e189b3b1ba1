// Requests and answers of the WordPress room, against answers as WordPress 6.1 gave them.
#include <algorithm>

#include "connectors/wordpress/wire.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
namespace wire = halfmast::wordpress::wire;
using answer = wire::slices::answer;

namespace {

wordpress::settings own()
{
    wordpress::settings made;
    made.url = "https://blog.acme.example";
    made.username = "halfmast";
    made.password = "abcd1234efgh5678ijkl9012";
    return made;
}

http_response reply(int status, std::string body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
}

time_point at(const std::string& text) { return parse_rfc3339(text).value(); }

const wire::post_type posts{"post", "posts", "Posts", "edit_others_posts", "publish_posts"};
const std::vector<wire::taxonomy> taxonomies{{"categories", "categories", true, {"post"}}, {"tags", "tags", false, {"post"}}};

// One element of GET /wp/v2/posts?status=future&context=edit, in a block theme.
const std::string element =
    R"({"id":6,"date":"2026-12-02T00:18:41","date_gmt":"2026-12-01T23:18:41","modified_gmt":"2026-12-01T23:18:41",)"
    R"("slug":"win-a-weekend-away","status":"future","type":"post","link":"https:\/\/blog.acme.example\/?p=6",)"
    R"("title":{"raw":"Win a <em>weekend<\/em> away &amp; more"},)"
    R"("content":{"raw":"<!-- wp:paragraph {\"x\":\"Sale\"} -->\n<p>Book <a href=\"https:\/\/shop.example\/?utm_source=blog&amp;a=1\">now<\/a>.<\/p>\n<!-- \/wp:paragraph -->"},)"
    R"("excerpt":{"raw":""},"author":2,"featured_media":12,"sticky":false,"categories":[2,5],"tags":[9]})";

}  // namespace

TEST_CASE("a request carries the credential in its header and nowhere else", "[wordpress]")
{
    auto mine = own();
    wire::site pretty{&mine, wire::addressing::pretty};
    wire::site plain{&mine, wire::addressing::plain};
    auto request = wire::look_request(pretty, "posts", post_id{"6"});
    CHECK(request.method == "GET");
    CHECK(request.url
          == "https://blog.acme.example/wp-json/wp/v2/posts/6?context=edit&_fields=id,status,date_gmt,modified_gmt,link");
    CHECK(find_header(request.headers, "Authorization") == "Basic aGFsZm1hc3Q6YWJjZDEyMzRlZmdoNTY3OGlqa2w5MDEy");
    CHECK(wire::index_request(plain).url == "https://blog.acme.example/?rest_route=/&_fields=name,namespaces,authentication");
    CHECK(wire::look_request(plain, "shop/v1/offers", post_id{"6"})
              .url.starts_with("https://blog.acme.example/?rest_route=/shop/v1/offers/6&context=edit"));
    CHECK(wire::look_request(pretty, "posts", post_id{"../users/1?x="}).url.find("/posts/0?") != std::string::npos);
}

TEST_CASE("a hold sends the status and nothing else", "[wordpress]")
{
    auto mine = own();
    wire::site where{&mine, wire::addressing::pretty};
    auto hold = wire::draft_request(where, "pages", post_id{"25"});
    CHECK(hold.method == "POST");
    CHECK(hold.url.starts_with("https://blog.acme.example/wp-json/wp/v2/pages/25?"));
    CHECK(hold.body == R"({"status":"draft"})");
    CHECK_FALSE(hold.publishes);
    auto back = wire::schedule_request(where, "posts", post_id{"6"}, at("2026-03-01T15:30:00.900+01:00"));
    CHECK(back.body == R"({"date_gmt":"2026-03-01T14:30:00","status":"future"})");
    const wire::new_words other{"Title", "<p>Words</p>"};
    auto reworded = wire::schedule_request(where, "posts", post_id{"6"}, at("2026-03-01T14:30:00Z"), &other);
    CHECK(reworded.body == R"({"content":"<p>Words</p>","date_gmt":"2026-03-01T14:30:00","status":"future","title":"Title"})");
    CHECK(reworded.url.ends_with(",title.raw,content.raw"));
    auto out = wire::publish_request(where, {"en", "We are on it."}, "halfmast-c-1");
    CHECK(out.publishes);
}

TEST_CASE("a scheduled post is read as a visitor would see it", "[wordpress]")
{
    auto mine = own();
    auto page = wire::read_list(mine, posts, taxonomies,
                                reply(200, "[" + element + "]",
                                      {{"X-WP-Total", "1"}, {"X-WP-TotalPages", "1"}, {"Date", "Tue, 24 Nov 2026 23:22:44 GMT"}}));
    REQUIRE(page.has_value());
    REQUIRE(page->items.size() == 1);
    CHECK(page->total == 1);
    CHECK(page->served == at("2026-11-24T23:22:44Z"));
    const auto& listed = page->items[0];
    CHECK(listed.post.id == post_id{"6"});
    CHECK(listed.post.due == at("2026-12-01T23:18:41Z"));
    CHECK(listed.post.text == "Win a weekend away & more\nBook now.");
    CHECK(listed.post.links == std::vector<std::string>{"https://shop.example/?utm_source=blog&a=1"});
    CHECK(listed.post.kind == "posts");
    CHECK(listed.post.has_media);
    CHECK(listed.post.version == "2026-12-01T23:18:41");
    CHECK(listed.post.url == "https://blog.acme.example/wp-admin/post.php?post=6&action=edit");
    CHECK(listed.author == 2);
    CHECK(listed.terms.at("categories") == std::vector<wire::wp_id>{2, 5});
    CHECK(listed.terms.at("tags") == std::vector<wire::wp_id>{9});
    CHECK(listed.post.raw->find("\"slug\":\"win-a-weekend-away\"") != std::string::npos);
    CHECK(listed.post.language.empty());
}

TEST_CASE("what is not a scheduled post is left out, and what cannot be read is said", "[wordpress]")
{
    auto mine = own();
    auto read = [&](std::string body) { return wire::read_list(mine, posts, taxonomies, reply(200, std::move(body))); };
    CHECK(read(R"([{"id":1,"status":"publish","date_gmt":"2026-12-01T23:18:41"}])")->items.empty());
    for (const auto* bad : {"", "{}", "null", "[1]", "[{}]", R"([{"id":1,"status":"future","date_gmt":null}])",
                            R"([{"id":-1,"status":"future","date_gmt":"2026-12-01T23:18:41"}])",
                            "<br />\n<b>Warning</b>: foo in bar.php on line 1[]", "[{\"id\":1"}) {
        CAPTURE(bad);
        auto given = read(bad);
        REQUIRE_FALSE(given.has_value());
        CHECK(given.error().kind == failure::bad_reply);
        CHECK(given.error().detail.find("halfmast at https://blog.acme.example") != std::string::npos);
    }
}

TEST_CASE("types that can be scheduled are those visitors see", "[wordpress]")
{
    auto mine = own();
    auto given = wire::read_types(
        mine, reply(200, R"({"post":{"slug":"post","name":"Posts","viewable":true,"rest_base":"posts","rest_namespace":"wp/v2",
        "capabilities":{"edit_others_posts":"edit_others_posts","publish_posts":"publish_posts"}},
        "attachment":{"slug":"attachment","viewable":true,"rest_base":"media"},"wp_block":{"viewable":false,"rest_base":"blocks"},"wp_template":{"viewable":true,"rest_base":"templates"},
        "nav_menu_item":{"viewable":true,"rest_base":"menu-items"},"book":{"slug":"book","viewable":true,"rest_base":"books","rest_namespace":"shelf/v1"},
        "offer":{"slug":"offer","viewable":true,"rest_base":""},"evil":{"slug":"evil","viewable":true,"rest_base":"x?y=/../z"},"old":{"slug":"old","viewable":true,"rest_base":"old-ones"}})"));
    REQUIRE(given.has_value());
    std::vector<std::string> kinds;
    for (const auto& type : *given)
        kinds.push_back(type.kind);
    std::ranges::sort(kinds);
    CHECK(kinds == std::vector<std::string>{"offer", "old-ones", "posts", "shelf/v1/books"});
}

TEST_CASE("every refusal has its failure, its reason and no secret", "[wordpress]")
{
    auto mine = own();
    struct expectation {
        int status;
        std::string body;
        failure kind;
        std::string says;
    };
    const std::string hidden =
        R"({"code":"rest_invalid_param","message":"Invalid parameter(s): status","data":{"status":400,"params":{"status":"Status is forbidden."},)"
        R"("details":{"status":{"code":"rest_forbidden_status","message":"Status is forbidden.","data":{"status":)";
    auto one = GENERATE_COPY(
        expectation{401, R"({"code":"incorrect_password","message":"<strong>Error<\/strong>: wrong","data":null})",
                    failure::auth_expired, "(401 incorrect_password: Error: wrong)"},
        expectation{401, R"({"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}})",
                    failure::auth_expired, "Authorization header"},
        expectation{400, hidden + "401}}}}}", failure::auth_expired, "application password"},
        expectation{400, hidden + "403}}}}}", failure::forbidden, "role Editor"},
        expectation{
            400, R"({"code":"rest_invalid_param","message":"no","data":{"status":400,"params":{"status":"Status is forbidden."}}})",
            failure::auth_expired, "password"},
        expectation{
            400,
            R"({"code":"rest_invalid_param","message":"Invalid parameter(s): date_gmt","data":{"status":400,"params":{"date_gmt":"Invalid date."}}})",
            failure::rejected, "date_gmt"},
        expectation{403, R"({"code":"rest_cannot_edit","message":"Sorry","data":{"status":403}})", failure::forbidden,
                    "rest_cannot_edit"},
        expectation{403, "<html><title>403 Forbidden</title>cloud</html>", failure::forbidden, "firewall"},
        expectation{404, R"({"code":"rest_post_invalid_id","message":"Invalid post ID.","data":{"status":404}})",
                    failure::not_found, "rest_post_invalid_id"},
        expectation{404, R"({"code":"rest_no_route","message":"No route","data":{"status":404}})", failure::unsupported, "plugin"},
        expectation{404, "<html>nginx</html>", failure::bad_reply, "url"},
        expectation{301, "", failure::rejected, "https://www.acme.example/wp-json/"},
        expectation{429, "", failure::rate_limited, "429"},
        expectation{500,
                    R"({"code":"internal_server_error","message":"<p>There has been a critical error<\/p>","data":{"status":500}})",
                    failure::unknown_outcome, "error log"},
        expectation{503, "<html>Briefly unavailable for scheduled maintenance.</html>", failure::unknown_outcome, "503"});
    CAPTURE(one.status, one.body);
    auto given = wire::refusal(
        mine, "hold 6",
        reply(one.status, one.body, {{"Location", "https://www.acme.example/wp-json/?token=1"}, {"Retry-After", "60"}}));
    REQUIRE(given.has_value());
    CHECK(given->kind == one.kind);
    INFO(given->detail);
    CHECK(given->detail.starts_with("wordpress: cannot hold 6 for halfmast at https://blog.acme.example: "));
    CHECK(given->detail.find(one.says) != std::string::npos);
    CHECK(given->detail.find("abcd") == std::string::npos);
    CHECK(given->detail.find("token=1") == std::string::npos);
    CHECK(given->retry_after.has_value() == (one.status == 429));  // the ten minutes of a maintenance page are a guess
}

TEST_CASE("a wait is a day at most, and one that is over is none", "[wordpress]")
{
    auto wait = [](const std::string& given) {
        return wire::refusal(own(), "hold 6", reply(429, "", {{"Date", "Mon, 02 Mar 2026 14:00:00 GMT"}, {"Retry-After", given}}))
            ->retry_after;
    };
    CHECK(wait("90") == std::chrono::seconds{90});
    CHECK(wait("Mon, 02 Mar 2026 14:01:30 GMT") == std::chrono::seconds{90});
    CHECK(wait("9999999") == std::chrono::hours{24});
    CHECK(wait("Tue, 02 Mar 2027 14:00:00 GMT") == std::chrono::hours{24});
    CHECK_FALSE(wait("Mon, 02 Mar 2026 13:00:00 GMT").has_value());
    CHECK_FALSE(wait("0").has_value());
    CHECK_FALSE(wait("soon").has_value());
}

TEST_CASE("a list is whole although it shrinks while it is read", "[wordpress]")
{
    // 250 posts; some leave the queue after the first slice.
    std::vector<wire::wp_id> queue;
    for (wire::wp_id id = 1; id <= 250; ++id)
        queue.push_back(id);
    auto leave = GENERATE(0, 5, 40, 100, 150);
    CAPTURE(leave);
    wire::slices next;
    std::vector<wire::wp_id> seen;
    int calls = 0;
    for (auto last = answer::more; last == answer::more; ++calls) {
        REQUIRE(calls < 20);
        auto begin = std::min<std::size_t>(static_cast<std::size_t>(next.offset()), queue.size());
        std::vector<wire::wp_id> slice(
            queue.begin() + static_cast<std::ptrdiff_t>(begin),
            queue.begin() + static_cast<std::ptrdiff_t>(std::min(begin + wire::slices::size, queue.size())));
        std::vector<std::size_t> fresh;
        last = next.take(slice, slice.empty() ? 0 : static_cast<std::int64_t>(queue.size()), fresh);
        CHECK(last != answer::stuck);
        for (auto index : fresh)
            seen.push_back(slice[index]);
        if (calls == 0)
            queue.erase(queue.begin(), queue.begin() + leave);
    }
    for (auto id : queue)
        CHECK(std::ranges::count(seen, id) == 1);
}

TEST_CASE("a list that ignores where to go on comes to an end", "[wordpress]")
{
    wire::slices next;
    std::vector<wire::wp_id> same;
    for (wire::wp_id id = 1; id <= 100; ++id)
        same.push_back(id);
    auto last = answer::more;
    std::vector<std::size_t> fresh;
    for (int calls = 0; last == answer::more; ++calls) {
        REQUIRE(calls < 200);
        last = next.take(same, 1'000'000, fresh);
    }
    CHECK(last == answer::stuck);
}

TEST_CASE("a slice whose posts are hidden from an author is not the end", "[wordpress]")
{
    wire::slices next;
    std::vector<std::size_t> fresh;
    CHECK(next.take({}, 150, fresh) == answer::more);
    CHECK(next.take({170, 171}, 150, fresh) == answer::done);
    CHECK(fresh.size() == 2);
}

TEST_CASE("a summary's HTML holds the words as text, links as links and no shortcode", "[wordpress]")
{
    CHECK(wire::html_of("Down & <out>.\nSee https://status.example/?a=1&b=2.\n\n[gallery] soon") ==
          "<!-- wp:paragraph -->\n<p>Down &amp; &lt;out&gt;.<br>See <a href=\"https://status.example/?a=1&amp;b=2\">https://status.example/?a=1&amp;b=2</a>.</p>\n"
          "<!-- /wp:paragraph -->\n\n<!-- wp:paragraph -->\n<p>&#91;gallery] soon</p>\n<!-- /wp:paragraph -->");
    CHECK(wire::html_of("").empty());
}

TEST_CASE("statuses have their places", "[wordpress]")
{
    CHECK(wire::place_of("future") == whereabouts::queued);
    CHECK(wire::place_of("publish") == whereabouts::published);
    CHECK(wire::place_of("trash") == whereabouts::absent);
    for (const auto* status : {"draft", "pending", "private", "pitch"})
        CHECK(wire::place_of(status) == whereabouts::parked);
}

TEST_CASE("who we are, and what the site offers", "[wordpress]")
{
    auto mine = own();
    auto me = wire::read_me(
        mine,
        reply(200, R"({"id":2,"name":"halfmast","capabilities":{"edit_posts":true,"edit_others_posts":false,"editor":true}})"));
    REQUIRE(me.has_value());
    CHECK(me->capabilities == std::set<std::string>{"edit_posts", "editor"});
    auto index = wire::read_index(
        mine, reply(200, R"({"name":"Shop &amp; more","namespaces":["oembed\/1.0","wp\/v2"],"authentication":[]})"));
    REQUIRE(index.has_value());
    CHECK(index->has_posts);
    CHECK_FALSE(index->application_passwords);
    CHECK(index->name == "Shop & more");
    CHECK_FALSE(wire::read_me(mine, reply(200, R"({"code":"x"})")).has_value());
}
