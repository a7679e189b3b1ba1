// Who is believed: the vectors of the senders, and ten thousand deliveries that must not be.
#include <iostream>

#include "daemon/signals/acknowledge.hpp"
#include "daemon/signals/verify.hpp"
#include "tests/signals/deliveries.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

constexpr auto all_kinds = {hook_kind::standard, hook_kind::pagerduty,    hook_kind::github,
                            hook_kind::slack,    hook_kind::alertmanager, hook_kind::grafana};
constexpr auto signing_kinds = {hook_kind::standard, hook_kind::pagerduty, hook_kind::github, hook_kind::slack};

bool believed(const hook_settings& hook, const http_headers& headers, std::string_view body, time_point now = noon())
{
    return signals::verify(hook, headers, body, now).has_value();
}

constexpr std::string_view vector_body =
    "{\"type\":\"crisis.raise\",\"timestamp\":\"2026-01-02T03:04:05Z\",\"data\":{\"severity\":"
    "\"high\",\"reason\":\"\xc3\xb6 test\"}}";

hook_settings with_secret(hook_kind kind, const std::string& secret)
{
    auto made = make_hook(kind);
    made.secrets = {secret};
    return made;
}

}  // namespace

TEST_CASE("the vectors of the senders are believed", "[hooks][verify]")
{
    CHECK(believed(make_hook(hook_kind::standard),
                   {{"webhook-id", "msg_halfmast_0001"},
                    {"webhook-timestamp", "1767323045"},
                    {"webhook-signature", "v1,0sBuKeL+TfYmx8cFarUNvKlo7vL57ea8em2LrtDXtWg="}},
                   vector_body));
    auto library = with_secret(hook_kind::standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    CHECK(believed(library,
                   {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                    {"webhook-timestamp", "1614265330"},
                    {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
                   R"({"test": 2432232314})", time_point{1614265330s}));
    CHECK(believed(with_secret(hook_kind::pagerduty, "pd-secret-0123456789"),
                   {{"X-PagerDuty-Signature",
                     "v1=0e08125027a8cad90b89e5f6fbef2090e9703c44a446289ebd6053a8272f9030,"
                     "v1=14ae85a6822d0f4a63319b3a68d3a245599024e48c7925a3f5df4f038c40ac63"}},
                   vector_body));
    CHECK(believed(with_secret(hook_kind::github, "gh-secret"),
                   {{"X-Hub-Signature-256", "sha256=f6245b633244038d356a270ae944fd5aba66c793177865ce1d20856992a9ac12"}},
                   vector_body));
    CHECK(believed(with_secret(hook_kind::github, "It's a Secret to Everybody"),
                   {{"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
                   "Hello, World!"));
    CHECK(believed(with_secret(hook_kind::slack, "slack-signing"),
                   {{"X-Slack-Request-Timestamp", "1767323045"},
                    {"X-Slack-Signature", "v0=8ae841064fa38ddc66cefcd90f8ae1099a76da00f6625c9742b0814c8a978d3a"}},
                   vector_body));
}

TEST_CASE("while a secret is replaced both are believed, and a header may have signatures of either", "[hooks][verify]")
{
    for (auto kind : all_kinds) {
        auto hook = make_hook(kind);
        auto request = signed_request(hook, "{}", noon());
        auto both = hook;
        both.secrets.insert(both.secrets.begin(),
                            kind == hook_kind::standard ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : "the-next-secret-of-ours");
        CHECK(believed(both, request.headers, request.body));
        both.secrets.pop_back();
        CHECK_FALSE(believed(both, request.headers, request.body));
    }
    auto hook = make_hook(hook_kind::standard);
    auto request = signed_request(hook, "{}", noon());
    auto& listed = header(request, "webhook-signature");
    listed = "v1a,unknown v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= " + listed;
    CHECK(believed(hook, request.headers, request.body));
}

TEST_CASE("why it is not believed is told apart: nothing there, wrong, or of another time", "[hooks][verify]")
{
    for (auto kind : all_kinds) {
        auto hook = make_hook(kind);
        auto bare = signals::verify(hook, {}, "{}", noon());
        REQUIRE_FALSE(bare.has_value());
        CHECK(bare.error().kind == signals::doubt::unsigned_);
        auto other = hook;
        other.secrets = {kind == hook_kind::standard ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : "another-secret-of-somebody"};
        auto request = signed_request(hook, "{}", noon());
        auto wrong = signals::verify(other, request.headers, "{}", noon());
        REQUIRE_FALSE(wrong.has_value());
        CHECK(wrong.error().kind == signals::doubt::wrong);
        for (const auto& secret : hook.secrets)
            CHECK(wrong.error().why.find(secret) == std::string::npos);
    }
    for (auto kind : {hook_kind::standard, hook_kind::slack})
        for (auto away : {-301s, 301s, 86400s}) {
            auto hook = make_hook(kind);
            auto request = signed_request(hook, "{}", noon() + away);
            auto stale = signals::verify(hook, request.headers, "{}", noon());
            REQUIRE_FALSE(stale.has_value());
            CHECK(stale.error().kind == signals::doubt::stale);
            CHECK(believed(hook, request.headers, "{}", noon() + away + 300s));
        }
}

TEST_CASE("a secret that is none lets nobody in", "[hooks][verify]")
{
    for (const auto* secret :
         {"", "whsec_", "whsec_AAEC", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"}) {
        CHECK(signals::webhook_key(secret).empty());
        auto hook = with_secret(hook_kind::standard, secret);
        net::server_request request;
        auto text = "msg_1." + std::to_string(noon().time_since_epoch().count() / 1000) + ".{}";
        request.headers = {{"webhook-id", "msg_1"},
                           {"webhook-timestamp", std::to_string(noon().time_since_epoch().count() / 1000)},
                           {"webhook-signature", "v1," + base64(hmac("", text))}};
        CHECK_FALSE(believed(hook, request.headers, "{}"));
    }
    auto none = make_hook(hook_kind::alertmanager);
    none.secrets.clear();
    CHECK_FALSE(believed(none, {{"Authorization", "Bearer "}}, "{}"));
}

// Figure S5: altered, stale and replayed deliveries, through the door as they come over the wire.
TEST_CASE("ten thousand altered, stale and replayed deliveries: none is taken", "[hooks][verify]")
{
    std::minstd_rand dice{7};
    auto below = [&](std::size_t most) { return static_cast<std::size_t>(dice()) % most; };
    std::vector<hook_settings> hooks;
    std::vector<hook_rule> rules;
    for (auto kind : signing_kinds) {
        auto name = "h" + std::to_string(static_cast<int>(kind));
        hooks.push_back(make_hook(kind, name));
        hooks.back().most_a_minute = 1'000'000;
        rules.push_back(make_rule(name));
    }
    hook_stage here{hooks, rules};
    std::size_t genuine = 0;
    std::map<std::string, std::size_t> refused;
    for (std::size_t i = 0; i < 10'000; ++i) {
        const auto& hook = hooks[i % hooks.size()];
        auto mark = std::to_string(i);
        auto request = signed_request(hook, usual_body(hook.kind, here.now, mark), here.now, "msg_" + mark);
        auto signature = std::string{hook.kind == hook_kind::standard    ? "webhook-signature"
                                     : hook.kind == hook_kind::pagerduty ? "X-PagerDuty-Signature"
                                     : hook.kind == hook_kind::github    ? "X-Hub-Signature-256"
                                                                         : "X-Slack-Signature"};
        std::string how;
        switch (i / hooks.size() % 5) {
        case 0: {  // one bit of the body
            request.body[below(request.body.size())] ^= static_cast<char>(1u << below(8));
            how = "a bit of the body";
            break;
        }
        case 1: {  // one bit of the proof
            auto& text = header(request, signature);
            text[below(text.size())] ^= static_cast<char>(1u << below(7));
            how = "a bit of the signature";
            break;
        }
        case 2: {  // cut, or longer
            request.body = below(2) == 0 ? request.body.substr(0, below(request.body.size())) : request.body + " ";
            how = "another length";
            break;
        }
        case 3: {  // of another time
            auto away = seconds{(below(2) == 0 ? 1 : -1) * static_cast<int>(1000 + below(1'000'000))};
            request = signed_request(hook, usual_body(hook.kind, here.now + away, mark), here.now + away, "msg_" + mark);
            // What signs no time at all cannot be stale: its content has changed hands once, and comes again below.
            if (hook.kind == hook_kind::github)
                request.body += "\n";
            how = "of another time";
            break;
        }
        default: {  // taken once, and then again: as it was, and with what is not signed changed
            REQUIRE(here.send(request).status == 202);
            ++genuine;
            request.headers.emplace_back("X-GitHub-Delivery", mark);
            request.headers.emplace_back("X-Webhook-Subscription", mark);
            request.remote = "198.51.100.9:1";
            how = "again";
            break;
        }
        }
        auto status = here.send(request).status;
        INFO(how << " at " << hook.name << ": " << status);
        REQUIRE((status == 400 || status == 401 || status == 403 || status == 409));
        ++refused[how];
    }
    CHECK(here.heard.size() == genuine);
    std::cout << "S5: ";
    for (const auto& [how, times] : refused)
        std::cout << times << " " << how << ", ";
    std::cout << "0 of 10000 taken; " << genuine << " genuine ones beside them were\n";
}

TEST_CASE("a link in a letter takes its own page in hand, for a day, and nothing else can be made of it", "[hooks][verify]")
{
    secret key{std::string(32, 'k')};
    signals::signed_page page{"crisis/c-1-1767323045", "phone"};
    auto token = signals::sign_page(key, page, noon() + 24h);
    CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos);
    CHECK(signals::read_signed_page(key, token, noon()) == page);
    CHECK(signals::read_signed_page(key, token, noon() + 23h) == page);
    CHECK_FALSE(signals::read_signed_page(key, token, noon() + 24h));
    CHECK_FALSE(signals::read_signed_page(secret{std::string(32, 'j')}, token, noon()));
    for (std::size_t i = 0; i < token.size(); ++i)
        for (unsigned bit = 0; bit < 7; ++bit) {
            auto other = token;
            other[i] ^= static_cast<char>(1u << bit);
            CHECK_FALSE(signals::read_signed_page(key, other, noon()));
        }
    for (const auto* nothing : {"", ".", "a.b", "....", "AAAA"})
        CHECK_FALSE(signals::read_signed_page(key, nothing, noon()));
}
