// Signing in with the organisation's OpenID Connect provider: authorisation code with PKCE, state and nonce. Every sign-in asks
// anew who somebody is and in which groups, and so does every renewal; nothing of it is remembered here.
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
    std::string subject;  // as the provider itself names them
    secret refresh;       // what it is asked again with; empty: it cannot be

    proved_person() {}
};

class provider {
public:
    provider(provider_options wanted, http_port& http, std::function<time_point()> clock)
        : wanted_(std::move(wanted)),
          http_(http),
          clock_(std::move(clock))
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

    // Has the browser with this cookie begun a sign-in that did not end yet?
    [[nodiscard]] bool awaits(const std::string& cookie) const;

    // Does the provider still stand for this person, and in which groups are they now? The answer has the token for the next time: this
    // one may be spent. A problem: rejected (not any more), forbidden (no role here now), unsupported (it does not say), or trouble at
    // the provider, which says nothing about the person.
    asio::awaitable<result<proved_person>> again(secret refresh, std::string subject);

    // Tells the provider that nobody asks with this any more; whatever it answers.
    asio::awaitable<void> forget(secret refresh);

private:
    // How it is asked for something to ask again with. A provider that gives nothing is asked more firmly the next time, and then not
    // any more: the standard wants the person's consent with it, which many providers do without and some have nobody for.
    enum class renewal { plain, with_consent, no };

    struct pending {
        std::string nonce;
        std::string verifier;
        std::string cookie_hash;
        std::string come_back;
        time_point ends_at;
        renewal asked = renewal::no;
    };
    struct known_places {
        std::string authorization;
        std::string token;
        std::string userinfo;
        std::string keys;
        std::string revocation;
        bool offline = false;  // it knows the scope offline_access
        time_point read_at;
    };

    asio::awaitable<result<parsed>> get_json(std::string what, std::string url, std::string bearer);
    asio::awaitable<std::optional<problem>> learn();
    asio::awaitable<std::optional<problem>> learn_keys(bool anew);
    [[nodiscard]] http_request as_client(const std::string& place, std::string body) const;
    asio::awaitable<result<parsed>> ask_token(std::string what, std::string body);
    asio::awaitable<result<parsed>> exchange(std::string code, pending one);
    asio::awaitable<result<parsed>> prove(std::string id_token, std::string nonce, std::string subject);
    asio::awaitable<std::optional<problem>> add_userinfo(nlohmann::json& claims, std::string access_token, bool anew);
    [[nodiscard]] result<proved_person> person_of(const nlohmann::json& claims) const;

    provider_options wanted_;
    http_port& http_;
    std::function<time_point()> clock_;
    std::map<std::string, pending> pending_;  // by hash of the state
    std::optional<known_places> places_;
    nlohmann::json keys_;
    time_point keys_read_{};
    renewal renewal_ = renewal::plain;
};

}  // namespace halfmast::access
