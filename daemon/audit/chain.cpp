#include "daemon/audit/chain.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace halfmast::audit {

namespace {

// OpenSSL looks an algorithm up by name at each use unless it was fetched before; that look-up costs more than hashing a record.
class hasher {
public:
    hasher() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        if (!context_ || EVP_DigestInit_ex2(context_.get(), algorithm, nullptr) != 1)
            throw std::runtime_error("OpenSSL gives no SHA-256");
    }

    void begin() { check(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr)); }
    void add(const void* bytes, std::size_t size) { check(EVP_DigestUpdate(context_.get(), bytes, size)); }
    digest end()
    {
        digest value{};
        check(EVP_DigestFinal_ex(context_.get(), value.data(), nullptr));
        return value;
    }

private:
    static void check(int done)
    {
        if (done != 1)
            throw std::runtime_error("OpenSSL cannot compute a SHA-256");
    }
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

hasher& this_thread()
{
    thread_local hasher one;
    return one;
}

unsigned char* put_number(unsigned char* to, std::uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *to++ = static_cast<unsigned char>(value >> shift);
    return to;
}

constexpr std::string_view domain = "halfmast-ledger-1\n";

}  // namespace

digest sha256(std::string_view bytes)
{
    auto& hash = this_thread();
    hash.begin();
    hash.add(bytes.data(), bytes.size());
    return hash.end();
}

std::string to_hex(const digest& value)
{
    return to_hex(std::string_view{reinterpret_cast<const char*>(value.data()), value.size()});
}

std::string to_hex(std::string_view bytes)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

digest genesis() { return {}; }

digest chain_hash(std::int64_t seq, std::string_view at, std::string_view payload, const digest& prev)
{
    auto& hash = this_thread();
    hash.begin();
    // Everything before the payload in one piece, for each call of OpenSSL costs as much as hashing it.
    constexpr std::size_t usual_at = 64;
    unsigned char front[domain.size() + 24 + usual_at];
    auto* end = std::copy(domain.begin(), domain.end(), front);
    end = put_number(end, static_cast<std::uint64_t>(seq));
    end = put_number(end, at.size());
    if (at.size() <= usual_at) {
        end = std::copy(at.begin(), at.end(), end);
    } else {
        hash.add(front, static_cast<std::size_t>(end - front));
        hash.add(at.data(), at.size());
        end = front;
    }
    end = put_number(end, payload.size());
    hash.add(front, static_cast<std::size_t>(end - front));
    hash.add(payload.data(), payload.size());
    unsigned char back[8 + std::tuple_size_v<digest>];
    std::copy(prev.begin(), prev.end(), put_number(back, prev.size()));
    hash.add(back, sizeof back);
    return hash.end();
}

}  // namespace halfmast::audit
