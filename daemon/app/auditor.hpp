// Looks at the ledger as an auditor does, on a thread of its own, while the daemon writes it: all of it after the start and once a day,
// and what is new soon after it was written. Shares nothing with the room that writes. Must not decide what follows from a fault.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/api/backend.hpp"
#include "daemon/audit/verify.hpp"

namespace halfmast::app {

namespace asio = boost::asio;

class auditor {
public:
    struct wiring {
        asio::any_io_executor home;
        std::string state_dir;
        std::function<time_point()> clock;
        // On the home's thread: after the first whole check, and whenever a check finds something else than the one before. Empty: sound.
        std::function<void(const std::vector<api::ledger_proof::fault>&)> found;
        milliseconds look_after = std::chrono::seconds{30};  // new records, after the first of them
        milliseconds again = std::chrono::minutes{10};       // all of it, while something is wrong
        milliseconds whole_every = std::chrono::hours{24};

        wiring() {}
    };

    explicit auditor(wiring with);
    ~auditor();  // ends a check that is under way, and waits for that

    void start();
    void stop();                   // nothing is found any more
    void grew(std::int64_t last);  // there is a record of this number now
    void verify_whole();           // now, or after the check that is under way
    [[nodiscard]] api::ledger_proof known() const;

private:
    void check(bool whole);
    void take(bool whole, const result<audit::verification>& found);
    void put_right(const std::vector<audit::fault>& faults, bool whole);
    void plan();

    wiring with_;
    asio::steady_timer next_;
    std::atomic<bool> enough_{false};
    audit::proved_part proved_;
    api::ledger_proof known_;
    bool started_ = false;
    bool checking_ = false;
    bool whole_now_ = false;   // the check that is under way
    bool whole_next_ = false;  // was asked for meanwhile
    bool planned_ = false;
    time_point whole_at_{};  // the last whole check
    asio::thread_pool pool_{1};
};

}  // namespace halfmast::app
