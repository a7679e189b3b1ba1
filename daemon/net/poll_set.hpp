// The sockets libcurl wants to be told about, on epoll, and a bell for other threads. A wake costs what happened, not what is open.
// libcurl forgets a socket between two requests on it; epoll is told of that only when something happens there meanwhile.
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

    // Nothing is to be told of it. It may be watched again.
    void forget(int fd);

    // It is about to be closed, and its number may come back. To be called for every one.
    void closing(int fd);

    // Waits for at most so long. An event is asked for with next(), for acting on one may make the others stale.
    void wait(int most_ms);
    bool next(event& found);

    // From any thread: ends a wait.
    void ring();

private:
    struct registration {
        std::uint32_t number;  // that an event must be of
        std::uint32_t events;  // as epoll knows them
        bool wanted;
    };
    struct pending {
        std::uint64_t tag;
        std::uint32_t events;
    };

    void drop(int fd);

    int epoll_ = -1;
    int bell_ = -1;
    std::uint32_t registrations_ = 0;
    std::unordered_map<int, registration> watched_;
    std::vector<pending> pending_;
};

}  // namespace halfmast::net
