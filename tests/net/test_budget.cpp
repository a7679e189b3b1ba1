#include <algorithm>
#include <cmath>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/net/budgeted_http.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/rate_limit.hpp"
#include "tests/net/result_text.hpp"

using namespace halfmast;
using namespace halfmast::net;

namespace {

constexpr int many = 100'000;  // more calls than anybody makes: no limit

time_point at(const std::string& text) { return *parse_rfc3339(text); }

const time_point noon = at("2026-03-01T12:00:00Z");

http_headers window(int limit, int remaining, std::string reset)
{
    return {{"X-RateLimit-Limit", std::to_string(limit)},
            {"X-RateLimit-Remaining", std::to_string(remaining)},
            {"X-RateLimit-Reset", std::move(reset)}};
}

// A bucket as a platform keeps it.
struct bucket {
    double per_second;
    int burst;
    double tokens;
    time_point filled;

    http_headers take(time_point now, bool& allowed)
    {
        tokens = std::min<double>(burst, tokens + static_cast<double>((now - filled).count()) / 1000 * per_second);
        filled = now;
        allowed = tokens >= 1 - 1e-9;
        if (allowed)
            tokens -= 1;
        auto reset = now + milliseconds{static_cast<std::int64_t>(std::ceil((burst - tokens) / per_second * 1000))};
        return window(burst, static_cast<int>(tokens + 1e-9), format_utc(reset));
    }
};

}  // namespace

