// Letters on their way: one receiver never waits for another, and at one receiver so many leave at once. It keeps nothing and
// repeats nothing: what is owed is in the ledger, and the core says when to try again. Everything on the executor's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/core/event.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/receiver.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::alert {

namespace asio = boost::asio;

// Whether a kind is one of ours, and what the core has to know of it.
struct receiver_kind {
    bool hears_acknowledged = true;
    bool hears_resolved = true;
    milliseconds refresh{0};
};
std::optional<receiver_kind> find_receiver_kind(std::string_view kind);

// What `doctor --pages` says of one receiver.
struct receiver_report {
    std::string name;
    std::string kind;
    bool ok = false;
    std::string said;  // its answer, or why it did not take the test

    receiver_report() {}
};

class outbox {
public:
    // `http` outlives the outbox, and so does what `answered` uses.
    outbox(asio::any_io_executor executor, http_port& http, std::function<time_point()> clock,
           std::function<void(page_answered)> answered);
    ~outbox();
    outbox(const outbox&) = delete;
    outbox& operator=(const outbox&) = delete;

    void add(receiver_settings to);

    // Answered once, by `answered`, whatever happens.
    void send(page_letter letter);

    // One letter to one receiver, now: a test, or the heartbeat.
    asio::awaitable<result<std::string>> deliver(page_letter letter);

    // A marked test page to each receiver, all at once; in the order of their names.
    asio::awaitable<std::vector<receiver_report>> test_all();

    [[nodiscard]] bool empty() const { return receivers_.empty(); }

private:
    struct lane;

    void start_more(lane& mine);
    asio::awaitable<void> carry(std::shared_ptr<lane> mine, page_letter letter);
    asio::awaitable<result<std::string>> put(std::shared_ptr<lane> mine, page_letter letter);

    asio::any_io_executor executor_;
    http_port& http_;
    std::function<time_point()> clock_;
    std::function<void(page_answered)> answered_;
    std::map<std::string, std::shared_ptr<lane>> receivers_;
};

}  // namespace halfmast::alert
