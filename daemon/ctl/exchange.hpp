// HTTP/1.1 over the daemon's unix socket, one question after the other. Own code and small on purpose: a library that can do more
// takes longer to load than the daemon takes to answer. It knows nothing of what is asked.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::ctl {

class exchange {
public:
    enum class end {
        answered,
        unreached,    // nobody there; nothing was asked
        cut,          // asked, and no whole answer came
        late,         // asked, and no whole answer came in time
        interrupted,  // by a signal; perhaps asked
    };
    struct answer {
        end how = end::unreached;
        int error = 0;  // errno, where the system said why
        int status = 0;
        std::string body;
    };

    explicit exchange(std::string socket) : socket_(std::move(socket)) {}
    ~exchange() { close(); }
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    [[nodiscard]] const std::string& socket() const { return socket_; }

    // Sent with everything that is not a GET: what a change is about, as it was seen. Empty: whatever it is.
    std::string if_match;

    // `body` may be null: then it is a GET, which may go over a connection that was used before.
    // `method`: another one than POST and GET.
    answer ask(const std::string& target, const std::string* body, milliseconds patience, const char* method = nullptr);

private:
    using clock = std::chrono::steady_clock;

    answer ask_once(const std::string& request, clock::time_point until, bool& nothing_came);
    end connect(int& error);
    end send_all(std::string_view bytes, clock::time_point until, int& error);
    end receive(clock::time_point until, std::string& into, int& error, bool& over);
    end wait_until_ready(short what, clock::time_point until);
    [[nodiscard]] bool is_usable() const;
    void close();

    std::string socket_;
    int fd_ = -1;
};

}  // namespace halfmast::ctl
