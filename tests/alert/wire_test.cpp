// Each kind of receiver against what its vendor's description says: pure, no network.
#include <fstream>

#include <nlohmann/json.hpp>

#include "daemon/alert/mail.hpp"
#include "daemon/alert/signature.hpp"
#include "daemon/alert/wire.hpp"
#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"
#include "tests/alert/letters.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::alert;
using namespace halfmast::test;
using nlohmann::json;

namespace {

http_request written(const receiver_settings& to, const page_letter& letter)
{
    const auto* how = find_wire(to.kind);
    REQUIRE(how != nullptr);
    auto request = how->write(to, letter, letter_time());
    REQUIRE(request.has_value());
    CHECK(request->method == "POST");
    CHECK(request->publishes);  // never resent by the library
    return *request;
}

json body_of(const http_request& request)
{
    auto body = json::parse(request.body, nullptr, false);
    REQUIRE(body.is_object());
    return body;
}

http_response answered(int status, std::string body = {}, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
}

result<std::string> read_by(const std::string& kind, const http_response& answer) { return find_wire(kind)->read(answer); }

std::string form_value(const http_request& request, const std::string& name)
{
    auto at = ("&" + request.body).find("&" + name + "=");
    if (at == std::string::npos)
        return "(absent)";
    auto from = request.body.find('=', at) + 1;
    return request.body.substr(from, request.body.find('&', from) - from);
}

}  // namespace

TEST_CASE("Standard Webhooks: the vectors of the library and of ours", "[alert][signature]")
{
    auto key = decode_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    REQUIRE(key.has_value());
    CHECK(sign_webhook(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})")
          == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    auto ours = decode_webhook_secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    REQUIRE(ours.has_value());
    CHECK(ours->size() == 32);
    CHECK(
        sign_webhook(*ours, "msg_halfmast_0001", 1767323045,
                     "{\"type\":\"crisis.raise\",\"timestamp\":\"2026-01-02T03:04:05Z\",\"data\":{\"severity\":\"high\",\"reason\":"
                     "\"\xc3\xb6 test\"}}")
        == "v1,0sBuKeL+TfYmx8cFarUNvKlo7vL57ea8em2LrtDXtWg=");
    for (const auto* wrong : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAEC",
                              "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"})
        CHECK_FALSE(decode_webhook_secret(wrong).has_value());
}

TEST_CASE("webhook: signed over the very bytes, with an id that is the same at every attempt", "[alert]")
{
    auto to = make_receiver("webhook", "https://acme.example/pages");
    to.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    auto letter = make_letter();
    auto first = written(to, letter);
    letter.attempt = 2;
    auto second = written(to, letter);
    auto id = std::string{find_header(first.headers, "webhook-id")};
    CHECK(id == std::string{find_header(second.headers, "webhook-id")});
    CHECK(id.find('.') == std::string::npos);
    CHECK(find_header(first.headers, "webhook-timestamp") == std::to_string(letter_time().time_since_epoch().count() / 1000));
    CHECK(find_header(first.headers, "webhook-signature")
          == sign_webhook(*decode_webhook_secret(to.secret), id, letter_time().time_since_epoch().count() / 1000, first.body));
    auto body = body_of(first);
    CHECK(body["type"] == "page.trigger");
    CHECK(body["data"]["page"] == "hold-manual/c-1");
    CHECK(body["data"]["severity"] == "critical");
    CHECK(body["data"]["crisis"] == "c-1");
    CHECK(body["data"]["count"] == 3);
    CHECK(body["data"]["test"] == false);
    CHECK(body_of(written(to, make_letter(page_verb::resolve)))["type"] == "page.resolve");
    CHECK(body_of(written(to, make_letter(page_verb::acknowledge)))["data"]["acknowledged_by"] == "ann");
    CHECK(first.body.find("whsec") == std::string::npos);
}

