#include "daemon/access/provider.hpp"

#include <algorithm>
#include <array>

#include "daemon/access/places.hpp"
#include "daemon/access/secrets.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::access {

namespace {

using nlohmann::json;

constexpr milliseconds sign_in_lasts = std::chrono::minutes{10};
constexpr milliseconds places_last = std::chrono::hours{1};
constexpr milliseconds keys_last = std::chrono::minutes{15};
constexpr milliseconds keys_rest = std::chrono::seconds{10};  // a token with an unknown key asks for them no more often
constexpr std::size_t most_pending = 1'000;
constexpr const char* offline_scope = "offline_access";
constexpr std::size_t most_of_provider = 1u << 20;

problem rejected(std::string text) { return {failure::rejected, std::move(text), {}}; }

problem at_provider(std::string text) { return {failure::bad_reply, "the provider " + std::move(text), {}}; }

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> members)
{
    std::string text;
    for (const auto& [name, value] : members) {
        text += text.empty() ? "" : "&";
        text += net::percent_encode(name);
        text += '=';
        text += net::percent_encode(value);
    }
    return text;
}

std::string member(const json& from, const char* name)
{
    auto found = from.is_object() ? from.find(name) : from.end();
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// https, or http on this machine: what goes there is a secret, what comes from there is believed.
bool is_safe_place(const std::string& url)
{
    for (std::string_view start :
         {"http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "http://[::1]:", "http://[::1]/"})
        if (url.starts_with(start))
            return true;
    return url.starts_with("https://");
}

}  // namespace

asio::awaitable<result<parsed>> provider::get_json(std::string what, std::string url, std::string bearer)
{
    http_request request{"GET", std::move(url)};
    request.headers.emplace_back("Accept", "application/json");
    if (!bearer.empty())
        request.headers.emplace_back("Authorization", "Bearer " + bearer);
    request.most_body = most_of_provider;
    auto answer = co_await http_.fetch(std::move(request));
    if (!answer)
        co_return answer.error();
    if (answer->status != 200) {
        auto trouble = at_provider("answered " + std::to_string(answer->status) + " when asked for " + what);
        if (answer->status == 401 || answer->status == 403)
            trouble.kind = failure::auth_expired;
        co_return trouble;
    }
    auto body = std::make_shared<json>(json::parse(answer->body, nullptr, false));
    if (!body->is_object())
        co_return at_provider("gave no JSON for " + what);
    co_return body;
}

asio::awaitable<std::optional<problem>> provider::learn()
{
    if (places_ && waits_still(clock_(), places_->read_at + places_last, places_last))
        co_return std::nullopt;
    std::string what{"its description"};
    std::string place = wanted_.issuer + (wanted_.issuer.ends_with('/') ? "" : "/") + ".well-known/openid-configuration";
    std::string nobody;
    auto found = co_await get_json(std::move(what), std::move(place), std::move(nobody));
    if (!found) {
        if (places_)
            co_return std::nullopt;  // what was true an hour ago is tried
        co_return found.error();
    }
    if (member(**found, "issuer") != wanted_.issuer)
        co_return at_provider("calls itself by another name than [access.oidc] issuer");
    known_places made;
    made.authorization = member(**found, "authorization_endpoint");
    made.token = member(**found, "token_endpoint");
    made.userinfo = member(**found, "userinfo_endpoint");
    made.keys = member(**found, "jwks_uri");
    made.revocation = member(**found, "revocation_endpoint");
    auto scopes = (*found)->find("scopes_supported");
    made.offline =
        scopes != (*found)->end() && scopes->is_array() && std::ranges::find(*scopes, json(offline_scope)) != scopes->end();
    made.read_at = clock_();
    for (const auto& one : {made.authorization, made.token, made.keys})
        if (!is_safe_place(one))
            co_return at_provider("describes a place that is not https");
    if (!made.userinfo.empty() && !is_safe_place(made.userinfo))
        made.userinfo.clear();
    if (!made.revocation.empty() && !is_safe_place(made.revocation))
        made.revocation.clear();
    places_ = std::move(made);
    co_return std::nullopt;
}

asio::awaitable<std::optional<problem>> provider::learn_keys(bool anew)
{
    auto age = clock_() - keys_read_;
    if (age < (anew ? keys_rest : keys_last))
        co_return std::nullopt;
    std::string what{"its keys"};
    std::string place = places_->keys;
    std::string nobody;
    auto found = co_await get_json(std::move(what), std::move(place), std::move(nobody));
    if (!found)
        co_return found.error();
    keys_ = std::move(**found);
    keys_read_ = clock_();
    co_return std::nullopt;
}

asio::awaitable<result<provider::beginning>> provider::begin(std::string come_back)
{
    auto trouble = co_await learn();
    if (trouble)
        co_return *trouble;
    auto now = clock_();
    std::erase_if(pending_, [&](const auto& one) { return one.second.ends_at <= now; });
    if (pending_.size() >= most_pending)
        co_return problem{failure::rate_limited, "too many sign-ins have begun and not ended; try again in a few minutes",
                          sign_in_lasts};
    beginning made;
    made.cookie = random_text();
    auto state = random_text();
    pending one;
    one.nonce = random_text();
    one.verifier = random_text();
    one.cookie_hash = hash_of(made.cookie);
    one.come_back = std::move(come_back);
    one.ends_at = now + sign_in_lasts;
    one.asked = renewal_;
    auto scope = wanted_.scope;
    if (one.asked != renewal::no && places_->offline && (" " + scope + " ").find(" offline_access ") == std::string::npos)
        scope += std::string{" "} + offline_scope;
    made.url = places_->authorization + (places_->authorization.find('?') == std::string::npos ? "?" : "&")
               + form({{"response_type", "code"},
                       {"client_id", wanted_.client_id},
                       {"redirect_uri", one.come_back},
                       {"scope", scope},
                       {"state", state},
                       {"nonce", one.nonce},
                       {"code_challenge", base64url(sha256_bytes(one.verifier))},
                       {"code_challenge_method", "S256"}});
    if (one.asked == renewal::with_consent)
        made.url += "&prompt=consent";
    pending_.emplace(hash_of(state), std::move(one));
    co_return made;
}

http_request provider::as_client(const std::string& place, std::string body) const
{
    http_request request{"POST", place};
    request.publishes = true;  // what is shown does once: libcurl must not send it again
    request.most_body = most_of_provider;
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    // RFC 6749, 2.3.1: both are encoded before they are joined.
    auto pair = net::percent_encode(wanted_.client_id) + ":" + net::percent_encode(wanted_.client_secret.text());
    request.headers.emplace_back("Authorization", "Basic " + base64(pair));
    request.body = std::move(body);
    return request;
}

// Rejected: what was shown is worth nothing (any more). Every other refusal is about us or the provider, not about a person.
asio::awaitable<result<parsed>> provider::ask_token(std::string what, std::string body)
{
    auto request = as_client(places_->token, std::move(body));
    auto answer = co_await http_.fetch(std::move(request));
    if (!answer)
        co_return answer.error();
    auto given = std::make_shared<json>(json::parse(answer->body, nullptr, false));
    if (answer->status == 200 && given->is_object())
        co_return given;
    auto said = member(*given, "error").substr(0, 60);
    auto trouble = at_provider("did not take " + what + ": " + (said.empty() ? std::to_string(answer->status) : said));
    constexpr std::array<std::string_view, 5> of_person{"invalid_grant", "access_denied", "login_required", "consent_required",
                                                        "interaction_required"};
    if (std::ranges::find(of_person, std::string_view{said}) != of_person.end())
        trouble.kind = failure::rejected;
    co_return trouble;
}

asio::awaitable<result<parsed>> provider::exchange(std::string code, pending one)
{
    auto body = form(
        {{"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", one.come_back}, {"code_verifier", one.verifier}});
    std::string what{"the code"};
    auto answer = co_await ask_token(std::move(what), std::move(body));
    if (!answer)
        co_return problem{failure::bad_reply, answer.error().detail, answer.error().retry_after};
    if (member(**answer, "id_token").empty())
        co_return at_provider("gave no id_token");
    co_return answer;
}

asio::awaitable<result<parsed>> provider::prove(std::string id_token, std::string nonce, std::string subject)
{
    auto trouble = co_await learn_keys(false);
    if (trouble)
        co_return *trouble;
    id_token_terms terms{wanted_.issuer, wanted_.client_id, std::move(nonce), clock_(), std::move(subject)};
    auto fault = token_fault::none;
    auto claims = read_id_token(id_token, keys_, terms, fault);
    if (fault != token_fault::unknown_key)
        co_return claims;
    trouble = co_await learn_keys(true);  // it may have new ones
    if (trouble)
        co_return *trouble;
    co_return read_id_token(id_token, keys_, terms, fault);
}

// Groups, where the token has none; anew: and where it has some, for a renewed token may say what was true at the sign-in. Of somebody
// else they are not taken.
asio::awaitable<std::optional<problem>> provider::add_userinfo(json& claims, std::string access_token, bool anew)
{
    bool complete = !anew && claims.contains(wanted_.groups_claim) && claims.contains(wanted_.name_claim);
    if (complete || places_->userinfo.empty() || access_token.empty())
        co_return std::nullopt;
    std::string what{"its userinfo"};
    std::string place = places_->userinfo;
    auto more = co_await get_json(std::move(what), std::move(place), std::move(access_token));
    if (!more)
        co_return more.error();
    if (member(**more, "sub") != member(claims, "sub"))
        co_return at_provider("answered for another person");
    for (const auto& name : {wanted_.groups_claim, wanted_.name_claim, std::string{"locale"}})
        if ((anew || !claims.contains(name)) && (*more)->contains(name))
            claims[name] = (**more)[name];
    co_return std::nullopt;
}

result<proved_person> provider::person_of(const json& claims) const
{
    proved_person made;
    made.name = member(claims, wanted_.name_claim.c_str());
    if (made.name.empty())
        made.name = member(claims, "sub");
    if (!is_name_of_person(made.name))
        return rejected("the provider names somebody in a way that cannot be taken as a name");
    auto groups = claims.find(wanted_.groups_claim);
    if (groups != claims.end() && groups->is_array())
        for (const auto& one : *groups)
            if (one.is_string())
                if (auto known = wanted_.groups.find(one.get<std::string>()); known != wanted_.groups.end())
                    made.roles.insert(known->second.begin(), known->second.end());
    if (made.roles.empty())
        return problem{failure::forbidden, made.name + " is in none of the provider's groups that have a role here", {}};
    made.language = member(claims, "locale").substr(0, 2);
    made.subject = member(claims, "sub");
    return made;
}

asio::awaitable<result<proved_person>> provider::finish(std::map<std::string, std::string> query, std::string cookie)
{
    auto found = pending_.find(hash_of(query["state"]));
    if (found == pending_.end() || found->second.ends_at <= clock_())
        co_return rejected("this sign-in did not begin here, or is over; begin again");
    auto one = found->second;
    pending_.erase(found);  // also when what follows fails
    if (cookie.empty() || !same(hash_of(cookie), one.cookie_hash))
        co_return rejected("this sign-in began in another browser; begin again");
    if (auto error = query["error"]; !error.empty())
        co_return rejected("the provider says: " + error.substr(0, 60));
    if (auto issuer = query.find("iss"); issuer != query.end() && issuer->second != wanted_.issuer)
        co_return rejected("another provider answered than was asked (RFC 9207)");
    if (query["code"].empty())
        co_return rejected("the provider gave no code");
    auto trouble = co_await learn();
    if (trouble)
        co_return *trouble;
    auto code = query["code"];
    auto begun = one;
    auto answer = co_await exchange(std::move(code), std::move(begun));
    if (!answer)
        co_return answer.error();
    auto token = member(**answer, "id_token");
    auto nonce = one.nonce;
    std::string nobody;
    auto claims = co_await prove(std::move(token), std::move(nonce), std::move(nobody));
    if (!claims)
        co_return claims.error();
    auto bearer = member(**answer, "access_token");
    trouble = co_await add_userinfo(**claims, std::move(bearer), false);
    if (trouble)
        co_return *trouble;
    auto person = person_of(**claims);
    auto refresh = member(**answer, "refresh_token");
    if (refresh.empty() && one.asked == renewal_ && renewal_ != renewal::no)
        renewal_ = renewal_ == renewal::plain && places_->offline ? renewal::with_consent : renewal::no;
    if (person)
        person->refresh = secret{std::move(refresh)};
    co_return person;
}

bool provider::awaits(const std::string& cookie) const
{
    auto hash = hash_of(cookie);
    auto now = clock_();
    return std::ranges::any_of(pending_,
                               [&](const auto& one) { return one.second.ends_at > now && same(one.second.cookie_hash, hash); });
}

asio::awaitable<result<proved_person>> provider::again(secret refresh, std::string subject)
{
    auto trouble = co_await learn();
    if (trouble)
        co_return *trouble;
    auto body = form({{"grant_type", "refresh_token"}, {"refresh_token", refresh.text()}});
    std::string what{"the refresh token"};
    auto answer = co_await ask_token(std::move(what), std::move(body));
    if (!answer)
        co_return answer.error();
    auto token = member(**answer, "id_token");
    if (token.empty() && places_->userinfo.empty())
        co_return problem{failure::unsupported, "the provider renews without saying who somebody is or in which groups", {}};
    auto claims = json::object();
    claims["sub"] = subject;
    if (!token.empty()) {
        std::string no_nonce;
        auto about = subject;
        auto proved = co_await prove(std::move(token), std::move(no_nonce), std::move(about));
        if (!proved)
            co_return proved.error();
        claims = std::move(**proved);
    }
    auto bearer = member(**answer, "access_token");
    trouble = co_await add_userinfo(claims, std::move(bearer), true);
    if (trouble) {
        if (trouble->kind == failure::auth_expired)
            trouble->kind = failure::rejected;  // it does not take what it has just given: the person is gone
        co_return *trouble;
    }
    auto person = person_of(claims);
    if (person) {
        auto next = member(**answer, "refresh_token");
        person->refresh = next.empty() ? refresh : secret{std::move(next)};
    }
    co_return person;
}

asio::awaitable<void> provider::forget(secret refresh)
{
    if (!places_ || places_->revocation.empty() || refresh.empty())
        co_return;
    auto body = form({{"token", refresh.text()}, {"token_type_hint", "refresh_token"}});
    auto request = as_client(places_->revocation, std::move(body));
    auto answer = co_await http_.fetch(std::move(request));
    static_cast<void>(answer);
}

}  // namespace halfmast::access
