// What proves somebody and what does not: signatures, algorithms and claims of a provider's token, one fault at a time.
#include "daemon/access/id_token.hpp"
#include "tests/access/signer.hpp"
#include "tests/access/result_text.hpp"

using namespace halfmast;
using namespace halfmast::access;
using namespace halfmast::access::testing;

namespace {

constexpr std::int64_t token_now = 1'772'352'000;

id_token_terms usual_terms() { return {"https://id.example", "halfmast", "n-1", time_point{seconds{token_now}}}; }

json good_claims()
{
    return {{"iss", "https://id.example"},
            {"aud", "halfmast"},
            {"sub", "u1"},
            {"nonce", "n-1"},
            {"iat", token_now - 5},
            {"exp", token_now + 300},
            {"preferred_username", "maria"},
            {"groups", {"managers"}}};
}

json without(json claims, const char* name)
{
    claims.erase(name);
    return claims;
}

json with(json claims, const char* name, json value)
{
    claims[name] = std::move(value);
    return claims;
}

const signer& real_key()
{
    static const signer key{"k1"};
    return key;
}

std::string fault_of(const std::string& token, const json& keys)
{
    auto fault = token_fault::none;
    auto read = read_id_token(token, keys, usual_terms(), fault);
    CHECK(read.has_value() == (fault == token_fault::none));
    return read ? "" : read.error().detail;
}

json set_of(std::initializer_list<json> keys) { return {{"keys", json::array_t(keys)}}; }

}  // namespace

TEST_CASE("a token that is signed and meant for us is read; RSA and EC keys, several at once", "[oidc]")
{
    signer curve{"k2", true};
    auto keys = set_of({real_key().public_key(), curve.public_key()});
    for (const auto& token : {real_key().sign(good_claims()), curve.sign(good_claims()), real_key().sign(good_claims(), "PS256")}) {
        auto fault = token_fault::wrong;
        auto read = read_id_token(token, keys, usual_terms(), fault);
        REQUIRE(read);
        CHECK(fault == token_fault::none);
        CHECK((*read)->at("preferred_username") == "maria");
    }
}

