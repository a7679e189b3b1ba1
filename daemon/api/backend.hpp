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

class event_hub;

// What came of a request that was handed to the loop. Its records are durable when this is answered.
struct answer {
    std::optional<refusal> refused;
    crisis_id crisis;
    bool repeated = false;
    bool durable = true;       // false: the ledger refused; holds go on all the same, nothing else does
    std::string ledger_error;  // why, when not durable
    std::string made;          // say: the number of the new edition; reply: its id
    std::string waits;         // the ask that waits for a second person: it is not done yet

    answer() {}
};

// A raise as a person typed it; the daemon fills in the rest from the playbook.
struct raise_request {
    actor_id by;
    std::string playbook;  // empty: the only one, or the one named "outage"; else a refusal that lists them
    std::string why;
    by_language why_in;  // `why`, where it was given by language
    std::optional<severity> level;
    scope over;
    std::string owner;
    std::optional<milliseconds> next_update;
    bool now = false;    // skip the undo window
    bool drill = false;  // practice, on practice accounts alone

    raise_request() {}
};

// A statement of a flag that is up, as a person asked for it; the daemon writes it for every account in scope.
struct say_request {
    crisis_id crisis;
    actor_id by;
    edition_kind kind = edition_kind::update;
    std::string about;     // what is new, or what was wrong
    by_language about_in;  // the same, where it was given by language
    std::string reason;    // what happened, as the words say it from now on; empty: as before
    by_language reason_in;
    std::string break_glass;                  // why one person is enough, where the playbook asks for two
    std::optional<milliseconds> next_update;  // else the playbook's; an all-clear promises nothing
    bool now = false;                         // skip the undo window

    say_request() {}
};

struct lower_request {
    crisis_id crisis;
    actor_id by;
    std::string why;
    bool all_clear = false;  // say first that it is over
    std::string about;       // of the all-clear
    by_language about_in;
    bool now = false;         // of the all-clear: skip the undo window
    std::string break_glass;  // why one person is enough, where the playbook asks for two

    lower_request() {}
};

// An answer to one person's post.
struct reply_request {
    crisis_id crisis;
    actor_id by;
    account_id account;
    post_id to;
    std::string text;      // may name {{contact}}
    std::string language;  // BCP 47; empty: the account's

    reply_request() {}
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

// What the last checks of the ledger found.
struct ledger_proof {
    struct fault {
        std::int64_t seq = 0;  // 0: not about one record
        std::string what;
    };

    std::optional<bool> ok;                 // absent: not checked whole yet
    std::int64_t records = 0;               // that there are now
    std::optional<time_point> verified_at;  // the last check, whole or of what was new
    std::int64_t through = 0;               // the last record that it read
    std::string head;                       // the hash of that, in hexadecimal digits
    bool checking = false;                  // a whole check is under way or will be next
    std::int64_t signed_through = 0;        // by the signed head that was read then; 0: none could be read
    std::string signed_at;
    std::vector<fault> faults;

    ledger_proof() {}
};

// The settings file as it is on disk now, checked as check-config does.
struct settings_report {
    struct fault {
        std::string file;
        unsigned line = 0;
        unsigned column = 0;
        std::string what;
    };

    std::string file;
    time_point running_since;
    time_point checked_at;
    bool differs = false;             // it is not what the daemon runs with
    std::vector<fault> faults;        // nothing would start with these
    std::vector<std::string> doubts;  // it would, with these said

    settings_report() {}
};

// What a link answered just now.
struct link_report {
    std::string url;
    bool ok = false;
    std::string said;  // what was asked and what came: "HEAD: 404 Not Found"

    link_report() {}
};

// One field that a person typed, as it stands in a statement.
struct filling_preview {
    std::string field;     // "about"
    std::string language;  // "und": it was not said
    bool differs = false;  // from the language of the text around it

