// Whatever is sent to a hook: the verifier and the reader come to an end, nothing that was not signed is believed, no text of ours holds a
// secret, and what a payload says fits into a page. The first byte is the kind, the second how it is signed, then the proof up to a NUL, and
// the body.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <openssl/hmac.h>

#include "daemon/signals/acknowledge.hpp"
#include "daemon/signals/payload.hpp"
#include "daemon/signals/verify.hpp"

using namespace halfmast;

namespace {

constexpr auto key = "hook-s3cret-0123456789abcdef";
const time_point now{std::chrono::seconds{1'767'323'045}};

void must(bool holds)
{
    if (!holds)
        std::abort();
}

std::string hex_hmac(std::string_view text)
{
    std::array<unsigned char, 32> sum{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key, 28, reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum.data(), &length);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string made;
    for (auto byte : sum)
        made.append(1, digits[byte >> 4u]).append(1, digits[byte & 15u]);
    return made;
}

const std::vector<hook_rule>& rules()
{
    static const std::vector<hook_rule> all = [] {
        hook_rule narrow;
        narrow.hook = "shop";
        narrow.playbook = "outage";
        narrow.match.emplace_back();
        narrow.match.back().pointer = "/commonLabels/severity";
        narrow.match.back().any_of = {"page", "crit*"};
        narrow.over = {{"brand", "{/commonLabels/brand}"}};
        narrow.key = "{/groupKey}{/alerts/0/fingerprint}";
        hook_rule rest;
        rest.hook = "shop";
        rest.playbook = "outage";
        rest.evidence = {"{}", "{/", "{/a/0/b}{/data}", "{/~1~0}"};
        return std::vector<hook_rule>{narrow, rest};
    }();
    return all;
}

void read(const hook_settings& hook, std::string_view body)
{
    auto meaning = signals::read_payload(hook, rules(), body, now);
    if (!meaning) {
        must(!meaning.error().detail.empty() && meaning.error().detail.find(key) == std::string::npos);
        return;
    }
    const auto* said = std::get_if<heard_signal>(&*meaning);
    if (said == nullptr)
        return;
    must(said->source == "hook/shop" && said->playbook == "outage" && !said->what.empty());
    must(said->link.empty() || said->link.starts_with("http"));
    for (const auto* text : {&said->what, &said->key, &said->link})
        must(std::ranges::none_of(*text, [](unsigned char c) { return c < 0x20; }));
    for (const auto& line : said->evidence)
        must(!line.empty() && line.find('\n') == std::string::npos);
    for (const auto& [label, wanted] : said->over)
        must(!wanted.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    hook_settings hook;
    hook.name = "shop";
    hook.kind = static_cast<hook_kind>(data[0] % 6);
    hook.acknowledges = (data[0] & 64) != 0;
    hook.secrets = {key};
    std::string rest{reinterpret_cast<const char*>(data + 2), size - 2};
    auto end = std::min(rest.find('\0'), rest.size());
    auto proof = rest.substr(0, end);
    auto body = end < rest.size() ? rest.substr(end + 1) : std::string{};
    http_headers headers{{"webhook-id", proof},          {"webhook-timestamp", "1767323045"},
                         {"webhook-signature", proof},   {"X-PagerDuty-Signature", proof},
                         {"X-Hub-Signature-256", proof}, {"X-Slack-Request-Timestamp", proof},
                         {"X-Slack-Signature", proof},   {"Authorization", proof}};
    auto forged = signals::verify(hook, headers, body, now);
    if (forged)
        must(proof.find(key) != std::string::npos || proof.find(hex_hmac(body)) != std::string::npos);
    else
        must(!forged.error().why.empty() && forged.error().why.find(key) == std::string::npos);
    if (hook.kind == hook_kind::github) {
        http_headers genuine{{"X-Hub-Signature-256", "sha256=" + hex_hmac(body)}};
        must(signals::verify(hook, genuine, body, now).has_value());
    }
    read(hook, body);
    (void)signals::read_signed_page(secret{key}, proof, now);
    return 0;
}
