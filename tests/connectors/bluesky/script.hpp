// A Bluesky server that answers from a script, and the connector in front of it.
#pragma once

#include <algorithm>
#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "connectors/bluesky/connector.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_vault.hpp"

namespace halfmast::test {

using namespace std::chrono_literals;
using nlohmann::json;

inline const std::string did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
inline const std::string hash_a = "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
inline const std::string hash_b = "bafyreibbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

inline std::string uri_of(const std::string& rkey) { return "at://" + did + "/app.bsky.feed.post/" + rkey; }
inline json pin_on(const std::string& rkey, const std::string& cid = hash_a) { return {{"uri", uri_of(rkey)}, {"cid", cid}}; }
inline json post_at(const std::string& rkey, const std::string& cid = hash_a)
{
    return {{"uri", uri_of(rkey)}, {"cid", cid}, {"value", {{"text", "x"}}}};
}
inline json failing(const std::string& name) { return {{"error", name}, {"message", name}}; }

// Answers by call: those planned for it first, then a server that has nothing against anything.
class script final : public http_port {
public:
    struct call {
        std::string nsid;
        std::string query;
        std::string token;
        json body;
    };
    std::vector<call> calls;
    std::map<std::string, std::deque<std::pair<int, json>>> planned;
    json profile{{"$type", "app.bsky.actor.profile"}, {"displayName", "Acme"}, {"unknown", {1, nullptr, "\xC3\xA9"}}};
    int version = 1;  // of the profile

    void answer(const std::string& nsid, int status, const json& body) { planned[nsid].emplace_back(status, body); }
    [[nodiscard]] long count(const std::string& nsid) const { return std::ranges::count(calls, nsid, &call::nsid); }

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);  // others get their turn, as on a real wire
        call one;
        auto path = request.url.find("/xrpc/") + 6;
        auto question = request.url.find('?');
        one.nsid = request.url.substr(path, question == std::string::npos ? question : question - path);
        one.query = question == std::string::npos ? "" : request.url.substr(question + 1);
        one.token = find_header(request.headers, "Authorization");
        one.body = json::parse(request.body, nullptr, false);
        calls.push_back(one);
        http_response given;
        json body;
        if (auto& mine = planned[one.nsid]; !mine.empty()) {
            std::tie(given.status, body) = mine.front();
            mine.pop_front();
        } else {
            given.status = 200;
            body = usual(one);
        }
        given.body = body.dump();
        co_return given;
    }

private:
    json usual(const call& asked)
    {
        auto number = std::to_string(calls.size());
        if (asked.nsid == "com.atproto.server.createSession" || asked.nsid == "com.atproto.server.refreshSession")
            return {
                {"did", did}, {"handle", "acme.example"}, {"accessJwt", "access-" + number}, {"refreshJwt", "refresh-" + number}};
        if (asked.nsid == "com.atproto.server.getSession")
            return {{"did", did}, {"handle", "acme.example"}};
        if (asked.nsid == "com.atproto.repo.getRecord" && asked.query.find("profile") != std::string::npos)
            return {{"uri", "at://" + did + "/app.bsky.actor.profile/self"},
                    {"cid", "bafyprofile" + std::to_string(version)},
                    {"value", profile}};
        if (asked.nsid == "com.atproto.repo.getRecord")
            return post_at(asked.query.substr(asked.query.rfind('=') + 1));
        if (asked.nsid == "com.atproto.repo.putRecord") {
            if (asked.body.at("rkey") == "self") {
                profile = asked.body.at("record");
                ++version;
            }
            return {{"uri", uri_of(asked.body.at("rkey").get<std::string>())}, {"cid", hash_a}};
        }
        if (asked.nsid == "com.atproto.identity.resolveHandle")
            return {{"did", did}};
        return {{"feed", json::array()}, {"records", json::array()}, {"notifications", json::array()}};
    }
};

struct stage {
    script net;
    time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");
    memory_vault vault;  // closed: as without a key
    bluesky::connector to{make_settings(), net, vault, [this] { return now; }};
    stage() { vault.open = false; }
    asio::io_context context;

    static std::shared_ptr<const bluesky::settings> make_settings()
    {
        auto own = std::make_shared<bluesky::settings>();
        own->url = "https://pds.example";
        own->handle = "acme.example";
        own->password = "s3cr-et00-s3cr-et00";
        return own;
    }

    // Runs them all at once.
    template <class T>
    std::vector<T> run_all(std::vector<asio::awaitable<T>> work)
    {
        std::vector<T> given;
        for (auto& one : work)
            asio::co_spawn(context, std::move(one), [&](std::exception_ptr error, T value) {
                if (error)
                    std::rethrow_exception(error);
                given.push_back(std::move(value));
            });
        context.restart();
        context.run_for(10s);
        REQUIRE(given.size() == work.size());
        return given;
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::vector<asio::awaitable<T>> one;
        one.push_back(std::move(work));
        return run_all(std::move(one)).front();
    }

    result<receipt> publish(bool look_first = false, bool look_only = false, const std::string& text = "We are on it.")
    {
        publish_summary call;
        call.crisis = crisis_id{"c-1"};
        call.words = {"en", text};
        call.key = "halfmast-c-1-acme-1772460000";
        call.look_first = look_first;
        call.look_only = look_only;
        return run(to.publish(std::move(call)));
    }
};

inline constexpr auto login = "com.atproto.server.createSession";
inline constexpr auto renewal = "com.atproto.server.refreshSession";
inline constexpr auto get = "com.atproto.repo.getRecord";
inline constexpr auto put = "com.atproto.repo.putRecord";
inline constexpr auto feed = "app.bsky.feed.getAuthorFeed";
inline constexpr auto records = "com.atproto.repo.listRecords";

}  // namespace halfmast::test
