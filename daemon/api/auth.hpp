// Who comes, by what proof, and what signing in needs from the rest of the daemon. The interface is owned by this room and
// implemented by room access; what a role may do is the core's. Nothing here ever gives a secret away twice.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/api/problem_json.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/roles.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

namespace asio = boost::asio;

// Who asks, and how they proved it.
struct visitor {
    enum class proof {
        none,         // over TCP, and nobody
        loopback,     // over TCP from this machine, with nothing set about who may do what: reads
        socket,       // the unix socket: the kernel's word
        certificate,  // TLS, a client certificate of our authority
        token,        // Authorization: Bearer hm_...
        session,      // the cookie of a sign-in
    };

    proof how = proof::none;
    actor_id by;
    std::set<role> roles;
    std::string id;    // of the token or session; no secret
    std::string csrf;  // of a session: what its pages send back
    bool may_be_forged =
        false;  // a session's request that would change something, without that: a page of somebody else may have sent it
    bool is_over = false;      // of nobody: they show a session that the provider does not stand for any more
    bool is_unproved = false;  // of a session: its provider could not be asked lately. Only the safe direction is theirs
    std::string language;      // of a session: what its person reads; "" when nobody said
};

// May this visitor ask for that? nullopt: yes. 401 for nobody, 403 for somebody else; says which roles may.
std::optional<trouble> refuse(const visitor& who, may what);

struct token_wish {
    std::string name;  // what it is for, for people
    std::string user;  // in whose name it asks; "": whoever makes it
    std::set<role> roles;
    std::optional<milliseconds> lasts;  // absent: until it is revoked

    token_wish() {}
};

struct token_entry {
    std::string id;
    std::string name;
    actor_id user;  // in whose name it asks
    actor_id by;    // who made it
    std::set<role> roles;
    time_point made_at;
    std::optional<time_point> ends_at;
    std::optional<time_point> used_at;  // to the minute

    token_entry() {}
};

struct made_token {
    token_entry entry;
    std::string secret;  // shown once; kept as its SHA-256 only

    made_token() {}
};

struct made_session {
    visitor who;
    std::string cookie;        // the value of Set-Cookie
    std::string journey_over;  // likewise: takes the cookie of a journey away; "": there was none

    made_session() {}
};

struct session_entry {
    std::string id;  // no secret; as long as the session lasts
    actor_id user;
    std::string way;  // "password", "login link", "provider"
    time_point made_at;
    time_point seen_at;
    time_point ends_at;   // at the latest
    bool asking = false;  // whoever asks, asks in it

    session_entry() {}
};

struct made_link {
    std::string path;  // "/login/..."; below whatever the console's address is
    std::string url;   // with the address the settings name, "" when they name none
    actor_id user;
    time_point ends_at;

    made_link() {}
};

// Where a browser is sent next, and the cookie it takes along.
struct journey {
    std::string url;
    std::string cookie;

    journey() {}
};

template <class T>
using outcome_of = boost::system::result<T, trouble>;

class doorkeeper {
public:
    virtual ~doorkeeper() = default;

    // Who sent this. Refused are a Host that is not ours, a proof that proves nothing (any more), a cookie's request without its
    // CSRF token, and a peer that asks too often. Cheap; on the loop's thread, as everything here.
    struct seen {
        visitor who;
        std::optional<trouble> refused;

        seen() {}
    };
    virtual seen look(const net::server_request&) = 0;

    // Would look() let them read now, by the same proof? Counts as no use of it. For answers that have no end of their own.
    virtual bool still_stands(const visitor&) { return true; }

    // Passwords take a while and are tried on a thread of their own, a few at a time.
    virtual asio::awaitable<outcome_of<made_session>> sign_in(const net::server_request& request, std::string user,
                                                              std::string password) = 0;
    // Ends the visitor's session; gives the cookie that takes theirs away.
    virtual asio::awaitable<std::string> sign_out(const net::server_request& request, visitor who) = 0;

    // Those of this visitor; of everybody, where they may administer. The newest first.
    virtual std::vector<session_entry> sessions(const visitor&) { return {}; }
    // Ends one by its id, or with "" all of `user` but the one that asks. Of others it takes the right to administer; in a session it
    // takes one that began a short while ago: whoever found an open browser cannot lock its owner out. Gives those that ended.
    virtual asio::awaitable<outcome_of<std::vector<session_entry>>> end_sessions(visitor by, std::string id, std::string user);

    // Somebody was told no: it was not theirs to do, or they did not mean it. For the ledger, at a pace that nobody can fill it with.
    virtual void turned_away(const net::server_request& request, const visitor& who, const std::string& why)
    {
        (void)request, (void)who, (void)why;
    }

    virtual asio::awaitable<outcome_of<made_token>> make_token(visitor by, token_wish wish) = 0;
    virtual std::vector<token_entry> tokens() = 0;  // without those that ended
    virtual asio::awaitable<outcome_of<token_entry>> revoke_token(visitor by, std::string id) = 0;

    virtual asio::awaitable<outcome_of<made_link>> make_link(visitor by, std::string user) = 0;
    virtual std::optional<actor_id> link_is_for(std::string_view secret) = 0;  // nullopt: used, over or never made
    virtual asio::awaitable<outcome_of<made_session>> use_link(const net::server_request& request, std::string secret) = 0;

    // The provider's sign-in: where to go, and what coming back means.
    virtual asio::awaitable<outcome_of<journey>> provider_start(const net::server_request& request) = 0;
    virtual asio::awaitable<outcome_of<made_session>> provider_return(const net::server_request& request) = 0;

    // How people can sign in here: "password", "provider".
    virtual std::vector<std::string> ways() = 0;
};

// With nothing set: whoever reaches the unix socket has every role, loopback may read, and there is no signing in.
class open_door final : public doorkeeper {
public:
    seen look(const net::server_request&) override;
    asio::awaitable<outcome_of<made_session>> sign_in(const net::server_request&, std::string, std::string) override;
    asio::awaitable<std::string> sign_out(const net::server_request&, visitor) override;
    asio::awaitable<outcome_of<made_token>> make_token(visitor, token_wish) override;
    std::vector<token_entry> tokens() override;
    asio::awaitable<outcome_of<token_entry>> revoke_token(visitor, std::string) override;
    asio::awaitable<outcome_of<made_link>> make_link(visitor, std::string) override;
    std::optional<actor_id> link_is_for(std::string_view) override;
    asio::awaitable<outcome_of<made_session>> use_link(const net::server_request&, std::string) override;
    asio::awaitable<outcome_of<journey>> provider_start(const net::server_request&) override;
    asio::awaitable<outcome_of<made_session>> provider_return(const net::server_request&) override;
    std::vector<std::string> ways() override;
};

// A page in a browser can make its own host name point at 127.0.0.1; what it cannot do is send another Host than that name.
bool is_loopback_host(std::string_view host);

}  // namespace halfmast::api
