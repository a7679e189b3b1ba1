// The door for senders that sign in nowhere: what is answered, what is remembered, what a payload means.
#include <csignal>
#include <fstream>

#include <sys/resource.h>

#include "daemon/signals/acknowledge.hpp"
#include "daemon/signals/fields.hpp"
#include "daemon/signals/payload.hpp"
#include "tests/signals/deliveries.hpp"
#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

signals::meaning meaning_of(const hook_settings& hook, const std::vector<hook_rule>& rules, const std::string& body)
{
    auto read = signals::read_payload(hook, rules, body, noon());
    REQUIRE(read.has_value());
    return *read;
}

const heard_signal& signal_in(const signals::meaning& meaning)
{
    REQUIRE(std::holds_alternative<heard_signal>(meaning));
    return std::get<heard_signal>(meaning);
}

}  // namespace

TEST_CASE("a believed delivery is a signal, once, whatever kind its sender is", "[hooks]")
{
    for (auto kind : {hook_kind::standard, hook_kind::pagerduty, hook_kind::github, hook_kind::slack, hook_kind::alertmanager,
                      hook_kind::grafana}) {
        auto hook = make_hook(kind);
        hook_stage here{{hook}, {make_rule()}};
        auto request = signed_request(hook, usual_body(kind, noon()), noon());
        auto first = here.send(request);
        CHECK(first.status == 202);
        REQUIRE(here.heard.size() == 1);
        CHECK(here.heard[0].source == "hook/shop");
        CHECK(here.heard[0].playbook == "outage");
        bool signs = kind != hook_kind::alertmanager && kind != hook_kind::grafana;
        auto again = here.send(request);
        CHECK(again.status == (signs ? 409 : 202));  // who shows a token says it again and again, and the core counts it
        CHECK(here.heard.size() == (signs ? 1u : 2u));
        CHECK(here.hooks().counts().at("shop").repeated == (signs ? 1u : 0u));
    }
}

TEST_CASE("what is not for a hook is told so, and does nothing", "[hooks]")
{
    auto hook = make_hook(hook_kind::github);
    hook.most_body = 1000;
    hook_stage here{{hook}, {make_rule()}};
    auto request = signed_request(hook, R"({"title":"a"})", noon());
    auto get = request;
    get.method = "GET";
    CHECK(here.send(get).status == 405);
    auto unknown = request;
    unknown.path = "/hooks/other";
    CHECK(here.send(unknown).status == 404);
    for (const auto* path : {"/hooks/", "/hooks/shop/", "/hooks/shop/more", "/hooks/acknowledge"}) {
        unknown.path = path;
        CHECK(here.send(unknown).status == 404);
    }
    auto large = signed_request(hook, std::string(1001, ' '), noon());
    CHECK(here.send(large).status == 413);
    for (const auto& body :
         {std::string{"no JSON"}, std::string{"[]"}, std::string{"\"text\""}, std::string(400, '[') + std::string(400, ']'),
          "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}"})
        CHECK(here.send(signed_request(hook, body, noon())).status == 400);
    CHECK(here.heard.empty());
    CHECK(signals::hooks::is_ours(request));
    request.path = "/api/v1/status";
    CHECK_FALSE(signals::hooks::is_ours(request));
}

TEST_CASE("a header that is there twice proves no more than the first one, and makes no repetition a new delivery", "[hooks]")
{
    for (auto kind : {hook_kind::standard, hook_kind::github, hook_kind::slack, hook_kind::alertmanager}) {
        auto hook = make_hook(kind);
        hook_stage here{{hook}, {make_rule()}};
        auto genuine = signed_request(hook, usual_body(kind, noon()), noon());
        auto behind = genuine;
        for (auto& [name, value] : behind.headers)
            if (name != "Content-Type")
                value = "v1=00,Bearer forged";
        behind.headers.insert(behind.headers.end(), genuine.headers.begin(), genuine.headers.end());
        CHECK(here.send(behind).status / 100 == 4);
        CHECK(here.heard.empty());
        CHECK(here.send(genuine).status == 202);
        auto again = genuine;
        for (const auto& [name, value] : genuine.headers)
            again.headers.emplace_back(name, value + "0");
        CHECK(here.send(again).status == (kind == hook_kind::alertmanager ? 202 : 409));
    }
}

TEST_CASE("a packed body is not unpacked, whoever signed it", "[hooks]")
{
    auto hook = make_hook(hook_kind::github);
    hook_stage here{{hook}, {make_rule()}};
    auto request = signed_request(hook, R"({"title":"a"})", noon());
    request.headers.emplace_back("Content-Encoding", "gzip");
    CHECK(here.send(request).status == 415);
    CHECK(here.heard.empty());
    request.headers.back().second = "identity";
    CHECK(here.send(request).status == 202);  // and the refusal did not count as the delivery
}

