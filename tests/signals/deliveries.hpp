// Deliveries as their senders sign them, and the hooks they go to, for the tests of this room. Signs by itself: what is tested must
// not make its own proof.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "daemon/signals/hooks.hpp"

namespace halfmast::test {

inline std::string hmac(std::string_view key, std::string_view text)
{
    std::array<unsigned char, 32> sum{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         sum.data(), &length);
    return {reinterpret_cast<const char*>(sum.data()), sum.size()};
}

inline std::string hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned char c : bytes)
        text.append(1, digits[c >> 4u]).append(1, digits[c & 15u]);
    return text;
}

inline std::string base64(std::string_view bytes)
{
    std::string text(bytes.size() * 2 + 4, '\0');
    auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                  reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

// 2026-01-02T03:04:05Z, as in the vectors.
inline time_point noon() { return time_point{seconds{1'767'323'045}}; }

inline const std::string& standard_key()
{
    static const std::string key = [] {
        std::string made;
        for (char c = 0; c < 32; ++c)
            made += c;
        return made;
    }();
    return key;
}

inline hook_settings make_hook(hook_kind kind, const std::string& name = "shop")
{
    hook_settings made;
    made.name = name;
    made.kind = kind;
    made.secrets = {kind == hook_kind::standard ? "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" : "a-secret-of-some-length"};
    return made;
}

inline net::server_request signed_request(const hook_settings& hook, const std::string& body, time_point at,
                                          const std::string& id = "msg_1")
{
    net::server_request made;
    made.method = "POST";
    made.path = made.target = "/hooks/" + hook.name;
    made.remote = "192.0.2.7:4711";
    made.body = body;
    made.headers.emplace_back("Content-Type", "application/json");
    auto sent = std::to_string(at.time_since_epoch().count() / 1000);
    const auto& key = hook.secrets.front();
    switch (hook.kind) {
    case hook_kind::standard:
        made.headers.emplace_back("webhook-id", id);
        made.headers.emplace_back("webhook-timestamp", sent);
        made.headers.emplace_back("webhook-signature", "v1," + base64(hmac(standard_key(), id + "." + sent + "." + body)));
        break;
    case hook_kind::pagerduty: made.headers.emplace_back("X-PagerDuty-Signature", "v1=" + hex(hmac(key, body))); break;
    case hook_kind::github: made.headers.emplace_back("X-Hub-Signature-256", "sha256=" + hex(hmac(key, body))); break;
    case hook_kind::slack:
        made.headers.emplace_back("X-Slack-Request-Timestamp", sent);
        made.headers.emplace_back("X-Slack-Signature", "v0=" + hex(hmac(key, "v0:" + sent + ":" + body)));
        break;
    case hook_kind::alertmanager:
    case hook_kind::grafana: made.headers.emplace_back("Authorization", "Bearer " + key); break;
    }
    return made;
}

inline std::string& header(net::server_request& request, std::string_view name)
{
    for (auto& [key, value] : request.headers)
        if (key == name)
            return value;
    throw std::out_of_range(std::string{name});
}

inline std::string pagerduty_body(time_point at, const std::string& type = "incident.triggered", const std::string& key = "Q1")
{
    return R"({"event":{"id":"e-)" + key + R"(","event_type":")" + type + R"(","occurred_at":")" + format_utc(at)
           + R"(","agent":{"summary":"Jane Doe"},"data":{"id":")" + key
           + R"(","title":"checkout is failing","incident_key":"halfmast/)" + key
           + R"(","html_url":"https://acme.pagerduty.com/incidents/Q1","service":{"summary":"Shop"}}}})";
}

// A body that such a sender could send.
inline std::string usual_body(hook_kind kind, time_point at, const std::string& mark = "1")
{
    if (kind == hook_kind::pagerduty)
        return pagerduty_body(at, "incident.triggered", "Q" + mark);
    if (kind == hook_kind::alertmanager || kind == hook_kind::grafana)
        return R"({"version":"4","status":"firing","groupKey":"k)" + mark
               + R"(","commonLabels":{"severity":"page","brand":"acme"},)"
                 R"("commonAnnotations":{"summary":"checkout answers 500"},"externalURL":"https://am.example","alerts":[)"
                 R"({"status":"firing","annotations":{"description":"37 of 40 requests failed"}}]})";
    return R"({"type":"crisis.raise","timestamp":"2026-01-02T03:04:05Z","data":{"severity":"high","reason":"ö test","key":")" + mark
           + R"("}})";
}

// The hooks with a clock that stands, and what came through them.
class hook_stage {
public:
    explicit hook_stage(std::vector<hook_settings> all, std::vector<hook_rule> rules = {}, const std::string& file = {})
    {
        signal_settings wanted;
        wanted.hooks = std::move(all);
        wanted.rules = std::move(rules);
        signals::hook_needs needs;
        needs.clock = [this] { return now; };
        needs.pages = [this]() -> const page_book& { return pages; };
        needs.link_key = secret{std::string(32, 'k')};
        needs.hear = [this](heard_signal said) -> asio::awaitable<result<void>> {
            if (!ledger_works)
                co_return problem{failure::local, "no room", {}};
            heard.push_back(std::move(said));
            co_return result<void>{};
        };
        needs.acknowledge = [this](page_acknowledged what) -> asio::awaitable<result<void>> {
            if (!ledger_works)
                co_return problem{failure::local, "no room", {}};
            bool open = pages.groups.contains(what.key);
            acknowledged.push_back(std::move(what));
            if (!open)
                co_return problem{failure::not_found, "no such page is open", {}};
            co_return result<void>{};
        };
        needs.refused = [this](const std::string& hook, const std::string& why, std::uint64_t times) {
            logged.push_back(hook + ": " + why + " (" + std::to_string(times) + ")");
        };
        hooks_.emplace(std::move(wanted), std::make_unique<signals::deliveries>(file), std::move(needs));
    }

    net::server_response send(net::server_request request)
    {
        std::optional<net::server_response> given;
        auto work = hooks_->answer(std::move(request));
        asio::co_spawn(context_, std::move(work), [&](std::exception_ptr error, net::server_response response) {
            if (error)
                std::rethrow_exception(error);
            given = std::move(response);
        });
        context_.restart();
        context_.run();
        return std::move(given.value());
    }
    [[nodiscard]] const signals::hooks& hooks() const { return *hooks_; }

    time_point now = noon();
    bool ledger_works = true;
    page_book pages;
    std::vector<heard_signal> heard;
    std::vector<page_acknowledged> acknowledged;
    std::vector<std::string> logged;

private:
    asio::io_context context_;
    std::optional<signals::hooks> hooks_;
};

inline hook_rule make_rule(const std::string& hook = "shop")
{
    hook_rule made;
    made.hook = hook;
    made.playbook = "outage";
    return made;
}

inline field_match field(const std::string& pointer, std::vector<std::string> any_of = {})
{
    field_match made;
    made.pointer = pointer;
    made.any_of = std::move(any_of);
    return made;
}

class folder {
public:
    folder()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-signals-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary directory");
        path_ = pattern;
    }
    ~folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace halfmast::test
