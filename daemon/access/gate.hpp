// The doorkeeper of the daemon: who comes, by what proof, and the ways to sign in. Owns the file of tokens and sessions. Decides
// nothing about crises: what a role may do is the core's, which route needs what is the API's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/thread_pool.hpp>

#include "daemon/access/book.hpp"
#include "daemon/access/limits.hpp"
#include "daemon/ports/access.hpp"
#include "daemon/access/passwords.hpp"
#include "daemon/access/provider.hpp"
#include "daemon/api/auth.hpp"
#include "daemon/core/event.hpp"

namespace halfmast::access {

// What the gate needs from the rest of the daemon; all of it on the loop's thread.
struct surroundings {
    asio::any_io_executor home;
    std::function<time_point()> clock;
    std::function<void(access_noted)> note;                            // for the ledger
    std::function<void(std::string)> trouble;                          // with the file of tokens and sessions; "": it is over
    http_port* http = nullptr;                                         // to the provider
    std::string file;                                                  // "" keeps nothing
    std::function<std::set<std::string>(const net::peer&)> groups_of;  // of unix; empty: asks the system
};

class gate final : public api::doorkeeper {
public:
    // Reads the file. One that cannot be read is left as it is, and nothing is written over it.
    gate(options wanted, surroundings around);
    ~gate() override;

    // Other settings from now on: whoever is not in them any more is out.
    void renew(options wanted);

    // Asks the provider again about those of its sessions that are due: some end, some have other roles. To be called every
    // recheck_every() or so; one at a time. What is asked with is in memory only.
    asio::awaitable<void> recheck();
    [[nodiscard]] milliseconds recheck_every() const;

    seen look(const net::server_request& request) override;
    bool still_stands(const api::visitor& who) override;
    asio::awaitable<api::outcome_of<api::made_session>> sign_in(const net::server_request& request, std::string user,
                                                                std::string password) override;
    asio::awaitable<std::string> sign_out(const net::server_request& request, api::visitor who) override;
    std::vector<api::session_entry> sessions(const api::visitor& by) override;
    asio::awaitable<api::outcome_of<std::vector<api::session_entry>>> end_sessions(api::visitor by, std::string id,
                                                                                   std::string user) override;
    void turned_away(const net::server_request& request, const api::visitor& who, const std::string& why) override;
    asio::awaitable<api::outcome_of<api::made_token>> make_token(api::visitor by, api::token_wish wish) override;
    std::vector<api::token_entry> tokens() override;
    asio::awaitable<api::outcome_of<api::token_entry>> revoke_token(api::visitor by, std::string id) override;
    asio::awaitable<api::outcome_of<api::made_link>> make_link(api::visitor by, std::string user) override;
    std::optional<actor_id> link_is_for(std::string_view secret) override;
    asio::awaitable<api::outcome_of<api::made_session>> use_link(const net::server_request& request, std::string secret) override;
    asio::awaitable<api::outcome_of<api::journey>> provider_start(const net::server_request& request) override;
    asio::awaitable<api::outcome_of<api::made_session>> provider_return(const net::server_request& request) override;
    std::vector<std::string> ways() override;

private:
    struct kept_groups {
        std::set<std::string> names;
        time_point at;
    };

    // A session that its provider can be asked about again.
    struct tie {
        secret refresh;
        std::string subject;
        time_point proved_at;
        time_point next_at;
        bool away = false;  // it could not be asked the last time
    };

    // ---- the provider's sessions ----
    void tie_down(const std::string& session, const proved_person& person);
    void untie(const std::string& session);
    void renew_ties(const std::optional<provider_options>& before);
    void end_by_provider(const std::string& session, const std::string& why);
    asio::awaitable<bool> recheck_one(std::shared_ptr<provider> asked, std::string session);
    [[nodiscard]] bool is_unproved(const std::string& session, time_point now) const;

    // ---- proofs ----
    api::visitor by_socket(const net::peer& from, time_point now);
    bool by_token(const net::server_request& request, std::string_view bearer, seen& made, time_point now);
    void by_certificate(const net::server_request& request, api::visitor& who) const;
    void by_session(const net::server_request& request, api::visitor& who, time_point now);
    const std::set<std::string>& groups_of(const net::peer& from, time_point now);
    [[nodiscard]] const user* find_user(const std::string& name) const;
    [[nodiscard]] std::optional<std::set<role>> roles_of(const kept_session& session) const;

    // ---- places ----
    [[nodiscard]] bool is_our_host(std::string_view host) const;
    [[nodiscard]] bool is_secure(const net::server_request& request) const;
    [[nodiscard]] std::string base_url(const net::server_request& request) const;
    [[nodiscard]] std::string cookie_for(std::string_view name, const net::server_request& request) const;
    [[nodiscard]] std::string cookie_taken(std::string_view name, const net::server_request& request) const;

    // ---- signing in ----
    [[nodiscard]] std::optional<api::trouble> refuse_to_end(const api::visitor& by) const;
    std::optional<api::trouble> may_try(const net::server_request& request, const std::string& user);
    asio::awaitable<api::made_session> begin_session(const net::server_request& request, kept_session begun);
    void note(access_noted::act what, const std::string& by, std::string why);
    void note_refused(const net::server_request& request, const std::string& user, const std::string& why);

    // ---- the file ----
    void read_file();
    asio::awaitable<bool> save();
    void save_in_passing(time_point now);

    options wanted_;
    surroundings around_;
    book book_;
    passwords passwords_;
    std::shared_ptr<provider> provider_;
    std::map<std::string, tie> ties_;         // by the session's hash
    std::map<std::string, time_point> over_;  // sessions that the provider ended, and when
    bool rechecking_ = false;
    std::map<unsigned, kept_groups> groups_;  // by uid
    limits known_pace_;
    limits stranger_pace_;
    limits guess_pace_;  // of passwords and secrets, by address
    limits user_pace_;   // of passwords, by user
    limits note_pace_;   // refusals in the ledger
    bool may_write_ = true;
    bool failing_ = false;
    time_point saved_at_{};
    asio::thread_pool writer_{1};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace halfmast::access
