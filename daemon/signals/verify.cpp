#include "daemon/signals/verify.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "daemon/net/base64.hpp"

namespace halfmast::signals {

namespace {

constexpr std::size_t most_signatures = 8;  // of one header: while a secret is replaced there are two
constexpr std::size_t most_id = 256;

using digest = std::array<unsigned char, 32>;

digest hmac_of(std::string_view key, std::initializer_list<std::string_view> parts)
{
    std::string text;
    for (auto part : parts)
        text += part;
    digest sum{};
    unsigned length = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), sum.data(), &length)
        == nullptr)
        throw std::runtime_error("OpenSSL cannot make an HMAC");
    return sum;
}

digest digest_of(std::initializer_list<std::string_view> parts)
{
    std::string text;
    for (auto part : parts)
        text += part;
    digest sum{};
    if (EVP_Digest(text.data(), text.size(), sum.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot make a SHA-256");
    return sum;
}

std::string bytes_of(const digest& sum) { return {reinterpret_cast<const char*>(sum.data()), sum.size()}; }

// The length of a genuine one is no secret.
bool is_same_text(std::string_view given, std::string_view genuine)
{
    return given.size() == genuine.size() && CRYPTO_memcmp(given.data(), genuine.data(), genuine.size()) == 0;
}

// What stands behind `version` in the parts of a header; "v1,abc v1,def", "v1=abc,v1=def".
std::vector<std::string_view> signatures_in(std::string_view header, char between, std::string_view version)
{
    std::vector<std::string_view> found;
    while (!header.empty() && found.size() < most_signatures) {
        auto end = header.find(between);
        auto part = header.substr(0, end);
        header.remove_prefix(end == header.npos ? header.size() : end + 1);
        if (part.starts_with(version))
            found.push_back(part.substr(version.size()));
    }
    return found;
}

hook_doubt missing(std::string_view header) { return {doubt::unsigned_, "the header " + std::string{header} + " is missing"}; }
hook_doubt no_match() { return {doubt::wrong, "the signature is not the one of any secret of this hook"}; }

bool any_matches(const std::vector<std::string_view>& given, const std::vector<std::string>& genuine)
{
    bool matches = false;
    for (const auto& wanted : genuine)
        for (auto one : given)
            matches = is_same_text(one, wanted) || matches;
    return matches;
}

std::optional<std::int64_t> unix_seconds(std::string_view text)
{
    std::int64_t value = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.size() > 12 || text.front() == '-' || read.ec != std::errc{} || read.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<hook_doubt> doubt_time(std::string_view text, std::string_view header, time_point now)
{
    auto at = unix_seconds(text);
    if (!at)
        return hook_doubt{doubt::unsigned_, "the header " + std::string{header} + " is no Unix time in seconds"};
    auto sent = time_point{seconds{*at}};
    if (sent > now + clock_leeway || sent < now - clock_leeway)
        return hook_doubt{doubt::stale,
                          "it was signed at " + format_utc(sent) + ", more than " + format_duration(clock_leeway) + " from now"};
    return std::nullopt;
}

proved<delivery_print> verify_standard(const hook_settings& hook, const http_headers& headers, std::string_view body,
                                       time_point now)
{
    auto id = find_header(headers, "webhook-id");
    auto sent = find_header(headers, "webhook-timestamp");
    auto signature = find_header(headers, "webhook-signature");
    if (id.empty() || sent.empty() || signature.empty())
        return missing(id.empty() ? "webhook-id" : sent.empty() ? "webhook-timestamp" : "webhook-signature");
    // A dot in it would let the bytes of one part be read as those of another.
    if (id.size() > most_id || id.find('.') != id.npos)
        return hook_doubt{doubt::unsigned_, "the header webhook-id is too long, or has a dot in it"};
    auto given = signatures_in(signature, ' ', "v1,");
    std::vector<std::string> genuine;
    for (const auto& secret : hook.secrets)
        if (auto key = webhook_key(secret); !key.empty())
            genuine.push_back(net::base64(bytes_of(hmac_of(key, {id, ".", sent, ".", body}))));
    if (!any_matches(given, genuine))
        return no_match();
    if (auto wrong = doubt_time(sent, "webhook-timestamp", now))
        return *wrong;
    return bytes_of(digest_of({"standard\n", hook.name, "\n", id}));  // a repetition of it has a time of its own
}

// HMAC over the body alone, in hexadecimal digits as they are all written: small letters.
proved<delivery_print> verify_body(const hook_settings& hook, const http_headers& headers, std::string_view body,
                                   std::string_view header, std::string_view version)
{
    auto signature = find_header(headers, header);
    if (signature.empty())
        return missing(header);
    auto given = signatures_in(signature, ',', version);
    std::vector<std::string> genuine;
    for (const auto& secret : hook.secrets)
        genuine.push_back(net::hex(bytes_of(hmac_of(secret, {body}))));
    if (!any_matches(given, genuine))
        return no_match();
    return bytes_of(digest_of({"body\n", hook.name, "\n", body}));
}

proved<delivery_print> verify_slack(const hook_settings& hook, const http_headers& headers, std::string_view body, time_point now)
{
    auto sent = find_header(headers, "X-Slack-Request-Timestamp");
    auto signature = find_header(headers, "X-Slack-Signature");
    if (sent.empty() || signature.empty())
        return missing(sent.empty() ? "X-Slack-Request-Timestamp" : "X-Slack-Signature");
    auto given = signatures_in(signature, ',', "v0=");
    std::vector<std::string> genuine;
    for (const auto& secret : hook.secrets)
        genuine.push_back(net::hex(bytes_of(hmac_of(secret, {"v0:", sent, ":", body}))));
    if (!any_matches(given, genuine))
        return no_match();
    if (auto wrong = doubt_time(sent, "X-Slack-Request-Timestamp", now))
        return *wrong;
    return bytes_of(digest_of({"slack\n", hook.name, "\n", sent, "\n", body}));
}

// Digests are compared, so that the length of a token stays unknown too.
proved<delivery_print> verify_bearer(const hook_settings& hook, const http_headers& headers)
{
    constexpr std::string_view mark = "Bearer ";
    auto given = find_header(headers, "Authorization");
    if (!given.starts_with(mark))
        return missing("Authorization: Bearer");
    auto sum = digest_of({given.substr(mark.size())});
    bool matches = false;
    for (const auto& secret : hook.secrets) {
        auto genuine = digest_of({secret});
        matches = CRYPTO_memcmp(sum.data(), genuine.data(), sum.size()) == 0 || matches;
    }
    if (!matches)
        return hook_doubt{doubt::wrong, "the token is none of this hook's"};
    return delivery_print{};
}

}  // namespace

std::string webhook_key(std::string_view secret)
{
    constexpr std::string_view mark = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (!secret.starts_with(mark))
        return {};
    secret.remove_prefix(mark.size());
    if (secret.empty() || secret.size() % 4 != 0 || secret.size() > most * 2)
        return {};
    std::string key(secret.size() / 4 * 3, '\0');
    int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                 reinterpret_cast<const unsigned char*>(secret.data()), static_cast<int>(secret.size()));
    if (length < 0)
        return {};
    std::size_t padding = secret.ends_with("==") ? 2 : secret.ends_with('=') ? 1 : 0;
    key.resize(static_cast<std::size_t>(length) - padding);
    return key.size() < least || key.size() > most ? std::string{} : key;
}

proved<delivery_print> verify(const hook_settings& hook, const http_headers& headers, std::string_view body, time_point now)
{
    switch (hook.kind) {
    case hook_kind::standard: return verify_standard(hook, headers, body, now);
    case hook_kind::pagerduty: return verify_body(hook, headers, body, "X-PagerDuty-Signature", "v1=");
    case hook_kind::github: return verify_body(hook, headers, body, "X-Hub-Signature-256", "sha256=");
    case hook_kind::slack: return verify_slack(hook, headers, body, now);
    case hook_kind::alertmanager:
    case hook_kind::grafana: return verify_bearer(hook, headers);
    }
    return hook_doubt{doubt::unsigned_, "no kind of hook"};
}

}  // namespace halfmast::signals
