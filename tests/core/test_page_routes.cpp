// Whom a page concerns: routes, quiet hours, receivers of their own kind, rotas.
#include "tests/core/paging.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("small things wait for the morning, large ones do not", "[pages]")
{
    paging_desk here;
    auto morning = at("+1 07:00");
    here.rules.pages.quiet_until = [morning](time_point moment) {
        return moment < morning ? std::optional{morning} : std::nullopt;
    };
    here.happen(account_unread{account_id{"blog"}, {failure::unreachable, "no route", {}}});
    here.pass(3h, 1min);
    CHECK(here.told.empty());  // nothing is up: an account that is away is a small thing
    here.raise();              // and now it is not: nothing can be held there
    here.pass(3min);
    CHECK(here.heard_of("duty", "account-unreachable") == 1);
    CHECK(here.heard_of("duty", "crisis/c-1") == 1);

    paging_desk calm;
    calm.rules.pages.quiet_until = [morning](time_point moment) {
        return moment < morning ? std::optional{morning} : std::nullopt;
    };
    calm.happen(account_unread{account_id{"blog"}, {failure::unreachable, "no route", {}}});
    calm.pass(17h + 1min, 1min);
    CHECK(calm.heard_of("duty", "account-unreachable") == 1);
    CHECK(calm.told.front().at >= morning);
}

TEST_CASE("the first route that matches, by label, kind and severity; none: on record, and nobody is told", "[pages]")
{
    auto acme = make_account("acme-blog");
    auto other = make_account("other-blog");
    other.labels = {{"brand", "other"}};
    paging_desk here{paging_policy({acme, other})};
    auto ours = make_route({{0ms, {"duty"}}});
    ours.name = "acme";
    ours.match = {{"brand", "acme"}, {"kind", "account-refused"}};
    auto grave = make_route({{0ms, {"boss"}}});
    grave.least = page_level::critical;
    here.rules.pages.routes = {ours, grave};
    here.happen(account_unread{account_id{"acme-blog"}, {failure::auth_expired, "401", {}}});
    here.happen(account_unread{account_id{"other-blog"}, {failure::auth_expired, "401", {}}});
    here.pass(10s, 1s);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger account-refused@acme"});
    CHECK(here.heard("boss").empty());
    CHECK(here.is_open("account-refused/other-blog"));
    CHECK(here.has_group("account-refused@nobody"));
    // It becomes graver: now there is somebody for it.
    here.rules.playbooks.at("outage").level = severity::critical;
    here.raise("outage", {{"brand", "other"}});
    here.pass(10s, 1s);
    CHECK(here.heard("boss") == std::vector<std::string>{"trigger crisis/c-1", "trigger account-refused"});
    CHECK_FALSE(here.has_group("account-refused@nobody"));
}

TEST_CASE("when the settings name somebody at last, what is open is told", "[pages]")
{
    paging_desk here;
    auto routes = std::exchange(here.rules.pages.routes, {});
    here.raise();
    here.pass(1min);
    CHECK(here.has_group("crisis/c-1"));  // no route at all: no name for it
    CHECK(here.told.empty());
    here.rules.pages.routes = routes;
    here.restart();
    here.pass(10s, 1s);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1"});
    here.restart();
    here.pass(10s, 1s);
    CHECK(here.heard("duty").size() == 1);
}

TEST_CASE("who does not hear of an end is not told of it, and who forgets is told again", "[pages]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.rules.pages.receivers["duty"].refresh = 5min;
    here.rules.pages.receivers["boss"].hears_resolved = false;
    here.rules.pages.receivers["boss"].hears_acknowledged = false;
    here.rules.pages.routes = {make_route({{0ms, {"duty", "boss"}}})};
    here.raise();
    here.pass(1min);
    here.acknowledge("crisis/c-1");
    here.pass(26min);
    CHECK(here.heard_of("duty", "crisis/c-1") >= 6);  // though it is in hand: it would end there by itself
    CHECK(here.heard_of("boss", "crisis/c-1") == 1);
    here.lower();
    here.pass(1min);
    CHECK(here.heard_of("boss", "crisis/c-1") == 1);
    CHECK(here.known.pages.groups.empty());
}

TEST_CASE("a route that names a rota tells who has the duty now, and whoever was told hears of the end", "[pages]")
{
    auto rules = paging_policy();
    rules.pages.routes = {make_route({{0ms, {"on-call"}}})};
    auto change = at("14:10");
    rules.pages.on_duty = [change](const std::string& name, time_point when) -> std::optional<std::vector<std::string>> {
        if (name != "on-call")
            return std::nullopt;
        return std::vector<std::string>{when < change ? "duty" : "boss"};
    };
    paging_desk here{rules};
    here.raise();
    here.pass(5s, 1s);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1"});
    CHECK(here.heard("boss").empty());
    here.pass(15min);
    CHECK(here.heard("boss") == std::vector<std::string>{"trigger crisis/c-1"});  // nobody had it in hand when the turn changed
    here.lower();
    here.pass(5s, 1s);
    CHECK(here.heard("duty").back() == "resolve crisis/c-1");
    CHECK(here.heard("boss").back() == "resolve crisis/c-1");
}
