#include <set>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <sys/resource.h>

#include "tests/net/client_stage.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;

namespace {

}  // namespace

TEST_CASE("method, headers and body go out as given, and status, headers and body come back", "[client]")
{
    stage here{say_hello};
    for (std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"}) {
        INFO(method);
        here.seen.clear();
        http_request request{method, url_of(here.port, "/a%20b?x=1&y=%26")};
        request.headers = {{"Authorization", "Bearer t"}, {"X-Empty", ""}};
        if (method == "POST" || method == "PUT")
            request.body = std::string{"b\0dy", 4};
        auto given = here.ask(request);
        REQUIRE(given);
        CHECK(given->status == 200);
        CHECK(given->body == (method == "HEAD" ? "" : "hello"));
        CHECK(find_header(given->headers, "x-one") == "1");
        CHECK(std::ranges::count(given->headers, std::string{"Link"}, [](const auto& header) { return header.first; }) == 2);
        REQUIRE(here.seen.size() == 1);
        const auto& got = here.seen.front();
        CHECK(got.method == method);
        CHECK(got.path == "/a%20b");
        CHECK(got.query == std::map<std::string, std::string>{{"x", "1"}, {"y", "&"}});
        CHECK(got.body == request.body);
        CHECK(find_header(got.headers, "Authorization") == "Bearer t");
        CHECK(find_header(got.headers, "User-Agent").starts_with("halfmast/"));
        CHECK(find_header(got.headers, "Expect").empty());
        CHECK(find_header(got.headers, "Content-Type").empty());
    }
}

TEST_CASE("connections are kept, and any status is a value; nothing is followed", "[client]")
{
    stage here{[](server_request request) -> asio::awaitable<server_response> {
        server_response given{std::stoi(request.path.substr(1)), "body"};
        if (given.status == 302)
            given.headers = {{"Location", "/200"}};
        co_return given;
    }};
    std::set<std::string> remotes;
    for (int status : {200, 201, 204, 302, 304, 401, 404, 429, 500, 503}) {
        auto given = here.ask("/" + std::to_string(status));
        REQUIRE(given);
        CHECK(given->status == status);
    }
    CHECK(here.seen.size() == 10);
    for (const auto& request : here.seen)
        remotes.insert(request.remote);
    CHECK(remotes.size() == 1);
}

