// Any program that takes JSON. Signed by Standard Webhooks: the id is the same at every attempt, so that who counts can tell a
// repetition.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/alert/signature.hpp"
#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

using nlohmann::json;

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json webhook_body(const page_letter& letter, time_point now)
{
    json data{{"page", letter.group},
              {"dedup_key", letter.dedup},
              {"kind", letter.kind},
              {"severity", to_string(letter.level)},
              {"what", letter.drill ? marked_what(letter) : letter.what},
              {"more", letter.more},
              {"count", letter.count},
              {"todo", text_or_null(letter.todo)},
              {"link", text_or_null(letter.link)},
              {"crisis", text_or_null(letter.crisis.value)},
              {"owner", text_or_null(letter.owner.value)},
              {"since", format_utc(letter.since)},
              {"over_at", letter.over_at == time_point{} ? json(nullptr) : json(format_utc(letter.over_at))},
              {"over_why", text_or_null(letter.over_why)},
              {"acknowledged_by", text_or_null(letter.acknowledged_by.value)},
              {"number", letter.number},
              {"attempt", letter.attempt},
              {"test", letter.test},
              {"drill", letter.drill}};
    return {{"type", "page." + std::string{to_string(letter.verb)}}, {"timestamp", format_utc(now)}, {"data", std::move(data)}};
}

// What is signed must not be ambiguous: no dot in the id, and it goes into a header.
std::string webhook_id(const page_letter& letter)
{
    auto id = "msg_" + letter.id;
    std::ranges::replace_if(
        id, [](unsigned char c) { return c == '.' || c <= ' ' || c >= 0x7f; }, '_');
    return id;
}

std::optional<http_request> write_webhook(const receiver_settings& to, const page_letter& letter, time_point now)
{
    auto request = post_json(to, to.url, webhook_body(letter, now));
    auto id = webhook_id(letter);
    auto at = now.time_since_epoch().count() / 1000;
    request.headers.emplace_back("webhook-id", id);
    request.headers.emplace_back("webhook-timestamp", std::to_string(at));
    if (auto key = decode_webhook_secret(to.secret))
        request.headers.emplace_back("webhook-signature", sign_webhook(*key, id, at, request.body));
    return request;
}

}  // namespace

wire webhook_wire() { return {"webhook", write_webhook, read_status}; }

}  // namespace halfmast::alert
