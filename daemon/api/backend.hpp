// What the API needs from the rest of the daemon. Owned by this room, implemented by app/; the routes decide nothing themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/core/decide.hpp"
#include "daemon/core/explain.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::api {

namespace asio = boost::asio;

// What came of a request that was handed to the loop. Its records are durable when this is answered.
struct answer {
    std::optional<refusal> refused;
    crisis_id crisis;
    bool repeated = false;
    bool durable = true;       // false: the ledger refused; holds go on all the same, nothing else does
    std::string ledger_error;  // why, when not durable

    answer() {}
};

// A raise as a person typed it; the daemon fills in the rest from the playbook.
struct raise_request {
    actor_id by;
    std::string playbook;  // empty: the only one, or the one named "outage"; else a refusal that lists them
    std::string why;
    std::optional<severity> level;
    scope over;
    std::string owner;
    std::optional<milliseconds> next_update;
    bool now = false;  // skip the undo window

    raise_request() {}
};

struct account_report {
    account_id account;
    std::string connector;
    std::vector<check_line> lines;
};

// What one receiver of pages answered to a test.
struct receiver_report {
    std::string name;
    std::string kind;
    bool ok = false;
    std::string said;

    receiver_report() {}
};

struct history_entry {
    std::int64_t seq = 0;
    std::string at;
    std::string payload;  // canonical JSON
};

// What a link answered just now.
struct link_report {
    std::string url;
    bool ok = false;
    std::string said;  // what was asked and what came: "HEAD: 404 Not Found"

    link_report() {}
};

// What raise -n and say draft show for one account.
struct statement_preview {
    account_id account;
    std::string kind = "summary";   // "update", "correction", "all_clear"
    std::string by = "post";        // "edit" of the pinned post, "follow-up" in its thread, or a "person" has to do it
    std::string language;
    std::string text;
    std::string form = "long";      // or "short"
    std::size_t length = 0;         // characters as the platform counts them
    int limit = 0;                  // 0: none
    bool can_publish = false;
    bool can_pin = false;
    std::vector<std::string> unpins;  // what is pinned now and makes room, as far as it is known: addresses, else ids
    std::vector<link_report> links;   // empty until they were asked
    std::string trouble;            // empty: it can go out as it is

    statement_preview() {}
};

class backend {
public:
    virtual ~backend() = default;

    virtual const policy& rules() const = 0;
    virtual const state& known() const = 0;
    virtual time_point now() const = 0;
    virtual std::vector<std::string> degraded() const = 0;  // health problems in words; empty: all is well

    virtual asio::awaitable<answer> raise(raise_request) = 0;
    virtual asio::awaitable<answer> submit(event) = 0;  // every other request

    // What a raise would publish, by account in scope. A refusal when the playbook is unknown.
    virtual result<std::vector<statement_preview>> preview(const raise_request&) = 0;

    // How long stopping so many posts of this account will take, by what is known of its budget; nullopt when nothing is known.
    virtual std::optional<milliseconds> quiet_in(const account_id&, std::size_t posts) const
    {
        (void)posts;
        return std::nullopt;
    }

    // Newest first; target "" is all, else a display id ("acme-blog/123"), a crisis or an account. before 0: from the end.
    virtual asio::awaitable<result<std::vector<history_entry>>> history(std::string target, std::int64_t before, int limit) = 0;
    virtual asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string sha256) = 0;
    // The raw answer of a held or queued post; null when it is not known.
    virtual asio::awaitable<std::shared_ptr<const std::string>> original(account_id account, post_id post) = 0;

    virtual asio::awaitable<std::vector<account_report>> doctor() = 0;

    // Asks every address once, politely; one report for each, in the same order. Takes at most half a minute or so.
    virtual asio::awaitable<std::vector<link_report>> check_links(std::vector<std::string> urls)
    {
        (void)urls;
        co_return std::vector<link_report>{};
    }

    // A marked test page to each receiver, and what each answered; by name.
    virtual asio::awaitable<std::vector<receiver_report>> test_pages()
    {
        co_return std::vector<receiver_report>{};
    }
};

}  // namespace halfmast::api
