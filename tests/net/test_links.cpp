#include "daemon/net/http_date.hpp"
#include "daemon/net/link_checker.hpp"
#include "daemon/net/public_address.hpp"
#include "tests/net/client_stage.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;

namespace {

http_response link_response(int status, const std::string& location = {})
{
    http_response given;
    given.status = status;
    if (!location.empty())
        given.headers = {{"Location", location}};
    return given;
}

link_rules everywhere()
{
    link_rules rules;
    rules.own_network = true;
    return rules;
}

std::vector<link_answer> check_all(asio::io_context& context, link_checker& checker, std::vector<std::string> urls,
                                   milliseconds patience = std::chrono::seconds{60})
{
    std::optional<std::vector<link_answer>> given;
    auto work = checker.check(std::move(urls), patience);
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, std::vector<link_answer> value) {
        REQUIRE_FALSE(error);
        given = std::move(value);
    });
    REQUIRE(run_until(context, [&] { return given.has_value(); }));
    return *given;
}

}  // namespace

TEST_CASE("public addresses are told from everybody's own", "[links]")
{
    for (const auto* address : {"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111",
                                "[2a00:1450::1]", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
        CAPTURE(address);
        CHECK(is_public_address(address));
    }
    for (const auto* address : {"127.0.0.1",
                                "127.255.0.9",
                                "10.1.2.3",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.168.1.1",
                                "169.254.169.254",
                                "100.64.0.1",
                                "0.0.0.0",
                                "224.0.0.1",
                                "255.255.255.255",
                                "192.0.2.1",
                                "198.18.0.1",
                                "::1",
                                "[::1]",
                                "::",
                                "fe80::1",
                                "fc00::1",
                                "fd12::1",
                                "ff02::1",
                                "::ffff:127.0.0.1",
                                "::127.0.0.1",
                                "64:ff9b::7f00:1",
                                "2002:7f00:1::1",
                                "2001:db8::1",
                                "127.1",
                                "0x7f.1",
                                "2130706433",
                                "a.example",
                                ""}) {
        CAPTURE(address);
        CHECK_FALSE(is_public_address(address));
    }
}

TEST_CASE("what must not be asked is named, and asked for nothing", "[links]")
{
    struct {
        const char* url;
        const char* why;
    } const cases[] = {
        {"ftp://a.example", "not an http or https address"},
        {"a.example/x", "not an http or https address"},
        {"https://", "not an http or https address"},
        {"https://user:word@a.example/", "user name"},
        {"https://a.example@127.0.0.1/", "user name"},
        {"http://127.0.0.1:80/x", "private network"},
        {"http://[::1]/", "private network"},
        {"http://LOCALHOST/", "private network"},
        {"http://api.localhost:1/", "private network"},
        {"http://169.254.169.254/latest/meta-data", "private network"},
        {"http://127.1/", "unusual way"},
        {"http://0x7f000001/", "unusual way"},
        {"http://2130706433/", "unusual way"},
        {"http://a.example.0177.1./", "unusual way"},
        {"http://a%2eexample/", "no usable host name"},
        {"http://a b.example/", "no usable host name"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.url);
        link_visit steps(one.url, {});
        CHECK_FALSE(steps.next());
        CHECK_FALSE(steps.ok());
        CHECK(steps.said().find(one.why) != std::string::npos);
    }
    CHECK_FALSE(link_visit("https://a.example/" + std::string(9000, 'x'), {}).next());
    CHECK(unfit_link("http://127.0.0.1/x", true).empty());
    CHECK(unfit_link("https://a.example:8443/x", false).empty());
}

TEST_CASE("HEAD is asked first, and GET only where HEAD is not answered for", "[links]")
{
    link_visit plain("https://a.example/x?y=1#part", {});
    auto first = plain.next();
    REQUIRE(first);
    CHECK(first->method == "HEAD");
    CHECK(first->url == "https://a.example/x?y=1");
    CHECK(first->timeout == std::chrono::seconds{10});
    CHECK(plain.host() == "a.example");
    plain.answered(link_response(204));
    CHECK_FALSE(plain.next());
    CHECK(plain.ok());
    CHECK(plain.said() == "HEAD: 204");

    for (int status : {400, 403, 404, 405, 410, 500, 501, 503}) {
        link_visit steps("https://a.example", {});
        steps.answered(link_response(status));
        auto second = steps.next();
        REQUIRE(second);
        CHECK(second->method == "GET");
        CHECK(find_header(second->headers, "Range") == "bytes=0-0");
        steps.answered(link_response(206));
        CHECK(steps.ok());
    }
    for (int status : {404, 410, 400, 500, 503}) {
        link_visit steps("https://a.example", {});
        steps.answered(link_response(status));
        steps.answered(link_response(status));
        CHECK_FALSE(steps.next());
        CHECK_FALSE(steps.ok());
        CHECK(steps.said().starts_with("HEAD: " + std::to_string(status)));
        CHECK(steps.said().find("; GET: " + std::to_string(status)) != std::string::npos);
    }
}

TEST_CASE("a page that is not for programs is there all the same", "[links]")
{
    for (int status : {401, 403, 429, 999}) {
        link_visit steps("https://a.example", {});
        steps.answered(link_response(status));
        if (steps.next())
            steps.answered(link_response(status));
        CHECK(steps.ok());
        CHECK(steps.said().find("not for programs") != std::string::npos);
    }
}

TEST_CASE("redirects are followed by hand, five times, under the same rules", "[links]")
{
    link_visit steps("https://a.example/old/page", {});
    steps.answered(link_response(301, "../new"));
    CHECK(steps.next()->url == "https://a.example/old/../new");
    steps.answered(link_response(302, "//B.example/x"));
    CHECK(steps.next()->url == "https://B.example/x");
    CHECK(steps.host() == "b.example");
    steps.answered(link_response(307, "http://b.example:8080/я я"));
    CHECK(steps.next()->url == "http://b.example:8080/%D1%8F%20%D1%8F");
    steps.answered(link_response(200));
    CHECK(steps.ok());

    link_visit inward("https://a.example", {});
    inward.answered(link_response(302, "http://169.254.169.254/"));
    CHECK_FALSE(inward.next());
    CHECK_FALSE(inward.ok());

    link_visit nowhere("https://a.example", {});
    nowhere.answered(link_response(302));
    CHECK_FALSE(nowhere.ok());

    link_visit circle("https://a.example/", {});
    int asked = 0;
    while (circle.next() && asked < 20) {
        ++asked;
        circle.answered(link_response(302, "/"));
    }
    CHECK(asked == 6);
    CHECK_FALSE(circle.ok());
    CHECK(circle.said().ends_with("more than 5 redirects"));
}

TEST_CASE("a link without an answer is dead, and a page too large for us is not", "[links]")
{
    link_visit gone("https://a.example", {});
    gone.answered(problem{failure::unreachable, "the name a.example has no address", {}});
    CHECK_FALSE(gone.ok());
    CHECK(gone.said() == "HEAD: the name a.example has no address");

    link_visit large("https://a.example", {});
    large.answered(link_response(405));
    large.answered(problem{failure::bad_reply, "larger than allowed", {}});
    CHECK(large.ok());
}

TEST_CASE("relative addresses are resolved in every form", "[links]")
{
    const std::string base = "https://a.example/b/c?d=1";
    CHECK(resolved_link(base, "https://x.example/") == "https://x.example/");
    CHECK(resolved_link(base, "//x.example/y") == "https://x.example/y");
    CHECK(resolved_link(base, "/y") == "https://a.example/y");
    CHECK(resolved_link(base, "y") == "https://a.example/b/y");
    CHECK(resolved_link(base, "?e=2") == "https://a.example/b/c?e=2");
    CHECK(resolved_link(base, "#f") == "https://a.example/b/c?d=1");
    CHECK(resolved_link(base, "mailto:a@b.example").empty());
    CHECK(resolved_link(base, "javascript:alert(1)").empty());
    CHECK(resolved_link(base, "").empty());
}

TEST_CASE("links are asked at a server, each once, and remembered for some minutes", "[links]")
{
    stage here{[](server_request request) -> asio::awaitable<server_response> {
        server_response given{200, "page"};
        if (request.path == "/gone")
            given.status = 404;
        if (request.path == "/no-head" && request.method == "HEAD")
            given.status = 405;
        if (request.path == "/moved") {
            given.status = 301;
            given.headers = {{"Location", "/here"}};
        }
        co_return given;
    }};
    auto now = std::chrono::steady_clock::now();
    link_checker checker(here.context.get_executor(), *here.client, everywhere(), [&] { return now; });
    auto url = [&](const std::string& path) { return url_of(here.port, path); };
    const auto dead = url_of(closed_port, "/");
    const std::vector<std::string> urls{url("/here"), url("/gone"), url("/no-head"), url("/moved"), dead, url("/here")};

    auto given = check_all(here.context, checker, urls);
    REQUIRE(given.size() == 6);
    for (std::size_t i = 0; i < urls.size(); ++i)
        CHECK(given[i].url == urls[i]);
    CHECK(given[0].ok);
    CHECK(given[0].said == "HEAD: 200");
    CHECK_FALSE(given[1].ok);
    CHECK(given[1].said == "HEAD: 404 Not Found; GET: 404 Not Found");
    CHECK(given[2].ok);
    CHECK(given[2].said == "HEAD: 405 Method Not Allowed; GET: 200");
    CHECK(given[3].ok);
    CHECK(given[3].said == "HEAD: 301, to " + url("/here") + "; HEAD: 200");
    CHECK_FALSE(given[4].ok);
    CHECK(given[5].ok);
    CHECK(here.seen.size() == 7);  // here, gone, no-head and moved twice

    check_all(here.context, checker, urls);
    CHECK(here.seen.size() == 7);
    now += std::chrono::minutes{1};
    check_all(here.context, checker, urls);
    CHECK(here.seen.size() == 9);  // what was dead may be mended
    now += std::chrono::minutes{6};
    check_all(here.context, checker, urls);
    CHECK(here.seen.size() == 16);
}

TEST_CASE("one request at a time leaves for one host, whatever is asked together", "[links]")
{
    int under_way = 0;
    int most = 0;
    stage here{[&](server_request) -> asio::awaitable<server_response> {
        most = std::max(most, ++under_way);
        auto wait = pause(milliseconds{5});
        co_await std::move(wait);
        --under_way;
        co_return server_response{200, "page"};
    }};
    link_checker checker(here.context.get_executor(), *here.client, everywhere());
    std::vector<std::string> urls;
    for (int i = 0; i < 20; ++i)
        urls.push_back(url_of(here.port, "/" + std::to_string(i)));
    for (const auto& one : check_all(here.context, checker, urls))
        CHECK(one.ok);
    CHECK(here.seen.size() == 20);
    CHECK(most == 1);
}

TEST_CASE("a host that says it is asked too much is left alone for as long as it says", "[links]")
{
    stage here{[](server_request request) -> asio::awaitable<server_response> {
        server_response given{request.path == "/a" ? 429 : 200, "page"};
        given.headers = {{"Retry-After", "120"}};
        co_return given;
    }};
    auto now = std::chrono::steady_clock::now();
    link_checker checker(here.context.get_executor(), *here.client, everywhere(), [&] { return now; });
    const std::vector<std::string> urls{url_of(here.port, "/a"), url_of(here.port, "/b")};
    auto given = check_all(here.context, checker, urls);
    CHECK(given[0].ok);
    CHECK_FALSE(given[1].ok);
    CHECK(given[1].said.starts_with("not asked: "));
    CHECK(here.seen.size() == 1);
    now += std::chrono::seconds{119};
    CHECK_FALSE(check_all(here.context, checker, urls)[1].ok);
    CHECK(here.seen.size() == 1);
    now += std::chrono::seconds{2};
    CHECK(check_all(here.context, checker, urls)[1].ok);
    CHECK(here.seen.size() == 2);
}

TEST_CASE("a host may say with a date for how long it is to be left alone", "[links]")
{
    auto written = *parse_rfc3339("2026-03-01T12:00:00Z");  // by its own clock, which need not be ours
    std::string until;
    SECTION("an hour") { until = format_http_date(written + std::chrono::minutes{55}); }
    SECTION("longer than anybody is left alone") { until = "Sat, 01 Jan 2050 00:00:00 GMT"; }
    int asked = 0;
    stage here{[&](server_request) -> asio::awaitable<server_response> {
        server_response given{++asked == 1 ? 429 : 200, "page"};
        given.headers = {{"Date", format_http_date(written)}, {"Retry-After", until}};
        co_return given;
    }};
    auto now = std::chrono::steady_clock::now();
    link_checker checker(here.context.get_executor(), *here.client, everywhere(), [&] { return now; });
    const std::vector<std::string> urls{url_of(here.port, "/a"), url_of(here.port, "/b")};
    CHECK_FALSE(check_all(here.context, checker, urls)[1].ok);
    now += std::chrono::minutes{54};
    CHECK_FALSE(check_all(here.context, checker, urls)[1].ok);
    CHECK(here.seen.size() == 1);
    now += std::chrono::minutes{7};
    CHECK(check_all(here.context, checker, urls)[1].ok);
}

TEST_CASE("who waits for links waits no longer than it says", "[links]")
{
    asio::io_context context{1};
    raw_peer silent(context, [](int, const std::string&) { return raw_peer::move{}; });
    http_client client(context.get_executor(), {});
    link_checker checker(context.get_executor(), client, everywhere());
    auto given = check_all(context, checker, {url_of(silent.port(), "/a"), url_of(silent.port(), "/b")}, milliseconds{100});
    REQUIRE(given.size() == 2);
    for (const auto& one : given) {
        CHECK_FALSE(one.ok);
        CHECK(one.said == "no answer in time");
    }
}

TEST_CASE("a checker that is not allowed to asks nothing of this machine", "[links]")
{
    stage here{say_hello};
    link_checker checker(here.context.get_executor(), *here.client, {});
    auto given = check_all(here.context, checker, {url_of(here.port), "not a link", ""});
    REQUIRE(given.size() == 3);
    CHECK(std::ranges::none_of(given, &link_answer::ok));
    CHECK(given.front().said.find("private network") != std::string::npos);
    CHECK(here.seen.empty());
}

TEST_CASE("a client for strangers' addresses sends nothing into networks of our own", "[links][client]")
{
    http_client_settings settings;
    settings.public_only = true;
    stage here{say_hello, settings};
    for (const std::string host : {"127.0.0.1", "localhost", "127.1", "[::1]", "0x7f000001"}) {
        CAPTURE(host);
        auto given = here.ask(get("http://" + host + ":" + std::to_string(here.port) + "/"));
        REQUIRE_FALSE(given);
        CHECK(given.error().kind == failure::unreachable);
        CHECK(given.error().detail.find("not a public address") != std::string::npos);
    }
    // A name that is looked up, and leads here.
    std::array<char, 256> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    auto given = here.ask(get("http://" + std::string{name.data()} + ":" + std::to_string(here.port) + "/"));
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::unreachable);
    CHECK(here.seen.empty());
}
