#include "daemon/engine/engine.hpp"

#include <algorithm>
#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "daemon/engine/way_back.hpp"

namespace halfmast::engine {

namespace {

constexpr std::chrono::milliseconds look_at_clock_every{200};  // at the latest; a wake-up that is nearer is met exactly
constexpr milliseconds soonest_wake{10};                       // calls that wait in the middle of an act have what is there now
constexpr int looks_in_a_tick = 5;
constexpr std::size_t most_in_a_turn = 32;     // the first calls leave while the next ones are written down
constexpr std::chrono::seconds near_work{60};  // work that is due so soon goes by due time, whichever account it is of
constexpr milliseconds ledger_pause{500};      // between two tries while the ledger refuses

// The account an event is about; empty when it may concern all of them.
account_id account_of(const event& what)
{
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.account; })
                return one.account;
            else
                return account_id{};
        },
        what);
}

// All that waits is encoded for each try.
milliseconds pause_of_ledger(std::size_t waiting) { return ledger_pause + milliseconds{static_cast<std::int64_t>(waiting / 20)}; }

// Mostly there is nothing before: then it is taken as it is.
template <class T>
void append(std::vector<T>& to, std::vector<T> more)
{
    if (to.empty())
        to = std::move(more);
    else
        to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

engine::engine(asio::any_io_executor executor, policy rules, state start, ledger_port& ledger, dispatcher& calls,
               engine_hooks hooks, int most_at_once)
    : executor_(executor),
      policy_(std::move(rules)),
      state_(std::move(start)),
      ledger_(ledger),
      calls_(calls),
      hooks_(std::move(hooks)),
      inbox_(executor),
      ticker_(executor),
      most_at_once_(most_at_once)
{
}

asio::awaitable<void> engine::run()
{
    asio::co_spawn(executor_, tick(), asio::detached);
    for (;;) {
        auto letters = co_await inbox_.take_all();
        if (letters.empty())
            break;
        turn now;
        while (!letters.empty()) {
            if (is_decided_on_record(letters.front())) {
                auto deciding = decide_on_record(now, letters);
                co_await std::move(deciding);
                continue;
            }
            handle(now, std::move(letters.front()));
            letters.pop_front();
        }
        offer_capacity(now);
        auto written = commit(std::move(now));
        co_await std::move(written);
    }
}

void engine::tell(event what)
{
    if (!stopping_)
        inbox_.post({std::move(what), {}});
}

asio::awaitable<reply> engine::ask(event what)
{
    // The bell rings when the loop has the answer; both live here until then, whatever happens to the asker.
    struct waiting {
        explicit waiting(asio::any_io_executor on) : bell(on, asio::steady_timer::time_point::max()) {}
        asio::steady_timer bell;
        std::optional<reply> given;
    };
    if (stopping_) {
        reply late;
        late.durable = false;
        late.ledger_error = "the daemon is stopping";
        co_return late;
    }
    auto mine = std::make_shared<waiting>(executor_);
    letter request{std::move(what), [mine](reply given) {
                       mine->given = std::move(given);
                       mine->bell.cancel();
                   }};
    inbox_.post(std::move(request));
    while (!mine->given) {
        boost::system::error_code ignored;
        co_await mine->bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return *mine->given;
}

void engine::stop()
{
    if (stopping_)
        return;
    inbox_.post({daemon_stopping{}, {}});
    stopping_ = true;
    ticker_.cancel();
    inbox_.close();
}

reply engine::decide_one(turn& now, const event& what)
{
    auto made = decide(policy_, std::move(state_), what, hooks_.clock());
    state_ = std::move(made.next);
    append(now.records, std::move(made.records));
    append(now.actions, std::move(made.actions));
    append(now.letters, std::move(made.letters));
    if (made.check && hooks_.check_now)
        hooks_.check_now(account_of(what));
    if (made.looked && hooks_.looked)
        hooks_.looked(account_of(what));
    reply given;
    given.refused = std::move(made.refused);
    given.crisis = made.crisis;
    given.repeated = made.repeated;
    given.waits = std::move(made.waits);
    given.made = std::move(made.made);
    return given;
}

// While records wait for a ledger that refuses, such a request is not even decided: handle() says so.
bool engine::is_decided_on_record(const letter& one) const { return one.answer && unwritten_.empty() && needs_ledger(one.what); }

// A request that lets go, speaks or ends a flag must not stand when its records cannot be written, and whether they can is known
// only afterwards. So such requests have a turn of their own, which is taken back whole. Others that came with them keep theirs.
asio::awaitable<void> engine::decide_on_record(turn& now, std::deque<letter>& letters)
{
    auto earlier = std::move(now);
    now = turn{};
    now.touched = std::move(earlier.touched);
    now.all_touched = earlier.all_touched;
    auto committing = commit(std::move(earlier));
    co_await std::move(committing);
    std::vector<const event*> asked;
    for (auto one = letters.begin(); one != letters.end() && is_decided_on_record(*one); ++one)
        asked.push_back(&one->what);
    if (asked.empty())
        co_return;  // the ledger refused what came before them
    way_back before{state_, asked};
    turn mine;
    for (std::size_t left = asked.size(); left > 0; --left) {
        handle(mine, std::move(letters.front()));
        letters.pop_front();
    }
    now.touched.merge(mine.touched);
    now.all_touched = now.all_touched || mine.all_touched;
    auto writing = write(mine, if_refused::forget);
    auto error = co_await std::move(writing);
    if (error.empty()) {
        go_on(mine, error);
        co_return;
    }
    std::move(before).go(state_);
    mark_crises();
    for (auto& [answer, given] : mine.answers) {
        reply no;
        no.durable = false;
        no.ledger_error = error;
        answer(std::move(no));
    }
}

void engine::handle(turn& now, letter one)
{
    if (auto* done = std::get_if<action_finished>(&one.what)) {
        --at_once_;
        for (const auto& item : done->result.saved)
            now.blobs.push_back({item.sha256, item.bytes});
    }
    if (one.answer && !unwritten_.empty() && needs_ledger(one.what)) {
        reply no;
        no.durable = false;
        no.ledger_error = ledger_error_;
        one.answer(std::move(no));
        return;
    }
    auto about = account_of(one.what);
    bool only_pages = std::holds_alternative<page_answered>(one.what) || std::holds_alternative<page_acknowledged>(one.what)
                      || std::holds_alternative<health_changed>(one.what) || std::holds_alternative<duty_read>(one.what)
                      || std::holds_alternative<signal_received>(one.what) || std::holds_alternative<proposal_decided>(one.what);
    if (about.empty())
        now.all_touched = now.all_touched || !only_pages;
    else
        now.touched.insert(about);
    if (const auto* health = std::get_if<health_changed>(&one.what); health != nullptr && health->set_back)
        now.all_touched = true;  // everybody's next moment is another one
    auto given = decide_one(now, one.what);
    bool flags_changed = std::holds_alternative<crisis_raised>(one.what) || std::holds_alternative<crisis_lowered>(one.what);
    if (!given.crisis.empty()
        && (std::holds_alternative<signal_received>(one.what) || std::holds_alternative<proposal_decided>(one.what)))
        flags_changed = now.all_touched = true;  // it raised one
    if (flags_changed) {
        mark_crises();
        if (hooks_.look_now)
            for (const auto& [id, declared] : policy_.accounts)
                if (auto flag = state_.crises.find(given.crisis); flag != state_.crises.end() && covers(flag->second, declared))
                    hooks_.look_now(id);
    }
    if (one.answer)
        now.answers.emplace_back(std::move(one.answer), std::move(given));
}

// Tells every budget whether its account is in a crisis: then the reserve may be used.
void engine::mark_crises()
{
    for (const auto& [id, declared] : policy_.accounts)
        if (auto mine = lanes_.find(id); mine != lanes_.end() && mine->second.budget)
            mine->second.budget->in_crisis(!open_over(state_, declared).empty());
}

void engine::wake_at(const account_id& id, lane& mine, std::optional<time_point> when)
{
    if (mine.wake == when)
        return;
    if (mine.wake)
        wakes_.erase({*mine.wake, id});
    mine.wake = when;
    if (!when)
        return;
    wakes_.emplace(*when, id);
    if (wakes_.begin()->second == id)
        ticker_.cancel();  // it sleeps for a later one
}

// Puts the account where it belongs: among those that may call now, or among those that will.
void engine::look_for_work(const account_id& id, time_point at)
{
    auto where = state_.accounts.find(id);
    auto declared = policy_.accounts.find(id);
    if (where == state_.accounts.end() || declared == policy_.accounts.end())
        return;
    auto& mine = lanes_[id];
    if (mine.ready)
        ready_.erase(*mine.ready);
    mine.ready.reset();
    bool work = has_work(state_, where->second, at);
    auto due = most_urgent(where->second);
    bool near = work && due && *due < at + near_work;
    if (mine.budget)
        mine.budget->work_waits(work, near);
    if (!work) {
        if (where->second.in_flight == 0)
            mine.served = 0;
        return wake_at(id, mine, next_wake(where->second));
    }
    auto calls = mine.budget ? mine.budget->available(at) - mine.leaving : 1;
    if (calls <= 0)
        return wake_at(id, mine, std::max(mine.budget->ready_at(at), at + soonest_wake));
    wake_at(id, mine, next_wake(where->second));
    if (where->second.in_flight >= declared->second.most_in_flight)
        return;
    mine.ready = rank{!near, near ? 0 : mine.served, due.value_or(time_point::max()), id};
    ready_.insert(*mine.ready);
}

void engine::offer_capacity(turn& now)
{
    if (stopping_)
        return;
    auto at = hooks_.clock();
    if (now.all_touched)
        for (const auto& [id, declared] : policy_.accounts)
            look_for_work(id, at);
    else
        for (const auto& id : now.touched)
            look_for_work(id, at);
    while (at_once_ < most_at_once_ && !ready_.empty()) {
        if (now.actions.size() >= most_in_a_turn)
            return tell(capacity_offered{ready_.begin()->id, 0});
        auto first = ready_.extract(ready_.begin()).value();
        lanes_[first.id].ready.reset();
        if (offer(now, first.id))
            look_for_work(first.id, at);
    }
}

// One call. False when there was nothing to start after all: the next event about the account asks again.
bool engine::offer(turn& now, const account_id& id)
{
    auto before = now.actions.size();
    decide_one(now, capacity_offered{id, 1});
    auto more = static_cast<int>(now.actions.size() - before);
    at_once_ += more;
    lanes_[id].served += more;
    lanes_[id].leaving += more;
    return more > 0;
}

void engine::keep_unwritten(turn& now, std::vector<audit_record> records)
{
    for (auto& record : records)
        record.late = true;
    append(unwritten_, std::move(records));
    append(unwritten_blobs_, std::move(now.blobs));
}

// Makes the turn's records durable, after those the ledger refused before. "" when it did; else why not. While it refuses it is
// asked again on a rhythm, not with every event: what waits is encoded each time, and the holds must not wait for that.
asio::awaitable<std::string> engine::write(turn& now, if_refused then)
{
    if (now.records.empty() && unwritten_.empty())
        co_return std::string{};
    if (!stopping_ && !unwritten_.empty() && waits_still(hooks_.clock(), try_ledger_at_, pause_of_ledger(unwritten_.size()))) {
        keep_unwritten(now, std::move(now.records));
        co_return ledger_error_;
    }
    bool refused_before = !ledger_error_.empty();
    auto batch = hooks_.encode(unwritten_);
    auto fresh = hooks_.encode(now.records);
    append(batch.entries, std::move(fresh.entries));
    append(batch.blobs, std::move(fresh.blobs));
    batch.blobs.insert(batch.blobs.end(), unwritten_blobs_.begin(), unwritten_blobs_.end());
    batch.blobs.insert(batch.blobs.end(), now.blobs.begin(), now.blobs.end());
    auto written = co_await ledger_.append(std::move(batch));
    if (!written) {
        if (then == if_refused::keep)
            keep_unwritten(now, std::move(now.records));
        ledger_error_ = written.error().detail.empty() ? "refused without a reason" : written.error().detail;
        try_ledger_at_ = hooks_.clock() + pause_of_ledger(unwritten_.size());
        hooks_.ledger_refused(ledger_error_);
        co_return ledger_error_;
    }
    auto records = std::move(unwritten_);
    append(records, std::move(now.records));
    unwritten_.clear();
    unwritten_blobs_.clear();
    ledger_error_.clear();
    if (refused_before)
        hooks_.ledger_refused("");
    if (hooks_.recorded)
        for (const auto& record : records)
            hooks_.recorded(record);
    if (hooks_.committed)
        hooks_.committed(records, *written);
    co_return std::string{};
}

// Record first, then act. When the disk refuses, only the safe direction goes on: what holds, and what only looks.
asio::awaitable<void> engine::commit(turn now)
{
    auto writing = write(now, if_refused::keep);
    auto error = co_await std::move(writing);
    go_on(now, error);
}

// `error`: why the ledger does not take it; empty: it did.
void engine::go_on(turn& now, const std::string& error)
{
    for (auto& one : now.actions) {
        if (error.empty() || is_safe_without_ledger(one.what)) {
            start(std::move(one));
            continue;
        }
        --lanes_[one.account].leaving;
        outcome refused;
        refused.trouble = problem{failure::local, "not done, because the ledger cannot be written: " + error, {}};
        action_finished done{one.id, one.account, std::move(one.what), std::move(refused)};
        tell(std::move(done));
    }
    // Behind every call, and whether the ledger works or not: a page too many wakes somebody, one too few lets a post out.
    for (auto& letter : now.letters)
        if (hooks_.page)
            hooks_.page(std::move(letter));
    for (auto& [answer, given] : now.answers) {
        given.durable = error.empty();
        given.ledger_error = error;
        answer(std::move(given));
    }
}

void engine::start(action what)
{
    auto work = carry(std::move(what));
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

asio::awaitable<void> engine::carry(action what)
{
    --lanes_[what.account].leaving;
    auto again = what;
    auto result = co_await calls_.carry_out(std::move(again));
    action_finished done{what.id, what.account, std::move(what.what), std::move(result)};
    tell(std::move(done));
}

void engine::wake_those_due()
{
    auto now = hooks_.clock();
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        auto id = wakes_.begin()->second;
        wakes_.erase(wakes_.begin());
        lanes_[id].wake.reset();
        tell(capacity_offered{id, 0});
    }
}

asio::awaitable<void> engine::tick()
{
    for (int looks = 1; !stopping_; ++looks) {
        std::chrono::milliseconds wait = look_at_clock_every;
        if (!wakes_.empty())
            wait = std::clamp<std::chrono::milliseconds>(wakes_.begin()->first - hooks_.clock(), milliseconds{1}, wait);
        boost::system::error_code cancelled;
        ticker_.expires_after(wait);
        co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (stopping_)
            co_return;
        wake_those_due();
        if (looks % looks_in_a_tick == 0)
            tell(clock_ticked{});
    }
}

}  // namespace halfmast::engine
