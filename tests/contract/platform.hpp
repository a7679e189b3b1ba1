// What the contract suite needs of a platform: a fake one in memory, which answers requests as the real one does and lets a
// test look behind it. One or several for each connector. No sockets, no clock of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/action.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::contract {

// What a request is for, as the platform understands it; tests count calls and aim faults by it.
enum class call_kind {
    lists,      // a page of the queue
    reads,      // one scheduled post, or another look that changes nothing and is none of the others
    holds,      // stops a post, by whatever rung
    releases,   // puts one back into the queue, recreating it included
    uploads,    // media bytes going up
    downloads,  // media bytes coming down
    publishes,  // makes something public at once, an answer included
    edits,      // changes the words of what is public
    pins,       // pins a post
    unpins,
    reads_pins,      // what is pinned
    reads_feed,      // what the account published
    reads_mentions,  // what people write to it
    other,
};

struct media_file {
    std::string bytes;
    std::string content_type = "image/png";
    std::string description;

    bool operator==(const media_file&) const = default;
};

struct poll {
    std::vector<std::string> options;
    std::int64_t expires_in = 86'400;
    bool multiple = false;

    bool operator==(const poll&) const = default;
};

// A post as a person writes it into the platform's scheduler. A platform ignores what it has no place for (see `has`).
struct new_post {
    std::string text;
    time_point due;
    std::vector<std::string> tags;
    std::vector<media_file> media;
    std::optional<contract::poll> poll;
    std::string visibility;  // empty: the platform's default
    std::string language;
    std::string warning;  // shown before the text
};

// A post as it stands at the platform, in whatever place.
struct standing_post {
    whereabouts where = whereabouts::absent;
    time_point due{};  // queued or parked
    post_id as;        // its id there now; the public post's when it is out
    std::string text;  // plain text, as a reader sees it
    std::vector<media_file> media;
    std::optional<contract::poll> poll;
    std::string visibility;
    std::string language;
    std::string warning;
};

struct public_post {
    post_id id;
    std::string text;  // as a reader sees it now, above what an edit left below
    std::string language;
    time_point at;
    post_id in_reply_to{};  // what it answers
};

// What not every platform has. Rungs, pinning and publishing are not here: the connector declares them.
enum class feature {
    media,
    polls,
    visibility,
    language,
    warning,
    rate_limit_reset,  // says in reset_header() when the window ends, instead of Retry-After
    credential_check,  // doctor can tell a refused credential
    mentions,          // what people write to the account can be read there
    threads,           // a post may answer another one
    rewriting,         // what waits or is held there can be given other words by a person
    edit_marks,        // a reader is shown that a post was edited, or what it said before
};

// One thing that goes wrong on the wire. Applied by the stage around `serve`, alike for every platform.
struct fault {
    call_kind on = call_kind::other;
    int after = 0;                            // the first so many matching calls go well
    int times = 1;                            // then so many go wrong
    std::optional<int> status;                // instead of the real one
    http_headers headers;                     // added; a Content-Type replaces
    std::optional<std::string> body;          // instead of the real one
    bool unreachable = false;                 // nothing was sent
    bool cut = false;                         // the answer never arrived whole
    bool lie = false;                         // answered as if done, and nothing is done
    bool carried_out = false;                 // with a status or a cut: it is done all the same
    std::size_t huge = 0;                     // the body filled up to so many bytes
    std::function<void(std::string&)> spoil;  // changes the real body
};

class fake_platform {
public:
    virtual ~fake_platform() = default;

    [[nodiscard]] virtual std::string connector() const = 0;  // "mastodon": the room in the registry
    // The account's own keys as they would stand in the settings: url, token, ... Secrets in plain.
    [[nodiscard]] virtual std::map<std::string, std::string> settings() const = 0;
    [[nodiscard]] virtual bool has(feature what) const = 0;
    [[nodiscard]] virtual std::string reset_header() const { return "X-RateLimit-Reset"; }
    [[nodiscard]] virtual call_kind kind_of(const http_request& request) const = 0;

    // Answers as the real one. With `carry_out` false it answers as if it had done it, and nothing changes.
    // Times only move forward. The request's URL is whole; the credential in it is to be checked.
    virtual http_response serve(const http_request& request, time_point now, bool carry_out) = 0;
    // For platforms that are not reached over HTTP: whatever goes wrong, and how often each kind was called. The wire's faults and
    // counts are its own for all others.
    virtual void plan(const fault&) {}
    virtual void heal() {}
    [[nodiscard]] virtual int calls(call_kind) const { return 0; }
    virtual void forget_calls() {}

    // Publishes what is due.
    virtual void advance(time_point now) = 0;

    // Behind the API's back, as if a person had done it in the platform's own pages. A platform without a queue is never asked
    // to schedule or remove.
    virtual post_id schedule(const new_post& post, time_point now) = 0;
    virtual void remove(const post_id& scheduled, time_point now) = 0;
    // Other words for a post that waits or is held; where the platform has(feature::rewriting).
    virtual void rewrite(const post_id&, const std::string& /*text*/, time_point)
    {
        throw std::logic_error("its words cannot be changed here");
    }
    virtual post_id publish(const std::string& text, bool pinned, time_point at) = 0;

    // What somebody writes to the account, and what becomes of it; where the platform has(feature::mentions).
    virtual post_id mention(const std::string& /*text*/, const std::string& /*by*/, time_point)
    {
        throw std::logic_error("nobody can write to it here");
    }
    virtual void edit_mention(const post_id&, const std::string&) { throw std::logic_error("nobody can write to it here"); }
    virtual void remove_mention(const post_id&) { throw std::logic_error("nobody can write to it here"); }
    // The account's own words, where people's words stand.
    virtual void answer_mention(const post_id&, const std::string&, time_point)
    {
        throw std::logic_error("nobody can write to it here");
    }

    // By the id it has or had in the queue, or the id it got when it came back there.
    [[nodiscard]] virtual standing_post look(const post_id& id) = 0;
    [[nodiscard]] virtual std::size_t queued() const = 0;                  // how many would go out
    [[nodiscard]] virtual std::vector<public_post> published() const = 0;  // in the order they went out, the oldest first
    [[nodiscard]] virtual std::vector<post_id> pinned() const = 0;         // as the platform shows them
    // What the account itself said in answer to that, the oldest first.
    [[nodiscard]] virtual std::vector<public_post> answers(const post_id& to) const
    {
        auto all = published();
        std::erase_if(all, [&](const auto& one) { return one.in_reply_to != to; });
        return all;
    }
    // A public post shows that it was edited, or still says this under what is new; where the platform has(feature::edit_marks).
    [[nodiscard]] virtual bool shows_edit(const post_id&, const std::string& /*said*/) const
    {
        throw std::logic_error("nothing shows an edit here");
    }
};

// Keys of settings() whose values are nobody's business.
inline bool is_secret_key(std::string_view key)
{
    return key == "token" || key == "password" || key == "client_secret" || key == "refresh_token" || key == "admin_api_key";
}

// A fake of a name, fresh at `now`.
struct maker {
    std::string name;  // "mastodon", or "mastodon, older": what a failed test names
    std::unique_ptr<fake_platform> (*make)(time_point now);
};

// Every platform the suite runs for. The list is made by CMake: for each connector NAME the fakes that NAME_fakes() gives, in
// tests/contract/NAME_fake.cpp.
std::vector<maker> platforms();

}  // namespace halfmast::contract
