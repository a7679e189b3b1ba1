// The ways to sign in, and what they leave: sessions, tokens, login links.
#include <algorithm>

#include "daemon/access/cookies.hpp"
#include "daemon/access/gate.hpp"
#include "daemon/access/places.hpp"
#include "daemon/access/secrets.hpp"

namespace halfmast::access {

using api::outcome_of;
using api::trouble;
using api::visitor;

namespace {

constexpr milliseconds journey_lasts = std::chrono::minutes{10};
constexpr milliseconds longest_token = std::chrono::hours{24 * 3650};
constexpr std::size_t longest_token_name = 100;

trouble no_provider()
{
    return {422, 1, "no-provider", "There is no provider to sign in with", "[access.oidc] is not in the settings"};
}

trouble not_kept(std::string what)
{
    return {503, 1, "unavailable", "The daemon cannot do this now",
            std::move(what) + ": the file of tokens and sessions cannot be written; see status"};
}

api::token_entry entry_of(const kept_token& one)
{
    api::token_entry made;
    made.id = one.id;
    made.name = one.name;
    made.user = actor_id{one.user};
    made.by = actor_id{one.by};
    made.roles = one.roles;
    made.made_at = one.made_at;
    made.ends_at = one.ends_at;
    made.used_at = one.used_at;
    return made;
}

trouble from_provider(const problem& what)
{
    if (what.kind == failure::rejected)
        return {401, 4, "sign-in-refused", "That sign-in is refused", what.detail};
    if (what.kind == failure::forbidden)
        return api::not_allowed(what.detail);
    if (what.kind == failure::rate_limited)
        return too_often(what.retry_after.value_or(milliseconds{60'000}));
    return {502, 1, "provider", "The provider gave no usable answer", what.detail};
}

}  // namespace

void gate::note(access_noted::act what, const std::string& by, std::string why)
{
    access_noted made;
    made.what = what;
    made.by = actor_id{by};
    made.why = std::move(why);
    around_.note(std::move(made));
}

// Somebody who guesses shall not fill the ledger.
void gate::note_refused(const net::server_request& request, const std::string& user, const std::string& why)
{
    if (note_pace_.take("", around_.clock()))
        return;
    auto name = is_name_of_person(user) ? user : "unknown";
    note(access_noted::act::refused, name, why + ", from " + address_of(request.remote));
}

std::vector<std::string> gate::ways()
{
    std::vector<std::string> all;
    if (std::ranges::any_of(wanted_.users, [](const user& one) { return !one.password_hash.empty(); }))
        all.emplace_back("password");
    if (provider_)
        all.emplace_back("provider");
    return all;
}

// ---- sessions ----

std::optional<trouble> gate::may_try(const net::server_request& request, const std::string& user)
{
    auto now = around_.clock();
    auto address = address_of(request.remote);
    // The address first: whoever guesses from one place keeps nobody out elsewhere for long.
    if (auto wait = guess_pace_.take(address, now)) {
        note_refused(request, user, "tried too often");
        return too_often(*wait);
    }
    if (!user.empty())
        if (auto wait = user_pace_.take(user, now)) {
            note_refused(request, user, "tried too often");
            return too_often(*wait);
        }
    return std::nullopt;
}

asio::awaitable<api::made_session> gate::begin_session(const net::server_request& request, kept_session begun)
{
    auto secret = random_text();
    auto lasts = wanted_.session_longest;
    begun.hash = hash_of(secret);
    begun.made_at = around_.clock();
    if (begun.ends_at)
        lasts = std::min(lasts, *begun.ends_at - begun.made_at);
    begun.seen_at = begun.made_at;
    api::made_session made;
    made.who.how = visitor::proof::session;
    made.who.by = actor_id{begun.user};
    made.who.roles = roles_of(begun).value_or(std::set<role>{});
    made.who.id = begun.hash;
    made.who.language = begun.language;
    made.who.csrf = keyed(secret, csrf_word);
    auto name = cookie_for(session_cookie, request);
    made.cookie = set_cookie(name, secret, is_secure(request), same_site::strict, lasts);
    note(access_noted::act::signed_in, begun.user, "by " + begun.way + ", from " + address_of(request.remote));
    // Another one than whoever had this browser before.
    if (auto old = cookie_value(find_header(request.headers, "Cookie"), name); !old.empty()) {
        book_.end_session(hash_of(old));
        untie(hash_of(old));
    }
    book_.add_session(std::move(begun));
    co_await save();  // without it the session ends with the daemon, which is no harm
    co_return made;
}

asio::awaitable<outcome_of<api::made_session>> gate::sign_in(const net::server_request& request, std::string name,
                                                             std::string password)
{
    halfmast::secret tried{std::move(password)};
    if (auto refused = may_try(request, name))
        co_return *refused;
    const auto* known = find_user(name);
    auto hash = known == nullptr ? std::string{} : known->password_hash;
    auto against = hash;
    auto right = co_await passwords_.fits(std::move(against), std::move(tried));
    if (!right)
        co_return too_often(std::chrono::seconds{2});
    known = find_user(name);  // the settings may have been read anew meanwhile
    if (!*right || known == nullptr || known->password_hash != hash) {
        note_refused(request, name, "wrong name or password");
        co_return trouble{401, 4, "wrong-password", "That did not sign in", "the name or the password is wrong"};
    }
    guess_pace_.forgive(address_of(request.remote));
    user_pace_.forgive(name);
    kept_session begun;
    begun.user = name;
    begun.way = "password";
    begun.mark = mark_of_password(*known);
    begun.language = known->language;
    auto made = co_await begin_session(request, std::move(begun));
    co_return made;
}

asio::awaitable<std::string> gate::sign_out(const net::server_request& request, visitor who)
{
    if (who.how == visitor::proof::session) {
        untie(who.id);
        if (book_.end_session(who.id)) {
            note(access_noted::act::session_ended, who.by.value, "signed out, from " + address_of(request.remote));
            co_await save();
        }
    }
    co_return cookie_taken(session_cookie, request);
}

// ---- login links ----

asio::awaitable<outcome_of<api::made_link>> gate::make_link(visitor by, std::string name)
{
    if (name.empty())
        name = by.by.value;
    if (name != by.by.value && !allows(by.roles, may::administer))
        co_return api::not_allowed("a login link for somebody else needs the role admin");
    const auto* known = find_user(name);
    kept_link made;
    made.user = name;
    if (known != nullptr) {
        made.language = known->language;
    } else if (name == by.by.value && by.how == visitor::proof::socket) {
        made.roles = by.roles;
    } else {
        co_return trouble{
            422, 1, "unknown-user", "There is no such person",
            "'" + name + "' is not among [[access.user]]; a link is for one of them, or for whoever asks over the control socket"};
    }
    auto secret = random_text();
    made.hash = hash_of(secret);
    made.ends_at = around_.clock() + link_lasts;
    api::made_link given;
    given.path = "/login/" + secret;
    given.url = wanted_.url.empty() ? "" : wanted_.url + given.path;
    given.user = actor_id{name};
    given.ends_at = made.ends_at;
    book_.add_link(std::move(made), around_.clock());
    note(access_noted::act::link_made, by.by.value, "for " + name);
    co_return given;
}

std::optional<actor_id> gate::link_is_for(std::string_view secret)
{
    const auto* found = book_.link(hash_of(secret), around_.clock());
    return found == nullptr ? std::nullopt : std::optional{actor_id{found->user}};
}

asio::awaitable<outcome_of<api::made_session>> gate::use_link(const net::server_request& request, std::string secret)
{
    if (auto refused = may_try(request, ""))
        co_return *refused;
    auto used = book_.use_link(hash_of(secret), around_.clock());
    if (!used || (!used->roles && find_user(used->user) == nullptr)) {
        note_refused(request, "", "a login link that was used, is over or never was");
        co_return trouble{401, 4, "link-is-over", "That link is over",
                          "a login link works once and for ten minutes; make another: halfmast login-link"};
    }
    guess_pace_.forgive(address_of(request.remote));
    kept_session begun;
    begun.user = used->user;
    begun.way = "login link";
    begun.roles = used->roles;
    begun.language = used->language;
    auto made = co_await begin_session(request, std::move(begun));
    co_return made;
}

// ---- the provider ----

asio::awaitable<outcome_of<api::journey>> gate::provider_start(const net::server_request& request)
{
    auto asked = provider_;
    if (!asked)
        co_return no_provider();
    if (auto wait = stranger_pace_.take("sign-in " + address_of(request.remote), around_.clock()))
        co_return too_often(*wait);
    // A page of somebody else may not sign anybody in behind their back; browsers say whose page it was.
    auto site = find_header(request.headers, "Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none")
        co_return trouble{403, 4, "foreign-page", "That came from another site's page", "begin the sign-in at halfmast itself"};
    auto come_back = base_url(request) + "/auth/oidc/callback";
    auto begun = co_await asked->begin(std::move(come_back));
    if (!begun)
        co_return from_provider(begun.error());
    api::journey made;
    made.url = begun->url;
    // Lax, for the way back begins at the provider's page.
    made.cookie = set_cookie(cookie_for(journey_cookie, request), begun->cookie, is_secure(request), same_site::lax, journey_lasts);
    co_return made;
}

asio::awaitable<outcome_of<api::made_session>> gate::provider_return(const net::server_request& request)
{
    auto asked = provider_;
    if (!asked)
        co_return no_provider();
    if (auto refused = may_try(request, ""))
        co_return *refused;
    auto cookie = cookie_value(find_header(request.headers, "Cookie"), cookie_for(journey_cookie, request));
    auto query = request.query;
    auto shown = cookie;
    auto person = co_await asked->finish(std::move(query), std::move(shown));
    // One of a journey that goes on, in another tab, stays.
    std::string over;
    if (!cookie.empty() && !asked->awaits(cookie))
        over = cookie_taken(journey_cookie, request);
    if (!person) {
        note_refused(request, "", "provider: " + person.error().detail);
        auto refused = from_provider(person.error());
        if (!over.empty())
            refused.headers.emplace_back("Set-Cookie", std::move(over));
        co_return refused;
    }
    guess_pace_.forgive(address_of(request.remote));
    kept_session begun;
    begun.user = person->name;
    begun.way = way_of_provider;
    begun.roles = person->roles;
    begun.language = person->language;
    if (person->refresh.empty() && wanted_.provider)
        begun.ends_at = around_.clock() + wanted_.provider->session_max;
    auto made = co_await begin_session(request, std::move(begun));
    made.journey_over = std::move(over);
    tie_down(made.who.id, *person);
    co_return made;
}

// ---- tokens ----

asio::awaitable<outcome_of<api::made_token>> gate::make_token(visitor by, api::token_wish wish)
{
    if (wish.name.empty() || wish.name.size() > longest_token_name)
        co_return api::bad_request("'name' says what the token is for, in 1 to " + std::to_string(longest_token_name) + " bytes");
    if (wish.roles.empty())
        co_return api::bad_request("'roles' names at least one role");
    if (wish.lasts && (*wish.lasts < std::chrono::minutes{1} || *wish.lasts > longest_token))
        co_return api::bad_request("'expires' is between 1m and 3650d");
    auto user = wish.user.empty() ? by.by.value : wish.user;
    if (!is_name_of_person(user))
        co_return api::bad_request("'user' is no name that may stand in the ledger");
    auto secret = std::string{token_mark} + random_text();
    kept_token made;
    made.name = wish.name;
    made.user = user;
    made.by = by.by.value;
    made.roles = wish.roles;
    made.hash = hash_of(secret);
    made.made_at = around_.clock();
    if (wish.lasts)
        made.ends_at = made.made_at + *wish.lasts;
    api::made_token given;
    given.entry = entry_of(book_.add_token(std::move(made)));
    given.secret = std::move(secret);
    auto kept = co_await save();
    if (!kept) {
        book_.revoke(given.entry.id);
        co_return not_kept("no token was made");
    }
    note(access_noted::act::token_made, by.by.value,
         given.entry.id + " '" + given.entry.name + "' in the name of " + user + ": " + in_words(given.entry.roles));
    co_return given;
}

std::vector<api::token_entry> gate::tokens()
{
    std::vector<api::token_entry> all;
    for (const auto& one : book_.tokens(around_.clock()))
        all.push_back(entry_of(one));
    return all;
}

asio::awaitable<outcome_of<api::token_entry>> gate::revoke_token(visitor by, std::string id)
{
    auto gone = book_.revoke(id);
    if (!gone)
        co_return api::not_found("there is no token " + id + "; 'halfmast token list' shows those that are");
    note(access_noted::act::token_revoked, by.by.value, gone->id + " '" + gone->name + "'");
    auto kept = co_await save();
    if (!kept)
        co_return not_kept("the token is refused from now on, but would be taken again after a restart");
    co_return entry_of(*gone);
}

}  // namespace halfmast::access
