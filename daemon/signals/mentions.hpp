// Listens to what people write to the accounts: counts it by the minute, and says so when it is far more than is usual at that
// hour. What is usual is learned and outlives a restart, and so does the place up to which everything was heard.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/core/account.hpp"
#include "daemon/core/spike.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

namespace asio = boost::asio;

// What was heard of one account. A value apart from whoever fetches it, so that it can be fed by hand.
class listener {
public:
    explicit listener(account who) : who_(std::move(who)) {}

    // What the clock shows, before anything is taken in: minutes that it has not reached were counted before it was set back, and
    // are heard again.
    void follow(time_point now);

    // Takes in what a look that ended at `now` brought; every minute that is over by then is counted. `offset` is the account's
    // time zone; `folded` makes a text ready for the words.
    void take(const mention_watch& rules, const std::vector<mention>& posts, time_point now, seconds offset,
              const std::function<std::string(std::string_view)>& fold);

    // What is to be said now: a spike, that it goes on, or that it is over. Nothing: it is as usual.
    std::optional<heard_signal> judge(const mention_watch& rules, time_point now);

    // As text that a start reads back; it has no word of what anybody wrote.
    [[nodiscard]] std::string text() const;
    // False: it is no such text, and nothing was taken from it.
    bool read(std::string_view text);

    std::string cursor;

    [[nodiscard]] const rhythm& usual() const { return usual_; }

private:
    struct minute {
        int said = 0;
        int complaints = 0;
    };
    struct sample {
        time_point at;
        std::string line;
        std::vector<std::string> words;
    };

    std::vector<std::string> evidence(const spike_verdict& verdict) const;

    account who_;
    rhythm usual_;
    std::map<time_point, minute> open_;  // not over yet, or heard of late
    time_point counted_to_{};            // minutes before it are in the rhythm
    std::deque<sample> samples_;         // complaints of the last while
    time_point spike_at_{};              // when there was one last; unset: it was said to be over, or there was none
};

class mentions {
public:
    struct needs {
        std::function<time_point()> clock;
        std::function<void(heard_signal)> hear;
        std::function<std::string(std::string_view)> fold;
        std::function<std::optional<seconds>(time_point, const std::string&)> offset;  // of a time zone
        std::string folder;  // where what was learned is kept; empty: nowhere
    };

    mentions(asio::any_io_executor executor, mention_watch rules, needs wanted);

    void add(const account& who, std::shared_ptr<mentions_port> from);
    void start();
    // Keeps what was learned.
    void stop();
    // One look at one account, as start() does on its rhythm. False: it was not answered.
    asio::awaitable<bool> look(account_id id);

    [[nodiscard]] std::size_t accounts() const { return lanes_.size(); }

private:
    struct lane {
        explicit lane(const account& one) : who(one), ears(one) {}
        account who;
        listener ears;
        std::shared_ptr<mentions_port> from;
        std::chrono::steady_clock::time_point due;
        std::chrono::steady_clock::time_point kept;
        int failures = 0;
        bool looks = false;
    };

    void wait();
    void look_at_those_due();
    void keep(lane& mine);
    [[nodiscard]] std::string path_of(const account_id& id) const;

    asio::any_io_executor executor_;
    mention_watch rules_;
    needs needs_;
    std::map<account_id, lane> lanes_;
    asio::steady_timer timer_;
    int looking_ = 0;
    bool stopping_ = false;
};

}  // namespace halfmast::signals