TEST_CASE("a wait takes no longer when the clock is set back", "[budget]")
{
    budget calls;
    calls.follow(noon);
    calls.spend(noon);
    SECTION("a pause") { calls.learn(429, {{"Retry-After", "60"}}, noon); }
    SECTION("a window") { calls.learn(200, window(300, 0, "60"), noon); }
    auto now = noon + milliseconds{10'000};
    calls.follow(now);
    REQUIRE(calls.available(now, true) == 0);
    now -= std::chrono::hours{24};
    calls.follow(now);
    CHECK(calls.available(now, true) == 0);
    CHECK(calls.ready_at(now, true) == now + milliseconds{50'000});
    CHECK(calls.available(now + milliseconds{50'000}, true) > 0);
}

TEST_CASE("a platform that names no limit has none", "[budget]")
{
    budget calls;
    calls.spend(noon);
    calls.learn(200, {}, noon);
    CHECK(calls.available(noon, false) > many);
    CHECK(calls.ready_at(noon, false) <= noon);
}

TEST_CASE("a limit is read in every form platforms write it", "[budget]")
{
    struct form {
        std::string name;
        http_headers headers;
        time_point ends;
    };
    const auto unix_noon = std::to_string(noon.time_since_epoch().count() / 1000 + 60);
    const std::vector<form> forms{
        {"ISO 8601 with microseconds", window(100, 50, "2026-03-01T12:01:00.000000Z"), noon + seconds{60}},
        {"seconds from now", window(100, 50, "60"), noon + seconds{60}},
        {"fractions of a second", window(100, 50, "0.5"), noon + milliseconds{500}},
        {"Unix time", window(100, 50, unix_noon), noon + seconds{60}},
        {"Unix time in milliseconds", window(100, 50, unix_noon + "000"), noon + seconds{60}},
        {"other spelling",
         {{"x-rate-limit-limit", "100"}, {"x-rate-limit-remaining", "50"}, {"x-rate-limit-reset", "60"}},
         noon + seconds{60}},
        {"draft with three headers",
         {{"RateLimit-Limit", "100, 100;w=60"}, {"RateLimit-Remaining", "50"}, {"RateLimit-Reset", "60"}},
         noon + seconds{60}},
        {"draft with one header", {{"RateLimit", "limit=100, remaining=50, reset=60"}}, noon + seconds{60}},
        {"draft with items",
         {{"RateLimit-Policy", "\"default\";q=100;w=60"}, {"RateLimit", "\"default\";r=50;t=60"}},
         noon + seconds{60}},
    };
    for (const auto& one : forms) {
        INFO(one.name);
        budget calls;
        calls.learn(200, one.headers, noon);
        CHECK(calls.available(noon, true) == 50);
        CHECK(calls.available(noon, false) == 30);  // a fifth of 100 is kept for a crisis
        for (int i = 0; i < 50; ++i)
            calls.spend(noon);
        CHECK(calls.available(noon, true) == 0);
        CHECK(calls.ready_at(noon, true) == one.ends);
        CHECK(calls.available(one.ends - milliseconds{1}, true) == 0);
        CHECK(calls.available(one.ends, true) == 100);
        CHECK(calls.available(one.ends, false) == 80);
    }
}

TEST_CASE("headers that make no sense are no limit", "[budget]")
{
    const std::vector<http_headers> odd{window(100, 50, "soon"),
                                        {{"X-RateLimit-Remaining", "many"}},
                                        {{"X-RateLimit-Remaining", "-1"}},
                                        {{"X-RateLimit-Limit", "100"}},
                                        {{"RateLimit", ""}},
                                        {{"RateLimit", ";;;,=,r=,t="}},
                                        {{"Retry-After", "later"}},
                                        {{"X-RateLimit-Remaining", "1e400"}}};
    for (const auto& headers : odd) {
        budget calls;
        calls.learn(200, headers, noon);
        CHECK(calls.available(noon, true) >= 50);
    }
}

TEST_CASE("polling stops at the reserve and a crisis goes on", "[budget]")
{
    budget calls{0.2};
    calls.learn(200, window(10, 3, "60"), noon);
    CHECK(calls.available(noon, false) == 1);
    calls.spend(noon);
    CHECK(calls.available(noon, false) == 0);
    CHECK(calls.available(noon, true) == 2);
    CHECK(calls.ready_at(noon, false) == noon + seconds{60});
    CHECK(calls.ready_at(noon, true) == noon);
}

TEST_CASE("answers may come in another order than the calls left", "[budget]")
{
    budget calls;
    calls.learn(200, window(100, 10, "60"), noon);
    for (int i = 0; i < 3; ++i)
        calls.spend(noon);
    calls.learn(200, window(100, 7, "60"), noon + milliseconds{40});
    CHECK(calls.available(noon + milliseconds{40}, true) == 5);  // two are still under way, and may not be in that number
    calls.learn(200, window(100, 9, "60"), noon + milliseconds{50});
    calls.learn(200, window(100, 8, "60"), noon + milliseconds{60});
    CHECK(calls.available(noon + milliseconds{60}, true) <= 7);
}

TEST_CASE("a new window begins with what the platform says", "[budget]")
{
    budget calls;
    calls.learn(200, window(100, 1, "2026-03-01T12:01:00Z"), noon);
    calls.learn(200, window(100, 99, "2026-03-01T12:02:00Z"), noon + seconds{60});
    CHECK(calls.available(noon + seconds{60}, true) == 99);
    // Nothing heard in a whole window: it is counted all the same.
    auto later = noon + seconds{200};
    for (int i = 0; i < 100; ++i)
        calls.spend(later);
    CHECK(calls.available(later, true) == 0);
    CHECK(calls.ready_at(later, true) == later + seconds{60});
}

TEST_CASE("how long many calls take is known once a limit is", "[budget]")
{
    budget calls;
    CHECK_FALSE(calls.time_for(10, noon));
    calls.spend(noon);
    calls.learn(200, window(100, 40, "2026-03-01T12:05:00Z"), noon);
    CHECK(calls.time_for(40, noon) == milliseconds{0});
    CHECK(calls.time_for(41, noon) == std::chrono::minutes{5});  // the next window
    CHECK(calls.time_for(140, noon) == std::chrono::minutes{5});
    CHECK(calls.time_for(141, noon) == std::chrono::minutes{10});
    calls.spend(noon);
    calls.learn(429, {{"Retry-After", "30"}}, noon);
    CHECK(*calls.time_for(1, noon) >= seconds{30});
}

TEST_CASE("nothing leaves before Retry-After", "[budget]")
{
    for (const auto& [text, ends] : std::vector<std::pair<std::string, time_point>>{
             {"30", noon + seconds{30}}, {"Sun, 01 Mar 2026 12:00:45 GMT", noon + seconds{45}}}) {
        budget calls;
        calls.learn(429, {{"Retry-After", text}}, noon);
        CHECK(calls.available(noon, true) == 0);
        CHECK(calls.available(ends - milliseconds{1}, true) == 0);
        CHECK(calls.ready_at(noon, true) == ends);
        CHECK(calls.available(ends, true) > 0);
    }
    budget maintenance;
    maintenance.learn(503, {{"Retry-After", "120"}}, noon);
    CHECK(maintenance.ready_at(noon, true) == noon + seconds{120});
    maintenance.learn(503, {{"Retry-After", "86400"}}, noon);
    CHECK(maintenance.ready_at(noon, true) == noon + seconds{300});  // a guess is tried again
    budget accepted;
    accepted.learn(202, {{"Retry-After", "120"}}, noon);
    CHECK(accepted.available(noon, false) > many);
}

TEST_CASE("a date is read by the platform's clock, not ours", "[budget]")
{
    budget calls;
    calls.learn(429, {{"Date", "Sun, 01 Mar 2026 13:00:00 GMT"}, {"Retry-After", "Sun, 01 Mar 2026 13:00:30 GMT"}}, noon);
    CHECK(calls.ready_at(noon, true) == noon + seconds{30});
    CHECK(*parse_http_date(format_http_date(noon)) == noon);
    CHECK(format_http_date(noon) == "Sun, 01 Mar 2026 12:00:00 GMT");
    for (auto wrong : {"", "Sun, 01 Mar 2026 25:00:00 GMT", "Sun, 31 Feb 2026 12:00:00 GMT", "Sunday, 01-Mar-26 12:00:00 GMT",
                       "Sun, 01 Mar 2026 12:00:00 CET"})
        CHECK_FALSE(parse_http_date(wrong));
}

TEST_CASE("429 without Retry-After waits for the window, or a moment", "[budget]")
{
    budget known;
    known.learn(429, window(100, 0, "60"), noon);
    CHECK(known.ready_at(noon, true) == noon + seconds{60});
    CHECK(known.available(noon + seconds{60}, true) > 0);

    budget earlier;
    earlier.learn(200, window(100, 40, "60"), noon);
    earlier.learn(429, {}, noon + seconds{1});
    CHECK(earlier.ready_at(noon + seconds{1}, true) == noon + seconds{60});

    budget unknown;
    unknown.learn(429, {}, noon);
    CHECK(unknown.available(noon, true) == 0);
    CHECK(unknown.ready_at(noon, true) > noon);
    CHECK(unknown.ready_at(noon, true) <= noon + seconds{10});

    budget bare;  // never a limit, only "none left"
    bare.learn(429, {{"X-RateLimit-Remaining", "0"}}, noon);
    CHECK(bare.available(bare.ready_at(noon, true), true) > 0);
}

TEST_CASE("a smaller limit for some calls is not the limit of all", "[budget]")
{
    budget calls;
    calls.learn(200, window(300, 200, "2026-03-01T12:05:00Z"), noon);
    calls.learn(200, window(30, 2, "2026-03-01T12:30:00Z"), noon);
    CHECK(calls.available(noon, true) == 200);
    calls.learn(429, window(30, 0, "2026-03-01T12:30:00Z"), noon);
    CHECK(calls.ready_at(noon, true) <= noon + seconds{10});
}

TEST_CASE("a call that never left costs nothing, and one without an answer does", "[budget]")
{
    budget calls;
    calls.learn(200, window(100, 10, "60"), noon);
    calls.spend(noon);
    calls.give_back();
    CHECK(calls.available(noon, true) == 10);
    calls.spend(noon);
    calls.lost();
    CHECK(calls.available(noon, true) == 9);
}

TEST_CASE("a bucket that fills is used as fast as it fills, and hardly ever refused", "[budget]")
{
    // Two a second, five at once, 25 ms each way: what a hold of forty posts meets. Four calls at once.
    bucket platform{2, 5, 5, noon};
    budget calls;
    struct flight {
        time_point arrives;
        time_point answered;
        int status = 0;
        http_headers headers;
    };
    std::vector<flight> flights;
    int done = 0;
    int refused = 0;
    auto now = noon;
    for (; done < 40 && now < noon + seconds{60}; now += milliseconds{1}) {
        for (auto& one : flights)
            if (one.status == 0 && now >= one.arrives) {
                bool allowed = false;
                one.headers = platform.take(now, allowed);
                one.status = allowed ? 200 : 429;
                done += allowed;
                refused += !allowed;
            }
        for (auto& one : flights)
            if (one.status != 0 && now >= one.answered)
                calls.learn(one.status, one.headers, now);
        std::erase_if(flights, [&](const flight& one) { return one.status != 0 && now >= one.answered; });
        while (flights.size() < 4 && calls.available(now, true) > 0) {
            calls.spend(now);
            flights.push_back({now + milliseconds{25}, now + milliseconds{50}, 0, {}});
        }
    }
    INFO("done after " << (now - noon).count() << " ms, refused " << refused);
    CHECK(done == 40);
    CHECK(refused <= 2);
    CHECK(now - noon <= milliseconds{17'525 * 105 / 100});  // the floor is 35 calls at 2 a second and one way
}

TEST_CASE("a window whose end always lies a minute ahead is no bucket", "[budget]")
{
    budget calls;
    auto now = noon;
    for (int used = 1; used <= 60; ++used, now += seconds{2}) {
        calls.spend(now);
        calls.learn(200, window(100, 100 - std::min(used, 30), "60"), now);
        INFO(used);
        CHECK(calls.available(now, true) >= 20);
    }
}

namespace {

// Answers what it is told and counts what left.
class counted_port final : public http_port {
public:
    asio::awaitable<result<http_response>> fetch(http_request) override
    {
        ++sent;
        co_return next;
    }

    int sent = 0;
    result<http_response> next{http_response{}};
};

result<http_response> ask(budgeted_http& port)
{
    asio::io_context context;
    std::optional<result<http_response>> given;
    http_request request{"GET", "https://blog.acme.example/posts?token=secret"};
    auto work = port.fetch(std::move(request));
    asio::co_spawn(context, std::move(work),
                   [&](std::exception_ptr, result<http_response> value) { given.emplace(std::move(value)); });
    context.run();
    REQUIRE(given);
    return *given;
}

}  // namespace

TEST_CASE("pages of a poll stop before the reserve, at once and unsent; a crisis may use it", "[budget]")
{
    auto now = noon;
    counted_port shared;
    budgeted_http port{shared, [&] { return now; }};
    int remaining = 9;
    auto answer = [&] {
        http_response given;
        given.status = 200;
        given.headers = window(10, remaining--, "60");
        shared.next = given;
        return ask(port);
    };
    int pages = 0;
    while (answer())
        ++pages;
    CHECK(pages == 8);  // ten, and two of them are kept
    CHECK(shared.sent == 8);
    auto refused = ask(port);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == failure::rate_limited);
    REQUIRE(refused.error().retry_after);
    CHECK(*refused.error().retry_after == seconds{60});
    CHECK(refused.error().detail.find("https://blog.acme.example/posts") != std::string::npos);
    CHECK(refused.error().detail.find("secret") == std::string::npos);

    port.crisis(true);
    CHECK(ask(port));
    CHECK(ask(port));
    CHECK_FALSE(ask(port));
    CHECK(shared.sent == 10);
    now += seconds{61};
    CHECK(ask(port));
}

TEST_CASE("an act in its middle waits for its next call; what looks waits longer", "[budget]")
{
    // A bucket of two that fills with one each 100 ms; the clock is the real one, as the turns are waited for.
    auto clock = [] { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); };
    bucket platform{10, 2, 2, clock()};
    struct bucket_port final : http_port {
        bucket& at;
        std::function<time_point()> clock;
        std::vector<std::string> sent;
        bucket_port(bucket& at_, std::function<time_point()> clock_) : at(at_), clock(std::move(clock_)) {}
        asio::awaitable<result<http_response>> fetch(http_request request) override
        {
            http_response given;
            bool allowed = false;
            given.headers = at.take(clock(), allowed);
            given.status = allowed ? 200 : 429;
            sent.push_back(request.method);
            co_return given;
        }
    };
    bucket_port shared{platform, clock};
    budgeted_http port{shared, clock};
    port.crisis(true);
    asio::io_context context;
    int refused = 0;
    auto run = [&](std::string name, int calls, bool looks) -> asio::awaitable<void> {
        for (int i = 0; i < calls; ++i) {
            http_request request{name, "https://blog.acme.example/posts"};
            request.looks = looks;
            auto work = port.fetch(std::move(request));
            auto given = co_await std::move(work);
            if (!given)
                ++refused;
        }
    };
    auto start = [&](std::string name, int calls, bool looks) {
        auto work = run(std::move(name), calls, looks);
        asio::co_spawn(context, std::move(work), asio::detached);
    };
    start("first", 1, false);  // the limit is learned
    context.run();
    context.restart();
    port.work_waits(backlog::near);
    start("look", 2, true);
    start("act", 6, false);
    start("other", 3, false);
    asio::steady_timer later(context);
    later.expires_after(std::chrono::milliseconds{1'500});
    later.async_wait([&](auto) { port.work_waits(backlog::none); });
    context.run();
    CHECK(refused == 0);
    REQUIRE(shared.sent.size() == 12);
    CHECK(shared.sent[10] == "look");
    CHECK(shared.sent[11] == "look");
    CHECK(std::ranges::count(shared.sent, "act") == 6);
    CHECK(port.available(clock()) >= 0);
}

TEST_CASE("while the network is down the budget does not run out", "[budget]")
{
    auto now = noon;
    counted_port shared;
    budgeted_http port{shared, [&] { return now; }};
    port.state().learn(200, window(10, 9, "60"), now);
    shared.next = problem{failure::unreachable, "down", {}};
    for (int i = 0; i < 50; ++i)
        CHECK(ask(port).error().kind == failure::unreachable);
    CHECK(port.state().available(now, true) == 9);
    shared.next = problem{failure::unknown_outcome, "cut", {}};
    CHECK_FALSE(ask(port));
    CHECK(port.state().available(now, true) == 8);
}
