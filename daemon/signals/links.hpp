// Follows the links of queued promotional posts, and of the partners that playbooks name: a post that leads nowhere is held, just
// that one; when many of one host are dead it is a signal. Asks through a function: how politely is the asker's business.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/core/event.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/state.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

namespace asio = boost::asio;

// What a link answered.
struct asked_link {
    std::string url;
    bool asked = true;  // false: nothing was learned, because there was no time or it may not be asked
    bool ok = false;
    bool answered = false;  // a server said something, be it an error
    std::string said;       // "HEAD: 404 Not Found"

    asked_link() {}
};

// A post and the links that it leads to.
struct leading_post {
    account_id account;
    post_id post;
    std::vector<std::string> links;
};

// The promotional posts that are due before `until`, go out as things stand, and were never held before: what a person let go is
// theirs. Walks every queue once.
std::vector<leading_post> posts_to_follow(const state& known, time_point now, time_point until);

// Nobody answers, neither a link nor a platform: it is our own line that is cut, and nothing was learned of them.
bool is_cut_off(const std::vector<asked_link>& answers, const state& known);

// "shop.example" of "https://shop.example:8443/a?b"; empty for what is no web address.
std::string host_of_link(std::string_view url);

// What follows from one round of answers. A value apart from whoever asks, so that it can be fed by hand.
class dead_links {
public:
    // So often in a row a link has to be dead before it counts: a server that starts anew answers nothing for a moment.
    static constexpr int needed = 2;

    // `answers` of this round; links that are not in it are forgotten, those that were not asked stay as they were.
    void take(const std::vector<asked_link>& answers);
    [[nodiscard]] bool is_dead(const std::string& url) const;
    // Why, as it was said last.
    [[nodiscard]] std::string why(const std::string& url) const;
    // One may be dead that was not before: ask again soon.
    [[nodiscard]] bool has_doubts() const;

    // The posts to hold now.
    [[nodiscard]] std::vector<hold_requested> holds(const std::vector<leading_post>& posts) const;
    // By host: a signal when so many of its links are dead, and the end of one that was there.
    std::vector<heard_signal> signals(const link_watch& rules);

private:
    struct doubt {
        int times = 0;
        std::string said;
    };
    std::map<std::string, doubt> bad_;
    std::set<std::string> said_;  // hosts that are a signal
};

class link_follower {
public:
    struct needs {
        std::function<time_point()> clock;
        std::function<const state&()> known;
        std::function<asio::awaitable<std::vector<asked_link>>(std::vector<std::string>)> ask;
        std::function<void(event)> tell;  // holds
        std::function<void(heard_signal)> hear;
        std::vector<std::string> partners;
        std::set<account_id> practice{};  // what leads nowhere there is part of a drill, and no warning
    };

    link_follower(asio::any_io_executor executor, link_watch rules, needs wanted);

    void start();
    void stop();
    // One round, as start() goes on its rhythm.
    asio::awaitable<void> round();

private:
    asio::awaitable<void> run();

    asio::any_io_executor executor_;
    link_watch rules_;
    needs needs_;
    dead_links found_;
    asio::steady_timer timer_;
    bool stopping_ = false;
};

}  // namespace halfmast::signals
