#include "daemon/signals/hooks.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/signals/acknowledge.hpp"
#include "daemon/signals/payload.hpp"
#include "daemon/signals/verify.hpp"

namespace halfmast::signals {

namespace {

using nlohmann::json;

constexpr std::string_view front = "/hooks/";
constexpr std::string_view link_name = "acknowledge";
constexpr std::chrono::minutes log_pause{1};

net::server_response said(int status, const json& body)
{
    net::server_response made{status, body.dump(-1, ' ', false, json::error_handler_t::replace)};
    return made;
}

net::server_response taken(const char* what) { return said(202, {{"schema", "halfmast.hook/1"}, {"taken", true}, {"as", what}}); }

struct status_of_doubt {
    int status;
    const char* type;
    const char* title;
};

status_of_doubt status_of(doubt kind)
{
    switch (kind) {
    case doubt::unsigned_: return {401, "unsigned", "What proves the sender is missing"};
    case doubt::wrong: return {403, "signature", "It does not prove the sender"};
    case doubt::stale: return {403, "stale", "It is too old, or from the future"};
    }
    return {403, "signature", "It does not prove the sender"};
}

}  // namespace

hooks::hooks(signal_settings wanted, std::unique_ptr<deliveries> seen, hook_needs needs)
    : wanted_(std::move(wanted)),
      seen_(std::move(seen)),
      needs_(std::move(needs))
{
    for (const auto& hook : wanted_.hooks)
        counts_.try_emplace(hook.name);
}

bool hooks::is_ours(const net::server_request& request) { return request.path.starts_with(front); }

net::request_handler hooks::in_front_of(net::request_handler others)
{
    return [this, others = std::move(others)](net::server_request request) {
        return is_ours(request) ? answer(std::move(request)) : others(std::move(request));
    };
}

const hook_settings* hooks::find(const std::string& name) const
{
    auto found = std::ranges::find(wanted_.hooks, name, &hook_settings::name);
    return found == wanted_.hooks.end() ? nullptr : &*found;
}

// A bucket that fills up within a minute.
bool hooks::allow(const hook_settings& hook)
{
    auto now = needs_.clock();
    auto [at, is_new] = allowed_.try_emplace(hook.name);
    auto& mine = at->second;
    auto most = static_cast<double>(hook.most_a_minute);
    auto passed = std::max<double>(0, static_cast<double>((now - mine.at).count()));
    mine.left = is_new ? most : std::min(most, mine.left + most * passed / 60'000);
    mine.at = now;
    if (mine.left < 1)
        return false;
    mine.left -= 1;
    return true;
}

net::server_response hooks::refuse(const std::string& hook, int status, std::string type, std::string title, std::string why)
{
    auto& mine = silent_[hook];
    ++mine.times;
    auto now = needs_.clock();
    if (needs_.refused && (mine.said_at == time_point{} || now >= mine.said_at + log_pause)) {
        needs_.refused(hook, why, mine.times);
        mine = {0, now};
    }
    if (auto count = counts_.find(hook); count != counts_.end())
        ++count->second.refused;
    auto response = said(status, {{"type", "urn:halfmast:problem:" + type}, {"title", title}, {"status", status}, {"detail", why}});
    response.content_type = "application/problem+json";
    return response;
}

asio::awaitable<net::server_response> hooks::answer(net::server_request request)
{
    auto path = std::string_view{request.path}.substr(front.size());
    auto slash = path.find('/');
    std::string name{path.substr(0, slash)};
    bool link = name == link_name && slash != path.npos;
    const auto* hook = link || slash != path.npos ? nullptr : find(name);
    if (!link && hook == nullptr)
        co_return refuse("", 404, "unknown-target", "There is no such hook", "the settings name no hook of that name");
    if (request.method != "POST") {
        auto wrong = refuse(name, 405, "method", "That method is not served here", request.method + " is not served here; POST is");
        wrong.headers.emplace_back("Allow", "POST");
        co_return wrong;
    }
    if (link) {
        std::string token{path.substr(slash + 1)};
        auto work = by_link(std::move(token));
        auto response = co_await std::move(work);
        co_return response;
    }
    auto work = take(hook, request);
    auto response = co_await std::move(work);
    co_return response;
}

asio::awaitable<net::server_response> hooks::take(const hook_settings* hook, const net::server_request& request)
{
    if (request.body.size() > hook->most_body)
        co_return refuse(hook->name, 413, "too-large", "It is too large",
                         "more than " + std::to_string(hook->most_body) + " bytes");
    auto proof = verify(*hook, request.headers, request.body, needs_.clock());
    if (!proof) {
        auto as = status_of(proof.error().kind);
        co_return refuse(hook->name, as.status, as.type, as.title, proof.error().why);
    }
    // What is signed is what came; unpacking it first would let a few bytes become many.
    if (auto packed = find_header(request.headers, "Content-Encoding"); !packed.empty() && packed != "identity")
        co_return refuse(hook->name, 415, "encoding", "It is packed",
                         "Content-Encoding is not unpacked here; send the body as it is");
    if (!allow(*hook)) {
        auto wait = refuse(hook->name, 429, "too-many", "Too many at once",
                           "more than " + std::to_string(hook->most_a_minute) + " a minute (most_a_minute)");
        wait.headers.emplace_back("Retry-After", "60");
        co_return wait;
    }
    std::string print = *proof;
    if (!print.empty() && !seen_->take(print)) {
        ++counts_[hook->name].repeated;
        co_return refuse(hook->name, 409, "repeated", "It was taken before",
                         "the same delivery was taken before; it does nothing twice");
    }
    auto work = carry_out(hook, request.body, std::move(print));
    auto response = co_await std::move(work);
    co_return response;
}

// A delivery that came to nothing for a reason of ours may come again.
asio::awaitable<net::server_response> hooks::carry_out(const hook_settings* hook, std::string_view body, std::string print)
{
    auto read = read_payload(*hook, wanted_.rules, body, needs_.clock());
    if (!read) {
        bool old = read.error().kind == failure::conflict;
        co_return refuse(hook->name, old ? 403 : 400, old ? "stale" : "bad-request",
                         old ? "It is too old, or from the future" : "It cannot be understood", read.error().detail);
    }
    ++counts_[hook->name].taken;
    if (const auto* none = std::get_if<of_no_interest>(&*read))
        co_return said(200, {{"schema", "halfmast.hook/1"}, {"taken", false}, {"why", none->why}});
    if (const auto* question = std::get_if<asked_back>(&*read)) {
        net::server_response echo{200, question->text};
        echo.content_type = "text/plain; charset=utf-8";
        co_return echo;
    }
    if (auto* word = std::get_if<taken_in_hand>(&*read)) {
        auto work = in_hand(hook->name, std::move(word->group), std::move(word->by));
        auto response = co_await std::move(work);
        if (response.status >= 500 && !print.empty())
            seen_->give_back(print);
        co_return response;
    }
    auto signal = std::get<heard_signal>(*read);
    auto work = needs_.hear(std::move(signal));
    auto heard = co_await std::move(work);
    if (heard)
        co_return taken("signal");
    if (!print.empty())
        seen_->give_back(print);
    co_return refuse(hook->name, 503, "unavailable", "It cannot be taken now", heard.error().detail);
}

asio::awaitable<net::server_response> hooks::by_link(std::string token)
{
    auto page = read_signed_page(needs_.link_key, token, needs_.clock());
    if (!page)
        co_return refuse(std::string{link_name}, 403, "signature", "That link is none of ours",
                         "it was not signed here, or is more than a day old");
    auto by = "link/" + page->receiver;
    auto work = in_hand(std::string{link_name}, std::move(page->group), std::move(by));
    auto response = co_await std::move(work);
    co_return response;
}

// Letters went out under the group's id; people see its name.
std::string hooks::group_named(const std::string& name) const
{
    for (const auto& [group, one] : needs_.pages().groups)
        if (one.id == name)
            return group;
    return name;
}

asio::awaitable<net::server_response> hooks::in_hand(std::string hook, std::string group, std::string by)
{
    page_acknowledged what;
    what.key = group_named(group);
    what.by = actor_id{std::move(by)};
    what.why = "by " + hook;
    auto work = needs_.acknowledge(std::move(what));
    auto done = co_await std::move(work);
    if (done)
        co_return taken("acknowledge");
    // What is over needs no word any more, and the sender has done nothing wrong.
    if (done.error().kind == failure::not_found)
        co_return said(200, {{"schema", "halfmast.hook/1"}, {"taken", false}, {"why", done.error().detail}});
    co_return refuse(hook, 503, "unavailable", "It cannot be taken now", done.error().detail);
}

}  // namespace halfmast::signals
