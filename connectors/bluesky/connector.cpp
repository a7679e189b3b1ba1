// The account's session: tokens that are renewed without a person, and every call that carries them.
#include "connectors/bluesky/connector.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/bluesky/session.hpp"

namespace halfmast::bluesky {

namespace {

// 300 log-ins a day are allowed. A refused credential does not heal by asking.
constexpr std::chrono::minutes login_pause{5};
const std::string kept_name = "session";

bool is_lasting(failure kind)
{
    return kind == failure::auth_expired || kind == failure::forbidden || kind == failure::rejected
           || kind == failure::rate_limited;
}

// A refresh token that is refused, for whatever reason. A taken down account and an outage are none.
bool password_may_help(failure kind)
{
    return kind == failure::auth_expired || kind == failure::rejected || kind == failure::not_found;
}

}  // namespace

// Held while one logs in; when it goes, however it goes, the others look again.
class connector::turn {
public:
    explicit turn(std::shared_ptr<gate> at) : at_(std::move(at)) { at_->busy = true; }
    ~turn()
    {
        at_->busy = false;
        at_->bell.cancel();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

private:
    std::shared_ptr<gate> at_;
};

connector::connector(std::shared_ptr<const settings> own, http_port& http, vault_port& vault, clock ours)
    : own_(std::move(own)),
      http_(http),
      vault_(vault),
      clock_(std::move(ours))
{
}

problem connector::endless(std::string_view what) const
{
    return {failure::bad_reply, own_->name() + ": " + std::string{what} + ": the pages have no end", {}};
}

asio::awaitable<result<http_response>> connector::send(http_request request)
{
    auto reply = co_await http_.fetch(std::move(request));
    if (reply) {
        auto ours = clock_();
        ahead_ = wire::moment_of(*reply, ours) - ours;
    }
    co_return reply;
}

asio::awaitable<result<http_response>> connector::ask(http_request request)
{
    auto who = co_await log_in();
    if (!who)
        co_return who.error();
    auto signed_one = request;
    wire::sign(signed_one, (*who)->access);
    auto reply = co_await send(std::move(signed_one));
    if (!reply || !wire::is_token_refused(*reply))
        co_return reply;
    // A refused token means that nothing was done: sending it again is safe, for a publish too.
    auto stale = *who;
    auto renewed = co_await renew(std::move(stale));
    if (!renewed)
        co_return renewed.error();
    wire::sign(request, (*renewed)->access);
    reply = co_await send(std::move(request));
    co_return reply;
}

asio::awaitable<result<connector::session_ptr>> connector::log_in()
{
    if (session_)
        co_return session_;
    auto got = co_await renew(nullptr);
    co_return got;
}

// Another one than the stale session: by its refresh token, else by the password.
asio::awaitable<result<connector::session_ptr>> connector::renew(session_ptr stale)
{
    auto executor = co_await asio::this_coro::executor;
    auto here = gate_.lock();
    if (!here)
        gate_ = here = std::make_shared<gate>(executor);
    while (here->busy) {
        boost::system::error_code woken;
        co_await here->bell.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (session_ && session_ != stale)
        co_return session_;  // somebody was quicker
    turn mine{here};
    if (!restored_)
        co_await restore();
    if (session_ && session_ != stale)
        co_return session_;
    auto staying = vault_.stay();
    if (stale) {
        auto failed = co_await refresh(std::move(stale));
        if (!failed)
            co_return session_;
        if (!password_may_help(failed->kind))
            co_return *failed;
        session_.reset();
    }
    auto made = co_await create();
    co_return made;
}

asio::awaitable<std::optional<problem>> connector::refresh(session_ptr stale)
{
    auto request = wire::refresh_session(*own_);
    wire::sign(request, stale->refresh);
    auto reply = co_await send(std::move(request));
    if (!reply)
        co_return reply.error();
    auto given = wire::read_session(*own_, "renew the session", *reply, now());
    auto kept = co_await keep(std::move(given));
    co_return kept ? std::nullopt : std::optional{kept.error()};
}

asio::awaitable<result<connector::session_ptr>> connector::create()
{
    if (refused_ && clock_() < refused_until_)
        co_return *refused_;
    refused_.reset();
    auto request = wire::create_session(*own_);
    auto reply = co_await send(std::move(request));
    if (!reply)
        co_return reply.error();
    auto given = wire::read_session(*own_, "log in", *reply, now());
    auto kept = co_await keep(std::move(given));
    if (!kept && is_lasting(kept.error().kind)) {
        refused_ = kept.error();
        refused_until_ = clock_() + kept.error().retry_after.value_or(login_pause);
    }
    co_return kept;
}

// The session of the last run. Whatever is wrong with it is no reason to stay out: there is the password.
asio::awaitable<void> connector::restore()
{
    restored_ = true;
    auto found = co_await vault_.read(kept_name);
    if (!found) {
        not_kept_ = found.error();
        co_return;
    }
    if (*found)
        if (auto known = parse_session(**found, print_of(*own_), now()))
            session_ = std::make_shared<const wire::session>(std::move(*known));
}

// The session of an answer becomes ours, unless the account cannot be used. Kept first and used then: the one before stays good
// until this one is used.
asio::awaitable<result<connector::session_ptr>> connector::keep(result<wire::session> given)
{
    if (!given)
        co_return given.error();
    if (auto wrong = wire::inactive(*own_, *given))
        co_return *wrong;
    auto made = std::make_shared<const wire::session>(std::move(*given));
    if (vault_.keeps()) {
        auto text = dump_session(*made, print_of(*own_));
        not_kept_ = co_await vault_.write(kept_name, std::move(text));
    }
    session_ = made;
    co_return made;
}

connector_room room()
{
    auto connect = [](std::shared_ptr<const connector_settings> own, http_port& http, vault_port& vault) {
        auto one = std::make_shared<connector>(std::static_pointer_cast<const settings>(std::move(own)), http, vault);
        connection made;
        made.pins = one;
        made.feed = one;
        made.mentions = one;
        made.checks = one;
        return made;
    };
    return {"bluesky", parse, declare, connect, {"Bluesky", [](account& into) { declare(settings{}, into); }, {}, absences}};
}

}  // namespace halfmast::bluesky