TEST_CASE("too many a minute are sent away, and a minute later they are taken again", "[hooks]")
{
    auto hook = make_hook(hook_kind::alertmanager);
    hook.most_a_minute = 30;
    hook_stage here{{hook}, {make_rule()}};
    int taken = 0;
    for (int i = 0; i < 100; ++i)
        taken += here.send(signed_request(hook, usual_body(hook.kind, noon()), noon())).status == 202;
    CHECK(taken == 30);
    auto late = here.send(signed_request(hook, usual_body(hook.kind, noon()), noon()));
    CHECK(late.status == 429);
    CHECK(find_header(late.headers, "Retry-After") == "60");
    here.now += 60s;
    for (int i = 0; i < 100; ++i)
        taken += here.send(signed_request(hook, usual_body(hook.kind, noon()), noon())).status == 202;
    CHECK(taken == 60);
    // What is not believed uses up nobody's room.
    hook_stage there{{hook}, {make_rule()}};
    auto forged = signed_request(hook, "{}", noon());
    header(forged, "Authorization") = "Bearer forged";
    for (int i = 0; i < 100; ++i)
        CHECK(there.send(forged).status == 403);
    CHECK(there.send(signed_request(hook, usual_body(hook.kind, noon()), noon())).status == 202);
    CHECK(there.logged.size() == 1);  // said once, and once a minute with how many there were
    there.now += 61s;
    there.send(forged);
    CHECK(there.logged.back().ends_with("(100)"));
}

TEST_CASE("while the ledger refuses, the sender is asked to come again, and may", "[hooks]")
{
    auto hook = make_hook(hook_kind::standard);
    hook_stage here{{hook}, {make_rule()}};
    here.ledger_works = false;
    auto request = signed_request(hook, usual_body(hook.kind, noon()), noon());
    CHECK(here.send(request).status == 503);
    CHECK(here.send(request).status == 503);
    here.ledger_works = true;
    CHECK(here.send(request).status == 202);
    CHECK(here.send(request).status == 409);
    CHECK(here.heard.size() == 1);
}

