#include "daemon/access/id_token.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <cjose/cjose.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

namespace halfmast::access {

namespace {

using nlohmann::json;

constexpr std::size_t most_token = 64u << 10;

// Algorithm and kind of key: one that is named with another kind of key is a trick.
using named_key = std::pair<std::string_view, std::string_view>;
constexpr std::array<named_key, 9> signatures{named_key{"RS256", "RSA"}, named_key{"RS384", "RSA"}, named_key{"RS512", "RSA"},
                                              named_key{"PS256", "RSA"}, named_key{"PS384", "RSA"}, named_key{"PS512", "RSA"},
                                              named_key{"ES256", "EC"},  named_key{"ES384", "EC"},  named_key{"ES512", "EC"}};

problem wrong(std::string text) { return {failure::rejected, "the provider's token " + std::move(text), {}}; }

std::string text_of(const json& from, const char* name)
{
    auto member = from.find(name);
    return member != from.end() && member->is_string() ? member->get<std::string>() : std::string{};
}

// Discarded when it is no JSON object in base64url.
json part_of(std::string_view encoded)
{
    std::string bytes(encoded.size(), '\0');
    std::size_t size = 0;
    if (::sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), encoded.data(), encoded.size(), nullptr,
                            &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        != 0)
        return json(json::value_t::discarded);
    bytes.resize(size);
    auto made = json::parse(bytes, nullptr, false);
    return made.is_object() ? made : json(json::value_t::discarded);
}

std::string_view kind_of_key(const std::string& algorithm)
{
    auto found = std::ranges::find(signatures, std::string_view{algorithm}, [](const auto& one) { return one.first; });
    return found == signatures.end() ? std::string_view{} : found->second;
}

bool may_sign(const json& key, const std::string& algorithm, const std::string& kid)
{
    if (!key.is_object() || text_of(key, "kty") != kind_of_key(algorithm))
        return false;
    auto use = text_of(key, "use");
    auto own = text_of(key, "alg");
    return (use.empty() || use == "sig") && (own.empty() || own == algorithm) && (kid.empty() || text_of(key, "kid") == kid);
}

bool is_signed_by(const json& key, const std::string& token)
{
    auto text = key.dump(-1, ' ', false, json::error_handler_t::replace);
    cjose_err error{};
    std::unique_ptr<cjose_jwk_t, decltype(&::cjose_jwk_release)> jwk{::cjose_jwk_import(text.data(), text.size(), &error),
                                                                     &::cjose_jwk_release};
    std::unique_ptr<cjose_jws_t, decltype(&::cjose_jws_release)> jws{::cjose_jws_import(token.data(), token.size(), &error),
                                                                     &::cjose_jws_release};
    return jwk && jws && ::cjose_jws_verify(jws.get(), jwk.get(), &error);
}

std::optional<std::string> fault_of_signature(const std::string& token, const json& header, const json& keys, token_fault& fault)
{
    auto algorithm = text_of(header, "alg");
    if (kind_of_key(algorithm).empty())
        return "is signed in a way that is not taken here: '" + algorithm.substr(0, 20) + "'; RS, PS and ES are";
    if (header.contains("crit"))
        return "wants something to be understood that is not";
    auto all = keys.find("keys");
    std::size_t candidates = 0;
    if (all != keys.end() && all->is_array())
        for (const auto& key : *all)
            if (may_sign(key, algorithm, text_of(header, "kid"))) {
                ++candidates;
                if (is_signed_by(key, token))
                    return std::nullopt;
            }
    if (candidates == 0) {
        fault = token_fault::unknown_key;
        return "is signed with a key that the provider does not publish";
    }
    return "has a signature that does not fit";
}

std::optional<time_point> seconds_of(const json& claims, const char* name)
{
    auto member = claims.find(name);
    if (member == claims.end() || !member->is_number())
        return std::nullopt;
    auto value = member->get<double>();
    if (!(value > 0 && value < 1e11))
        return std::nullopt;
    return time_point{std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(value))};
}

bool is_for(const json& claims, const std::string& client)
{
    auto audience = claims.find("aud");
    if (audience == claims.end())
        return false;
    if (audience->is_string())
        return *audience == client && (!claims.contains("azp") || claims["azp"] == client);
    bool named = audience->is_array() && std::ranges::find(*audience, json(client)) != audience->end();
    // Of several it must say that it was made for us.
    return named
           && (audience->size() == 1 ? !claims.contains("azp") || claims["azp"] == client
                                     : claims.contains("azp") && claims["azp"] == client);
}

std::optional<std::string> fault_of_claims(const json& claims, const id_token_terms& terms)
{
    if (text_of(claims, "iss") != terms.issuer)
        return "is of another issuer";
    if (!is_for(claims, terms.client_id))
        return "was made for another client";
    auto ends = seconds_of(claims, "exp");
    if (!ends || *ends + clock_slack <= terms.now)
        return ends ? "ended at " + format_utc(*ends) : "does not say when it ends";
    auto made = seconds_of(claims, "iat");
    if (!made || *made > terms.now + clock_slack)
        return made ? "was made in the future; compare the clocks" : "does not say when it was made";
    if (auto from = seconds_of(claims, "nbf"); from && *from > terms.now + clock_slack)
        return "is not valid yet; compare the clocks";
    if (text_of(claims, "sub").empty())
        return "names nobody";
    if (!terms.subject.empty())
        return text_of(claims, "sub") == terms.subject ? std::nullopt : std::optional<std::string>{"names another person"};
    // Its nonce is what binds it to the browser that began here.
    if (terms.nonce.empty() || text_of(claims, "nonce") != terms.nonce)
        return "belongs to another sign-in (nonce)";
    return std::nullopt;
}

}  // namespace

result<parsed> read_id_token(const std::string& token, const json& keys, const id_token_terms& terms, token_fault& fault)
{
    fault = token_fault::wrong;
    auto first = token.find('.');
    auto second = first == std::string::npos ? first : token.find('.', first + 1);
    if (token.size() > most_token || second == std::string::npos || token.find('.', second + 1) != std::string::npos)
        return wrong("is none");
    auto header = part_of(std::string_view{token}.substr(0, first));
    auto claims = part_of(std::string_view{token}.substr(first + 1, second - first - 1));
    if (header.is_discarded() || claims.is_discarded())
        return wrong("is none");
    // The signature first: nothing unproved is looked at.
    if (auto why = fault_of_signature(token, header, keys, fault))
        return wrong(*why);
    if (auto why = fault_of_claims(claims, terms))
        return wrong(*why);
    fault = token_fault::none;
    return std::make_shared<json>(std::move(claims));
}

}  // namespace halfmast::access
