#include "daemon/access/gate.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <grp.h>
#include <unistd.h>

#include "daemon/access/cookies.hpp"
#include "daemon/access/places.hpp"
#include "daemon/access/secrets.hpp"
#include "daemon/audit/files.hpp"
#include "daemon/net/off_loop.hpp"

namespace halfmast::access {

using api::outcome_of;
using api::trouble;
using api::visitor;

namespace {

constexpr pace of_known{2'000, 500};
constexpr pace of_strangers{200, 50};
constexpr pace of_guesses{10, 1.0 / 10};
constexpr pace of_user{10, 1.0 / 30};
constexpr pace of_notes{30, 1.0 / 10};
constexpr milliseconds groups_last = std::chrono::minutes{1};
constexpr milliseconds save_every = std::chrono::minutes{1};
constexpr std::size_t most_file = 8u << 20;

std::set<std::string> system_groups(const net::peer& from)
{
    std::vector<gid_t> ids(64);
    int count = static_cast<int>(ids.size());
    if (::getgrouplist(from.user.c_str(), from.gid, ids.data(), &count) < 0) {
        ids.resize(static_cast<std::size_t>(std::max(count, 1)));
        if (::getgrouplist(from.user.c_str(), from.gid, ids.data(), &count) < 0)
            count = 0;
    }
    std::set<std::string> names;
    for (int i = 0; i < count; ++i) {
        std::vector<char> room(16u << 10);
        group entry{};
        group* found = nullptr;
        if (::getgrgid_r(ids[static_cast<std::size_t>(i)], &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
            names.insert(entry.gr_name);
    }
    return names;
}

}  // namespace

trouble too_often(milliseconds wait)
{
    auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    trouble made{429, 1, "too-often", "Too many requests", "that was asked too often; again in " + std::to_string(seconds) + " s"};
    made.headers.emplace_back("Retry-After", std::to_string(seconds));
    return made;
}

std::string mark_of_password(const user& one)
{
    return one.password_hash.empty() ? std::string{} : hash_of(one.password_hash).substr(0, 16);
}

gate::gate(options wanted, surroundings around)
    : wanted_(std::move(wanted)),
      around_(std::move(around)),
      passwords_(around_.home),
      known_pace_(of_known),
      stranger_pace_(of_strangers),
      guess_pace_(of_guesses),
      user_pace_(of_user),
      note_pace_(of_notes)
{
    if (!around_.groups_of)
        around_.groups_of = system_groups;
    if (!around_.note)
        around_.note = [](access_noted) {};
    if (!around_.trouble)
        around_.trouble = [](std::string) {};
    if (wanted_.provider && around_.http != nullptr)
        provider_ = std::make_shared<provider>(*wanted_.provider, *around_.http, around_.clock);
    read_file();
}

gate::~gate()
{
    *alive_ = false;
    writer_.join();
}

void gate::renew(options wanted)
{
    auto before = std::move(wanted_.provider);
    wanted_ = std::move(wanted);
    groups_.clear();
    // One that is being asked just now is asked to its end; sign-ins that have begun begin again.
    provider_ = wanted_.provider && around_.http != nullptr
                    ? std::make_shared<provider>(*wanted_.provider, *around_.http, around_.clock)
                    : nullptr;
    renew_ties(before);
}

// ---- the file ----

void gate::read_file()
{
    if (around_.file.empty())
        return;
    auto bytes = audit::read_file(around_.file, most_file);
    if (!bytes && bytes.error().kind == failure::not_found)
        return;
    auto wrong = bytes ? book_.read(*bytes) : std::optional{bytes.error()};
    if (!wrong)
        return;
    may_write_ = false;
    around_.trouble("tokens and sessions in " + around_.file + ": " + wrong->detail
                    + ". Put back a copy, or move the file away and make the tokens anew; then restart");
}

asio::awaitable<bool> gate::save()
{
    if (around_.file.empty())
        co_return true;
    if (!may_write_)
        co_return false;
    book_.take_change();
    saved_at_ = around_.clock();
    std::function<std::optional<problem>()> work = [file = around_.file, text = book_.write()]() -> std::optional<problem> {
        if (auto written = audit::replace_file(file, text, 0600); !written)
            return written.error();
        if (auto named = audit::sync_directory(file.substr(0, file.rfind('/'))); !named)
            return named.error();
        return std::nullopt;
    };
    auto alive = alive_;
    auto failed = co_await net::off_loop<std::optional<problem>>(writer_, around_.home, std::move(work));
    if (!*alive)
        co_return false;
    if (failed || failing_)
        around_.trouble(failed ? "tokens and sessions cannot be kept: " + failed->detail : "");
    failing_ = failed.has_value();
    co_return !failed;
}

// When something was last used is worth a write a minute, and no waiting.
void gate::save_in_passing(time_point now)
{
    if (waits_still(now, saved_at_ + save_every, save_every) || around_.file.empty() || !may_write_ || !book_.take_change())
        return;
    saved_at_ = now;
    auto work = save();
    asio::co_spawn(around_.home, std::move(work), asio::detached);
}

// ---- proofs ----

const user* gate::find_user(const std::string& name) const
{
    auto found = std::ranges::find(wanted_.users, name, &user::name);
    return found == wanted_.users.end() ? nullptr : &*found;
}

const std::set<std::string>& gate::groups_of(const net::peer& from, time_point now)
{
    auto& kept = groups_[from.uid];
    if (!waits_still(now, kept.at + groups_last, groups_last)) {
        kept.names = around_.groups_of(from);
        kept.at = now;
    }
    return kept.names;
}

visitor gate::by_socket(const net::peer& from, time_point now)
{
    visitor who;
    who.how = visitor::proof::socket;
    who.by = actor_id{from.user};
    const auto* known = find_user(from.user);
    if (known != nullptr)
        who.language = known->language;
    // The machine's administrator and the daemon's own user could do anything anyway.
    if (wanted_.unix_groups.empty() || from.uid == 0 || from.uid == ::geteuid()) {
        who.roles.insert(every_role.begin(), every_role.end());
        return who;
    }
    for (const auto& name : groups_of(from, now))
        if (auto found = wanted_.unix_groups.find(name); found != wanted_.unix_groups.end())
            who.roles.insert(found->second.begin(), found->second.end());
    if (known != nullptr)
        who.roles.insert(known->roles.begin(), known->roles.end());
    if (who.roles.empty())
        who.roles.insert(role::on_call);  // whoever may use the socket may put up a flag
    return who;
}

// False: refused.
bool gate::by_token(const net::server_request& request, std::string_view bearer, seen& made, time_point now)
{
    const auto* token = bearer.starts_with(token_mark) ? book_.token(hash_of(bearer), now) : nullptr;
    if (token == nullptr) {
        auto wait = guess_pace_.take(address_of(request.remote), now);
        made.refused = wait ? too_often(*wait)
                            : trouble{401, 4, "not-signed-in", "That token is none",
                                      "the token is unknown, revoked or over; make a new one: halfmast token create"};
        made.refused->headers.emplace_back("WWW-Authenticate", "Bearer realm=\"halfmast\", error=\"invalid_token\"");
        return false;
    }
    made.who.how = visitor::proof::token;
    made.who.by = actor_id{token->user};
    made.who.roles = token->roles;
    made.who.id = token->id;
    return true;
}

void gate::by_certificate(const net::server_request& request, visitor& who) const
{
    auto found = std::ranges::find(wanted_.users, request.certificate, &user::certificate);
    if (request.certificate.empty() || found == wanted_.users.end())
        return;
    who.how = visitor::proof::certificate;
    who.by = actor_id{found->name};
    who.roles = found->roles;
    who.language = found->language;
}

// nullopt: the person is not known any more, or has another password now.
std::optional<std::set<role>> gate::roles_of(const kept_session& session) const
{
    if (session.roles)
        return session.roles;
    const auto* known = find_user(session.user);
    if (known == nullptr || (!session.mark.empty() && !same(session.mark, mark_of_password(*known))))
        return std::nullopt;
    return known->roles;
}

void gate::by_session(const net::server_request& request, visitor& who, time_point now)
{
    auto secret = cookie_value(find_header(request.headers, "Cookie"), cookie_for(session_cookie, request));
    if (secret.empty())
        return;
    auto hash = hash_of(secret);
    const auto* session = book_.session(hash, now, wanted_.session_idle, wanted_.session_longest);
    if (session == nullptr) {
        who.is_over = over_.contains(hash);
        return;
    }
    auto roles = roles_of(*session);
    if (!roles) {
        book_.end_session(hash);
        untie(hash);
        return;
    }
    who.how = visitor::proof::session;
    who.by = actor_id{session->user};
    who.roles = std::move(*roles);
    who.id = hash;
    who.language = session->language;
    who.is_unproved = is_unproved(hash, now);
    who.csrf = keyed(secret, csrf_word);
    who.may_be_forged = !is_safe_method(request.method) && !same(find_header(request.headers, "X-CSRF-Token"), who.csrf);
}

bool gate::still_stands(const visitor& who)
{
    auto now = around_.clock();
    if (who.how == visitor::proof::session) {
        const auto* session = book_.peek(who.id, now, wanted_.session_idle, wanted_.session_longest);
        auto roles = session == nullptr ? std::nullopt : roles_of(*session);
        return roles && allows(*roles, may::read);
    }
    if (who.how == visitor::proof::token)
        return std::ranges::any_of(book_.tokens(now), [&](const auto& one) { return one.id == who.id; });
    if (who.how == visitor::proof::certificate) {
        const auto* known = find_user(who.by.value);
        return known != nullptr && !known->certificate.empty() && allows(known->roles, may::read);
    }
    // Over loopback anybody reads, until there is a table [access].
    return who.how != visitor::proof::loopback || !wanted_.set;
}

api::doorkeeper::seen gate::look(const net::server_request& request)
{
    seen made;
    auto now = around_.clock();
    save_in_passing(now);
    if (request.from) {
        made.who = by_socket(*request.from, now);
        return made;
    }
    auto host = find_header(request.headers, "Host");
    if (!is_our_host(host)) {
        made.refused = api::not_allowed(
            "the Host header must be localhost, 127.0.0.1, [::1], the address of 'listen' or the host of [access] url");
        return made;
    }
    // Browsers say which page a request comes from.
    auto origin = find_header(request.headers, "Origin");
    if (!origin.empty() && !is_safe_method(request.method) && !is_same_host(authority_of(origin), host)) {
        made.refused =
            trouble{403, 4, "foreign-page", "That came from another site's page", "a page of another site may not ask this"};
        return made;
    }
    auto bearer = bearer_of(request);
    if (bearer) {
        if (!by_token(request, *bearer, made, now))
            return made;
    } else {
        by_certificate(request, made.who);
        if (made.who.how == visitor::proof::none)
            by_session(request, made.who, now);
    }
    if (made.who.how == visitor::proof::none && !wanted_.set && is_loopback_address(request.remote)) {
        made.who.how = visitor::proof::loopback;
        made.who.by = actor_id{"loopback"};
    }
    bool stranger = made.who.how == visitor::proof::none;
    auto name =
        stranger || made.who.how == visitor::proof::loopback ? address_of(request.remote) : made.who.by.value + " " + made.who.id;
    if (auto wait = (stranger ? stranger_pace_ : known_pace_).take(name, now))
        made.refused = too_often(*wait);
    return made;
}

// ---- places ----

bool gate::is_our_host(std::string_view host) const
{
    return api::is_loopback_host(host) || (!wanted_.url.empty() && is_same_host(authority_of(wanted_.url), host))
           || (!wanted_.listen.empty() && is_same_host(wanted_.listen, host));
}

bool gate::is_secure(const net::server_request& request) const
{
    // Behind a proxy that speaks TLS for us the request itself is plain.
    return request.tls
           || (wanted_.url.starts_with("https://")
               && is_same_host(authority_of(wanted_.url), find_header(request.headers, "Host")));
}

std::string gate::cookie_for(std::string_view name, const net::server_request& request) const
{
    return cookie_name(name, is_secure(request), find_header(request.headers, "Host"));
}

// The Set-Cookie that takes it away.
std::string gate::cookie_taken(std::string_view name, const net::server_request& request) const
{
    return set_cookie(cookie_for(name, request), "", is_secure(request), same_site::strict, milliseconds{0});
}

std::string gate::base_url(const net::server_request& request) const
{
    if (!wanted_.url.empty())
        return wanted_.url;
    return (request.tls ? "https://" : "http://") + std::string{find_header(request.headers, "Host")};
}

}  // namespace halfmast::access
