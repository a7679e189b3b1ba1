// The practice platform as a fake for the contract suite.
#include "tests/contract/platform.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/platform.hpp"
#include "daemon/sandbox/stage.hpp"
#include "daemon/sandbox/values.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;

constexpr auto base = "http://127.0.0.1";
constexpr auto secret = "token-of-acme";

std::string base64(const std::string& bytes)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto byte = [&](std::size_t index) { return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0u; };
        auto group = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
        for (std::size_t digit = 0; digit < 4; ++digit)
            out.push_back(at + digit > bytes.size() ? '=' : digits[group >> (18 - 6 * digit) & 63]);
    }
    return out;
}

net::server_request to_server(const http_request& asked)
{
    net::server_request made;
    made.method = asked.method;
    auto host = asked.url.find("://");
    auto path = asked.url.find('/', host == std::string::npos ? 0 : host + 3);
    made.target = path == std::string::npos ? "/" : asked.url.substr(path);
    auto question = made.target.find('?');
    made.path = made.target.substr(0, question);
    while (question != std::string::npos) {
        auto end = made.target.find('&', question + 1);
        auto pair = made.target.substr(question + 1, end == std::string::npos ? end : end - question - 1);
        auto equals = pair.find('=');
        auto value = equals == std::string::npos ? std::string{} : pair.substr(equals + 1);
        made.query[net::percent_decode(pair.substr(0, equals)).value_or("")] = net::percent_decode(value).value_or("");
        question = end;
    }
    made.headers = asked.headers;
    made.body = asked.body;
    made.remote = "127.0.0.1:1";
    return made;
}

class mastodon_fake final : public fake_platform {
public:
    explicit mastodon_fake(time_point now) : platform_(sandbox::platform_settings{}, now), now_(now)
    {
        platform_.set_base(base);
        key_ = std::to_string(platform_.add_account("acme", secret, now).key);
    }

    std::string connector() const override { return "mastodon"; }
    std::map<std::string, std::string> settings() const override { return {{"url", base}, {"token", secret}}; }
    bool has(feature what) const override { return what != feature::rewriting; }  // what is scheduled keeps its words

    call_kind kind_of(const http_request& request) const override
    {
        auto asked = to_server(request);
        bool queue = asked.path.starts_with("/api/v1/scheduled_statuses");
        if (queue && asked.method == "GET")
            return asked.path.ends_with("statuses") ? call_kind::lists : call_kind::reads;
        if (queue && asked.method == "PUT")
            return is_far(asked.body) ? call_kind::holds : call_kind::releases;
        if (queue)
            return call_kind::holds;
        if (asked.method == "POST" && asked.path.ends_with("/media"))
            return call_kind::uploads;
        if (asked.path.starts_with("/media/"))
            return call_kind::downloads;
        if (asked.method == "POST" && asked.path.ends_with("/pin"))
            return call_kind::pins;
        if (asked.method == "POST" && asked.path.ends_with("/unpin"))
            return call_kind::unpins;
        if (asked.method == "POST" && asked.path == "/api/v1/statuses")
            return asked.body.find("scheduled_at") == std::string::npos ? call_kind::publishes : call_kind::releases;
        if (asked.method == "PUT" && asked.path.starts_with("/api/v1/statuses/"))
            return call_kind::edits;
        if (asked.path.starts_with("/api/v1/notifications"))
            return call_kind::reads_mentions;
        if (asked.path.starts_with("/api/v1/accounts/") && asked.path.ends_with("/statuses"))
            return asked.query.contains("pinned") ? call_kind::reads_pins : call_kind::reads_feed;
        return asked.method == "GET" ? call_kind::reads : call_kind::other;
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        now_ = std::max(now_, now);
        if (!carry_out)
            control("PUT", "faults", {{"rules", {{{"count", 1}, {"fault", {{"lie", true}}}}}}}, now);
        auto given = platform_.handle(to_server(request), now);
        if (!carry_out)
            control("DELETE", "faults", json::object(), now);
        http_response made;
        made.status = given.status;
        made.headers = given.headers;
        made.headers.emplace_back("Content-Type", given.content_type);
        made.body = given.body;
        return made;
    }

    void advance(time_point now) override
    {
        now_ = std::max(now_, now);
        platform_.advance(now);
    }

    post_id schedule(const new_post& post, time_point now) override
    {
        now_ = std::max(now_, now);
        json asked{{"account", "acme"}, {"text", post.text}, {"due", format_utc(post.due)}};
        for (const auto& tag : post.tags)
            asked["text"] = asked["text"].get<std::string>() + " #" + tag;
        if (!post.visibility.empty())
            asked["visibility"] = post.visibility;
        if (!post.language.empty())
            asked["language"] = post.language;
        if (!post.warning.empty())
            asked["spoiler_text"] = post.warning;
        if (post.poll)
            asked["poll"] = {
                {"options", post.poll->options}, {"expires_in", post.poll->expires_in}, {"multiple", post.poll->multiple}};
        for (const auto& file : post.media)
            asked["media"].push_back(
                {{"bytes_base64", base64(file.bytes)}, {"content_type", file.content_type}, {"description", file.description}});
        return post_id{control("POST", "seed", asked, now).at("ids").at(0).get<std::string>()};
    }

    void remove(const post_id& scheduled, time_point now) override
    {
        http_request request{"DELETE", std::string{base} + "/api/v1/scheduled_statuses/" + scheduled.value};
        request.headers.emplace_back("Authorization", std::string{"Bearer "} + secret);
        serve(request, now, true);
    }

    post_id publish(const std::string& text, bool pinned, time_point at) override
    {
        json asked{{"account", "acme"}, {"text", text}, {"pinned", pinned}, {"at", format_utc(at)}};
        return post_id{control("POST", "published", asked, std::max(now_, at)).at("id").get<std::string>()};
    }