    filling_preview() {}
};

// What raise -n and say draft show for one account.
struct statement_preview {
    account_id account;
    std::string kind = "summary";  // "update", "correction", "all_clear"
    std::string by = "post";       // "edit" of the pinned post, "follow-up" in its thread, or a "person" has to do it
    std::string language;
    std::string text;
    std::string form = "long";  // or "short"
    std::size_t length = 0;     // characters as the platform counts them
    int limit = 0;              // 0: none
    bool can_publish = false;
    bool can_pin = false;
    std::vector<std::string> unpins;        // what is pinned now and makes room, as far as it is known: addresses, else ids
    std::vector<link_report> links;         // empty until they were asked
    std::string trouble;                    // empty: it can go out as it is
    std::string hole;                       // a field that it asks for and nobody gave: it waits for a person's word; empty: none
    std::vector<filling_preview> fillings;  // what people typed that stands in it

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
    virtual asio::awaitable<answer> submit(event) = 0;  // every request that needs no words to be written
    virtual asio::awaitable<answer> say(say_request) = 0;
    virtual asio::awaitable<answer> lower(lower_request) = 0;
    virtual asio::awaitable<answer> reply(reply_request) = 0;

    // What a raise would publish, by account in scope. A refusal when the playbook is unknown.
    virtual result<std::vector<statement_preview>> preview(const raise_request&) = 0;
    // The same of a statement for a flag that is up. A refusal when there is no such flag, or when it is down.
    virtual result<std::vector<statement_preview>> preview(const say_request&) = 0;

    // Reads what is pinned now at the platforms that answer, and fills in which of it makes room for what a raise would publish.
    virtual asio::awaitable<void> look_at_pins(std::vector<statement_preview>&) { co_return; }

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

    // In order, those behind `after`, at most `limit`; blobs and all.
    virtual asio::awaitable<result<std::vector<history_entry>>> records_after(std::int64_t after, int limit)
    {
        (void)after, (void)limit;
        co_return std::vector<history_entry>{};
    }
    // Where events are heard; null: nowhere.
    virtual event_hub* events() { return nullptr; }
    // What held posts of one account say at their source now, for those that stand there. Looks only. Empty where nothing can be told;
    // trouble when the platform did not answer.
    virtual asio::awaitable<result<std::vector<post_reading>>> look(account_id account, std::vector<post_id> posts)
    {
        (void)account, (void)posts;
        co_return std::vector<post_reading>{};
    }

    virtual asio::awaitable<std::vector<account_report>> doctor() = 0;

    // Asks every address once, politely; one report for each, in the same order. Takes at most half a minute or so.
    virtual asio::awaitable<std::vector<link_report>> check_links(std::vector<std::string> urls)
    {
        (void)urls;
        co_return std::vector<link_report>{};
    }

    // A proposal becomes a flag: scope and playbook are the proposal's, the rest as a person typed it.
    virtual asio::awaitable<answer> accept_proposal(std::string proposal, raise_request wanted)
    {
        (void)wanted;
        answer no;
        no.refused = refusal{refusal::cause::not_possible, "accept " + proposal + ": this daemon takes no signals"};
        co_return no;
    }

    // What is known of the ledger's soundness; checked on a thread of its own, all the time.
    virtual ledger_proof proof() const { return {}; }
    // From the first record on, now; proof() says what came of it.
    virtual void verify_ledger() {}
    // Reads the files anew, off the loop's thread; changes nothing. Holds no secret, at most the names of their files.
    virtual asio::awaitable<settings_report> check_settings() { co_return settings_report{}; }

    // A bug of ours came to light while somebody was answered; for the log, not for whoever asked.
    virtual void note_mistake(const std::string& what) { (void)what; }

    // Figures for Prometheus, in its text format.
    virtual std::string metrics() const { return {}; }

    // A marked test page to each receiver, and what each answered; by name.
    virtual asio::awaitable<std::vector<receiver_report>> test_pages() { co_return std::vector<receiver_report>{}; }
};

}  // namespace halfmast::api
