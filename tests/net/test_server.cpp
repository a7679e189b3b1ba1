#include <filesystem>
#include <fstream>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/net/answer_text.hpp"
#include "tests/net/support.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;
namespace fs = std::filesystem;
using unix_stream = asio::local::stream_protocol;

namespace test_server {

namespace {

struct folder {
    fs::path path = fs::temp_directory_path() / ("halfmast-net-" + std::to_string(::getpid()));
    folder() { fs::create_directories(path); }
    ~folder() { fs::remove_all(path); }
    [[nodiscard]] std::string at(const std::string& name) const { return (path / name).string(); }
};

struct stage {
    asio::io_context context{1};
    std::vector<server_request> seen;
    std::vector<std::shared_ptr<asio::steady_timer>> held;  // requests to /hold wait for let_go()
    std::optional<http_server> server;
    unsigned short port = 0;

    explicit stage(http_server_settings settings = {})
    {
        server.emplace(
            context.get_executor(), [this](server_request request) { return serve(std::move(request)); }, settings);
        port = server->listen_tcp("127.0.0.1", 0);
    }

    asio::awaitable<server_response> serve(server_request request)
    {
        seen.push_back(request);
        if (request.path == "/throw")
            throw std::runtime_error("a secret");
        if (request.path == "/hold") {
            auto bell = std::make_shared<asio::steady_timer>(context, asio::steady_timer::time_point::max());
            held.push_back(bell);
            error_code ignored;
            co_await bell->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        server_response given{200, request.method + " " + request.path + " " + std::to_string(request.body.size())};
        given.headers = {{"X-Bad", "1\r\nX-Worse: 2"}, {"Connection", "upgrade"}, {"Content-Length", "7"}};
        if (request.path == "/none")
            given.no_answer = true;
        if (request.path == "/empty")
            given.status = 204;
        if (request.path == "/large")
            given.body = std::string(3u << 20, 'x');
        co_return given;
    }

    void let_go()
    {
        for (auto& bell : held)
            bell->cancel();
    }
};

// A peer that sends what it is told and keeps what it gets.
template <class Protocol>
struct talker {
    asio::io_context& context;
    typename Protocol::socket socket;
    std::string got;
    bool ended = false;

