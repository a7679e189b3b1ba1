// One platform, connected through its room in the registry; a clock that a test moves; and the wire in between, where
// things go wrong.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/ports/room.hpp"
#include "tests/contract/platform.hpp"
#include "tests/support/memory_vault.hpp"

namespace halfmast::contract {

// Carries requests to the fake, applies faults, counts. Every call takes a little of the platform's time.
class wire final : public http_port {
public:
    explicit wire(fake_platform& to, time_point& now) : to_(to), now_(now) {}

    asio::awaitable<result<http_response>> fetch(http_request request) override;

    void fail(fault what)
    {
        to_.plan(what);
        faults_.push_back({std::move(what), 0});
    }
    void heal()
    {
        to_.heal();
        faults_.clear();
    }
    [[nodiscard]] int count(call_kind kind) const;
    [[nodiscard]] int total() const;
    void forget_counts()
    {
        to_.forget_calls();
        counts_.clear();
    }

    std::vector<std::string> sent;     // "PUT https://..." in order
    std::vector<std::string> details;  // requests that broke a rule of the wire: a secret sent elsewhere, a publish resent blindly

private:
    struct planned {
        fault what;
        int seen = 0;
    };
    std::optional<fault> strike(call_kind kind);
    void watch(const http_request& request, call_kind kind);

    fake_platform& to_;
    time_point& now_;
    std::vector<planned> faults_;
    std::map<call_kind, int> counts_;
};

class stage {
public:
    explicit stage(const maker& which);

    // Runs a connector's coroutine to its end; anything that never ends fails the test.
    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> given;
        std::exception_ptr thrown;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            thrown = error;
            given = std::move(value);
        });
        context.restart();
        // Not until nothing is left to do: a connector may listen to a program of its own all the time.
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!given && !thrown && context.run_one_until(deadline) > 0) {
        }
        if (thrown)
            std::rethrow_exception(thrown);  // no exception may leave a room
        return std::move(given.value());
    }

    void pass(milliseconds time)
    {
        now += time;
        platform->advance(now);
    }

    // As after a restart of the daemon: what is not handed in is forgotten.
    void restart();

    [[nodiscard]] bool has(rung kind) const;
    // The rungs, as the connector declared them.
    [[nodiscard]] const std::vector<rung_offer>& rungs() const { return declared.rungs; }

    // What the engine would hand over for a post as list() gave it.
    post_ptr listed(const post_id& id);
    result<receipt> hold(const post_ptr& post, rung by);
    result<std::vector<post_reading>> read(const std::vector<read_request>& wanted);
    post_reading read_one(const post_ptr& post, const post_id& remote, rung by);
    result<receipt> release(const post_ptr& post, const post_id& remote, rung by, const kept_bytes& kept, time_point at,
                            bool look_first = false, std::optional<std::string> text = {});

    result<receipt> say(publish_summary call);
    // A summary that is out.
    receipt say_first(const std::string& words);

    // A free far date, as the engine gives one.
    [[nodiscard]] time_point far() const { return now + std::chrono::hours{24 * 330}; }

    time_point now;
    asio::io_context context;
    std::unique_ptr<fake_platform> platform;
    wire net;
    test::memory_vault vault;
    account declared;
    connection to;

private:
    const connector_room* room_;
    std::shared_ptr<const connector_settings> own_;
};

// False where nothing can be scheduled.
bool has_queue(const maker& which);

// The rungs a platform has.
std::vector<rung_offer> rungs_of(const maker& which);

// An edition of crisis c-1 as the engine publishes it: the summary is number 1, what follows may answer it.
publish_summary edition_of(std::uint32_t number, const std::string& words, const post_id& in_reply_to = {},
                           bool look_first = false);

// A post of today, due so far ahead.
new_post promo(const stage& on, std::string text, milliseconds ahead);

}  // namespace halfmast::contract
