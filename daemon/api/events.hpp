// What happens, as server-sent events: the ledger's records by their numbers, and what the last poll changed. One hub for all readers: a
// record is put into words once, however many read along. Whoever was away gets from the ledger what it missed. Must not decide anything.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/api/backend.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

class event_hub {
public:
    explicit event_hub(asio::any_io_executor executor);

    // A record is durable. Numbers come in order; what nobody told the hub of is read from the ledger.
    void record(std::int64_t seq, const std::string& at, std::string_view payload);
    // A poll found another queue than before.
    void looked(const account_id& account);

    // True while somebody reads: else nothing has to be put into words.
    [[nodiscard]] bool is_heard() const { return readers_ > 0; }

    // Sends everything behind `after` and then what comes, until the reader is gone. `after` < 0: from now on. The backend gives what
    // the hub does not remember. `still` is asked with each ping, every two
    // seconds: false ends it.
    asio::awaitable<void> serve(net::response_stream& to, backend& daemon, std::int64_t after, std::function<bool()> still = {});

private:
    struct entry {
        std::int64_t seq;
        std::string text;
    };
    struct look {
        std::uint64_t number;
        account_id account;
    };
    struct reader;

    void stir();
    void ring();
    bool remembers(std::int64_t after) const;
    std::string since(std::int64_t after, std::uint64_t looked_at) const;
    asio::awaitable<bool> catch_up(reader& mine, net::response_stream& to, backend& daemon);

    asio::any_io_executor executor_;
    asio::steady_timer gather_;  // what comes together is sent together
    bool gathering_ = false;
    std::deque<entry> recent_;  // the last ones, without a gap
    std::size_t recent_bytes_ = 0;
    std::int64_t last_ = 0;  // the highest number known; 0: none yet
    std::deque<look> looks_;
    std::uint64_t look_number_ = 0;
    std::deque<std::shared_ptr<asio::steady_timer>> waiting_;
    int readers_ = 0;
};

}  // namespace halfmast::api
