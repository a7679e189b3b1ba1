#include "daemon/net/oauth_http.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/http_date.hpp"

namespace halfmast::net {

namespace {

constexpr seconds renew_ahead{60};  // before the end; of a short life its last quarter
constexpr seconds too_fresh{60};    // a token of that age is not refused for its age: another one would be refused too
constexpr seconds ahead_again{10};  // after a renewal ahead of the end failed: the old token is still good
constexpr seconds keep_again{10};   // after the vault could not write
constexpr std::chrono::minutes refusal_lasts{5};  // a refused credential does not heal by asking
const std::string vault_name = "oauth";

bool is_lost(failure kind) { return kind == failure::unknown_outcome || kind == failure::bad_reply; }

// By the platform's clock where it tells the time, else by ours.
time_point moment_of(const http_response& reply, time_point ours)
{
    return parse_http_date(find_header(reply.headers, "Date")).value_or(ours);
}

// Error pages repeat what they were sent. What an answer says goes into texts, the ledger and the log; the token must not.
void scrub(result<http_response>& reply, const secret& access)
{
    if (!reply || access.text().size() < 8)
        return;
    for (auto at = reply->body.find(access.text()); at != std::string::npos; at = reply->body.find(access.text(), at))
        reply->body.replace(at, access.text().size(), "[secret]");
}

void sign(http_request& request, const secret& access)
{
    std::erase_if(request.headers, [](const auto& header) { return header.first == "Authorization"; });
    request.headers.emplace_back("Authorization", "Bearer " + access.text());
}

}  // namespace

struct live_tokens {
    oauth_tokens kept;
    std::optional<time_point> renew_at;
    time_point made_at{};  // by the platform's clock; long ago when it came out of the vault

    [[nodiscard]] bool is_good(time_point now) const
    {
        return !kept.access.empty() && (!kept.access_ends || now < *kept.access_ends);
    }
    [[nodiscard]] bool is_due(time_point now) const { return !is_good(now) || (renew_at && now >= *renew_at); }
};

// One renewal and those who wait for it.
struct oauth_http::renewal {
    asio::steady_timer bell;
    bool over = false;
    std::optional<problem> trouble;

    explicit renewal(const asio::any_io_executor& executor) : bell(executor, asio::steady_timer::time_point::max()) {}
    void end()
    {
        over = true;
        bell.cancel();
    }
};

// Outlives the object while calls are under way.
struct oauth_http::inner {
    oauth_account own;
    http_port& http;
    vault_port& vault;
    clock now;
    token_ptr current;
    bool began = false;  // the vault was read
    bool lost = false;   // an answer to the refresh token at hand was lost
    std::optional<bool> end_moves;
    std::optional<problem> not_kept;
    time_point keep_at{};
    time_point renew_after{};
    std::optional<problem> refused;
    time_point refused_until{};
    std::shared_ptr<renewal> under_way;

