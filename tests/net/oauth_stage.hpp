// A platform and its token server whose answers a test writes, and the client in front of them.
#pragma once

#include <deque>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/net/http_date.hpp"
#include "daemon/net/oauth_http.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

namespace halfmast::test::oauth {

using namespace std::chrono_literals;
using nlohmann::json;

inline constexpr auto token_url = "https://login.example/token";
inline const std::string seed = "seed-refresh-token";

inline http_response answer(int status, const json& body)
{
    http_response made;
    made.status = status;
    made.body = body.dump();
    return made;
}

inline json tokens(int number, bool rotates = true)
{
    json made{
        {"access_token", "access-" + std::to_string(number) + "-of-the-account"}, {"token_type", "bearer"}, {"expires_in", 3600}};
    if (rotates)
        made["refresh_token"] = "refresh-" + std::to_string(number) + "-of-the-account";
    return made;
}

// A platform and its token server. What is not planned goes well.
struct platform final : http_port {
    time_point& now;
    std::deque<result<http_response>> of_tokens;  // the next answers of the token server
    std::deque<http_response> of_calls;           // and of the platform
    std::string refuses;                          // a token it does not take
    std::vector<http_request> asked_tokens;
    std::vector<std::string> called;  // "GET /posts access-1-of-the-account"
    int given = 0;
    std::function<void()> before_call;
    std::function<void()> before_token;
    asio::steady_timer* slow = nullptr;  // the token server answers when it rings

    explicit platform(time_point& now_) : now(now_) {}

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        if (request.url == token_url) {
            asked_tokens.push_back(request);
            if (before_token)
                before_token();
            if (slow != nullptr) {
                boost::system::error_code rung;
                co_await slow->async_wait(asio::redirect_error(asio::use_awaitable, rung));
            }
            if (!of_tokens.empty()) {
                auto next = of_tokens.front();
                of_tokens.pop_front();
                co_return next;
            }
            auto made = answer(200, tokens(++given));
            made.headers.emplace_back("Date", net::format_http_date(now));
            co_return made;
        }
        if (before_call)
            before_call();
        auto shown = find_header(request.headers, "Authorization");
        called.push_back(request.method + " " + request.url.substr(request.url.rfind('/')) + " "
                         + std::string{shown.substr(std::min<std::size_t>(7, shown.size()))});
        http_response made = answer(200, {{"fine", true}});
        if (!of_calls.empty()) {
            made = of_calls.front();
            of_calls.pop_front();
        }
        if (!refuses.empty() && shown.ends_with(refuses)) {
            made = answer(401, json::object());
            made.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        }
        made.headers.emplace_back("Date", net::format_http_date(now));
        co_return made;
    }
};

inline net::oauth_account account_of(net::oauth_grant grant = net::oauth_grant::refresh_token)
{
    net::oauth_account own;
    own.name = "Scheduler (rest)";
    own.token_url = token_url;
    own.grant = grant;
    own.client_id = "halfmast:1";
    own.client_secret = secret{"client-s3cret"};
    own.scopes = {"read", "write:posts"};
    own.seed = secret{seed};
    return own;
}

struct stage {
    asio::io_context context;
    time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
    test::memory_vault vault;
    platform there{now};
    std::unique_ptr<net::oauth_http> by;

    explicit stage(net::oauth_account own = account_of()) { start(std::move(own)); }
    void start(net::oauth_account own = account_of())
    {
        by = std::make_unique<net::oauth_http>(std::move(own), there, vault, [this] { return now; });
    }

    std::shared_ptr<std::optional<result<http_response>>> begin(http_request request)
    {
        auto given = std::make_shared<std::optional<result<http_response>>>();
        auto work = by->fetch(std::move(request));
        asio::co_spawn(context, std::move(work), [given](std::exception_ptr error, result<http_response> value) {
            if (!error)
                given->emplace(std::move(value));
        });
        return given;
    }
    void turn()
    {
        context.restart();
        context.run_for(20s);
    }
    result<http_response> call(const std::string& method = "GET", bool publishes = false)
    {
        http_request request(method, "https://api.example/posts");
        request.publishes = publishes;
        auto given = begin(std::move(request));
        turn();
        REQUIRE(given->has_value());
        return **given;
    }
    net::oauth_http::report look()
    {
        std::optional<net::oauth_http::report> given;
        auto work = by->look();
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, net::oauth_http::report value) {
            if (!error)
                given = std::move(value);
        });
        turn();
        REQUIRE(given.has_value());
        return *given;
    }
    std::string shown(std::size_t index) const { return there.asked_tokens.at(index).body; }
    json kept() const { return json::parse(vault.kept.at("oauth")); }
};

inline http_response expired()
{
    auto made = answer(401, {{"message", "expired"}});
    made.headers.emplace_back("WWW-Authenticate",
                              R"(Bearer realm="x", error="invalid_token", error_description="The access token expired")");
    return made;
}

inline bool holds_secret(const std::string& text)
{
    for (const std::string one : {seed.c_str(), "client-s3cret", "of-the-account"})
        if (text.find(one) != std::string::npos)
            return true;
    return false;
}

inline problem lost()
{
    return {failure::unknown_outcome, "POST https://login.example/token: the connection closed before the whole answer came", {}};
}

}  // namespace halfmast::test::oauth
