// Answers without an end of their own: how they begin, go on, and end.
#include <boost/asio/read.hpp>

#include "tests/net/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;

namespace {

// A server whose answer is a stream that says "one", waits to be rung, and so on; "/flood" sends without waiting.
struct source {
    asio::io_context context{1};
    std::optional<http_server> server;
    unsigned short port = 0;
    std::vector<std::shared_ptr<asio::steady_timer>> bells;
    int rings = 0;
    int begun = 0;
    int over = 0;   // streams that were told so
    int ended = 0;  // handlers that returned
    bool said_no = false;
    std::size_t flooded = 0;

    explicit source(http_server_settings settings = {})
    {
        server.emplace(
            context.get_executor(), [this](server_request request) { return serve(std::move(request)); }, settings);
        port = server->listen_tcp("127.0.0.1", 0);
    }

    asio::awaitable<server_response> serve(server_request request)
    {
        server_response given;
        given.content_type = "text/event-stream";
        given.body = "never sent";
        auto path = request.path;
        given.stream = [this, path](response_stream& out) {
            return path == "/flood" ? flood(out) : path == "/throw" ? fail(out) : talk(out);
        };
        co_return given;
    }

    asio::awaitable<void> talk(response_stream& out)
    {
        ++begun;
        auto bell = std::make_shared<asio::steady_timer>(context, asio::steady_timer::time_point::max());
        bells.push_back(bell);
        out.when_over([this, bell] {
            ++over;
            bell->cancel();
        });
        std::string first{"one\n"};
        co_await out.send(std::move(first));
        for (int heard = 0; !out.is_over(); ++heard) {
            error_code ignored;
            while (rings == heard && !out.is_over())
                co_await bell->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            std::string more{"more\n"};
            auto taken = co_await out.send(std::move(more));
            if (!taken)
                break;
        }
        ++ended;
    }

    asio::awaitable<void> flood(response_stream& out)
    {
        ++begun;
        for (;;) {
            std::string much(1u << 20, 'x');
            auto taken = co_await out.send(std::move(much));
            if (!taken)
                break;
            flooded += 1u << 20;
        }
        said_no = true;
        ++ended;
    }

    asio::awaitable<void> fail(response_stream& out)
    {
        std::string first{"one\n"};
        co_await out.send(std::move(first));
        throw std::runtime_error("a bug");
    }

    void ring()
    {
        ++rings;
        for (auto& bell : bells)
            bell->cancel();
    }
};

struct reader {
    source& here;
    tcp::socket socket;
    std::string got;
    bool ended = false;

    reader(source& from, const std::string& path, bool listens = true, const std::string& version = "1.1")
        : here(from),
          socket(from.context)
    {
        socket.connect({asio::ip::address_v4::loopback(), from.port});
        auto text = "GET " + path + " HTTP/" + version + "\r\nHost: x\r\n\r\n";
        asio::write(socket, asio::buffer(text));
        if (listens)
            asio::co_spawn(from.context, listen(), asio::detached);
    }

