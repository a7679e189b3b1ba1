#include "connectors/exec/program.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <set>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "connectors/exec/child.hpp"

namespace halfmast::exec {

namespace {

using std::chrono::steady_clock;
using boost::system::error_code;

constexpr milliseconds hello_patience{20'000};  // at least: interpreters start slowly on a busy machine
constexpr milliseconds patience{2'000};         // between SIGTERM and SIGKILL
constexpr milliseconds last_patience{1'000};    // the same when the daemon ends
constexpr milliseconds longest_pause{60'000};
constexpr std::size_t most_words = 2'000;  // of a line on standard error
constexpr int most_words_a_minute = 200;

}  // namespace

class program::inner : public std::enable_shared_from_this<program::inner> {
public:
    explicit inner(std::shared_ptr<const settings> own) : own_(std::move(own)) {}

    asio::awaitable<result<reply>> ask(std::string verb, nlohmann::json members, std::string doing);
    void hear(std::function<void(std::string)> to) { to_ = std::move(to); }
    void stop();

private:
    // A call on its way.
    struct pending {
        explicit pending(asio::any_io_executor on) : bell(on) {}
        asio::steady_timer bell;
        std::optional<wire::answer> given;
        std::optional<problem> trouble;
    };

    // The program as long as it runs.
    struct running {
        running(asio::any_io_executor on, const child& made)
            : pid(made.pid),
              in(on, asio::local::stream_protocol{}, made.in),
              out(on, made.out),
              err(on, made.err)
        {
        }
        pid_t pid;
        asio::local::stream_protocol::socket in;
        asio::posix::stream_descriptor out;
        asio::posix::stream_descriptor err;
        std::string unsent;
        bool writing = false;
        bool alive = true;
        std::map<std::uint64_t, std::shared_ptr<pending>> calls;
    };
    using running_ptr = std::shared_ptr<running>;

    asio::awaitable<void> take_turn();
    void give_turn();
    asio::awaitable<result<running_ptr>> get_running(std::string doing);
    asio::awaitable<result<running_ptr>> start_anew(std::string doing);
    asio::awaitable<result<reply>> exchange(running_ptr run, std::string verb, nlohmann::json members, std::string doing,
                                            milliseconds timeout);
    static asio::awaitable<void> write_all(running_ptr run);
    asio::awaitable<void> read_answers(running_ptr run);
    asio::awaitable<void> read_words(running_ptr run);
    asio::awaitable<void> bury(pid_t pid);
    bool take_lines(const running_ptr& run, std::string& buffer, std::size_t& looked);
    bool deliver(const running_ptr& run, std::string_view line);
    void end(const running_ptr& run, const std::string& why, failure kind = failure::unknown_outcome);
    void pause();
    void say(std::string line);

    std::shared_ptr<const settings> own_;
    std::function<void(std::string)> to_;
    std::optional<asio::any_io_executor> on_;
    std::optional<asio::steady_timer> turn_;  // never expires: its bell
    running_ptr now_;
    bool starting_ = false;
    bool stopped_ = false;
    int under_way_ = 0;
    std::uint64_t next_id_ = 1;
    int deaths_ = 0;  // since the last good answer
    steady_clock::time_point not_before_{};
    std::set<pid_t> dying_;
    steady_clock::time_point minute_{};
    int words_ = 0;
};

// As many calls at once as the program takes; the others wait here, where their time-out does not run yet.
asio::awaitable<void> program::inner::take_turn()
{
    while (under_way_ >= own_->at_once || starting_) {
        error_code rung;
        co_await turn_->async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
    ++under_way_;
}

void program::inner::give_turn()
{
    --under_way_;
    turn_->cancel();
}

asio::awaitable<result<reply>> program::inner::ask(std::string verb, nlohmann::json members, std::string doing)
{
    auto self = shared_from_this();
    if (!on_) {
        on_ = co_await asio::this_coro::executor;
        turn_.emplace(*on_, steady_clock::time_point::max());
    }
    co_await take_turn();
    auto run = co_await get_running(doing);
    if (!run) {
        give_turn();
        co_return run.error();
    }
    auto given = co_await exchange(*run, std::move(verb), std::move(members), doing, own_->timeout);
    if (given)
        deaths_ = 0;
    give_turn();
    co_return given;
}

asio::awaitable<result<program::inner::running_ptr>> program::inner::get_running(std::string doing)
{
    if (now_ && now_->alive)
        co_return now_;
    if (stopped_)
        co_return wire::trouble(*own_, failure::unreachable, doing, "halfmast is ending");
    auto left = std::chrono::ceil<milliseconds>(not_before_ - steady_clock::now());
    if (left > milliseconds{0}) {
        auto later = wire::trouble(*own_, failure::unreachable, doing,
                                   "it ended " + std::to_string(deaths_) + " times in a row; it is started again in "
                                       + format_duration(std::chrono::ceil<seconds>(left)));
        later.retry_after = left;
        co_return later;
    }
    starting_ = true;
    auto started = co_await start_anew(doing);
    starting_ = false;
    turn_->cancel();
    co_return started;
}

asio::awaitable<result<program::inner::running_ptr>> program::inner::start_anew(std::string doing)
{
    auto made = start(own_->program, own_->arguments);
    if (!made) {
        pause();
        co_return wire::trouble(*own_, failure::unreachable, doing, made.error().detail);
    }
    auto run = std::make_shared<running>(*on_, *made);
    now_ = run;
    auto answers = read_answers(run);
    asio::co_spawn(*on_, std::move(answers), asio::detached);
    auto words = read_words(run);
    asio::co_spawn(*on_, std::move(words), asio::detached);
    auto members = wire::hello(*own_);
    auto hello = co_await exchange(run, "hello", std::move(members), "start", std::max(own_->timeout, hello_patience));
    if (!hello) {
        end(run, "hello was not answered");
        co_return problem{failure::unreachable, hello.error().detail,
                          hello.error().retry_after};  // what was asked for was never told
    }
    auto offer = wire::read_offer(*own_, hello->given);
    auto missing = offer ? wire::missing_in(*offer, *own_) : offer.error().detail;
    if (!missing.empty()) {
        end(run, "its hello will not do");
        co_return wire::trouble(*own_, failure::local, doing, missing);
    }
    say("started" + (offer->name.empty() ? "" : ": " + offer->name));
    co_return run;
}

asio::awaitable<result<reply>> program::inner::exchange(running_ptr run, std::string verb, nlohmann::json members,
                                                        std::string doing, milliseconds timeout)
{
    auto id = next_id_++;
    auto call = std::make_shared<pending>(*on_);
    call->bell.expires_after(timeout);
    run->calls[id] = call;
    run->unsent += wire::line_of(id, verb, std::move(members));
    if (!run->writing) {
        run->writing = true;
        auto work = write_all(run);
        asio::co_spawn(*on_, std::move(work), asio::detached);
    }
    if (!call->given && !call->trouble) {
        error_code rung;
        co_await call->bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
    run->calls.erase(id);
    if (call->trouble)
        co_return wire::trouble(*own_, call->trouble->kind, doing, call->trouble->detail);
    if (!call->given) {
        // What hangs once hangs again, and a late answer would be taken for the next one's.
        end(run, "it did not answer '" + verb + "' within " + format_duration(timeout));
        co_return wire::trouble(*own_, failure::unknown_outcome, doing, "no answer within " + format_duration(timeout));
    }
    if (call->given->trouble) {
        auto told = wire::trouble(*own_, call->given->trouble->kind, doing, call->given->trouble->detail);
        told.retry_after = call->given->trouble->retry_after;
        co_return told;
    }
    co_return reply{std::move(call->given->given)};
}

asio::awaitable<void> program::inner::write_all(running_ptr run)
{
    while (run->alive && !run->unsent.empty()) {
        auto part = std::move(run->unsent);
        run->unsent.clear();
        error_code error;
        co_await asio::async_write(run->in, asio::buffer(part), asio::redirect_error(asio::use_awaitable, error));
        if (error)
            break;  // it does not read any more; its end is seen where it is read from
    }
    run->writing = false;
}

asio::awaitable<void> program::inner::read_answers(running_ptr run)
{
    auto self = shared_from_this();
    std::string buffer;
    std::size_t looked = 0;
    std::string chunk(64u << 10, '\0');
    while (run->alive) {
        error_code error;
        auto got = co_await run->out.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            end(run, "it ended");
            break;
        }
        buffer.append(chunk, 0, got);
        if (!take_lines(run, buffer, looked))
            break;
    }
}

// False when the program was ended for what it said.
bool program::inner::take_lines(const running_ptr& run, std::string& buffer, std::size_t& looked)
{
    std::size_t begin = 0;
    bool too_long = false;
    for (auto at = buffer.find('\n', looked); at != std::string::npos && !too_long; at = buffer.find('\n', begin)) {
        too_long = at - begin > wire::most_line;
        if (!too_long && !deliver(run, std::string_view{buffer}.substr(begin, at - begin))) {
            end(run, "it said what is no answer");
            return false;
        }
        begin = at + 1;
    }
    buffer.erase(0, begin);
    looked = buffer.size();
    if (!too_long && buffer.size() <= wire::most_line)
        return true;
    end(run, "it wrote a line of more than " + std::to_string(wire::most_line >> 20) + " MiB", failure::bad_reply);
    return false;
}

bool program::inner::deliver(const running_ptr& run, std::string_view line)
{
    auto given = wire::read_line(*own_, line);
    auto call = given ? run->calls.find(given->id) : run->calls.end();
    if (call == run->calls.end() || call->second->given)
        return false;
    call->second->given = std::move(*given);
    call->second->bell.cancel();
    return true;
}

asio::awaitable<void> program::inner::read_words(running_ptr run)
{
    auto self = shared_from_this();
    std::string line;
    std::string chunk(4u << 10, '\0');
    for (;;) {
        error_code error;
        auto got = co_await run->err.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
        for (char c : std::string_view{chunk}.substr(0, error ? 0 : got)) {
            if (c == '\n') {
                say(std::move(line));
                line.clear();
            } else if (line.size() < most_words) {
                line.push_back(c);
            }
        }
        if (error)
            break;
    }
    if (!line.empty())
        say(std::move(line));
}

// Everybody who waits for it learns that nothing will come.
void program::inner::end(const running_ptr& run, const std::string& why, failure kind)
{
    if (!run->alive)
        return;
    run->alive = false;
    auto calls = std::move(run->calls);
    run->calls.clear();
    for (auto& [id, call] : calls) {
        if (!call->given)
            call->trouble = problem{kind, why, {}};
        call->bell.cancel();
    }
    error_code ignored;
    run->in.close(ignored);
    run->out.close(ignored);
    if (now_ == run)
        now_ = nullptr;
    if (stopped_)
        return;
    say(why);
    pause();
    dying_.insert(run->pid);
    auto work = bury(run->pid);
    asio::co_spawn(*on_, std::move(work), asio::detached);
}

// The first death is forgiven at once; then one, two, four seconds and so on.
void program::inner::pause()
{
    auto now = steady_clock::now();
    if (now < not_before_)
        return;
    ++deaths_;
    if (deaths_ > 1)
        not_before_ = now + std::min(longest_pause, milliseconds{1'000} * (1 << std::min(deaths_ - 2, 6)));
}

asio::awaitable<void> program::inner::bury(pid_t pid)
{
    auto self = shared_from_this();
    asio::steady_timer wait(*on_);
    signal_group(pid, SIGTERM);
    bool made_to = false;
    for (milliseconds waited{0}; dying_.contains(pid) && !has_ended(pid);) {
        auto step = waited < milliseconds{200} ? milliseconds{10} : milliseconds{100};
        wait.expires_after(step);
        error_code error;
        co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, error));
        waited += step;
        if (waited >= patience && !made_to && dying_.contains(pid)) {
            signal_group(pid, SIGKILL);
            made_to = true;
        }
    }
    if (dying_.erase(pid) > 0)
        say("ended with " + reap(pid));
}

void program::inner::say(std::string line)
{
    if (!to_)
        return;
    auto now = steady_clock::now();
    if (now - minute_ > std::chrono::minutes{1}) {
        minute_ = now;
        words_ = 0;
    }
    if (++words_ == most_words_a_minute)
        to_("says more than " + std::to_string(most_words_a_minute) + " lines a minute; the others are left out");
    else if (words_ < most_words_a_minute)
        to_(wire::shown(*own_, line, most_words));
}

void program::inner::stop()
{
    stopped_ = true;
    to_ = nullptr;
    auto left = std::exchange(dying_, {});
    if (auto run = now_; run && run->alive) {
        end(run, "halfmast is ending");
        error_code ignored;
        run->err.close(ignored);
        left.insert(run->pid);
    }
    for (auto pid : left)
        end_now(pid, last_patience);
}

program::program(std::shared_ptr<const settings> own) : inner_(std::make_shared<inner>(std::move(own))) {}

program::~program() { inner_->stop(); }

asio::awaitable<result<reply>> program::ask(std::string verb, nlohmann::json members, std::string doing)
{
    return inner_->ask(std::move(verb), std::move(members), std::move(doing));
}

void program::hear(std::function<void(std::string line)> to) { inner_->hear(std::move(to)); }

}  // namespace halfmast::exec
