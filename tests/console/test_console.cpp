// What the program serves of its own: the pages, how they may be kept, what they may load, and that nothing of the API is hidden by them.
#include <regex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "daemon/console/console.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;

namespace {

// Answers for everything the console leaves to others.
asio::awaitable<net::server_response> others(net::server_request request)
{
    net::server_response answered{418, "others: " + request.method + " " + request.path};
    co_return answered;
}

net::server_response ask(std::string method, std::string path, http_headers headers = {})
{
    net::server_request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.target = request.path;
    request.headers = std::move(headers);
    asio::io_context context;
    auto handler = console::in_front_of(others);
    auto work = handler(std::move(request));
    auto done = asio::co_spawn(context, std::move(work), asio::use_future);
    context.run();
    return done.get();
}

std::string header(const net::server_response& answered, std::string_view name)
{
    return std::string{find_header(answered.headers, name)};
}

bool is_built()
{
    if (console::assets().empty())
        WARN("built without the console: only that everything is handed on can be tested");
    return !console::assets().empty();
}

}  // namespace

TEST_CASE("what is not the console's is handed on unchanged", "[console]")
{
    for (std::string path : {"/api/v1/status", "/livez", "/readyz", "/login/abc", "/auth/oidc/start", "/queue.json", "/nothing",
                             "queue", "/metrics"}) {
        CHECK(ask("GET", path).body == "others: GET " + path);
        CHECK(ask("POST", path).status == 418);
    }
}

TEST_CASE("every page of the console is the same document", "[console]")
{
    if (!is_built())
        return;
    auto front = ask("GET", "/");
    CHECK(front.status == 200);
    CHECK(front.content_type == "text/html; charset=utf-8");
    CHECK(front.body.find("<div id=\"console\">") != std::string::npos);
    for (std::string path : {"/queue", "/queue/acme", "/calendar", "/statements", "/tasks", "/pages", "/audit", "/accounts",
                             "/checks", "/sessions", "/sign-in", "/index.html"})
        CHECK(ask("GET", path).body == front.body);
}

TEST_CASE("what a page names is there, and nothing of it stands in the page", "[console]")
{
    if (!is_built())
        return;
    auto page = ask("GET", "/").body;
    std::regex named{"(?:src|href)=\"(/[^\"]*)\""};
    auto found = std::sregex_iterator(page.begin(), page.end(), named);
    REQUIRE(found != std::sregex_iterator{});
    for (; found != std::sregex_iterator{}; ++found)
        CHECK(ask("GET", (*found)[1].str()).status == 200);
    CHECK_FALSE(std::regex_search(page, std::regex{"<style|style=|<script(?![^>]*src=)|[ \"]on[a-z]+="}));
    CHECK_FALSE(std::regex_search(page, std::regex{"https?://"}));
}

TEST_CASE("nothing is loaded from elsewhere, framed or run inline", "[console]")
{
    if (!is_built())
        return;
    for (const auto& one : console::assets()) {
        auto answered = ask("GET", std::string{one.path});
        auto policy = header(answered, "Content-Security-Policy");
        CHECK(policy.starts_with(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"));
        CHECK(policy.ends_with("form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
        CHECK(policy.find("unsafe") == std::string::npos);
        CHECK(header(answered, "X-Content-Type-Options") == "nosniff");
        CHECK(header(answered, "Referrer-Policy") == "no-referrer");
    }
}

TEST_CASE("a file whose name changes with its content is kept for good, the page is asked for again", "[console]")
{
    if (!is_built())
        return;
    for (const auto& one : console::assets()) {
        auto kept = header(ask("GET", std::string{one.path}), "Cache-Control");
        CHECK(kept == (one.path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"));
    }
}

TEST_CASE("who has it already is told so, and compressed bytes are another thing than plain ones", "[console]")
{
    if (!is_built())
        return;
    auto plain = ask("GET", "/");
    auto packed = ask("GET", "/", {{"Accept-Encoding", "br, gzip;q=0.8"}});
    CHECK(header(plain, "Content-Encoding").empty());
    CHECK(header(packed, "Content-Encoding") == "gzip");
    CHECK(header(packed, "Vary") == "Accept-Encoding");
    CHECK(packed.body.starts_with("\x1f\x8b"));
    CHECK(packed.body.size() < plain.body.size());
    auto tag = header(plain, "ETag");
    auto packed_tag = header(packed, "ETag");
    CHECK(tag != packed_tag);

    CHECK(ask("GET", "/queue", {{"If-None-Match", tag}}).status == 304);
    CHECK(ask("GET", "/", {{"If-None-Match", "\"other\", W/" + tag}}).body.empty());
    CHECK(ask("GET", "/", {{"If-None-Match", "*"}}).status == 304);
    CHECK(ask("GET", "/", {{"If-None-Match", packed_tag}}).status == 200);
    CHECK(ask("GET", "/", {{"If-None-Match", packed_tag}, {"Accept-Encoding", "gzip"}}).status == 304);
    CHECK(header(ask("GET", "/", {{"If-None-Match", tag}}), "ETag") == tag);
}

TEST_CASE("gzip that is refused, or another coding whose name begins so, is not sent", "[console]")
{
    if (!is_built())
        return;
    for (const char* accepted : {"gzip;q=0", "gzip; q=0.0", "x-gzip", "gzipped", "identity", "*", ""})
        CHECK(header(ask("GET", "/", {{"Accept-Encoding", accepted}}), "Content-Encoding").empty());
    for (const char* accepted : {"gzip", "deflate, gzip", "gzip;q=0.001"})
        CHECK(header(ask("GET", "/", {{"Accept-Encoding", accepted}}), "Content-Encoding") == "gzip");
}

TEST_CASE("a page is only read", "[console]")
{
    if (!is_built())
        return;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        auto refused = ask(method, "/queue");
        CHECK(refused.status == 405);
        CHECK(header(refused, "Allow") == "GET, HEAD");
    }
    CHECK(ask("HEAD", "/queue").status == 200);
}