    asio::awaitable<void> listen()
    {
        std::array<char, 65536> room{};
        for (;;) {
            error_code error;
            auto size = co_await socket.async_read_some(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
            got.append(room.data(), size);
            if (error)
                break;
        }
        ended = true;
    }

    bool hears(const std::string& text)
    {
        return run_until(here.context, [&] { return got.find(text) != std::string::npos; });
    }
};

}  // namespace

TEST_CASE("a stream's head leaves at once, its pieces when they are sent, and its end is said", "[server]")
{
    source here;
    reader peer{here, "/"};
    REQUIRE(peer.hears("4\r\none\n\r\n"));
    CHECK(peer.got.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(peer.got.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(peer.got.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(peer.got.find("Connection: close\r\n") != std::string::npos);
    CHECK(peer.got.find("Content-Length") == std::string::npos);
    CHECK(peer.got.find("never sent") == std::string::npos);
    here.ring();
    REQUIRE(peer.hears("5\r\nmore\n\r\n"));
    CHECK_FALSE(peer.ended);
    CHECK(here.over == 0);
}

TEST_CASE("HTTP/1.0 knows no chunks; HEAD has no stream", "[server]")
{
    source here;
    reader old{here, "/", true, "1.0"};
    REQUIRE(old.hears("\r\n\r\none\n"));
    CHECK(old.got.find("chunked") == std::string::npos);
    tcp::socket socket{here.context};
    socket.connect({asio::ip::address_v4::loopback(), here.port});
    std::string head{"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"};
    asio::write(socket, asio::buffer(head));
    std::string got;
    bool ended = false;
    auto read_all = [&]() -> asio::awaitable<void> {
        error_code error;
        co_await asio::async_read(socket, asio::dynamic_buffer(got), asio::redirect_error(asio::use_awaitable, error));
        ended = true;
    };
    auto work = read_all();
    asio::co_spawn(here.context, std::move(work), asio::detached);
    REQUIRE(run_until(here.context, [&] { return ended; }));
    CHECK(got.ends_with("\r\n\r\n"));
    CHECK(here.begun == 1);
}

TEST_CASE("a stream whose peer is gone is over although nothing is being sent", "[server]")
{
    source here;
    {
        reader peer{here, "/", false};
        REQUIRE(run_until(here.context, [&] { return here.begun == 1; }));
        CHECK(here.over == 0);
        peer.socket.close();
    }
    REQUIRE(run_until(here.context, [&] { return here.ended == 1; }));
    CHECK(here.over == 1);
}

TEST_CASE("a reader that takes nothing is cut; the others hear everything", "[server]")
{
    http_server_settings settings;
    settings.slow_reader = milliseconds{200};
    source here{settings};
    reader well{here, "/"};
    REQUIRE(well.hears("one\n"));
    reader stuck{here, "/flood", false};
    REQUIRE(run_until(here.context, [&] { return here.ended == 1; }));
    CHECK(here.said_no);
    CHECK(here.flooded < 64u << 20);  // what the kernel took, and no more
    here.ring();
    REQUIRE(well.hears("more\n"));
    CHECK_FALSE(well.ended);
}

TEST_CASE("a drain ends streams, also those that wait for a reader, and says so to the peer", "[server]")
{
    source here;
    reader peer{here, "/"};
    REQUIRE(peer.hears("one\n"));
    reader stuck{here, "/flood", false};
    REQUIRE(run_until(here.context, [&] { return here.flooded > 0; }));
    bool drained = false;
    here.server->drain([&] { drained = true; });
    REQUIRE(run_until(here.context, [&] { return drained && peer.ended; }));
    CHECK(here.ended == 2);
    CHECK(here.over == 1);
    CHECK(peer.got.ends_with("\r\n0\r\n\r\n"));
}

TEST_CASE("a stream whose handler fails is cut, so that nobody takes it for whole", "[server]")
{
    source here;
    reader peer{here, "/throw"};
    REQUIRE(run_until(here.context, [&] { return peer.ended; }));
    CHECK(peer.got.find("one\n") != std::string::npos);
    CHECK_FALSE(peer.got.ends_with("0\r\n\r\n"));
    CHECK(peer.got.find("a bug") == std::string::npos);
}

TEST_CASE("the server may end while streams are open", "[server]")
{
    source here;
    reader peer{here, "/"};
    REQUIRE(peer.hears("one\n"));
    here.server.reset();
    REQUIRE(run_until(here.context, [&] { return here.ended == 1 && peer.ended; }));
    CHECK(here.over == 1);
}

TEST_CASE("connections of one address are counted", "[server]")
{
    http_server_settings settings;
    settings.most_of_one = 2;
    source here{settings};
    reader first{here, "/"};
    reader second{here, "/"};
    REQUIRE(first.hears("one\n"));
    REQUIRE(second.hears("one\n"));
    {
        reader third{here, "/"};
        REQUIRE(run_until(here.context, [&] { return third.ended; }));
        CHECK(third.got.empty());
    }
    first.socket.close();
    REQUIRE(run_until(here.context, [&] { return here.ended == 1; }));
    reader fourth{here, "/"};
    REQUIRE(fourth.hears("one\n"));
}
