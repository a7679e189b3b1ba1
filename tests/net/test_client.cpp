#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <sys/resource.h>

#include "daemon/net/resolver.hpp"
#include "tests/net/support.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;

namespace {

// A name server of our own: "alive.test" is here, "dead.test" does not answer until it is let go.
struct name_server {
    std::mutex guard;
    std::condition_variable changed;
    bool let_go = false;
    int asking = 0;
    std::multiset<std::string> asked;

    std::size_t times(const std::string& name)
    {
        std::scoped_lock lock(guard);
        return asked.count(name);
    }
};

name_server& names()
{
    static name_server one;
    return one;
}

using look_up_function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

// In front of the C library's, for this program and the libraries it loads.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found)
{
    static const auto real = reinterpret_cast<look_up_function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    std::string name = host != nullptr ? host : "";
    {
        std::unique_lock lock(names().guard);
        names().asked.insert(name);
        ++names().asking;
        if (name == "dead.test")
            names().changed.wait(lock, [] { return names().let_go; });
        --names().asking;
        names().changed.notify_all();
    }
    if (name == "alive.test")
        return real("127.0.0.1", service, hints, found);
    if (name.ends_with(".test"))
        return EAI_NONAME;
    return real(host, service, hints, found);
}

namespace {

server_response text(int status, std::string body)
{
    server_response given{status, std::move(body)};
    given.content_type = "text/plain";
    return given;
}

asio::awaitable<void> pause(milliseconds length)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, length);
    co_await timer.async_wait(asio::use_awaitable);
}

// A client and a server in one loop.
struct stage {
    asio::io_context context{1};
    std::vector<server_request> seen;
    request_handler act;
    http_server server;
    unsigned short port;
    std::optional<http_client> client;

    explicit stage(request_handler act_, http_client_settings settings = {})
        : act(std::move(act_)), server(context.get_executor(), [this](server_request request) { return serve(std::move(request)); }),
          port(server.listen_tcp("127.0.0.1", 0)), client(std::in_place, context.get_executor(), settings)
    {
    }

    asio::awaitable<server_response> serve(server_request request)
    {
        seen.push_back(request);
        auto work = act(std::move(request));
        auto given = co_await std::move(work);
        co_return given;
    }

    fetched ask(http_request request) { return fetch(context, *client, std::move(request)); }
    fetched ask(const std::string& path) { return ask(get(url_of(port, path))); }
};

asio::awaitable<server_response> say_hello(server_request)
{
    auto given = text(200, "hello");
    given.headers = {{"X-One", "1"}, {"Link", "<next>"}, {"Link", "<last>"}};
    co_return given;
}

unsigned short closed_port()
{
    asio::io_context context;
    tcp::acceptor once(context, tcp::endpoint{asio::ip::address_v4::loopback(), 0});
    return once.local_endpoint().port();
}

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