TEST_CASE("Alertmanager: labels that never change, an end that is near enough, and a smaller beginning that ends", "[alert]")
{
    auto to = make_receiver("alertmanager", "http://127.0.0.1:9093");
    to.secret.clear();
    auto request = written(to, make_letter());
    CHECK(request.url == "http://127.0.0.1:9093/api/v2/alerts");
    auto alerts = json::parse(request.body);
    REQUIRE(alerts.is_array());
    REQUIRE(alerts.size() == 1);
    auto labels = alerts[0]["labels"];
    CHECK(labels["alertname"] == "HalfmastPage");
    CHECK(labels["severity"] == "critical");
    CHECK(labels["crisis"] == "c-1");
    CHECK(alerts[0]["startsAt"] == "2026-03-01T14:00:00Z");
    CHECK(*parse_rfc3339(alerts[0]["endsAt"].get<std::string>()) > letter_time() + std::chrono::hours{1});
    for (const auto& [name, value] : labels.items())
        CHECK_FALSE(value.get<std::string>().empty());

    auto more = make_letter();
    more.number = 2;
    more.what = "something worse";
    auto again = json::parse(written(to, more).body);
    CHECK(again[0]["labels"] == labels);
    REQUIRE(again.size() == 3);
    for (std::size_t i = 1; i < again.size(); ++i)
        CHECK(*parse_rfc3339(again[i]["endsAt"].get<std::string>()) <= letter_time());

    auto over = json::parse(written(to, make_letter(page_verb::resolve)).body);
    CHECK(over[0]["labels"] == labels);
    CHECK(*parse_rfc3339(over[0]["endsAt"].get<std::string>()) <= letter_time());

    to.username = "halfmast";
    to.secret = "pass";
    CHECK(find_header(written(to, make_letter()).headers, "Authorization") == "Basic aGFsZm1hc3Q6cGFzcw==");
    CHECK(find_wire("alertmanager")->refresh > milliseconds{0});

    auto alive = json::parse(alive_request(to, "ops-1", letter_time(), milliseconds{60'000}).body);
    CHECK(alive[0]["labels"]["alertname"] == "HalfmastAlive");
    CHECK(alive[0]["labels"]["instance"] == "ops-1");  // two daemons at one Alertmanager: the end of either is seen
    CHECK(*parse_rfc3339(alive[0]["endsAt"].get<std::string>()) == letter_time() + std::chrono::minutes{3});
}

TEST_CASE("PagerDuty: one incident for each group, by its dedup_key", "[alert]")
{
    auto to = make_receiver("pagerduty", "https://events.pagerduty.com/v2/enqueue");
    auto event = body_of(written(to, make_letter()));
    CHECK(event["routing_key"] == "s3cret-canary");
    CHECK(event["event_action"] == "trigger");
    CHECK(event["dedup_key"] == "halfmast/hold-manual/c-1-1772373600");
    CHECK(event["payload"]["severity"] == "critical");
    CHECK(event["payload"]["source"] == "halfmast");
    CHECK(event["payload"]["group"] == "c-1");
    CHECK(event["links"][0]["href"] == "https://blog.acme.example/?p=7");
    auto long_letter = make_letter();
    long_letter.what = std::string(3'000, 'x');
    CHECK(body_of(written(to, long_letter))["payload"]["summary"].get<std::string>().size() <= 1'024);
    long_letter.dedup = std::string(400, 'k');
    CHECK(body_of(written(to, long_letter))["dedup_key"].get<std::string>().size() <= 255);

    auto over = body_of(written(to, make_letter(page_verb::resolve)));
    CHECK(over["event_action"] == "resolve");
    CHECK(over["dedup_key"] == event["dedup_key"]);
    CHECK(body_of(written(to, make_letter(page_verb::acknowledge)))["event_action"] == "acknowledge");

    CHECK(read_by("pagerduty", answered(202, R"({"status":"success","message":"Event processed","dedup_key":"k"})")).has_value());
    CHECK(read_by("pagerduty", answered(400, R"({"status":"invalid event","errors":["x"]})")).error().kind == failure::rejected);
    CHECK(read_by("pagerduty", answered(429)).error().kind == failure::rate_limited);
    CHECK(read_by("pagerduty", answered(503)).error().kind == failure::unknown_outcome);
}

TEST_CASE("Opsgenie: an alias for the alert, and calls of their own to close and acknowledge it", "[alert]")
{
    auto to = make_receiver("opsgenie", "https://api.opsgenie.com");
    auto request = written(to, make_letter());
    CHECK(request.url == "https://api.opsgenie.com/v2/alerts");
    CHECK(find_header(request.headers, "Authorization") == "GenieKey s3cret-canary");
    auto body = body_of(request);
    CHECK(body["message"].get<std::string>().size() <= 130);
    CHECK(body["alias"] == "halfmast/hold-manual/c-1-1772373600");
    CHECK(body["priority"] == "P1");
    auto over = written(to, make_letter(page_verb::resolve));
    CHECK(over.url == "https://api.opsgenie.com/v2/alerts/halfmast%2Fhold-manual%2Fc-1-1772373600/close?identifierType=alias");
    CHECK(body_of(over)["source"] == "halfmast");
    CHECK(written(to, make_letter(page_verb::acknowledge)).url.find("/acknowledge?identifierType=alias") != std::string::npos);
}

TEST_CASE("ntfy and Gotify: priority by level, never more than they take", "[alert]")
{
    auto to = make_receiver("ntfy", "https://ntfy.acme.example");
    auto letter = make_letter();
    letter.more = std::vector<std::string>(5, std::string(2'000, 'm'));
    auto request = written(to, letter);
    CHECK(request.url == "https://ntfy.acme.example/");
    CHECK(find_header(request.headers, "Authorization") == "Bearer s3cret-canary");
    auto body = body_of(request);
    CHECK(body["topic"] == "oncall");
    CHECK(body["priority"] == 5);
    CHECK(body["message"].get<std::string>().size() <= 4'096);
    CHECK(body["click"] == "https://blog.acme.example/?p=7");
    CHECK(body_of(written(to, make_letter(page_verb::resolve)))["priority"] == 3);
    CHECK_FALSE(body.contains("actions"));
    letter.acknowledge_url = "https://halfmast.acme.example/hooks/acknowledge/a.b";
    auto action = body_of(written(to, letter))["actions"];
    REQUIRE(action.size() == 1);
    CHECK(action[0]["action"] == "http");
    CHECK(action[0]["method"] == "POST");
    CHECK(action[0]["url"] == letter.acknowledge_url);
    auto over = make_letter(page_verb::resolve);
    over.acknowledge_url = letter.acknowledge_url;
    CHECK_FALSE(body_of(written(to, over)).contains("actions"));
    CHECK(read_by("ntfy", answered(403, R"({"code":40301})")).error().kind == failure::forbidden);

    auto gotify = written(make_receiver("gotify", "https://push.acme.example"), make_letter());
    CHECK(gotify.url == "https://push.acme.example/message");
    CHECK(find_header(gotify.headers, "X-Gotify-Key") == "s3cret-canary");
    CHECK(body_of(gotify)["priority"] == 10);
}

TEST_CASE("Slack: blocks within their limits, nobody pinged by a post, and 200 is not enough", "[alert]")
{
    auto to = make_receiver("slack", "https://hooks.slack.com/services/T/B/key-canary");
    auto letter = make_letter();
    letter.what = "a post says <!channel> & more " + std::string(5'000, '<');
    auto body = body_of(written(to, letter));
    for (const auto& block : body["blocks"]) {
        auto text = block.contains("text") ? block["text"]["text"].get<std::string>() : std::string{};
        if (block["type"] == "header")
            CHECK(text.size() <= 150);
        if (block["type"] == "section") {
            CHECK(text.size() <= 3'000);
            CHECK(text.find("<!channel>") == std::string::npos);
            CHECK(text.find("&lt;!channel&gt; &amp; more") != std::string::npos);
        }
    }
    CHECK(body["text"].get<std::string>().find("<!channel>") == std::string::npos);
    CHECK(body["blocks"].back()["elements"].size() == 1);  // the look at the post alone
    to.buttons = true;
    auto buttons = body_of(written(to, letter))["blocks"].back()["elements"];
    REQUIRE(buttons.size() == 2);
    CHECK(buttons[0]["action_id"] == "halfmast_acknowledge");
    CHECK(buttons[0]["value"] == letter.dedup);
    CHECK(body_of(written(to, make_letter(page_verb::resolve)))["blocks"].back()["elements"].size() == 1);
    CHECK(read_by("slack", answered(200, "ok")).has_value());
    CHECK(read_by("slack", answered(200, "<html>sign in</html>")).error().kind == failure::bad_reply);
    CHECK(read_by("slack", answered(404, "no_service")).error().kind == failure::not_found);
    CHECK(read_by("slack", answered(410, "channel_is_archived")).error().kind == failure::not_found);
    auto limited = read_by("slack", answered(429, "rate_limited", {{"Retry-After", "30"}}));
    REQUIRE(limited.has_error());
    CHECK(limited.error().retry_after == milliseconds{30'000});
}

TEST_CASE("a sign-in page that answers 200 is no receiver that took the letter", "[alert]")
{
    for (const auto& one : all_wires()) {
        INFO(one.kind);
        auto read = one.read(answered(200, "\r\n<!DOCTYPE html><title>Sign in</title>"));
        CHECK(read.has_value() == (one.kind == "webhook"));  // what a house's own service answers is its own business
        if (!read)
            CHECK((read.error().kind == failure::bad_reply || read.error().kind == failure::rejected));
    }
}

TEST_CASE("Retry-After is a date of the sender's clock, of yesterday or of the year 9999, and no wait is endless", "[alert]")
{
    auto wait_of = [](const std::string& after) {
        auto read = read_by("webhook", answered(503, "", {{"Date", "Sat, 28 Nov 2026 12:00:00 GMT"}, {"Retry-After", after}}));
        REQUIRE_FALSE(read.has_value());
        return read.error().retry_after;
    };
    CHECK(wait_of("Sat, 28 Nov 2026 12:10:00 GMT") == milliseconds{600'000});
    CHECK(wait_of("Fri, 27 Nov 2026 12:00:00 GMT") == milliseconds{1'000});
    CHECK(wait_of("Fri, 31 Dec 9999 23:59:59 GMT") == milliseconds{3'600'000});
    CHECK(wait_of("31536000") == milliseconds{3'600'000});
    for (const auto* none : {"99999999999999999999999", "-5", "soon", ""})
        CHECK_FALSE(wait_of(none));
}

TEST_CASE("Discord and Teams: within their limits, nobody pinged", "[alert]")
{
    auto letter = make_letter();
    letter.what = "@everyone " + std::string(5'000, 'x');
    auto discord = body_of(written(make_receiver("discord", "https://discord.com/api/webhooks/1/key-canary"), letter));
    CHECK(discord["content"].get<std::string>().size() <= 2'000);
    CHECK(discord["allowed_mentions"]["parse"] == json::array());
    auto limited = read_by("discord", answered(429, R"({"message":"x","retry_after":2.5,"global":false})"));
    CHECK(limited.error().retry_after == milliseconds{2'500});
    CHECK(read_by("discord", answered(204)).has_value());

    auto teams = written(make_receiver("teams", "https://flow.example/x?sig=key-canary"), make_letter());
    auto card = body_of(teams)["attachments"][0];
    CHECK(body_of(teams)["type"] == "message");
    CHECK(card["contentType"] == "application/vnd.microsoft.card.adaptive");
    CHECK(card["content"]["type"] == "AdaptiveCard");
    CHECK(card["content"]["body"].size() > 3);
    CHECK(card["content"]["actions"][0]["url"] == "https://blog.acme.example/?p=7");
    CHECK(teams.body.size() < 28'000);
}

TEST_CASE("GoAlert and Grafana: idempotent keys, and nothing to say when somebody has it in hand", "[alert]")
{
    auto to = make_receiver("goalert", "https://goalert.acme.example");
    auto request = written(to, make_letter());
    CHECK(request.url == "https://goalert.acme.example/api/v2/generic/incoming?token=s3cret-canary");
    CHECK(body_of(request)["dedup"] == "halfmast/hold-manual/c-1-1772373600");
    CHECK_FALSE(body_of(request).contains("action"));
    CHECK(body_of(written(to, make_letter(page_verb::resolve)))["action"] == "close");
    CHECK_FALSE(find_wire("goalert")->write(to, make_letter(page_verb::acknowledge), letter_time()).has_value());
    CHECK_FALSE(find_wire("goalert")->hears_acknowledged);

    auto grafana = make_receiver("grafana-irm", "https://oncall.example/integrations/v1/formatted_webhook/key-canary/");
    CHECK(written(grafana, make_letter()).url == grafana.url);
    CHECK(body_of(written(grafana, make_letter()))["state"] == "alerting");
    CHECK(body_of(written(grafana, make_letter(page_verb::resolve)))["state"] == "ok");
    CHECK(body_of(written(grafana, make_letter()))["alert_uid"]
          == body_of(written(grafana, make_letter(page_verb::resolve)))["alert_uid"]);
}

TEST_CASE("Pushover and Twilio: forms, encoded, within their limits", "[alert]")
{
    auto to = make_receiver("pushover", "https://api.pushover.net/1/messages.json");
    auto request = written(to, make_letter());
    CHECK(form_value(request, "token") == "s3cret-canary");
    CHECK(form_value(request, "user") == "user-canary");
    CHECK(form_value(request, "priority") == "2");
    CHECK(form_value(request, "retry") == "60");
    CHECK(form_value(request, "expire") == "3600");
    CHECK(form_value(request, "message").find(' ') == std::string::npos);
    CHECK(form_value(written(to, make_letter(page_verb::resolve)), "priority") == "0");
    CHECK(form_value(written(to, make_letter(page_verb::resolve)), "retry") == "(absent)");
    CHECK(read_by("pushover", answered(200, R"({"status":1,"request":"r"})")).has_value());
    CHECK(read_by("pushover", answered(200, R"({"status":0,"errors":["x"]})")).error().kind == failure::rejected);

    auto sms = make_receiver("twilio", "https://api.twilio.com");
    sms.username = "AC1";
    sms.from = "+15550001";
    sms.to = {"+15550002"};
    auto text = written(sms, make_letter());
    CHECK(text.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
    CHECK(form_value(text, "To") == "%2B15550002");
    CHECK(form_value(text, "From") == "%2B15550001");
    CHECK(find_header(text.headers, "Authorization") == "Basic " + base64("AC1:s3cret-canary"));
    CHECK_FALSE(find_wire("twilio")->write(sms, make_letter(page_verb::acknowledge), letter_time()).has_value());
}

TEST_CASE("what a status means, for every kind", "[alert]")
{
    for (const auto& how : all_wires()) {
        INFO(how.kind);
        CHECK(how.read(answered(401)).error().kind == failure::auth_expired);
        CHECK(how.read(answered(403)).error().kind == failure::forbidden);
        CHECK(how.read(answered(404)).error().kind == failure::not_found);
        CHECK(how.read(answered(400, "bad")).error().kind == failure::rejected);
        CHECK(how.read(answered(302)).error().kind == failure::rejected);
        CHECK(how.read(answered(500)).error().kind == failure::unknown_outcome);
        CHECK(how.read(answered(429, "", {{"Retry-After", "120"}})).error().retry_after == milliseconds{120'000});
        CHECK(how.read(answered(429, "", {{"Retry-After", "999999999"}})).error().retry_after
              == milliseconds{std::chrono::hours{1}});
        auto dated = how.read(
            answered(503, "", {{"Retry-After", "Sun, 01 Mar 2026 14:06:00 GMT"}, {"Date", "Sun, 01 Mar 2026 14:05:00 GMT"}}));
        CHECK(dated.error().retry_after == milliseconds{60'000});
        CHECK(how.read(answered(400, std::string(10'000, '\n'))).error().detail.size() < 400);
    }
}

TEST_CASE("every kind: a test is marked as one, says the same words, and no kind can be asked for nothing", "[alert]")
{
    for (const auto& how : all_wires()) {
        INFO(how.kind);
        auto to = make_receiver(std::string{how.kind});
        to.secret = how.kind == "webhook" ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : "s3cret-canary";
        auto test = how.write(to, test_letter("duty", letter_time()), letter_time());
        REQUIRE(test.has_value());
        auto said = test->body;
        std::ranges::transform(said, said.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        CHECK(said.find("test") != std::string::npos);
        CHECK(said.find("nothing") != std::string::npos);
        auto broken = make_letter();
        broken.what = "\xff\xfe broken \x01 bytes \xc3";
        CHECK(how.write(to, broken, letter_time()).has_value());  // and nothing is thrown
    }
}

TEST_CASE("every kind: a drill is marked as one in front of everything that is said", "[alert]")
{
    for (auto verb : {page_verb::trigger, page_verb::acknowledge, page_verb::resolve})
        for (const auto& how : all_wires()) {
            INFO(how.kind << " " << to_string(verb));
            auto to = make_receiver(std::string{how.kind});
            to.secret = how.kind == "webhook" ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : "s3cret-canary";
            auto letter = make_letter(verb);
            auto real = how.write(to, letter, letter_time());
            letter.drill = true;
            auto made = how.write(to, letter, letter_time());
            REQUIRE(real.has_value() == made.has_value());
            if (!made)
                continue;  // this kind is not told of that
            CHECK(real->body.find("DRILL") == std::string::npos);
            bool says_words = !(how.kind == "pagerduty" && verb != page_verb::trigger);  // its key alone
            CHECK((made->body.find("DRILL") != std::string::npos) == says_words);
        }
    auto letter = make_letter();
    letter.drill = true;
    CHECK(subject(letter).starts_with("DRILL CRITICAL: 2 posts of acme-blog"));
    CHECK(text(letter).starts_with("DRILL: 2 posts of acme-blog"));
    CHECK(write_mail(make_receiver("smtp"), letter, letter_time()).find("Subject: DRILL CRITICAL: ") != std::string::npos);
}

TEST_CASE("words: cut at a whole character, one line where one is wanted, and how to take it in hand", "[alert]")
{
    CHECK(cut("abc", 3) == "abc");
    CHECK(cut("\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6", 7) == "\xc3\xb6\xc3\xb6\xe2\x80\xa6");
    CHECK(cut("\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6", 6) == "\xc3\xb6\xe2\x80\xa6");
    CHECK(one_line("a\r\nBcc: x") == "a  Bcc: x");
    auto said = subject(make_letter());
    CHECK(said.starts_with("CRITICAL: 2 posts of acme-blog"));
    CHECK(subject(make_letter(page_verb::acknowledge)).starts_with("in hand (ann): "));
    CHECK(subject(make_letter(page_verb::resolve)).starts_with("over: "));
    auto lines = text(make_letter());
    for (const auto* wanted :
         {"To do: open the link", "Look: https://blog", "Since: 2026-03-01T14:00:00Z", "Crisis: c-1, owned by ops",
          "I have it: halfmast pages ack hold-manual/c-1", "- 1 post of acme-news"})
        CHECK(lines.find(wanted) != std::string::npos);
    CHECK(text(make_letter(page_verb::resolve)).find("Over since 2026-03-01T14:05:00Z: c-1 was lowered by ops")
          != std::string::npos);
}

TEST_CASE("mail: one id for every attempt, no header by what stands in a letter", "[alert][mail]")
{
    auto to = make_receiver("smtp", "smtp://mail.acme.example:587");
    auto letter = make_letter();
    letter.what = "na\xc3\xafve caf\xc3\xa9\r\nBcc: everybody@example.com\r\n\r\nbody";
    auto made = write_mail(to, letter, letter_time());
    auto head = made.substr(0, made.find("\r\n\r\n"));
    CHECK(head.find("\nBcc:") == std::string::npos);
    CHECK(head.find("Date: Sun, 01 Mar 2026 14:05:00 +0000") != std::string::npos);
    CHECK(head.find("Message-ID: <hold-manual-c-1-1772373600-1.duty@acme.example>") != std::string::npos);
    CHECK(head.find("Auto-Submitted: auto-generated") != std::string::npos);
    CHECK(head.find("X-Halfmast-Crisis: c-1") != std::string::npos);
    CHECK(head.find("To: oncall@acme.example,\r\n boss@acme.example") != std::string::npos);
    CHECK(head.find("Subject: =?UTF-8?B?") != std::string::npos);
    for (std::size_t at = 0; at < made.size();) {  // no bare line break, no line that is too long
        auto end = made.find('\n', at);
        if (end == std::string::npos)
            break;
        CHECK(made[end - 1] == '\r');
        CHECK(end - at < 998);
        at = end + 1;
    }
    letter.attempt = 5;
    auto again = write_mail(to, letter, letter_time() + std::chrono::minutes{3});
    auto id_of = [](const std::string& mail) {
        return mail.substr(mail.find("Message-ID:"), mail.find('>', mail.find("Message-ID:")) - mail.find("Message-ID:"));
    };
    CHECK(id_of(again) == id_of(made));
    CHECK(encode_header("plain") == "plain");
    CHECK(encode_header("=?UTF-8?B?eA==?=").starts_with("=?UTF-8?B?"));  // what looks encoded is said as it stands
}
