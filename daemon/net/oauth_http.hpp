// The HTTP client of an account behind OAuth 2: puts the access token on, and renews it ahead of its end, or when it is refused.
// Renewals are never made twice at once, and never belong to the call that needed one: a call that is thrown away takes no answer
// with it in which a token was spent.
//
// The order of a renewal: the answer, its refresh token durable in the vault, and only then its access token in use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/net/oauth.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/vault_port.hpp"

namespace halfmast::net {

class oauth_http final : public http_port {
public:
    using clock = std::function<time_point()>;

    // `http` and `vault` outlive this and the calls under way. `own.grant` refresh_token keeps its tokens in the vault.
    oauth_http(oauth_account own, http_port& http, vault_port& vault, clock now = system_now);

    // As http_port promises. Without a token nothing is sent, and the problem says what to do: auth_expired where a person has to
    // do something, unreachable where the token server has to. A request that a 401 refused is sent once more with a new token;
    // one that publishes only when the 401 says that the token was the reason.
    asio::awaitable<result<http_response>> fetch(http_request request) override;

    // How the credential stands; for doctor. Renews only what would have to be renewed anyway, and tries again what was refused.
    struct report {
        std::optional<problem> trouble;    // there is no token
        std::optional<problem> not_kept;   // the newest refresh token stands in memory alone
        std::vector<std::string> missing;  // scopes
        std::optional<time_point> ends;    // when a person has to authorize anew, if renewing does not move that on
    };
    asio::awaitable<report> look();

private:
    struct inner;
    struct renewal;
    struct answer {
        oauth_tokens tokens;
        time_point made_at{};

        answer(oauth_tokens tokens_, time_point made_at_) : tokens(std::move(tokens_)), made_at(made_at_) {}
    };
    using token_ptr = std::shared_ptr<const struct live_tokens>;

    static time_point system_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
    static asio::awaitable<result<http_response>> run(std::shared_ptr<inner> mine, http_request request);
    static asio::awaitable<result<token_ptr>> token(std::shared_ptr<inner> mine, token_ptr stale);
    static asio::awaitable<void> renew(std::shared_ptr<inner> mine, std::shared_ptr<renewal> here, token_ptr stale);
    static asio::awaitable<std::optional<problem>> begin(std::shared_ptr<inner> mine);
    static asio::awaitable<result<answer>> ask(std::shared_ptr<inner> mine);
    static asio::awaitable<void> keep(std::shared_ptr<inner> mine, oauth_tokens tokens);
    static asio::awaitable<report> describe(std::shared_ptr<inner> mine);

    std::shared_ptr<inner> inner_;
};

}  // namespace halfmast::net
