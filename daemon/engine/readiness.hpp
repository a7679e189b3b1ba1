// Tries in peace what an account would have to do in a crisis: soon after the start, daily, and sooner when the core says so. Asks by looks
// alone, never before acts and never while a flag covers the account. What the answers mean is the core's business.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "daemon/engine/agenda.hpp"
#include "daemon/engine/engine.hpp"

namespace halfmast::engine {

struct check_rhythm {
    milliseconds first{60'000};       // after the start: the queues are read before
    milliseconds by_account{360};     // the first checks are spread over so long for each account, an hour at most
    milliseconds not_sooner{15'000};  // between two checks of an account that no person asked for
    milliseconds busy{30'000};        // it has work, or a flag is up: tried again then
};

class checker {
public:
    checker(asio::any_io_executor executor, engine& loop, dispatcher& calls, std::function<time_point()> clock,
            check_rhythm beat = {});

    // The first checks, spread over the first minutes: more of them for many accounts, so that they are hardly seen among the polls.
    void start(const std::vector<account_id>& accounts);
    // Soon, but not at the heels of the last one, and when the account has nothing more urgent to do.
    void check_now(const account_id& id);
    // At once, because a person asks; the loop hears of it too. Every ability the account declares has a line.
    asio::awaitable<std::vector<check_line>> check(account_id id);
    void stop();

private:
    using moment = agenda::moment;

    struct lane : agenda::visitor {
        account_id id;
        moment last = moment::min();  // when its last check began
        bool asked = false;           // a check of ours is under way
        bool again = false;           // and another one is wanted after it
    };

    void begin(lane& mine);
    [[nodiscard]] bool has_better_to_do(const account_id& id) const;
    asio::awaitable<void> visit(lane* mine);
    asio::awaitable<std::vector<check_line>> ask(account_id id);
    moment next_of(const lane& mine);
    [[nodiscard]] milliseconds about(milliseconds wait);

    asio::any_io_executor executor_;
    engine& loop_;
    dispatcher& calls_;
    std::function<time_point()> clock_;
    check_rhythm beat_;
    std::map<account_id, lane> lanes_;
    agenda agenda_;
    std::minstd_rand dice_{std::random_device{}()};
    bool stopping_ = false;
};

}  // namespace halfmast::engine
