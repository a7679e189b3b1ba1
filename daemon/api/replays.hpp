// Requests that come twice: the same Idempotency-Key of the same person gets the same answer for a day, and the act is done once. And one
// change at a time for whatever carries a mark, so that of two people who saw the same thing only the first one changes it. In memory: after
// a restart a repeated request is a new one, and is refused where the act itself cannot be repeated.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

namespace asio = boost::asio;

class replays {
public:
    enum class found {
        nothing,  // it is new, and being answered from now on: keep() or forget() must follow
        same,     // `answer` is what it got
        other,    // the key was used for another request
    };
    struct look {
        found what = found::nothing;
        std::optional<net::server_response> answer;

        look() {}
    };

    // Waits while the first request of that key is being answered.
    asio::awaitable<look> begin(actor_id by, std::string key, std::uint64_t request, time_point now);
    void keep(const actor_id& by, const std::string& key, const net::server_response& answer);
    // It may be tried again: nothing came of it.
    void forget(const actor_id& by, const std::string& key);

    // Waits until nobody changes what has this name; leave() must follow. "" waits for nobody.
    asio::awaitable<void> enter(std::string name);
    void leave(const std::string& name);

    // The same for the same method, path and body.
    static std::uint64_t fingerprint(const net::server_request&);

private:
    using full_key = std::pair<actor_id, std::string>;
    struct entry {
        std::uint64_t request = 0;
        time_point at{};
        std::optional<net::server_response> answer;  // nothing: being answered
        std::list<full_key>::iterator age;
    };
    using bell = std::shared_ptr<asio::steady_timer>;

    asio::awaitable<void> wait();
    void ring();
    void drop(std::map<full_key, entry>::iterator one);
    void make_room(time_point now);

    std::map<full_key, entry> known_;
    std::list<full_key> by_age_;  // the oldest first
    std::size_t bytes_ = 0;
    std::set<std::string> changing_;
    std::list<bell> waiting_;
};

}  // namespace halfmast::api
