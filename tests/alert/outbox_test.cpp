// Letters over real sockets to receivers that misbehave: what becomes of each is said once, and nobody waits for another.
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/alert/heartbeat.hpp"
#include "daemon/alert/outbox.hpp"
#include "tests/alert/letters.hpp"
#include "tests/net/client_stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::alert;
using namespace halfmast::test;
using namespace halfmast::net::testing;
using net::server_request;
using net::server_response;
using nlohmann::json;

namespace {

// A receiver's server that does as its path says, and an outbox in front of it.
struct receivers_stage {
    stage inner{[this](server_request request) { return act(std::move(request)); }};
    std::vector<page_answered> answers;
    outbox box{inner.context.get_executor(), *inner.client, [] { return letter_time(); },
               [this](page_answered came) { answers.push_back(std::move(came)); }};
    int once = 0;

    asio::awaitable<server_response> act(server_request request)
    {
        if (request.path == "/slow/api/v2/alerts")
            co_await pause(std::chrono::minutes{5});
        if (request.path == "/limited/api/v2/alerts") {
            auto limited = text(429, "slow down");
            limited.headers = {{"Retry-After", "17"}};
            co_return limited;
        }
        if (request.path == "/sick/api/v2/alerts")
            co_return text(503, "away");
        if (request.path == "/refused/api/v2/alerts")
            co_return text(401, "who are you, s3cret-canary?");
        if (request.path.starts_with("/services/"))
            co_return text(404, "Cannot POST " + request.path);
        if (request.path == "/html")
            co_return text(200, "<html>s3cret-canary</html>");
        co_return text(200, "");
    }