    post_id mention(const std::string& text, const std::string& by, time_point at) override
    {
        now_ = std::max(now_, at);
        auto from = by.find('@') == std::string::npos ? by + "@elsewhere.example" : by;
        post_id id{
            control("POST", "mention", {{"account", "acme"}, {"from", from}, {"text", text}}, now_).at("id").get<std::string>()};
        written_by_[id] = from;
        return id;
    }
    void edit_mention(const post_id& id, const std::string& text) override
    {
        control("POST", "edit", {{"account", written_by_.at(id)}, {"id", id.value}, {"text", "@acme " + text}}, now_);
    }
    void remove_mention(const post_id& id) override
    {
        control("POST", "edit", {{"account", written_by_.at(id)}, {"id", id.value}, {"delete", true}}, now_);
    }
    void answer_mention(const post_id& id, const std::string& text, time_point at) override
    {
        publish("@" + written_by_.at(id) + " " + text, false, at);
    }

    standing_post look(const post_id& id) override
    {
        standing_post seen;
        if (auto queued = ask("/api/v1/scheduled_statuses/" + id.value)) {
            const auto& params = queued->at("params");
            seen.where = whereabouts::queued;
            seen.due = parse_rfc3339(queued->at("scheduled_at").get<std::string>()).value();
            seen.as = id;
            auto text = [&](const char* name) {
                return params.at(name).is_null() ? std::string{} : params.at(name).get<std::string>();
            };
            seen.text = text("text");
            seen.visibility = text("visibility");
            seen.language = text("language");
            seen.warning = text("spoiler_text");
            if (const auto& asked = params.at("poll"); asked.is_object())
                seen.poll = contract::poll{asked.at("options").get<std::vector<std::string>>(),
                                           asked.at("expires_in").get<std::int64_t>(), asked.at("multiple").get<bool>()};
            for (const auto& file : queued->at("media_attachments"))
                seen.media.push_back(
                    {fetch(file.at("url").get<std::string>()), type_, file.at("description").is_null() ? "" : file["description"]});
            return seen;
        }
        const auto state = account();
        for (const auto& post : state.at("published"))
            if (post.at("was_scheduled") == id.value || post.at("id") == id.value) {
                seen.where = whereabouts::published;
                seen.as = post_id{post.at("id").get<std::string>()};
                seen.text = post.at("text").get<std::string>();
            }
        return seen;
    }

    std::size_t queued() const override { return account().at("scheduled").size(); }

    std::vector<public_post> published() const override
    {
        std::vector<public_post> all;
        const auto state = account();
        for (const auto& post : state.at("published")) {
            auto& one = all.emplace_back();
            one.id.value = post.at("id").get<std::string>();
            one.text = post.at("text").get<std::string>();
            one.at = parse_rfc3339(post.at("at").get<std::string>()).value();
            auto shown = const_cast<mastodon_fake*>(this)->ask("/api/v1/statuses/" + one.id.value);
            one.language = shown ? shown->at("language").get<std::string>() : "";
            one.in_reply_to.value = post.at("in_reply_to_id").is_null() ? "" : post["in_reply_to_id"].get<std::string>();
        }
        std::ranges::stable_sort(all, {}, &public_post::at);
        return all;
    }

    bool shows_edit(const post_id& id, const std::string& said) const override
    {
        const auto state = account();
        for (const auto& post : state.at("published"))
            if (post.at("id") == id.value)
                return !post.at("edited").is_null()
                       && std::ranges::any_of(post.at("earlier"), [&](const json& one) { return one.at("text") == said; });
        return false;
    }

    std::vector<post_id> pinned() const override
    {
        std::vector<post_id> all;
        const auto list = const_cast<mastodon_fake*>(this)->ask("/api/v1/accounts/" + key_ + "/statuses?pinned=true&limit=40");
        for (const auto& post : *list)
            all.push_back(post_id{post.at("id").get<std::string>()});
        return all;
    }

private:
    // A date so far away is a parking place: no test schedules there.
    bool is_far(const std::string& body) const
    {
        auto asked = json::parse(body, nullptr, false);
        auto at = parse_rfc3339(asked.is_object() ? asked.value("scheduled_at", "") : "");
        return at && *at > now_ + std::chrono::hours{24 * 180};
    }

    json control(const char* method, const std::string& what, const json& asked, time_point now)
    {
        net::server_request request;
        request.method = method;
        request.target = request.path = "/control/" + what;
        request.remote = "127.0.0.1:1";
        request.body = asked.dump();
        auto given = platform_.handle(request, now);
        if (given.status != 200)
            throw std::logic_error("sandbox control " + what + ": " + given.body);
        return json::parse(given.body);
    }

    json account() const { return json::parse(platform_.state_document(now_)).at("accounts").at(0); }

    std::optional<json> ask(const std::string& path)
    {
        http_request request{"GET", base + path};
        request.headers.emplace_back("Authorization", std::string{"Bearer "} + secret);
        auto given = serve(request, now_, true);
        return given.status == 200 ? std::optional{json::parse(given.body)} : std::nullopt;
    }

    std::string fetch(const std::string& url)
    {
        auto given = serve(http_request{"GET", url}, now_, true);
        type_ = find_header(given.headers, "Content-Type");
        return given.body;
    }

    sandbox::platform platform_;
    std::string key_;
    std::map<post_id, std::string> written_by_;
    std::string type_;
    time_point now_;
};

}  // namespace

std::vector<maker> mastodon_fakes()
{
    return {{"mastodon", [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<mastodon_fake>(now); }}};
}

}  // namespace halfmast::contract
