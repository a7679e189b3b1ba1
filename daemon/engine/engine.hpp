// The one loop: event -> decide -> ledger -> act. All policy is the core's; this room keeps the order (record first, then act),
// the clock, and the number of calls at once. One thread; what blocks lives elsewhere and answers by an event.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/decide.hpp"
#include "daemon/engine/dispatcher.hpp"
#include "daemon/engine/mailbox.hpp"
#include "daemon/ports/ledger_port.hpp"

namespace halfmast::engine {

// How many calls an account may make now, and when the next one may leave; the rate limits of its platform.
struct call_budget {
    virtual ~call_budget() = default;
    virtual int available(time_point now) = 0;
    virtual time_point ready_at(time_point now) = 0;
    virtual void in_crisis(bool yes) = 0;              // the reserve may be used
    virtual void work_waits(bool any, bool near) = 0;  // what only looks shall wait: a little, or until it is done
};

struct engine_hooks {
    std::function<time_point()> clock;
    std::function<ledger_batch(const std::vector<audit_record>&)> encode;
    std::function<void(const audit_record&)> recorded;  // for the log; after it is durable
    std::function<void(const std::vector<audit_record>&, std::int64_t last)>
        committed;                                     // the same, all of one batch; the ledger's number of the last one
    std::function<void(const account_id&)> looked;     // a poll changed the mirror of this account's queue
    std::function<void(const account_id&)> look_now;   // for the poller: look at this account at once
    std::function<void(const account_id&)> check_now;  // what the account can do may have changed: try it soon
    std::function<void(page_letter)> page;             // hands a letter to its receiver's own way out; answered by page_answered
    std::function<void(std::string)> ledger_refused;   // "" when it works again
};

// What became of a request.
struct reply {
    std::optional<refusal> refused;
    crisis_id crisis;
    bool repeated = false;
    bool durable = true;
    std::string ledger_error;
    std::string waits;  // the ask that waits for a second person
    std::string made;   // the id of what is new by it, as decide gives it

    reply() {}
};

class engine {
public:
    engine(asio::any_io_executor executor, policy rules, state start, ledger_port& ledger, dispatcher& calls, engine_hooks hooks,
           int most_at_once = 256);

    // Runs until stop().
    asio::awaitable<void> run();

    // Hands an event in; nobody waits for it.
    void tell(event what);

    // Hands a request in; answered when its records are durable, when the ledger refused them, or when the loop is stopping. What lets
    // go, speaks or ends a flag did not happen when the ledger refused it, now or later.
    asio::awaitable<reply> ask(event what);

    // Ends run() after what is in the mailbox; calls under way are not waited for: their intent is on record.
    void stop();

    void set_budget(const account_id& id, std::shared_ptr<call_budget> budget) { lanes_[id].budget = std::move(budget); }

    [[nodiscard]] const state& known() const { return state_; }
    [[nodiscard]] const policy& rules() const { return policy_; }

private:
    struct letter {
        event what;
        std::function<void(reply)> answer;  // may be empty
    };
    struct turn {  // what one pass of the loop gathers
        std::vector<audit_record> records;
        std::vector<action> actions;
        std::vector<page_letter> letters;
        std::vector<ledger_blob> blobs;
        std::vector<std::pair<std::function<void(reply)>, reply>> answers;
        std::set<account_id> touched;
        bool all_touched = false;
    };
    // Whose turn it is among the accounts: what is due soon by due time; else who was served least, then by due time.
    struct rank {
        bool far = true;
        int served = 0;
        time_point due{};
        account_id id;

        auto operator<=>(const rank&) const = default;
    };
    struct lane {                             // one account's way out
        std::shared_ptr<call_budget> budget;  // may be null: no limit
        int leaving = 0;                      // decided, and the first call is not in the budget yet
        int served = 0;                       // calls started since there was nothing to do
        std::optional<rank> ready;            // its place in ready_
        std::optional<time_point> wake;       // its place in wakes_
    };

    // What becomes of records that the ledger refuses.
    enum class if_refused {
        keep,    // they are true all the same, and written later
        forget,  // whoever asked takes back what was decided
    };

    [[nodiscard]] bool is_decided_on_record(const letter&) const;
    asio::awaitable<void> decide_on_record(turn& now, std::deque<letter>& letters);
    void handle(turn& now, letter one);
    reply decide_one(turn& now, const event& what);
    void offer_capacity(turn& now);
    void look_for_work(const account_id& id, time_point at);
    bool offer(turn& now, const account_id& id);
    void wake_at(const account_id& id, lane& mine, std::optional<time_point> when);
    void wake_those_due();
    asio::awaitable<void> commit(turn now);
    asio::awaitable<std::string> write(turn& now, if_refused then);
    void go_on(turn& now, const std::string& error);
    void keep_unwritten(turn& now, std::vector<audit_record> records);
    void start(action what);
    asio::awaitable<void> carry(action what);
    asio::awaitable<void> tick();
    void mark_crises();

    asio::any_io_executor executor_;
    policy policy_;
    state state_;
    ledger_port& ledger_;
    dispatcher& calls_;
    engine_hooks hooks_;
    mailbox<letter> inbox_;
    asio::steady_timer ticker_;
    std::map<account_id, lane> lanes_;
    std::set<rank> ready_;                               // accounts that have work and may call now
    std::set<std::pair<time_point, account_id>> wakes_;  // accounts that will have
    std::vector<audit_record> unwritten_;                // refused by the ledger, to be written as soon as it works again
    std::vector<ledger_blob> unwritten_blobs_;
    std::string ledger_error_;  // of the last try; empty while the ledger works
    time_point try_ledger_at_{};
    int most_at_once_;
    int at_once_ = 0;
    bool stopping_ = false;
};

}  // namespace halfmast::engine
