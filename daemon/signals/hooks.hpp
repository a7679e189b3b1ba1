// POST /hooks/NAME and POST /hooks/acknowledge/TOKEN: in front of the API, for senders that are no people and sign in nowhere. Each
// is believed by its own signature or token alone; see verify. Everything here runs on the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/core/event.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/ports/result.hpp"
#include "daemon/ports/secret.hpp"
#include "daemon/ports/signal_settings.hpp"
#include "daemon/signals/deliveries.hpp"

namespace halfmast::signals {

namespace asio = boost::asio;

struct hook_needs {
    std::function<time_point()> clock;
    // Hands a signal in; a problem when it is not durable: the sender shall come again.
    std::function<asio::awaitable<result<void>>(heard_signal)> hear;
    // Takes a page in hand; `not_found` when nothing of that name is open any more.
    std::function<asio::awaitable<result<void>>(page_acknowledged)> acknowledge;
    std::function<const page_book&()> pages;
    // What was refused, and why: for the log, once a minute for each hook, with how many there were.
    std::function<void(const std::string& hook, const std::string& why, std::uint64_t times)> refused;
    secret link_key;  // of the links in letters
};

class hooks {
public:
    // `seen` remembers deliveries; see there.
    hooks(signal_settings wanted, std::unique_ptr<deliveries> seen, hook_needs needs);

    // Below /hooks.
    static bool is_ours(const net::server_request& request);
    asio::awaitable<net::server_response> answer(net::server_request request);

    // Answers what is ours, and hands on the rest.
    net::request_handler in_front_of(net::request_handler others);

    struct figures {
        std::uint64_t taken = 0;
        std::uint64_t refused = 0;
        std::uint64_t repeated = 0;
    };
    // By hook, since the start.
    [[nodiscard]] const std::map<std::string, figures>& counts() const { return counts_; }

private:
    struct allowance {  // of one hook: so many believed requests a minute
        double left = 0;
        time_point at{};
    };
    struct silence {  // what the log was not told
        std::uint64_t times = 0;
        time_point said_at{};
    };

    const hook_settings* find(const std::string& name) const;
    bool allow(const hook_settings& hook);
    net::server_response refuse(const std::string& hook, int status, std::string type, std::string title, std::string why);
    asio::awaitable<net::server_response> take(const hook_settings* hook, const net::server_request& request);
    asio::awaitable<net::server_response> carry_out(const hook_settings* hook, std::string_view body, std::string print);
    asio::awaitable<net::server_response> by_link(std::string token);
    asio::awaitable<net::server_response> in_hand(std::string hook, std::string group, std::string by);
    std::string group_named(const std::string& name) const;

    signal_settings wanted_;
    std::unique_ptr<deliveries> seen_;
    hook_needs needs_;
    std::map<std::string, allowance> allowed_;
    std::map<std::string, silence> silent_;
    std::map<std::string, figures> counts_;
};

}  // namespace halfmast::signals
