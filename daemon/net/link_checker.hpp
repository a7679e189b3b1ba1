// Asks links whether they lead somewhere: one request at a time at each host, and what was answered is remembered for some minutes.
// Knows no text and no crisis, so that whoever has links may ask.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/net/link_visit.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::net {

struct link_answer {
    std::string url;
    bool ok = false;
    std::string said;

    link_answer() {}
};

class link_checker {
public:
    using moment = std::chrono::steady_clock::time_point;

    // `http` must keep away from networks of our own by itself (public_only) unless the rules allow them: a name may lead there.
    // Both outlive every check. On one thread, the executor's.
    link_checker(asio::any_io_executor executor, http_port& http, link_rules rules,
                 std::function<moment()> clock = std::chrono::steady_clock::now);

    // One answer for each, in the same order; an address that stands there twice is asked once. What has not answered within `patience` is not
    // ok and says so; it goes on being asked, and whoever asks again a little later has its answer at once.
    asio::awaitable<std::vector<link_answer>> check(std::vector<std::string> urls,
                                                    milliseconds patience = std::chrono::seconds{30});

private:
    struct lane;     // one host
    struct meeting;  // those that are asked together
    struct kept {
        link_answer answer;
        moment until;
    };

    asio::awaitable<link_answer> visit(std::string url);
    asio::awaitable<void> enter(std::string host);
    void leave(const std::string& host);
    void begin(const std::shared_ptr<meeting>& with, const std::string& url);
    void keep(const link_answer& answer);

    asio::any_io_executor executor_;
    http_port& http_;
    link_rules rules_;
    std::function<moment()> clock_;
    std::map<std::string, std::shared_ptr<lane>> lanes_;
    std::map<std::string, kept> kept_;
};

}  // namespace halfmast::net