TEST_CASE("a forged signature proves nothing", "[oidc]")
{
    auto keys = set_of({real_key().public_key()});
    signer forger{"k1"};  // the same name, another key
    CHECK(fault_of(forger.sign(good_claims()), keys).find("signature that does not fit") != std::string::npos);
    auto token = real_key().sign(good_claims());
    // One letter of the claims, and one of the signature.
    auto claims = token;
    auto at = claims.find('.') + 10;
    claims[at] = claims[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(fault_of(claims, keys).empty());
    auto signature = token;
    at = signature.rfind('.') + 10;
    signature[at] = signature[at] == 'A' ? 'B' : 'A';
    CHECK(fault_of(signature, keys).find("does not fit") != std::string::npos);
    auto fault = token_fault::none;
    CHECK_FALSE(read_id_token(signer{"k9"}.sign(good_claims()), keys, usual_terms(), fault));
    CHECK(fault == token_fault::unknown_key);
}

TEST_CASE("no algorithm, a shared secret and an embedded key are refused before anything is believed", "[oidc]")
{
    auto keys = set_of({real_key().public_key()});
    for (auto algorithm : {"none", "None", "NONE", "", "HS256", "RSA-OAEP"}) {
        INFO(algorithm);
        CHECK(fault_of(unsigned_token({{"alg", algorithm}, {"kid", "k1"}}, good_claims()), keys).find("not taken here")
              != std::string::npos);
    }
    // HS256 with the public key as the shared secret: the classical confusion.
    auto public_text = real_key().public_key().dump();
    auto body = base64url(json{{"alg", "HS256"}, {"kid", "k1"}}.dump()) + "." + base64url(good_claims().dump());
    CHECK_FALSE(fault_of(body + "." + keyed(public_text, body), keys).empty());
    // A key that the token brings along.
    signer forger{"k7"};
    auto brought = forger.sign(good_claims());
    auto header = json{{"alg", "RS256"}, {"kid", "k7"}, {"jwk", forger.public_key()}};
    CHECK_FALSE(fault_of(base64url(header.dump()) + brought.substr(brought.find('.')), keys).empty());
    // An EC algorithm over the RSA key, and a key that is not for signing.
    CHECK_FALSE(fault_of(unsigned_token({{"alg", "ES256"}, {"kid", "k1"}}, good_claims(), "AAAA"), keys).empty());
    auto other_use = real_key().public_key();
    other_use["use"] = "enc";
    CHECK_FALSE(fault_of(real_key().sign(good_claims()), set_of({other_use})).empty());
    CHECK_FALSE(fault_of(unsigned_token({{"alg", "RS256"}, {"kid", "k1"}, {"crit", {"x"}}}, good_claims(), "AAAA"), keys).empty());
}

TEST_CASE("claims: each of them counts", "[oidc]")
{
    auto keys = set_of({real_key().public_key()});
    struct row {
        json claims;
        const char* says;
    };
    const std::vector<row> all{
        {with(good_claims(), "nonce", "n-2"), "nonce"},
        {without(good_claims(), "nonce"), "nonce"},
        {with(good_claims(), "nonce", 1), "nonce"},
        {with(good_claims(), "exp", token_now - 61), "ended"},
        {without(good_claims(), "exp"), "when it ends"},
        {with(good_claims(), "exp", "soon"), "when it ends"},
        {with(good_claims(), "exp", 1e300), "when it ends"},
        {with(good_claims(), "iat", token_now + 120), "future"},
        {without(good_claims(), "iat"), "when it was made"},
        {with(good_claims(), "nbf", token_now + 120), "not valid yet"},
        {with(good_claims(), "iss", "https://id.example/"), "another issuer"},
        {with(good_claims(), "aud", "other"), "another client"},
        {without(good_claims(), "aud"), "another client"},
        {with(good_claims(), "aud", {"halfmast", "other"}), "another client"},
        {with(with(good_claims(), "aud", {"halfmast", "other"}), "azp", "other"), "another client"},
        {with(good_claims(), "azp", "other"), "another client"},
        {without(good_claims(), "sub"), "names nobody"},
    };
    for (const auto& [claims, says] : all) {
        INFO(claims.dump());
        auto fault = fault_of(real_key().sign(claims), keys);
        INFO(fault);
        CHECK(fault.find(says) != std::string::npos);
        CHECK(fault.find("maria") == std::string::npos);
    }
    CHECK(fault_of(real_key().sign(with(good_claims(), "exp", token_now - 30)), keys).empty());  // clocks differ
    CHECK(fault_of(real_key().sign(with(good_claims(), "aud", {"halfmast"})), keys).empty());
    CHECK(fault_of(real_key().sign(with(with(good_claims(), "aud", {"halfmast", "other"}), "azp", "halfmast")), keys).empty());
}

TEST_CASE("what is no token at all is told apart without harm", "[oidc]")
{
    auto keys = set_of({real_key().public_key()});
    for (const auto& text : {std::string{}, std::string{"."}, std::string{".."}, std::string{"a.b"}, std::string{"a.b.c"},
                             std::string{"a.b.c.d"}, base64url("[]") + "." + base64url("{}") + ".x",
                             base64url("{}") + "." + base64url("\"x\"") + ".x", std::string(100'000, 'x') + ".y.z"})
        CHECK_FALSE(fault_of(text, keys).empty());
    auto token = real_key().sign(good_claims());
    for (const auto& odd :
         {json::object(), json{{"keys", 5}}, json{{"keys", {1, nullptr, "x"}}}, json{{"keys", {{{"kty", "RSA"}, {"kid", "k1"}}}}},
          json{{"keys", {{{"kty", "RSA"}, {"kid", "k1"}, {"n", "!!"}, {"e", ""}}}}}})
        CHECK_FALSE(fault_of(token, odd).empty());
}