    void add(const std::string& name, const std::string& path, milliseconds timeout = milliseconds{60'000},
             const std::string& kind = "alertmanager")
    {
        auto to = make_receiver(kind, url_of(inner.port, path));
        to.name = name;
        to.timeout = timeout;
        box.add(std::move(to));
    }
    void send(const std::string& name, const std::string& group = "hold-manual/c-1")
    {
        auto letter = make_letter();
        letter.receiver = name;
        letter.group = group;
        box.send(std::move(letter));
    }
    const page_answered& answer_of(const std::string& name)
    {
        auto found = [&] { return std::ranges::find(answers, name, &page_answered::receiver); };
        REQUIRE(run_until(inner.context, [&] { return found() != answers.end(); }));
        return *found();
    }
};

}  // namespace

TEST_CASE("taken, limited, sick, refused, not there: each is told apart, and no secret is in a text", "[alert][outbox]")
{
    receivers_stage here;
    here.add("well", "/well");
    here.add("limited", "/limited");
    here.add("sick", "/sick");
    here.add("refused", "/refused");
    here.add("slack", "/html", milliseconds{60'000}, "slack");
    auto gone = make_receiver("alertmanager", "http://127.0.0.1:1");
    gone.name = "gone";
    here.box.add(std::move(gone));
    for (const auto* name : {"well", "limited", "sick", "refused", "slack", "gone", "unknown"})
        here.send(name);
    CHECK_FALSE(here.answer_of("well").trouble.has_value());
    CHECK(here.answer_of("well").said == "200");
    CHECK(here.answer_of("limited").trouble->kind == failure::rate_limited);
    CHECK(here.answer_of("limited").trouble->retry_after == milliseconds{17'000});
    CHECK(here.answer_of("sick").trouble->kind == failure::unknown_outcome);
    CHECK(here.answer_of("refused").trouble->kind == failure::auth_expired);
    CHECK(here.answer_of("slack").trouble->kind == failure::bad_reply);
    CHECK(here.answer_of("gone").trouble->kind == failure::unreachable);
    CHECK(here.answer_of("unknown").trouble->kind == failure::unsupported);
    CHECK(here.answers.size() == 7);
    for (const auto& one : here.answers) {
        CHECK(one.id == make_letter().id);
        auto text = one.said + (one.trouble ? one.trouble->detail : "");
        CHECK(text.find("canary") == std::string::npos);
    }
}

TEST_CASE("the address of a webhook is its key: no text has more of it than the host", "[alert][outbox]")
{
    receivers_stage here;
    auto to = make_receiver("slack", "http://127.0.0.1:1/services/T/B/key-canary");
    to.name = "slack";
    here.box.add(std::move(to));
    here.send("slack");
    const auto& came = here.answer_of("slack");
    CHECK(came.trouble->detail.find("key-canary") == std::string::npos);
    CHECK(came.trouble->detail.find("127.0.0.1:1") != std::string::npos);
    // Nor when the receiver says it after us.
    here.add("echo", "/services/T/B/key-canary", milliseconds{60'000}, "slack");
    here.send("echo");
    const auto& echoed = here.answer_of("echo");
    CHECK(echoed.trouble->kind == failure::not_found);
    CHECK(echoed.trouble->detail == "answered 404 Cannot POST /***");
}

TEST_CASE("a receiver that does not answer in time holds up no other", "[alert][outbox]")
{
    receivers_stage here;
    here.add("slow", "/slow", milliseconds{2'000});
    here.add("well", "/well");
    for (int i = 0; i < 8; ++i)
        here.send("slow", "group-" + std::to_string(i));
    here.send("well");
    here.answer_of("well");
    CHECK(std::ranges::count(here.answers, std::string{"slow"}, &page_answered::receiver) == 0);  // it came first
    REQUIRE(run_until(here.inner.context, [&] { return here.answers.size() == 9; }));
    for (const auto& one : here.answers)
        if (one.receiver == "slow")
            CHECK(one.trouble->kind == failure::unknown_outcome);  // it may have been taken
}

TEST_CASE("a cut answer, garbage and silence are unknown outcomes, and the connection is not used for a second try",
          "[alert][outbox]")
{
    asio::io_context context{1};
    net::http_client client{context.get_executor(), {}};
    std::vector<page_answered> answers;
    outbox box{context.get_executor(), client, [] { return letter_time(); },
               [&](page_answered came) { answers.push_back(std::move(came)); }};
    raw_peer peer{context, [](int, const std::string& request) -> raw_peer::move {
                      if (request.find("POST /cut") != std::string::npos)
                          return {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true};
                      if (request.find("POST /garbage") != std::string::npos)
                          return {"this is no HTTP\r\n\r\n", true};
                      return {"", true};
                  }};
    for (const auto* name : {"cut", "garbage", "silent"}) {
        auto to = make_receiver("alertmanager", url_of(peer.port(), std::string{"/"} + name));
        to.name = name;
        to.timeout = milliseconds{60'000};
        box.add(std::move(to));
        auto letter = make_letter();
        letter.receiver = name;
        box.send(std::move(letter));
    }
    REQUIRE(run_until(context, [&] { return answers.size() == 3; }));
    for (const auto& one : answers)
        CHECK(one.trouble->kind == failure::unknown_outcome);
    CHECK(peer.connections() == 3);  // one try each
}

TEST_CASE("doctor --pages: each receiver gets one marked test, and says what it answered", "[alert][outbox]")
{
    receivers_stage here;
    here.add("well", "/well");
    here.add("sick", "/sick");
    std::optional<std::vector<receiver_report>> reports;
    auto work = here.box.test_all();
    asio::co_spawn(here.inner.context, std::move(work),
                   [&](std::exception_ptr, std::vector<receiver_report> given) { reports = std::move(given); });
    REQUIRE(run_until(here.inner.context, [&] { return reports.has_value(); }));
    REQUIRE(reports->size() == 2);
    CHECK((*reports)[0].name == "sick");
    CHECK_FALSE((*reports)[0].ok);
    CHECK((*reports)[0].said.find("503") != std::string::npos);
    CHECK((*reports)[1].ok);
    REQUIRE(here.inner.seen.size() == 2);
    for (const auto& request : here.inner.seen)
        CHECK(json::parse(request.body)[0]["labels"]["alertname"] == "HalfmastTest");
    CHECK(here.answers.empty());
}

TEST_CASE("the heartbeat beats, and says once that nobody takes it and once that somebody does again", "[alert][heartbeat]")
{
    asio::io_context context{1};
    int beats = 0;
    bool well = false;
    net::http_server server{context.get_executor(), [&](server_request) -> asio::awaitable<server_response> {
                                ++beats;
                                co_return text(well ? 200 : 500, "");
                            }};
    auto port = server.listen_tcp("127.0.0.1", 0);
    net::http_client client{context.get_executor(), {}};
    std::vector<std::string> said;
    heartbeat_settings settings;
    settings.url = url_of(port, "/ping/key-canary");
    settings.every = milliseconds{20};
    heartbeat heart{context.get_executor(),
                    client,
                    settings,
                    {},
                    [] { return letter_time(); },
                    [&](std::string why) {
                        said.push_back(std::move(why));
                        well = true;
                    }};
    heart.start();
    REQUIRE(run_until(context, [&] { return said.size() == 2; }));
    CHECK(said[0].find("500") != std::string::npos);
    CHECK(said[0].find("canary") == std::string::npos);
    CHECK(said[1].empty());
    auto before = beats;
    REQUIRE(run_until(context, [&] { return beats > before + 2; }));
    CHECK(said.size() == 2);
    heart.stop();
}
