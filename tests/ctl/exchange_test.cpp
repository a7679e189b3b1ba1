#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ctl/exchange.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;
using namespace std::chrono_literals;

namespace {

// Accepts one connection after the other, and does with each what the script says. Ends when the script is over.
class listener {
public:
    using act = std::function<void(int fd)>;

    listener(std::string path, std::vector<act> script) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_, 8) == 0);
        thread_ = std::thread([this, script = std::move(script)] {
            for (const auto& each : script) {
                int one = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
                each(one);
                ::close(one);
            }
        });
    }
    ~listener()
    {
        thread_.join();
        ::close(fd_);
    }

private:
    int fd_;
    std::thread thread_;
};

std::string hear(int fd, std::size_t body = 0)
{
    std::string text;
    char room[4096];
    while (text.find("\r\n\r\n") == std::string::npos || text.size() < text.find("\r\n\r\n") + 4 + body) {
        auto got = ::read(fd, room, sizeof room);
        if (got <= 0)
            break;
        text.append(room, static_cast<std::size_t>(got));
    }
    return text;
}

void say(int fd, std::string_view text)
{
    while (!text.empty()) {
        auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

using end = exchange::end;

}  // namespace

TEST_CASE("an answer is read by its length, whatever the pieces it comes in", "[ctl]")
{
    folder here;
    std::string large(300'000, 'x');
    listener daemon{here / "sock", {[&](int fd) {
                        hear(fd);
                        for (std::string_view piece : {"HTTP/1.1 2", "00 OK\r\ncontent-", "length:  5\r\n\r", "\nhel", "lo"})
                            say(fd, piece);
                        hear(fd);  // over the same connection
                        say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n" + large);
                    }}};
    exchange to{here / "sock"};
    auto first = to.ask("/a", nullptr, 20s);
    CHECK(first.how == end::answered);
    CHECK(first.status == 200);
    CHECK(first.body == "hello");
    auto second = to.ask("/b", nullptr, 20s);
    CHECK(second.status == 404);
    CHECK(second.body == large);
}

TEST_CASE("a body without a length ends with the connection, one that is cut is no answer", "[ctl]")
{
    folder here;
    listener daemon{here / "sock",
                    {[](int fd) { hear(fd), say(fd, "HTTP/1.1 200 OK\r\n\r\nall of it"); },
                     [](int fd) { hear(fd), say(fd, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold"); },
                     [](int fd) { hear(fd), say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"); },
                     [](int fd) { hear(fd), say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"); },
                     [](int fd) { hear(fd), say(fd, "SSH-2.0-OpenSSH\r\n\r\n"); }, [](int fd) { hear(fd); }}};
    exchange to{here / "sock"};
    CHECK(to.ask("/", nullptr, 20s).body == "all of it");
    CHECK(to.ask("/", nullptr, 20s).body == "old");
    for (int turn = 0; turn < 4; ++turn)
        CHECK(to.ask("/", nullptr, 20s).how == end::cut);
}

TEST_CASE("a question goes over a new connection when the old one is closed; what acts is never sent twice", "[ctl]")
{
    folder here;
    std::vector<std::string> heard;
    constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    {
        listener daemon{
            here / "sock",
            {[&](int fd) { heard.push_back(hear(fd)), say(fd, fine), heard.push_back(hear(fd)); },  // and closes without a word
             [&](int fd) { heard.push_back(hear(fd)), say(fd, fine); }, [&](int fd) { heard.push_back(hear(fd, 4)); }}};
        exchange to{here / "sock"};
        CHECK(to.ask("/1", nullptr, 20s).body == "ok");
        CHECK(to.ask("/2", nullptr, 20s).body == "ok");
        std::string body = "body";
        CHECK(to.ask("/3", &body, 20s).how == end::cut);
    }
    REQUIRE(heard.size() == 4);
    CHECK(heard[1].starts_with("GET /2 "));
    CHECK(heard[2].starts_with("GET /2 "));
    CHECK(heard[3].starts_with("POST /3 "));
    CHECK(heard[3].ends_with("Content-Length: 4\r\n\r\nbody"));
}

TEST_CASE("nobody there, and somebody who does not answer, are two things", "[ctl]")
{
    folder here;
    exchange nobody{here / "none"};
    auto unreached = nobody.ask("/", nullptr, 20s);
    CHECK(unreached.how == end::unreached);
    CHECK(unreached.error == ENOENT);
    CHECK(exchange{std::string(200, 'x')}.ask("/", nullptr, 1s).error == ENAMETOOLONG);

    listener daemon{here / "sock", {[](int fd) { hear(fd), hear(fd); }}};
    exchange silent{here / "sock"};
    CHECK(silent.ask("/", nullptr, 100ms).how == end::late);
}
