// Looks at every account on its rhythm: slowly in peace, faster while a flag covers it (the sweep), at once after a raise.
// What it sees becomes events; what that means it does not know. A queue that is as it was costs neither reading nor judging.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "daemon/engine/agenda.hpp"
#include "daemon/engine/engine.hpp"

namespace halfmast::engine {

struct rhythm {
    milliseconds poll_every{60'000};
    milliseconds sweep_every{15'000};
};

class poller {
public:
    using fold_function = std::string (*)(std::string_view utf8);
    using seen_function = std::function<void(const account_id&, const std::vector<post_ptr>&)>;

    // `fold` prepares text for the rules; `seen` keeps the mirror, and hears of queues that changed.
    poller(asio::any_io_executor executor, engine& loop, dispatcher& calls, std::function<time_point()> clock, fold_function fold,
           seen_function seen);

    void add(const account_id& id, rhythm beat);
    void look_now(const account_id& id);
    void stop();

private:
    using moment = agenda::moment;

    struct lane : agenda::visitor {
        account_id id;
        rhythm beat;
        bool kicked = false;
        bool looks = false;
        int failures = 0;
        int until_whole = 0;          // looks that may still go by the mark
        std::vector<page_mark> mark;  // of the last look, and what it showed
        std::vector<post_ptr> posts;
    };

    void begin(lane& mine);
    asio::awaitable<void> visit(lane* mine);
    asio::awaitable<bool> look(lane* mine);
    asio::awaitable<bool> look_at_queue(lane* mine);
    std::vector<post_ptr> ready_to_judge(std::vector<scheduled_post> posts) const;
    asio::awaitable<bool> look_at_feed(account_id id);
    milliseconds until_next(const lane& mine);
    [[nodiscard]] static moment on_the_beat(milliseconds from_now);

    asio::any_io_executor executor_;
    engine& loop_;
    dispatcher& calls_;
    std::function<time_point()> clock_;
    fold_function fold_;
    seen_function seen_;
    std::map<account_id, lane> lanes_;
    agenda agenda_;
    std::minstd_rand dice_{std::random_device{}()};
    bool stopping_ = false;
};

}  // namespace halfmast::engine
