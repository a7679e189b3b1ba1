#include "daemon/net/page_mark.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;

namespace {

http_response page(int status, std::string body, std::string etag = {})
{
    http_response made;
    made.status = status;
    made.body = std::move(body);
    if (!etag.empty())
        made.headers.emplace_back("etag", std::move(etag));
    return made;
}

}  // namespace

TEST_CASE("a page with an ETag is the same when the platform says so", "[net]")
{
    auto known = net::mark_page("q", page(200, "posts", "W/\"1\""));
    http_request request;
    net::ask_for_changes(request, known);
    CHECK(find_header(request.headers, "If-None-Match") == "W/\"1\"");
    CHECK(net::is_same_page(known, page(304, "")));
    CHECK(net::is_same_page(known, page(200, "whatever", "W/\"1\"")));
    CHECK_FALSE(net::is_same_page(known, page(200, "posts", "W/\"2\"")));
    CHECK_FALSE(net::is_same_page(known, page(200, "posts")));
    CHECK_FALSE(net::is_same_page(known, page(503, "", "W/\"1\"")));
}

TEST_CASE("a page without one is the same when its bytes and what belongs to them are", "[net]")
{
    auto known = net::mark_page("q", page(200, "posts"), "7");
    http_request request;
    net::ask_for_changes(request, known);
    CHECK(request.headers.empty());
    CHECK(net::is_same_page(known, page(200, "posts"), "7"));
    CHECK_FALSE(net::is_same_page(known, page(200, "posts"), "8"));
    CHECK_FALSE(net::is_same_page(known, page(200, "post"), "7"));
    CHECK_FALSE(net::is_same_page(known, page(200, "posts", "W/\"1\""), "7"));
    CHECK_FALSE(net::is_same_page(known, page(304, ""), "7"));
    CHECK_FALSE(net::has_same_bytes(known, "osts", "7p"));
}
