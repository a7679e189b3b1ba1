// A practice platform in memory and a client of it: what is asked is a line, and time passes when a test says so.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/platform.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::test {

using nlohmann::json;
using namespace std::chrono_literals;

struct answered {
    int status = 0;
    json body;  // null when it is no JSON
    net::server_response raw;

    [[nodiscard]] std::string header(std::string_view name) const { return std::string{find_header(raw.headers, name)}; }
    [[nodiscard]] std::string error() const
    {
        return body.is_object() && body.contains("error") ? body["error"].get<std::string>() : "";
    }
    [[nodiscard]] std::string id() const { return body.at("id").get<std::string>(); }
};

inline sandbox::platform_settings without_limits()
{
    auto settings = sandbox::platform_settings{};
    settings.limits.clear();
    return settings;
}

class visit {
public:
    // Noon, so that neither midnight nor the nightly job is near.
    explicit visit(sandbox::platform_settings settings = without_limits(), std::string_view start = "2026-03-01T12:00:00Z")
        : now_(*parse_rfc3339(start)),
          place_(std::move(settings), now_)
    {
        place_.add_account("alice", "token-alice", now_);
        place_.add_account("acct-1", "token-1", now_);
        place_.set_base("http://127.0.0.1:8080");
    }

    [[nodiscard]] time_point now() const { return now_; }
    [[nodiscard]] std::string in(milliseconds ahead) const { return sandbox::iso(now_ + ahead); }
    sandbox::platform& place() { return place_; }

    // Whose calls the next ones are; empty for a call without a token.
    visit& as(std::string token)
    {
        token_ = std::move(token);
        return *this;
    }
    visit& with(std::string name, std::string value)
    {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }

    // As the service does: whatever is due happens at its own time.
    void wait(milliseconds length)
    {
        const auto until = now_ + length;
        for (auto next = place_.next_event(); next && *next <= until; next = place_.next_event()) {
            now_ = std::max(now_, *next);
            place_.advance(now_);
        }
        now_ = until;
        place_.advance(now_);
    }

    answered send(std::string method, std::string target, std::string body = {}, std::string type = {})
    {
        auto request = net::server_request{};
        request.method = std::move(method);
        request.target = std::move(target);
        request.path = request.target.substr(0, request.target.find('?'));
        request.query = query_of(request.target);
        request.headers = std::exchange(headers_, {});
        if (!token_.empty())
            request.headers.emplace_back("Authorization", "Bearer " + token_);
        if (!type.empty())
            request.headers.emplace_back("Content-Type", type);
        request.body = std::move(body);
        request.remote = "127.0.0.1:40000";
        auto made = answered{};
        made.raw = place_.handle(request, now_);
        made.status = made.raw.status;
        if (auto body_read = json::parse(made.raw.body, nullptr, false); !body_read.is_discarded())
            made.body = std::move(body_read);
        return made;
    }

    answered get(std::string target) { return send("GET", std::move(target)); }
    answered post(std::string target, const json& body) { return send("POST", std::move(target), body.dump(), "application/json"); }
    answered put(std::string target, const json& body) { return send("PUT", std::move(target), body.dump(), "application/json"); }
    answered remove(std::string target) { return send("DELETE", std::move(target)); }
    answered form(std::string method, std::string target, std::string body)
    {
        return send(std::move(method), std::move(target), std::move(body), "application/x-www-form-urlencoded");
    }
    answered control(std::string what, const json& body) { return post("/control/" + std::move(what), body); }
    answered faults(const json& rules) { return control("faults", {{"rules", rules}}); }

    answered schedule(const std::string& text, milliseconds ahead)
    {
        return post("/api/v1/statuses", {{"status", text}, {"scheduled_at", in(ahead)}});
    }
    // The texts of the queue as the platform lists them: what was made last comes first.
    std::vector<std::string> queue()
    {
        auto texts = std::vector<std::string>{};
        const auto list = get("/api/v1/scheduled_statuses?limit=40").body;
        for (const auto& each : list)
            texts.push_back(each["params"]["text"].get<std::string>());
        return texts;
    }
    // Behind the scenes: no limit, no fault and no token stands between.
    json account(const std::string& name = "alice") { return get("/control/state?account=" + name).body.at("accounts").at(0); }
    // What is out, oldest first.
    std::vector<std::string> published(const std::string& name = "alice")
    {
        auto texts = std::vector<std::string>{};
        const auto shown = account(name);
        for (const auto& each : shown["published"])
            texts.push_back(each["text"].get<std::string>());
        return texts;
    }
    answered upload(const std::string& bytes, const std::string& description = {}, const std::string& path = "/api/v2/media");

private:
    static std::map<std::string, std::string> query_of(const std::string& target)
    {
        auto query = std::map<std::string, std::string>{};
        const auto question = target.find('?');
        auto rest = question == std::string::npos ? std::string{} : target.substr(question + 1);
        while (!rest.empty()) {
            const auto pair = rest.substr(0, rest.find('&'));
            rest.erase(0, pair.size() + 1);
            query[pair.substr(0, pair.find('='))] = pair.find('=') == std::string::npos ? "" : pair.substr(pair.find('=') + 1);
        }
        return query;
    }

    time_point now_;
    sandbox::platform place_;
    std::string token_ = "token-alice";
    http_headers headers_;
};

// A picture of 2 by 1 points, as far as its head goes.
inline std::string small_picture()
{
    using namespace std::string_literals;
    return "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0"s;
}

inline answered visit::upload(const std::string& bytes, const std::string& description, const std::string& path)
{
    auto body = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
                + bytes + "\r\n";
    if (!description.empty())
        body += "--edge\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n" + description + "\r\n";
    body += "--edge--\r\n";
    return send("POST", path, std::move(body), "multipart/form-data; boundary=edge");
}

}  // namespace halfmast::test