TEST_CASE("an answer that is too large is not read", "[client]")
{
    stage here{[](server_request) -> asio::awaitable<server_response> { co_return server_response(200, std::string(100'000, 'x')); }};
    auto request = get(url_of(here.port));
    request.most_body = 99'999;
    auto given = here.ask(request);
    REQUIRE_FALSE(given);
    CHECK(given.error().kind == failure::bad_reply);
    request.most_body = 100'000;
    CHECK(here.ask(request));

    // Without a length to warn of it.
    raw_peer endless(here.context, [](int, const std::string&) { return raw_peer::move{"HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), true}; });
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
        request.timeout = path == "/slow" ? milliseconds{200} : milliseconds{10'000};
        here.seen.clear();
        auto given = here.ask(request);
        REQUIRE_FALSE(given);
        CHECK(given.error().kind == failure::unknown_outcome);
        CHECK(given.error().detail.find("POST " + url_of(here.port, path)) != std::string::npos);
        CHECK(given.error().detail.find("secret") == std::string::npos);
        CHECK(here.seen.size() == 1);
    }
    raw_peer drip(here.context, [](int, const std::string&) { return raw_peer::move{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome", false}; });
    raw_peer junk(here.context, [](int, const std::string&) { return raw_peer::move{"SSH-2.0-OpenSSH\r\n", true}; });
    for (const auto* peer : {&drip, &junk}) {
        auto request = get(url_of(peer->port()));
        request.timeout = milliseconds{200};
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
        {"refused", get("http://user:secret@127.0.0.1:" + std::to_string(closed_port()) + "/x?token=secret#secret")},
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
    settings.most_per_host = 8;
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
    settings.most_per_host = 8;
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

TEST_CASE("a name that does not answer holds up nobody else", "[client]")
{
    http_client_settings settings;
    settings.connect_timeout = milliseconds{1'000};
    stage here{say_hello, settings};
    auto port = std::to_string(here.port);
    auto asked_before = names().times("alive.test");
    std::vector<std::shared_ptr<std::optional<fetched>>> dead;
    std::vector<std::shared_ptr<std::optional<fetched>>> alive;
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        dead.push_back(begin(here.context, *here.client, get("http://dead.test:" + port + "/")));
        alive.push_back(begin(here.context, *here.client, get("http://alive.test:" + port + "/")));
    }
    auto there = [](const auto& one) { return one->has_value(); };
    REQUIRE(run_until(here.context, [&] { return std::ranges::all_of(alive, there); }));
    CHECK(std::ranges::none_of(dead, there));
    for (const auto& one : alive)
        CHECK((**one).has_value());
    CHECK(here.seen.size() == 20);
    CHECK(find_header(here.seen.front().headers, "Host") == "alive.test:" + port);
    CHECK(names().times("alive.test") == asked_before + 1);  // asked once, and by nobody but us
    REQUIRE(run_until(here.context, [&] { return std::ranges::all_of(dead, there); }));
    for (const auto& one : dead)
        CHECK((**one).error().kind == failure::unreachable);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});

    // The client ends while the look-up still hangs, and does not wait for it.
    auto ends = std::chrono::steady_clock::now();
    here.client.reset();
    CHECK(std::chrono::steady_clock::now() - ends < std::chrono::seconds{2});
    std::unique_lock lock(names().guard);
    names().let_go = true;
    names().changed.notify_all();
    CHECK(names().changed.wait_for(lock, patience, [] { return names().asking == 0; }));
}

TEST_CASE("addresses and localhost need no look-up", "[client]")
{
    for (std::string host : {"127.0.0.1", "[::1]", "localhost"})
        CHECK(resolver::needs_none(host));
    for (std::string host : {"example.org", "1.example", "localhost.example"})
        CHECK_FALSE(resolver::needs_none(host));
    stage here{say_hello};
    auto before = names().times("localhost");
    CHECK(here.ask(get("http://localhost:" + std::to_string(here.port) + "/")));
    CHECK(names().times("localhost") == before);
}

TEST_CASE("the client may end while calls are under way: their outcome is unknown", "[client]")
{
    http_client_settings settings;
    settings.most_per_host = 4;  // some are sent, some wait
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
        auto limit = pause(milliseconds{100});
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
        asio::co_spawn(*context, std::move(begun_late), [&](std::exception_ptr, fetched value) { given.emplace(std::move(value)); });
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
        return std::chrono::seconds{now.ru_utime.tv_sec + now.ru_stime.tv_sec} + std::chrono::microseconds{now.ru_utime.tv_usec + now.ru_stime.tv_usec};
    };
    REQUIRE(here.ask("/warm"));
    auto before = used();
    REQUIRE(here.ask("/"));
    CHECK(used() - before < std::chrono::milliseconds{250});
}

TEST_CASE("a proxy comes from the settings alone", "[client]")
{
    stage proxy{say_hello};
    http_client_settings settings;
    settings.proxy = "http://localhost:" + std::to_string(proxy.port);
    http_client through(proxy.context.get_executor(), settings);
    auto given = fetch(proxy.context, through, get("http://far.test/path?x=1"));
    REQUIRE(given);
    REQUIRE(proxy.seen.size() == 1);
    CHECK(proxy.seen.front().target == "http://far.test/path?x=1");
    CHECK(proxy.seen.front().path == "/path");
    CHECK(names().times("far.test") == 0);

    stage here{say_hello};
    ::setenv("http_proxy", settings.proxy.c_str(), 1);
    CHECK(here.ask("/"));
    ::unsetenv("http_proxy");
    CHECK(here.seen.size() == 1);
    CHECK(proxy.seen.size() == 1);

    settings.proxy = "socks9://nowhere";
    CHECK_THROWS_AS(http_client(here.context.get_executor(), settings), std::runtime_error);
}
