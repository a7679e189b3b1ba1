// A key of a provider, and tokens signed with it; a forger has one too.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <cjose/cjose.h>
#include <nlohmann/json.hpp>

#include "daemon/access/secrets.hpp"

namespace halfmast::access::testing {

using nlohmann::json;

class signer {
public:
    explicit signer(std::string kid, bool elliptic = false)
        : kid_(std::move(kid)),
          algorithm_(elliptic ? "ES256" : "RS256"),
          key_(elliptic ? ::cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr)
                        : ::cjose_jwk_create_RSA_random(2048, exponent, 3, nullptr),
               &::cjose_jwk_release)
    {
        if (!key_ || !::cjose_jwk_set_kid(key_.get(), kid_.c_str(), kid_.size(), nullptr))
            throw std::runtime_error("no key");
    }

    [[nodiscard]] json public_key() const
    {
        std::unique_ptr<char, decltype(&::free)> text{::cjose_jwk_to_json(key_.get(), false, nullptr), &::free};
        auto made = json::parse(text.get());
        made["use"] = "sig";
        return made;
    }

    [[nodiscard]] std::string sign(const json& claims, const char* algorithm = nullptr) const
    {
        auto* header = ::cjose_header_new(nullptr);
        ::cjose_header_set(header, CJOSE_HDR_ALG, algorithm == nullptr ? algorithm_.c_str() : algorithm, nullptr);
        ::cjose_header_set(header, CJOSE_HDR_KID, kid_.c_str(), nullptr);
        auto text = claims.dump();
        auto* signed_text =
            ::cjose_jws_sign(key_.get(), header, reinterpret_cast<const uint8_t*>(text.data()), text.size(), nullptr);
        ::cjose_header_release(header);
        const char* compact = nullptr;
        if (signed_text == nullptr || !::cjose_jws_export(signed_text, &compact, nullptr))
            throw std::runtime_error("cannot sign");
        std::string made{compact};
        ::cjose_jws_release(signed_text);
        return made;
    }

private:
    static constexpr uint8_t exponent[] = {1, 0, 1};
    std::string kid_;
    std::string algorithm_;
    std::unique_ptr<cjose_jwk_t, decltype(&::cjose_jwk_release)> key_;
};

// A token with a header and claims of one's own making, and whatever stands where the signature should.
inline std::string unsigned_token(const json& header, const json& claims, const std::string& signature = "")
{
    return base64url(header.dump()) + "." + base64url(claims.dump()) + "." + signature;
}

}  // namespace halfmast::access::testing
