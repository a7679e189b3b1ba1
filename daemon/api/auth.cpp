#include "daemon/api/auth.hpp"

namespace halfmast::api {

namespace {

trouble no_signing_in()
{
    return {422, 1, "no-sign-in", "There is no signing in here", "this daemon keeps no users, tokens or sessions"};
}

std::set<role> roles_that(may what)
{
    std::set<role> found;
    for (auto one : every_role)
        if (allows(one, what))
            found.insert(one);
    return found;
}

}  // namespace

bool is_loopback_host(std::string_view host)
{
    for (std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
        if (!host.starts_with(name))
            continue;
        auto port = host.substr(name.size());
        return port.empty() || (port.front() == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
    }
    return false;
}

std::optional<trouble> refuse(const visitor& who, may what)
{
    if (what == may::nothing)
        return std::nullopt;
    if (who.may_be_forged)
        return trouble{403, 4, "csrf", "That may not have been meant",
                       "a request with the cookie of a sign-in needs its X-CSRF-Token, which GET /api/v1/session gives"};
    if (who.is_unproved && !is_safe_direction(what) && allows(who.roles, what))
        return trouble{401, 4, "sign-in-again", "Please sign in again",
                       "the provider that " + who.by.value + " signed in with could not be asked lately whether that still holds. Reading, "
                           "raising, holding and answering pages go on; '" + std::string{to_string(what)} + "' needs a new sign-in"};
    if (allows(who.roles, what))
        return std::nullopt;
    if (who.is_over)
        return trouble{401, 4, "sign-in-again", "Please sign in again",
                       "the provider does not stand for this sign-in any more, or its groups have no role here now"};
    if (who.how == visitor::proof::loopback) {
        if (what == may::read)
            return std::nullopt;
        return not_allowed(
            "over TCP this can only be read; use the halfmast command or the control socket, which tell who you are, or sign in");
    }
    if (who.how == visitor::proof::none) {
        trouble nobody{401, 4, "not-signed-in", "Nobody is signed in",
                       "sign in first, or send a token: Authorization: Bearer hm_..."};
        nobody.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"halfmast\"");
        return nobody;
    }
    return not_allowed(who.by.value + " has " + in_words(who.roles) + "; this needs '" + std::string{to_string(what)} + "', which "
                       + in_words(roles_that(what)) + " may");
}

asio::awaitable<outcome_of<std::vector<session_entry>>> doorkeeper::end_sessions(visitor, std::string, std::string)
{
    co_return no_signing_in();
}

doorkeeper::seen open_door::look(const net::server_request& request)
{
    seen made;
    if (request.from) {
        made.who.how = visitor::proof::socket;
        made.who.by = actor_id{request.from->user};
        made.who.roles.insert(every_role.begin(), every_role.end());
        return made;
    }
    made.who.how = visitor::proof::loopback;
    made.who.by = actor_id{"loopback"};
    if (!is_loopback_host(find_header(request.headers, "Host")))
        made.refused = not_allowed("the Host header must be localhost, 127.0.0.1 or [::1]");
    return made;
}

asio::awaitable<outcome_of<made_session>> open_door::sign_in(const net::server_request&, std::string, std::string)
{
    co_return no_signing_in();
}

asio::awaitable<std::string> open_door::sign_out(const net::server_request&, visitor) { co_return std::string{}; }

asio::awaitable<outcome_of<made_token>> open_door::make_token(visitor, token_wish) { co_return no_signing_in(); }

std::vector<token_entry> open_door::tokens() { return {}; }

asio::awaitable<outcome_of<token_entry>> open_door::revoke_token(visitor, std::string) { co_return no_signing_in(); }

asio::awaitable<outcome_of<made_link>> open_door::make_link(visitor, std::string) { co_return no_signing_in(); }

std::optional<actor_id> open_door::link_is_for(std::string_view) { return std::nullopt; }

asio::awaitable<outcome_of<made_session>> open_door::use_link(const net::server_request&, std::string)
{
    co_return no_signing_in();
}

asio::awaitable<outcome_of<journey>> open_door::provider_start(const net::server_request&) { co_return no_signing_in(); }

asio::awaitable<outcome_of<made_session>> open_door::provider_return(const net::server_request&) { co_return no_signing_in(); }

std::vector<std::string> open_door::ways() { return {}; }

}  // namespace halfmast::api
