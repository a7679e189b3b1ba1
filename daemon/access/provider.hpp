// Signing in with the organisation's OpenID Connect provider: authorisation code with PKCE, state and nonce. Every sign-in asks
// anew who somebody is and in which groups; nothing of it is remembered here.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/access/id_token.hpp"
#include "daemon/ports/access.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::access {

namespace asio = boost::asio;

// Somebody the provider answers for.
struct proved_person {
    std::string name;
    std::set<role> roles;
    std::string language;

    proved_person() {}
};

class provider {
public:
    provider(provider_options wanted, http_port& http, std::function<time_point()> clock)
        : wanted_(std::move(wanted)), http_(http), clock_(std::move(clock))
    {
    }

    // Where the browser has to go, and what its cookie holds meanwhile.
    struct beginning {
        std::string url;
        std::string cookie;

        beginning() {}
    };
    asio::awaitable<result<beginning>> begin(std::string come_back);

    // The browser is back, with what the provider gave it. Each state does once, for ten minutes, and only with its cookie. A
    // problem: rejected (forged, late, wrong), forbidden (a person without a role here), or trouble at the provider.
    asio::awaitable<result<proved_person>> finish(std::map<std::string, std::string> query, std::string cookie);

private:
    struct pending {
        std::string nonce;
        std::string verifier;
        std::string cookie_hash;
        std::string come_back;
        time_point ends_at;
    };
    struct known_places {
        std::string authorization;
        std::string token;
        std::string userinfo;
        std::string keys;
        time_point read_at;
    };

    asio::awaitable<result<parsed>> get_json(std::string what, std::string url, std::string bearer);
    asio::awaitable<std::optional<problem>> learn();
    asio::awaitable<std::optional<problem>> learn_keys(bool anew);
    asio::awaitable<result<parsed>> exchange(std::string code, pending one);
    asio::awaitable<result<parsed>> prove(std::string id_token, std::string nonce);
    asio::awaitable<std::optional<problem>> add_userinfo(nlohmann::json& claims, std::string access_token);
    [[nodiscard]] result<proved_person> person_of(const nlohmann::json& claims) const;

    provider_options wanted_;
    http_port& http_;
    std::function<time_point()> clock_;
    std::map<std::string, pending> pending_;  // by hash of the state
    std::optional<known_places> places_;
    nlohmann::json keys_;
    time_point keys_read_{};
};

}  // namespace halfmast::access
