#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>

#include <dlfcn.h>
#include <netdb.h>

#include "daemon/net/resolver.hpp"
#include "tests/net/client_stage.hpp"

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

TEST_CASE("a name that does not answer holds up nobody else", "[client]")
{
    http_client_settings settings;
    settings.connect_timeout = milliseconds{3'000};
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
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{30});  // one after the other it would be a minute

    // The client ends while the look-up still hangs, and does not wait for it.
    here.client.reset();
    std::unique_lock lock(names().guard);
    CHECK(names().asking > 0);
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
