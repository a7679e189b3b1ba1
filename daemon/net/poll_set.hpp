// The sockets libcurl wants to be told about, on epoll, and a bell for other threads. A wake costs what happened, not what is open.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace halfmast::net {

class poll_set {
public:
    struct event {
        int fd;
        bool readable;
        bool writable;  // neither: an error or the peer's end
    };

    poll_set();  // throws std::system_error
    ~poll_set();
    poll_set(const poll_set&) = delete;
    poll_set& operator=(const poll_set&) = delete;

    void watch(int fd, bool reading, bool writing);

    // The descriptor may be closed already, and its number may come back.
    void forget(int fd);

    // Waits for at most so long. An event is asked for with next(), for acting on one may make the others stale.
    void wait(int most_ms);
    bool next(event& found);

    // From any thread: ends a wait.
    void ring();

private:
    struct pending {
        std::uint64_t tag;
        std::uint32_t events;
    };

    int epoll_ = -1;
    int bell_ = -1;
    std::uint32_t registrations_ = 0;
    std::unordered_map<int, std::uint32_t> watched_;  // the registration an event must be of
    std::vector<pending> pending_;
};

}  // namespace halfmast::net