TEST_CASE("a repetition is known after a restart too, and a cut file loses no other one", "[hooks]")
{
    folder here;
    auto file = here / "hooks.seen";
    auto hook = make_hook(hook_kind::github);
    auto first = signed_request(hook, R"({"title":"a"})", noon());
    auto second = signed_request(hook, R"({"title":"b"})", noon());
    {
        hook_stage before{{hook}, {make_rule()}, file};
        CHECK(before.send(first).status == 202);
        CHECK(before.send(second).status == 202);
    }
    std::ofstream(file, std::ios::app | std::ios::binary) << "cut";
    {
        hook_stage after{{hook}, {make_rule()}, file};
        CHECK(after.send(first).status == 409);
        CHECK(after.send(second).status == 409);
        CHECK(after.send(signed_request(hook, R"({"title":"c"})", noon())).status == 202);
    }
    hook_stage later{{hook}, {make_rule()}, file};
    for (const auto* title : {"a", "b", "c"})
        CHECK(later.send(signed_request(hook, std::string{R"({"title":")"} + title + R"("})", noon())).status == 409);
    CHECK_THROWS_AS(signals::deliveries("/no/such/folder/seen"), std::runtime_error);
}

TEST_CASE("an entry that a full disk cut in the middle makes none behind it unknown", "[hooks]")
{
    folder here;
    const auto path = here / "hooks.seen";
    auto print = [](char of) { return std::string(32, of); };
    {
        signals::deliveries seen{path};
        CHECK(seen.take(print('a')));
        rlimit usual{};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
        auto before = std::signal(SIGXFSZ, SIG_IGN);
        rlimit small = usual;
        small.rlim_cur = std::filesystem::file_size(path) + 3;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        bool taken = seen.take(print('b'));
        ::setrlimit(RLIMIT_FSIZE, &usual);
        std::signal(SIGXFSZ, before);
        CHECK(taken);
        CHECK(seen.take(print('c')));
    }
    signals::deliveries again{path};
    for (char known : {'a', 'b', 'c'})
        CHECK_FALSE(again.take(print(known)));
    CHECK(again.take(print('d')));
}

TEST_CASE("the newest deliveries are known, in bounded room", "[hooks]")
{
    folder here;
    auto print = [](std::size_t number) { return hmac("k", std::to_string(number)); };
    {
        signals::deliveries seen(here / "seen");
        for (std::size_t i = 0; i < 2 * signals::deliveries::most + 10; ++i)
            REQUIRE(seen.take(print(i)));
        CHECK(seen.size() == signals::deliveries::most);
        CHECK_FALSE(seen.take(print(2 * signals::deliveries::most)));
    }
    CHECK(std::filesystem::file_size(here / "seen") <= 3 * signals::deliveries::most * 8);
    signals::deliveries again(here / "seen");
    CHECK(again.size() == signals::deliveries::most);
    CHECK_FALSE(again.take(print(2 * signals::deliveries::most + 9)));
    again.give_back(print(2 * signals::deliveries::most + 9));
    CHECK(again.take(print(2 * signals::deliveries::most + 9)));
}

TEST_CASE("fields by JSON pointer: what is there, what is not, and no payload breaks it", "[hooks][fields]")
{
    auto payload = nlohmann::json::parse(
        R"({"a":{"b/c":["x",{"~":7}]},"n":null,"yes":true,"num":1.5,"":"empty","list":["p1","p2"],"deep":{"k":[1,2]}})");
    using signals::text_at;
    CHECK(text_at(payload, "/a/b~1c/0") == "x");
    CHECK(text_at(payload, "/a/b~1c/1/~0") == "7");
    CHECK(text_at(payload, "/") == "empty");
    CHECK(text_at(payload, "/yes") == "true");
    CHECK(text_at(payload, "/num") == "1.5");
    CHECK(text_at(payload, "/deep") == R"({"k":[1,2]})");
    for (const auto* nothing : {"/n", "/a/b~1c/2", "/a/b~1c/00", "/a/b~1c/-", "/a/b~1c/99999999999999999999", "/yes/no", "/x"})
        CHECK_FALSE(text_at(payload, nothing));
    CHECK(signals::fill("{/a/b~1c/0} and {/num}", payload) == "x and 1.5");
    CHECK(signals::fill("{/x}{/y}", payload).empty());
    CHECK(signals::fill("no field", payload) == "no field");
    CHECK(signals::fill("open {/a", payload) == "open {/a");
    CHECK(signals::fill("line {/l}", nlohmann::json{{"l", "one\ntwo\x1b[2J"}}) == "line one two [2J");
    CHECK(signals::matches(payload, {field("/list", {"p2"})}));
    CHECK(signals::matches(payload, {field("/list", {"q*", "p*"}), field("/yes")}));
    CHECK_FALSE(signals::matches(payload, {field("/list", {"q"})}));
    CHECK_FALSE(signals::matches(payload, {field("/n")}));
    CHECK(pointers_in("{/a} {/b~1c}") == std::vector<std::string>{"/a", "/b~1c"});
    CHECK_FALSE(pointers_in("{/a"));
    CHECK_FALSE(pointers_in("{/a~2}"));
}

TEST_CASE("the first rule that matches speaks, with texts, scope and severity of its own", "[hooks][payload]")
{
    auto hook = make_hook(hook_kind::alertmanager);
    auto critical = make_rule();
    critical.match = {field("/commonLabels/severity", {"critical", "page"})};
    critical.playbook = "recall";
    critical.level = severity::critical;
    critical.wish = signal_wish::raise;
    critical.over = {{"brand", "{/commonLabels/brand}"}};
    critical.what = "alert: {/commonAnnotations/summary}";
    auto rest = make_rule();
    auto body = usual_body(hook.kind, noon());
    auto read = meaning_of(hook, {critical, rest}, body);
    const auto& said = signal_in(read);
    CHECK(said.playbook == "recall");
    CHECK(said.level == severity::critical);
    CHECK(said.wish == signal_wish::raise);
    CHECK(said.over == scope{{"brand", "acme"}});
    CHECK(said.what == "alert: checkout answers 500");
    CHECK(said.evidence == std::vector<std::string>{"37 of 40 requests failed"});
    CHECK(said.key == "recall/brand=acme/k1");
    CHECK(said.link == "https://am.example");
    CHECK_FALSE(said.ended);
    // A label that the payload does not have would make the flag wider than it was meant: the rule does not speak.
    critical.over = {{"brand", "{/commonLabels/region}"}};
    CHECK(signal_in(meaning_of(hook, {critical, rest}, body)).playbook == "outage");
    auto other = make_rule("other");
    CHECK(std::holds_alternative<signals::of_no_interest>(meaning_of(hook, {other}, body)));
    auto resolved = body;
    resolved.replace(resolved.find("firing"), 6, "resolved");
    CHECK(signal_in(meaning_of(hook, {rest}, resolved)).ended);
    // A link that is none would be a trap in a page.
    auto script = body;
    script.replace(script.find("https://am"), 10, "javascript");
    CHECK(signal_in(meaning_of(hook, {rest}, script)).link.empty());
}

TEST_CASE("an end as a rule says it", "[hooks][payload]")
{
    auto hook = make_hook(hook_kind::standard);
    auto rule = make_rule();
    rule.ended = {field("/type", {"crisis.over"})};
    CHECK_FALSE(signal_in(meaning_of(hook, {rule}, R"({"type":"crisis.raise","data":{"reason":"a","key":"k"}})")).ended);
    auto over = meaning_of(hook, {rule}, R"({"type":"crisis.over","data":{"reason":"a","key":"k"}})");
    CHECK(signal_in(over).ended);
    CHECK(signal_in(over).key == "outage/k");
}

TEST_CASE("PagerDuty: an incident of ours that somebody acknowledged is in their hand", "[hooks][payload]")
{
    auto hook = make_hook(hook_kind::pagerduty);
    hook.acknowledges = true;
    hook_stage here{{hook}, {make_rule()}};
    page_group open;
    open.id = "crisis/c-1-1767323045";
    here.pages.groups["crisis/c-1"] = open;
    auto body = pagerduty_body(noon(), "incident.acknowledged", "crisis/c-1-1767323045");
    CHECK(here.send(signed_request(hook, body, noon())).status == 202);
    REQUIRE(here.acknowledged.size() == 1);
    CHECK(here.acknowledged[0].key == "crisis/c-1");
    CHECK(here.acknowledged[0].by == actor_id{"pagerduty/Jane Doe"});
    CHECK(here.heard.empty());
    // One that is over already: nothing is wrong with the sender.
    here.pages.groups.clear();
    auto later = pagerduty_body(noon() + 1s, "incident.acknowledged", "crisis/c-1-1767323045");
    CHECK(here.send(signed_request(hook, later, noon())).status == 200);
    // Without the setting it is of no interest; an incident that is not ours never is one of our pages.
    hook.acknowledges = false;
    CHECK(std::holds_alternative<signals::of_no_interest>(meaning_of(hook, {make_rule()}, body)));
    auto theirs = body;
    theirs.replace(theirs.find("halfmast/"), 9, "somebody/");
    hook.acknowledges = true;
    CHECK(signal_in(meaning_of(hook, {make_rule()}, theirs)).key == "outage/crisis/c-1-1767323045");
    auto old = signals::read_payload(hook, {}, pagerduty_body(noon() - 16min), noon());
    REQUIRE_FALSE(old.has_value());
    CHECK(old.error().kind == failure::conflict);
}

TEST_CASE("Slack: the question whether the address is ours, and a button", "[hooks][payload]")
{
    auto hook = make_hook(hook_kind::slack);
    hook.acknowledges = true;
    hook_stage here{{hook}, {}};
    auto asked = here.send(signed_request(hook, R"({"type":"url_verification","challenge":"3eZbrw1a"})", noon()));
    CHECK(asked.status == 200);
    CHECK(asked.body == "3eZbrw1a");
    page_group open;
    open.id = "hold-manual/c-1-5";
    here.pages.groups["hold-manual/c-1"] = open;
    std::string clicked =
        R"({"type":"block_actions","user":{"id":"U1","username":"ann"},"actions":[{"action_id":"other","value":"x"},)"
        R"({"action_id":"halfmast_acknowledge","value":"hold-manual/c-1-5"}]})";
    auto form = "payload=" + net::percent_encode(clicked);
    CHECK(here.send(signed_request(hook, form, noon())).status == 202);
    REQUIRE(here.acknowledged.size() == 1);
    CHECK(here.acknowledged[0].key == "hold-manual/c-1");
    CHECK(here.acknowledged[0].by == actor_id{"slack/ann"});
    CHECK(here.send(signed_request(hook, "payload=%7", noon())).status == 400);
}

TEST_CASE("the link of a letter: a POST takes the page in hand, a look does nothing", "[hooks]")
{
    hook_stage here{{}, {}};
    page_group open;
    open.id = "crisis/c-1-5";
    here.pages.groups["crisis/c-1"] = open;
    net::server_request request;
    request.method = "POST";
    request.path =
        "/hooks/acknowledge/" + signals::sign_page(secret{std::string(32, 'k')}, {"crisis/c-1-5", "phone"}, noon() + 24h);
    auto look = request;
    look.method = "GET";
    CHECK(here.send(look).status == 405);
    CHECK(here.acknowledged.empty());
    CHECK(here.send(request).status == 202);
    REQUIRE(here.acknowledged.size() == 1);
    CHECK(here.acknowledged[0].key == "crisis/c-1");
    CHECK(here.acknowledged[0].by == actor_id{"link/phone"});
    here.now += 25h;
    CHECK(here.send(request).status == 403);
    request.path = "/hooks/acknowledge/a.b";
    CHECK(here.send(request).status == 403);
}