    talker(asio::io_context& context_, const typename Protocol::endpoint& to) : context(context_), socket(context_)
    {
        socket.connect(to);
        asio::co_spawn(context, listen(), asio::detached);
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

    void say(std::string text)
    {
        error_code ignored;
        asio::write(socket, asio::buffer(text), ignored);
    }
    bool hears(const std::string& text)
    {
        return run_until(context, [&] { return got.find(text) != std::string::npos; });
    }
    bool is_left()
    {
        return run_until(context, [&] { return ended; });
    }
    int answers()
    {
        int count = 0;
        for (auto at = got.find("HTTP/1.1 "); at != std::string::npos; at = got.find("HTTP/1.1 ", at + 1))
            ++count;
        return count;
    }
};

struct caller : talker<tcp> {
    explicit caller(stage& here) : talker(here.context, {asio::ip::address_v4::loopback(), here.port}) {}
};

std::string request(const std::string& line, const std::string& more = {})
{
    return line + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

}  // namespace

TEST_CASE("one connection takes one request after the other, also when they come at once", "[server]")
{
    stage here;
    caller peer{here};
    peer.say(request("GET /1"));
    REQUIRE(peer.hears("GET /1 0"));
    peer.say(request("POST /2", "Content-Length: 3\r\n") + "abc" + request("POST /3", "Transfer-Encoding: chunked\r\n")
             + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n" + request("GET /4", "Connection: close\r\n"));
    REQUIRE(peer.is_left());
    CHECK(peer.answers() == 4);
    auto third = peer.got.find("POST /3 4");
    CHECK(peer.got.find("POST /2 3") < third);
    CHECK(third < peer.got.find("GET /4 0"));
    CHECK(peer.got.find("Connection: close") > third);
    REQUIRE(here.seen.size() == 4);
    CHECK(here.seen[0].remote == "127.0.0.1:" + std::to_string(peer.socket.local_endpoint().port()));
    CHECK_FALSE(here.seen[0].from);
}

TEST_CASE("an answer is framed by the server, whatever the handler says", "[server]")
{
    stage here;
    caller peer{here};
    peer.say(request("GET /framed"));
    REQUIRE(peer.hears("GET /framed 0"));
    CHECK(peer.got.find("Worse") == std::string::npos);
    CHECK(peer.got.find("upgrade") == std::string::npos);
    CHECK(peer.got.find("Content-Length: 13\r\n") != std::string::npos);
    CHECK(peer.got.find("Content-Length: 7\r\n") == std::string::npos);
    CHECK(peer.got.find("\r\nDate: ") != std::string::npos);
    peer.got.clear();
    peer.say(request("HEAD /framed") + request("GET /empty") + request("GET /after"));
    REQUIRE(peer.hears("GET /after 0"));
    CHECK(peer.got.find("HEAD /framed") == std::string::npos);
    CHECK(peer.got.find("Content-Length: 14\r\n") != std::string::npos);
    CHECK(peer.got.find("GET /empty") == std::string::npos);
    peer.say(request("GET /throw"));
    REQUIRE(peer.hears("HTTP/1.1 500 "));
    CHECK(peer.got.find("secret") == std::string::npos);
    peer.say(request("GET /none"));
    REQUIRE(peer.is_left());
    CHECK(peer.answers() == 4);
}

TEST_CASE("a large answer arrives whole, also at a slow reader", "[server]")
{
    stage here;
    caller peer{here};
    peer.say(request("GET /large", "Connection: close\r\n"));
    REQUIRE(peer.is_left());
    CHECK(peer.got.size() - peer.got.find("\r\n\r\n") - 4 == 3u << 20);
}

TEST_CASE("what is too large, broken or late is refused with a reason, and the connection closed", "[server]")
{
    http_server_settings settings;
    settings.most_body = 1'000;
    settings.most_header = 2'000;
    settings.idle = milliseconds{300};
    settings.patience = milliseconds{300};
    stage here{settings};
    const std::vector<std::pair<std::string, std::string>> all{
        {"413", request("POST /", "Content-Length: 1001\r\n")},
        {"413", request("POST /", "Content-Length: 1001\r\n") + std::string(1001, 'x')},
        {"413", request("POST /", "Transfer-Encoding: chunked\r\n") + "3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n"},
        {"413", request("POST /", "Content-Length: 5000\r\nExpect: 100-continue\r\n")},
        {"431", request("GET /", "X: " + std::string(2'000, 'x') + "\r\n")},
        {"431", "GET /" + std::string(3'000, 'x')},
        {"400", "what is this?\r\n\r\n"},
        {"400", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
        {"400", "GET / HTTP/1.1\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        {"400", request("GET /?x=%zz")},
        {"400", request("POST /", "Content-Length: 1x\r\n")},
        {"400", request("POST /", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
        {"408", "GET /slow HTTP/1.1\r\nHost:"},
        {"408", request("POST /slow", "Content-Length: 10\r\n") + "abc"},
    };
    for (const auto& [status, text] : all) {
        INFO(status << " for " << text.substr(0, 60));
        caller peer{here};
        peer.say(text);
        REQUIRE(peer.is_left());
        CHECK(peer.got.starts_with("HTTP/1.1 " + status + " "));
        CHECK(peer.got.find("application/problem+json") != std::string::npos);
        CHECK(peer.got.find("\"status\":" + status) != std::string::npos);
        CHECK(peer.got.find("Connection: close") != std::string::npos);
    }
    CHECK(here.seen.empty());
    caller fits{here};
    fits.say(request("POST /fits", "Content-Length: 1000\r\n") + std::string(1'000, 'x'));
    CHECK(fits.hears("POST /fits 1000"));
    // Idle between requests: closed without a word.
    fits.got.clear();
    REQUIRE(fits.is_left());
    CHECK(fits.got.empty());
}

TEST_CASE("a body that waits for a word is asked for", "[server]")
{
    stage here;
    caller peer{here};
    peer.say(request("POST /asked", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
    REQUIRE(peer.hears("HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK(here.seen.empty());
    peer.say("abc");
    REQUIRE(peer.hears("POST /asked 3"));
}

TEST_CASE("connections beyond the limit wait until one ends", "[server]")
{
    http_server_settings settings;
    settings.most_connections = 2;
    stage here{settings};
    std::optional<caller> first{std::in_place, here};
    caller second{here};
    first->say(request("GET /1"));
    second.say(request("GET /2"));
    REQUIRE(first->hears("GET /1"));
    REQUIRE(second.hears("GET /2"));
    caller third{here};
    third.say(request("GET /3"));
    second.say(request("GET /2-again"));
    REQUIRE(second.hears("GET /2-again"));
    CHECK(third.got.empty());
    first->socket.close();
    REQUIRE(third.hears("GET /3"));
}

TEST_CASE("over a unix socket the kernel says who it is", "[server]")
{
    folder place;
    stage here;
    auto path = place.at("control.sock");
    here.server->listen_unix(path, 0600, "no-such-group-here");
    struct stat there {};
    REQUIRE(::lstat(path.c_str(), &there) == 0);
    CHECK((there.st_mode & 0777) == 0600);
    talker<unix_stream> peer{here.context, unix_stream::endpoint{path}};
    peer.say(request("GET /who"));
    REQUIRE(peer.hears("GET /who"));
    REQUIRE(here.seen.size() == 1);
    const auto& seen = here.seen.front();
    CHECK(seen.remote == "unix");
    REQUIRE(seen.from);
    CHECK(seen.from->uid == ::getuid());
    CHECK(seen.from->gid == ::getgid());
    CHECK(seen.from->pid == ::getpid());
    const auto* me = ::getpwuid(::getuid());
    CHECK(seen.from->user == (me != nullptr ? std::string{me->pw_name} : "uid:" + std::to_string(::getuid())));
    here.server.reset();
    CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a socket file nobody listens on is replaced; a live one and other files are left alone", "[server]")
{
    folder place;
    stage here;
    auto path = place.at("control.sock");
    {
        asio::io_context context;
        unix_stream::acceptor dead{context, unix_stream::endpoint{path}};
    }
    REQUIRE(fs::exists(path));
    here.server->listen_unix(path);
    talker<unix_stream> peer{here.context, unix_stream::endpoint{path}};
    peer.say(request("GET /new"));
    REQUIRE(peer.hears("GET /new"));

    stage second;
    std::string why;
    try {
        second.server->listen_unix(path);
    } catch (const std::runtime_error& error) {
        why = error.what();
    }
    CHECK(why.find(path) != std::string::npos);
    CHECK(why.find("another process listens") != std::string::npos);
    peer.say(request("GET /still"));
    REQUIRE(peer.hears("GET /still"));

    auto file = place.at("file");
    std::ofstream{file} << "precious";
    CHECK_THROWS_AS(second.server->listen_unix(file), std::runtime_error);
    CHECK(fs::file_size(file) == 8);
    CHECK_THROWS_AS(second.server->listen_unix(place.at("missing/control.sock")), std::runtime_error);
    CHECK_THROWS_AS(second.server->listen_unix("/" + std::string(200, 'x')), std::runtime_error);
    CHECK_THROWS_AS(second.server->listen_tcp("127.0.0.1", here.port), std::runtime_error);
    CHECK_THROWS_AS(second.server->listen_tcp("example", 0), std::runtime_error);

    // One that took our place keeps its file.
    fs::rename(path, place.at("old.sock"));
    second.server->listen_unix(path);
    here.server.reset();
    CHECK(fs::exists(path));
}

TEST_CASE("draining answers what is under way, and nothing new comes in", "[server]")
{
    folder place;
    stage here;
    auto path = place.at("control.sock");
    here.server->listen_unix(path);
    caller idle{here};
    idle.say(request("GET /idle"));
    REQUIRE(idle.hears("GET /idle"));
    caller busy{here};
    busy.say(request("GET /hold"));
    caller half{here};
    half.say("GET /half HTTP/1.1\r\n");
    REQUIRE(run_until(here.context, [&] { return here.held.size() == 1; }));
    for (int i = 0; i < 100; ++i)  // the half request is read
        here.context.poll();

    int done = 0;
    here.server->drain([&] { ++done; });
    REQUIRE(idle.is_left());
    CHECK_FALSE(fs::exists(path));
    tcp::socket late{here.context};
    error_code error;
    late.connect({asio::ip::address_v4::loopback(), here.port}, error);
    CHECK(error);
    CHECK(done == 0);
    half.say("Host: x\r\n\r\n");
    REQUIRE(half.is_left());
    CHECK(half.got.find("GET /half 0") != std::string::npos);
    CHECK(done == 0);
    here.let_go();
    REQUIRE(run_until(here.context, [&] { return done == 1; }));
    REQUIRE(busy.is_left());
    CHECK(busy.got.find("Connection: close") != std::string::npos);
    CHECK(busy.got.find("GET /hold 0") != std::string::npos);

    stage nobody;
    nobody.server->drain([&] { ++done; });
    REQUIRE(run_until(nobody.context, [&] { return done == 2; }));
}

TEST_CASE("the server may end while requests are under way", "[server]")
{
    stage here;
    caller busy{here};
    busy.say(request("GET /hold"));
    caller idle{here};
    REQUIRE(run_until(here.context, [&] { return here.held.size() == 1; }));
    here.server.reset();
    REQUIRE(busy.is_left());
    here.let_go();
    for (int i = 0; i < 100; ++i)
        here.context.poll();
    CHECK(busy.got.empty());
}

TEST_CASE("percent encoding in both directions", "[server]")
{
    CHECK(percent_encode("a-Z_0.9~/ %\xc3\xa4") == "a-Z_0.9~%2F%20%25%C3%A4");
    CHECK(percent_decode("a%2Fb%c3%A4+") == "a/b\xc3\xa4+");
    CHECK(percent_decode(percent_encode(std::string{"\0\xff\n", 3})) == std::string{"\0\xff\n", 3});
    for (auto broken : {"%", "%2", "%2g", "x%zz", "%%20"})
        CHECK_FALSE(percent_decode(broken));
}

TEST_CASE("a target becomes path and query", "[server]")
{
    std::string path;
    std::map<std::string, std::string> query;
    CHECK(split_target("/a%2Fb?x=1+2&y&x=3&&z==%3D", path, query));
    CHECK(path == "/a%2Fb");
    CHECK(query == std::map<std::string, std::string>{{"x", "1 2"}, {"y", ""}, {"z", "=="}});
    CHECK(split_target("http://host", path, query));
    CHECK(path == "/");
    CHECK(split_target("*", path, query));
    CHECK(path == "*");
}

}  // namespace test_server