TEST_CASE("large answers share a limit of memory, and what was cut gives its part back", "[client]")
{
    http_client_settings settings;
    settings.most_in_memory = 300'000;
    stage here{[](server_request request) -> asio::awaitable<server_response> {
                   co_return server_response(200, std::string(std::stoul(request.path.substr(1)), 'x'));
               },
               settings};
    for (int turn = 0; turn < 3; ++turn) {
        auto cut = here.ask("/600000");
        REQUIRE_FALSE(cut);
        CHECK(cut.error().kind == failure::unknown_outcome);
        CHECK(cut.error().detail.find("there is no memory for it") != std::string::npos);
        auto whole = here.ask("/299000");
        REQUIRE(whole);
        CHECK(whole->body.size() == 299'000);
    }
}

TEST_CASE("an answer that is too large is not read", "[client]")
{
    stage here{
        [](server_request) -> asio::awaitable<server_response> { co_return server_response(200, std::string(100'000, 'x')); }};
    auto request = get(url_of(here.port));
    request.most_body = 99'999;
    auto given = here.ask(request);
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::bad_reply);
    request.most_body = 100'000;
    CHECK(here.ask(request));

    // Without a length to warn of it.
    raw_peer endless(here.context, [](int, const std::string&) {
        return raw_peer::move{"HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), true};
    });
    request.url = url_of(endless.port());
    CHECK(here.ask(request));
    request.most_body = 99'999;
    given = here.ask(request);
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::bad_reply);

    raw_peer chatty(here.context, [](int, const std::string&) {
        std::string head = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 10'000; ++i)
            head += "X-Header-" + std::to_string(i) + ": " + std::string(50, 'x') + "\r\n";
        return raw_peer::move{head + "\r\n", true};
    });
    request.url = url_of(chatty.port());
    given = here.ask(request);
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::bad_reply);
}

TEST_CASE("sent and no whole answer: the outcome is unknown", "[client]")
{
    stage here{[](server_request request) -> asio::awaitable<server_response> {
        server_response given{200, std::string(1'000, 'x')};
        if (request.path == "/cut")
            given.cut_after = 100;
        if (request.path == "/cut-at-once")
            given.cut_after = 0;
        if (request.path == "/none")
            given.no_answer = true;
        if (request.path == "/slow")
            given.delay = std::chrono::minutes{1};
        co_return given;
    }};
    for (std::string path : {"/cut", "/cut-at-once", "/none", "/slow"}) {
        INFO(path);
        http_request request{"POST", url_of(here.port, path + "?token=secret")};
        request.headers = {{"Authorization", "Bearer secret"}};
        request.publishes = true;
        request.timeout = path == "/slow" ? milliseconds{1'000} : milliseconds{60'000};
        here.seen.clear();
        auto given = here.ask(request);
        REQUIRE_FALSE(given);
        CHECK(given.error().kind == failure::unknown_outcome);
        CHECK(given.error().detail.find("POST " + url_of(here.port, path)) != std::string::npos);
        CHECK(given.error().detail.find("secret") == std::string::npos);
        CHECK(here.seen.size() == 1);
    }
    raw_peer drip(here.context, [](int, const std::string&) {
        return raw_peer::move{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome", false};
    });
    raw_peer junk(here.context, [](int, const std::string&) { return raw_peer::move{"SSH-2.0-OpenSSH\r\n", true}; });
    for (const auto* peer : {&drip, &junk}) {
        auto request = get(url_of(peer->port()));
        request.timeout = milliseconds{1'000};
        auto given = here.ask(request);
        REQUIRE_FALSE(given);
        CHECK(given.error().kind == failure::unknown_outcome);
    }
}

TEST_CASE("never sent: unreachable, with the reason and without secrets", "[client]")
{
    stage here{say_hello};
    http_request line_break{"GET", url_of(here.port)};
    line_break.headers = {{"X-One", "1\r\nX-Two: 2"}};
    http_request odd_method{"GE T", url_of(here.port)};
    const std::vector<std::pair<std::string, http_request>> all{
        {"refused", get("http://user:secret@127.0.0.1:" + std::to_string(closed_port) + "/x?token=secret#secret")},
        {"no name", get("http://absent.test/x?token=secret")},
        {"TLS with a peer that has none", get("https://127.0.0.1:" + std::to_string(here.port) + "/x?token=secret")},
        {"no http", get("ftp://127.0.0.1/x?token=secret")},
        {"no URL", get("what is this?token=secret")},
        {"a header with a line break", line_break},
        {"an odd method", odd_method},
    };
    for (const auto& [name, request] : all) {
        INFO(name);
        auto given = here.ask(request);
        REQUIRE_FALSE(given);
        INFO(given.error().detail);
        CHECK(given.error().kind == failure::unreachable);
        CHECK(given.error().detail.find("not sent") != std::string::npos);
        CHECK(given.error().detail.find("secret") == std::string::npos);
    }
    CHECK(here.seen.empty());
}

TEST_CASE("a publishing call leaves once, whatever the connection does; a reading one may be repeated", "[client]")
{
    asio::io_context context{1};
    http_client client(context.get_executor(), {});
    std::map<int, int> seen_on;
    // Answers the first request of each connection, and takes the second one without a byte: what a proxy does when its idle time is over.
    raw_peer peer(context, [&](int connection, const std::string& request) {
        bool first = ++seen_on[connection] == 1;
        if (first && !request.starts_with("POST"))
            return raw_peer::move{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false};
        return raw_peer::move{"", true};
    });
    auto count = [&](const std::string& method) {
        return std::ranges::count_if(peer.requests, [&](const auto& request) { return request.starts_with(method); });
    };
    REQUIRE(fetch(context, client, get(url_of(peer.port()))));
    CHECK(peer.connections() == 1);

    http_request post{"POST", url_of(peer.port(), "/publish")};
    post.body = "once";
    post.publishes = true;
    auto given = fetch(context, client, post);
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::unknown_outcome);
    CHECK(count("POST") == 1);
    CHECK(peer.connections() == 2);

    // The first connection is still open; libcurl takes it, loses it, and asks again on a new one.
    auto again = fetch(context, client, get(url_of(peer.port())));
    REQUIRE(again);
    CHECK(again->body == "ok");
    CHECK(count("GET") == 3);
    CHECK(peer.connections() == 3);
}

TEST_CASE("a publishing call's connection is not kept", "[client]")
{
    stage here{say_hello};
    REQUIRE(here.ask("/"));
    http_request post{"POST", url_of(here.port)};
    post.publishes = true;
    REQUIRE(here.ask(post));
    REQUIRE(here.ask(post));
    REQUIRE(here.ask("/"));
    REQUIRE(here.seen.size() == 4);
    CHECK(here.seen[0].remote == here.seen[3].remote);
    CHECK(std::set{here.seen[0].remote, here.seen[1].remote, here.seen[2].remote}.size() == 3);
}

TEST_CASE("three hundred calls keep to the limits, in order, and all come back", "[client]")
{
    int now = 0;
    int most = 0;
    http_client_settings settings;
    settings.most_per_host = settings.most_per_well_host = 8;
    stage here{[&](server_request request) -> asio::awaitable<server_response> {
                   most = std::max(most, ++now);
                   do  // until the limit was reached once
                       co_await pause(milliseconds{5});
                   while (most < 8);
                   --now;
                   server_response given{200, request.path};
                   co_return given;
               },
               settings};
    std::vector<std::shared_ptr<std::optional<fetched>>> all;
    for (int i = 0; i < 300; ++i) {
        http_request request{i % 3 == 0 ? "POST" : "GET", url_of(here.port, "/" + std::to_string(i))};
        request.publishes = i % 3 == 0;
        all.push_back(begin(here.context, *here.client, request));
    }
    REQUIRE(run_until(here.context, [&] { return std::ranges::all_of(all, [](const auto& one) { return one->has_value(); }); }));
    for (int i = 0; i < 300; ++i) {
        REQUIRE((**all[i]).has_value());
        CHECK((**all[i])->body == "/" + std::to_string(i));
    }
    CHECK(most == 8);
    CHECK(std::stoi(here.seen.back().path.substr(1)) >= 285);
}

TEST_CASE("the limit of all is kept over several hosts", "[client]")
{
    int now = 0;
    int most = 0;
    http_client_settings settings;
    settings.most_per_host = settings.most_per_well_host = 8;
    settings.most_at_once = 10;
    auto act = [&](server_request) -> asio::awaitable<server_response> {
        most = std::max(most, ++now);
        do
            co_await pause(milliseconds{5});
        while (most < 10);
        --now;
        co_return server_response(200, "");
    };
    stage here{act, settings};
    auto second_port = here.server.listen_tcp("127.0.0.1", 0);
    std::vector<std::shared_ptr<std::optional<fetched>>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(begin(here.context, *here.client, get(url_of(i % 2 == 0 ? here.port : second_port))));
    REQUIRE(run_until(here.context, [&] { return std::ranges::all_of(all, [](const auto& one) { return one->has_value(); }); }));
    for (const auto& one : all)
        CHECK((**one).has_value());
    CHECK(most == 10);
}

TEST_CASE("a host that answers may have more calls at once, until it fails", "[client]")
{
    int now = 0;
    int most = 0;
    int wanted = 1;  // so many at once, before any is answered
    http_client_settings settings;
    settings.most_per_host = 2;
    settings.most_per_well_host = 6;
    stage here{[&](server_request request) -> asio::awaitable<server_response> {
                   server_response given{200, ""};
                   if (request.path == "/never") {
                       co_await pause(std::chrono::minutes{5});
                       co_return given;
                   }
                   most = std::max(most, ++now);
                   do
                       co_await pause(milliseconds{5});
                   while (most < wanted);
                   --now;
                   co_return given;
               },
               settings};
    auto ask = [&](int count, const std::string& path, milliseconds timeout) {
        std::vector<std::shared_ptr<std::optional<fetched>>> all;
        for (int i = 0; i < count; ++i) {
            auto request = get(url_of(here.port, path));
            request.timeout = timeout;
            all.push_back(begin(here.context, *here.client, request));
        }
        return run_until(here.context, [&] { return std::ranges::all_of(all, [](const auto& one) { return one->has_value(); }); });
    };
    for (int i = 0; i < 8; ++i)
        REQUIRE(ask(1, "/", milliseconds{20'000}));
    most = 0;
    wanted = 6;
    REQUIRE(ask(20, "/", milliseconds{20'000}));
    CHECK(most == 6);
    REQUIRE(ask(1, "/never", milliseconds{1'000}));
    // Few again: the others wait, while another host has its call answered.
    std::vector<std::shared_ptr<std::optional<fetched>>> waiting;
    for (int i = 0; i < 10; ++i)
        waiting.push_back(begin(here.context, *here.client, get(url_of(here.port, "/never"))));
    auto other = begin(here.context, *here.client, get(url_of(here.server.listen_tcp("127.0.0.1", 0), "/other")));
    wanted = 1;
    REQUIRE(run_until(here.context, [&] { return other->has_value(); }));
    CHECK(std::ranges::count_if(here.seen, [](const auto& one) { return one.path == "/never"; }) == 1 + 2);
}

TEST_CASE("the client may end while calls are under way: their outcome is unknown", "[client]")
{
    http_client_settings settings;
    settings.most_per_host = settings.most_per_well_host = 4;  // some are sent, some wait
    stage here{[](server_request) -> asio::awaitable<server_response> {
                   co_await pause(std::chrono::minutes{5});
                   co_return server_response(200, "");
               },
               settings};
    std::vector<std::shared_ptr<std::optional<fetched>>> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(begin(here.context, *here.client, get(url_of(here.port))));
    REQUIRE(run_until(here.context, [&] { return here.seen.size() == 4; }));
    here.client.reset();
    REQUIRE(run_until(here.context, [&] { return std::ranges::all_of(all, [](const auto& one) { return one->has_value(); }); }));
    for (const auto& one : all) {
        REQUIRE_FALSE((**one).has_value());
        CHECK((**one).error().kind == failure::unknown_outcome);
    }
}

TEST_CASE("calls may be thrown away under way, by their loop or by a cancellation", "[client]")
{
    using namespace asio::experimental::awaitable_operators;
    asio::io_context server_context{1};
    std::optional<asio::io_context> context{std::in_place, 1};
    int seen = 0;
    raw_peer silent(server_context, [&](int, const std::string&) {
        ++seen;
        return raw_peer::move{"", false};
    });
    std::optional<http_client> client{std::in_place, context->get_executor(), http_client_settings{}};

    bool timed_out = false;
    auto race = [&]() -> asio::awaitable<void> {
        auto call = client->fetch(get(url_of(silent.port())));
        auto until_seen = [&]() -> asio::awaitable<void> {
            do {
                auto wait = pause(milliseconds{5});
                co_await std::move(wait);
            } while (seen == 0);
        };
        auto limit = until_seen();
        auto first = co_await (std::move(call) || std::move(limit));
        timed_out = first.index() == 1;
    };
    auto work = race();
    asio::co_spawn(*context, std::move(work), asio::detached);
    REQUIRE(run_until(server_context, [&] {
        context->poll();
        if (context->stopped())
            context->restart();
        return timed_out && seen == 1;
    }));

    for (int i = 0; i < 5; ++i)
        begin(*context, *client, get(url_of(silent.port())));
    REQUIRE(run_until(server_context, [&] {
        if (context->stopped())
            context->restart();
        context->poll();
        return seen == 6;
    }));
    SECTION("the client first, as the daemon does")
    {
        client.reset();
        context.reset();
    }
    SECTION("a call that was made and never begun")
    {
        auto never = client->fetch(get(url_of(silent.port())));
        auto begun_late = client->fetch(get(url_of(silent.port())));
        client.reset();
        std::optional<fetched> given;
        asio::co_spawn(*context, std::move(begun_late),
                       [&](std::exception_ptr, fetched value) { given.emplace(std::move(value)); });
        REQUIRE(run_until(*context, [&] { return given.has_value(); }));
        CHECK(given->error().kind == failure::unreachable);
    }
}

TEST_CASE("waiting for a slow platform costs no processor time", "[client]")
{
    stage here{[](server_request) -> asio::awaitable<server_response> {
        server_response given{200, std::string(10, 'x')};
        given.delay = milliseconds{700};
        co_return given;
    }};
    auto used = [] {
        rusage now{};
        getrusage(RUSAGE_SELF, &now);
        return std::chrono::seconds{now.ru_utime.tv_sec + now.ru_stime.tv_sec}
               + std::chrono::microseconds{now.ru_utime.tv_usec + now.ru_stime.tv_usec};
    };
    REQUIRE(here.ask("/warm"));
    auto before = used();
    REQUIRE(here.ask("/"));
    CHECK(used() - before < std::chrono::milliseconds{250});
}