    inner(oauth_account own_, http_port& http_, vault_port& vault_, clock now_)
        : own(std::move(own_)),
          http(http_),
          vault(vault_),
          now(std::move(now_))
    {
    }
    [[nodiscard]] bool keeps() const { return own.grant == oauth_grant::refresh_token; }
    [[nodiscard]] const secret& refresh() const
    {
        return current && !current->kept.refresh.empty() ? current->kept.refresh : own.seed;
    }
    // Good, not the stale one, and not to be renewed now.
    [[nodiscard]] bool is_fine(const token_ptr& stale, time_point at) const
    {
        return current && current != stale && current->is_good(at)
               && (!current->is_due(at) || waits_still(at, renew_after, ahead_again));
    }
    [[nodiscard]] problem for_a_person(const std::string& why) const { return {failure::auth_expired, own.name + ": " + why, {}}; }
    oauth_tokens completed(oauth_tokens given);
    problem explained(problem wrong, time_point at);
    void take(oauth_tokens tokens, time_point made_at);
};

// What an answer leaves out stays as it was.
oauth_tokens oauth_http::inner::completed(oauth_tokens given)
{
    auto before = current ? current->kept.refresh_ends : std::nullopt;
    bool same = given.refresh.empty() || given.refresh.text() == refresh().text();
    if (given.refresh.empty() && keeps())
        given.refresh = refresh();
    if (before && given.refresh_ends)
        end_moves = *given.refresh_ends > *before + renew_ahead;
    else if (same && !given.refresh_ends)
        given.refresh_ends = before;
    if (!given.scopes && current)
        given.scopes = current->kept.scopes;
    return given;
}

// As the caller of fetch() needs it: its own request was not sent.
problem oauth_http::inner::explained(problem wrong, time_point at)
{
    if (is_lost(wrong.kind))
        return {failure::unreachable, wrong.detail + "; nothing was sent to the platform", wrong.retry_after};
    if (wrong.kind != failure::auth_expired && wrong.kind != failure::rejected)
        return wrong;
    wrong.kind = failure::auth_expired;
    if (lost && keeps())
        wrong.detail += ". An answer of the token server was lost before, and the next refresh token with it";
    refused = wrong;
    refused_until = at + refusal_lasts;
    return wrong;
}

void oauth_http::inner::take(oauth_tokens tokens, time_point made_at)
{
    auto next = std::make_shared<live_tokens>();
    if (tokens.access_ends) {
        auto life = *tokens.access_ends - now();
        next->renew_at = *tokens.access_ends - std::min<milliseconds>(renew_ahead, life / 4);
    }
    next->kept = std::move(tokens);
    next->made_at = made_at;
    current = std::move(next);
}

oauth_http::oauth_http(oauth_account own, http_port& http, vault_port& vault, clock now)
    : inner_(std::make_shared<inner>(std::move(own), http, vault, std::move(now)))
{
}

asio::awaitable<result<http_response>> oauth_http::fetch(http_request request) { return run(inner_, std::move(request)); }

asio::awaitable<oauth_http::report> oauth_http::look() { return describe(inner_); }

asio::awaitable<result<http_response>> oauth_http::run(std::shared_ptr<inner> mine, http_request request)
{
    auto who = co_await token(mine, nullptr);
    if (!who)
        co_return who.error();
    auto signed_one = request;
    sign(signed_one, (*who)->kept.access);
    auto reply = co_await mine->http.fetch(std::move(signed_one));
    bool for_token = reply && refused_for_token(*reply);
    scrub(reply, (*who)->kept.access);
    if (!reply || reply->status != 401)
        co_return reply;
    if (mine->current == *who && moment_of(*reply, mine->now()) < (*who)->made_at + too_fresh)
        co_return reply;
    auto stale = *who;
    auto next = co_await token(mine, std::move(stale));
    // A server that only says 401 may have refused the token and may have tripped over something else: what publishes is not sent
    // on that word. The token is a new one now, for whoever looks first and tries again.
    if (request.publishes && !for_token)
        co_return reply;
    if (!next)
        co_return next.error();
    sign(request, (*next)->kept.access);
    auto again = co_await mine->http.fetch(std::move(request));
    scrub(again, (*next)->kept.access);
    co_return again;
}

// A token that is not the stale one. Waits for the renewal under way, or begins one.
asio::awaitable<result<oauth_http::token_ptr>> oauth_http::token(std::shared_ptr<inner> mine, token_ptr stale)
{
    std::optional<problem> trouble;
    for (int round = 0; round < 2; ++round) {
        auto now = mine->now();
        bool keep_now = mine->not_kept && !waits_still(now, mine->keep_at, keep_again);
        if (mine->is_fine(stale, now) && !keep_now)
            co_return mine->current;
        auto here = mine->under_way;
        if (!here) {
            auto executor = co_await asio::this_coro::executor;
            here = std::make_shared<renewal>(executor);
            mine->under_way = here;
            auto work = renew(mine, here, stale);
            auto ended = [mine, here](std::exception_ptr failed) {
                if (failed)
                    here->trouble =
                        problem{failure::unreachable, mine->own.name + ": renewing the access token failed inside halfmast", {}};
                mine->under_way.reset();
                here->end();
            };
            asio::co_spawn(executor, std::move(work), std::move(ended));
        }
        while (!here->over) {
            boost::system::error_code woken;
            co_await here->bell.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        if (mine->current && mine->current != stale && mine->current->is_good(mine->now()))
            co_return mine->current;
        trouble = here->trouble;
        if (trouble)
            break;
    }
    if (!trouble)
        trouble =
            problem{failure::unreachable, mine->own.name + ": each new access token is over at once; are the clocks right?", {}};
    co_return *trouble;
}

asio::awaitable<void> oauth_http::renew(std::shared_ptr<inner> mine, std::shared_ptr<renewal> here, token_ptr stale)
{
    auto wrong = co_await begin(mine);
    if (wrong) {
        here->trouble = std::move(wrong);
        co_return;
    }
    if (mine->not_kept && !waits_still(mine->now(), mine->keep_at, keep_again)) {
        auto again = mine->current->kept;
        co_await keep(mine, std::move(again));
    }
    auto now = mine->now();
    if (mine->is_fine(stale, now))
        co_return;
    if (mine->refused && waits_still(now, mine->refused_until, refusal_lasts)) {
        here->trouble = mine->refused;
        co_return;
    }
    auto staying = mine->vault.stay();
    auto given = co_await ask(mine);
    if (!given) {
        here->trouble = given.error();
        mine->renew_after = mine->now() + ahead_again;
        co_return;
    }
    auto tokens = mine->completed(given->tokens);
    auto durable = tokens;
    co_await keep(mine, std::move(durable));
    mine->take(std::move(tokens), given->made_at);
    mine->renew_after = {};
}

// What was kept over the restart, once.
asio::awaitable<std::optional<problem>> oauth_http::begin(std::shared_ptr<inner> mine)
{
    if (mine->began || !mine->keeps()) {
        mine->began = true;
        co_return std::nullopt;
    }
    if (!mine->vault.keeps())
        co_return mine->for_a_person(
            "its refresh token changes with each use, and without [daemon] vault_key the next one would be lost");
    auto found = co_await mine->vault.read(vault_name);
    if (!found)
        co_return mine->for_a_person(found.error().detail);
    if (*found) {
        auto known = parse_kept(**found);
        if (!known)
            co_return mine->for_a_person(
                "what the vault keeps of it was written by another version of halfmast; start that one, or"
                " authorize the application anew and move the file away");
        if (known->seed_print == print_of_secret(mine->own.seed)) {
            mine->end_moves = known->end_moves;
            mine->take(std::move(known->tokens), {});
        }
    }
    mine->began = true;
    co_return std::nullopt;
}

// Asks the token server; a second time when the answer is lost. The same token, for there is no other: a server that counts it as
// spent may still know it for a moment, for just this.
asio::awaitable<result<oauth_http::answer>> oauth_http::ask(std::shared_ptr<inner> mine)
{
    for (int attempt = 0;; ++attempt) {
        auto shown = mine->refresh();
        auto request = token_request(mine->own, shown);
        auto reply = co_await mine->http.fetch(std::move(request));
        auto now = mine->now();
        auto wrong = reply ? std::optional<problem>{} : std::optional{reply.error()};
        if (reply) {
            auto made_at = moment_of(*reply, now);
            auto tokens = read_tokens(mine->own, shown, *reply, now - reply->age());
            if (tokens) {
                mine->lost = false;
                mine->refused.reset();
                co_return answer{std::move(*tokens), made_at};
            }
            wrong = tokens.error();
        }
        if (is_lost(wrong->kind)) {
            mine->lost = true;
            if (attempt == 0)
                continue;
        }
        co_return mine->explained(std::move(*wrong), now);
    }
}

// Makes it durable. When that fails the token is used all the same: the old one is spent whatever we do, and a post can only be
// held with this one. It is tried again, and said.
asio::awaitable<void> oauth_http::keep(std::shared_ptr<inner> mine, oauth_tokens tokens)
{
    if (!mine->keeps())
        co_return;
    oauth_kept what;
    what.tokens = std::move(tokens);
    what.seed_print = print_of_secret(mine->own.seed);
    what.end_moves = mine->end_moves;
    auto text = dump_kept(what);
    mine->not_kept = co_await mine->vault.write(vault_name, std::move(text));
    if (mine->not_kept)
        mine->keep_at = mine->now() + keep_again;
}

asio::awaitable<oauth_http::report> oauth_http::describe(std::shared_ptr<inner> mine)
{
    mine->refused.reset();  // a person may just have mended it
    mine->renew_after = mine->keep_at = {};
    auto who = co_await token(mine, nullptr);
    report made;
    made.trouble = who ? mine->refused : std::optional{who.error()};
    made.not_kept = mine->not_kept;
    if (!who)
        co_return made;
    const auto& known = (*who)->kept;
    if (known.scopes)
        made.missing = missing_scopes(mine->own.scopes, *known.scopes);
    // An end that each renewal moves on is nobody's business. After the first answer it is not known whether it moves; a day's life
    // is then no end that a person could meet.
    bool moves = mine->end_moves.value_or(known.refresh_ends && *known.refresh_ends < mine->now() + std::chrono::hours{24});
    if (mine->keeps() && !moves)
        made.ends = known.refresh_ends;
    co_return made;
}

}  // namespace halfmast::net
