#include "tests/ctl/fake_daemon.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace halfmast::ctl::tests {

fake_daemon::fake_daemon(std::string socket, script answers) : socket_(std::move(socket)), answers_(std::move(answers))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0
        || ::listen(listener_, 64) != 0)
        throw std::runtime_error("no socket at " + socket_);
    thread_ = std::thread([this] { serve(); });
}

fake_daemon::~fake_daemon()
{
    stopping_ = true;
    thread_.join();
    ::close(listener_);
    ::unlink(socket_.c_str());
}

std::vector<asked> fake_daemon::log() const
{
    std::scoped_lock locked{guard_};
    return log_;
}

std::size_t fake_daemon::times(const std::string& method, const std::string& target) const
{
    auto all = log();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const asked& one) { return one.method == method && one.target == "/api/v1" + target; }));
}

void fake_daemon::serve()
{
    while (!stopping_) {
        pollfd waiting{listener_, POLLIN, 0};
        if (::poll(&waiting, 1, 20) <= 0)
            continue;
        int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve_one(fd);
        ::close(fd);
    }
}

void fake_daemon::serve_one(int fd)
{
    std::string text;
    std::size_t wanted = std::string::npos;
    while (text.size() < wanted) {
        char buffer[4096];
        auto got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0)
            return;  // somebody only looked whether we listen
        text.append(buffer, static_cast<std::size_t>(got));
        auto end = text.find("\r\n\r\n");
        if (end == std::string::npos)
            continue;
        auto length = text.find("Content-Length: ");
        wanted = end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
    }
    asked request;
    auto blank = text.find(' ');
    request.method = text.substr(0, blank);
    request.target = text.substr(blank + 1, text.find(' ', blank + 1) - blank - 1);
    request.body = text.substr(text.find("\r\n\r\n") + 4);
    {
        std::scoped_lock locked{guard_};
        log_.push_back(request);
    }
    auto answer = answers_(request);
    if (answer.silent)
        return;
    auto reply = "HTTP/1.1 " + std::to_string(answer.status)
                 + " X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                 + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
    for (std::size_t sent = 0; sent < reply.size();) {
        auto wrote = ::send(fd, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
        if (wrote <= 0)
            return;
        sent += static_cast<std::size_t>(wrote);
    }
}

answered problem(int status, int exit_code, const std::string& type, const std::string& detail)
{
    answered made;
    made.status = status;
    made.body = R"({"type":"urn:halfmast:problem:)" + type + R"(","title":"T","status":)" + std::to_string(status)
                + R"(,"detail":")" + detail + R"(","exit_code":)" + std::to_string(exit_code) + "}";
    return made;
}

}  // namespace halfmast::ctl::tests
