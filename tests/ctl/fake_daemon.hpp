// A daemon in the test's own process: a unix socket, one request for each connection, and a script that answers. Plain sockets,
// so that the command is tested against bytes and not against our own server.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace halfmast::ctl::tests {

struct asked {
    std::string method;
    std::string target;  // "/api/v1/status"
    std::string body;

    bool operator==(const asked&) const = default;
};

struct answered {
    int status = 200;
    std::string body = "{}";
    bool silent = false;  // closes without a byte
};

class fake_daemon {
public:
    using script = std::function<answered(const asked&)>;

    fake_daemon(std::string socket, script answers);
    ~fake_daemon();

    std::vector<asked> log() const;
    std::size_t times(const std::string& method, const std::string& target) const;

private:
    void serve();
    void serve_one(int fd);

    std::string socket_;
    script answers_;
    mutable std::mutex guard_;
    std::vector<asked> log_;
    std::atomic<bool> stopping_{false};
    int listener_ = -1;
    std::thread thread_;
};

// application/problem+json as the API words it.
answered problem(int status, int exit_code, const std::string& type, const std::string& detail);

}  // namespace halfmast::ctl::tests
