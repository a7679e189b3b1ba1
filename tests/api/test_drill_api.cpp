// A drill over the API: asked for like a raise, and marked in every document that names it.
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("a drill is raised, shown and lowered like a flag, and marked everywhere", "[api][drill]")
{
    window here;
    auto& desk = here.daemon.here;
    desk.rules.accounts.at(account_id{"other"}).practice = true;
    desk.sees({promo("a", at("15:00"))}, "acme-blog");
    desk.sees({promo("b", at("15:00"))}, "other");

    auto plan = here.ask("POST", "/api/v1/crises/preview", R"({"playbook":"outage","drill":true})");
    REQUIRE(plan.status == 200);
    CHECK(json::parse(plan.body).at("drill") == true);
    REQUIRE(json::parse(plan.body).at("accounts").size() == 1);
    CHECK(json::parse(plan.body).at("accounts")[0].at("id") == "other");
    auto real = json::parse(here.ask("POST", "/api/v1/crises/preview", R"({"playbook":"outage"})").body);
    CHECK_FALSE(real.contains("drill"));
    REQUIRE(real.at("accounts").size() == 1);
    CHECK(real.at("accounts")[0].at("id") == "acme-blog");

    auto made = here.ask("POST", "/api/v1/crises", R"({"playbook":"outage","drill":true})");
    REQUIRE(made.status == 201);
    auto body = json::parse(made.body);
    CHECK(body.at("crisis").at("drill") == true);
    REQUIRE(body.at("accounts").size() == 1);
    CHECK(body.at("accounts")[0].at("id") == "other");
    CHECK(here.ask("POST", "/api/v1/crises", R"({"playbook":"outage","drill":true})").status == 200);  // it is on already
    CHECK(here.ask("POST", "/api/v1/crises", R"({"playbook":"outage"})").status == 201);               // another flag
    desk.later(std::chrono::seconds{5});
    desk.happen(clock_ticked{});

    auto status = here.get("/status");
    REQUIRE(status.at("crises").size() == 2);
    for (const auto& flag : status.at("crises"))
        CHECK(flag.value("drill", false) == (flag.at("id") == "c-1"));
    for (const auto& one : status.at("accounts"))
        CHECK(one.value("practice", false) == (one.at("id") == "other"));
    CHECK(here.get("/crises/c-1").at("crisis").at("drill") == true);
    CHECK_FALSE(here.get("/crises/c-2").at("crisis").contains("drill"));
    std::set<std::string> drills, others;
    auto open = here.get("/pages");
    for (const auto& page : open.at("pages"))
        (page.value("drill", false) ? drills : others).insert(page.at("key").get<std::string>());
    CHECK(drills == std::set<std::string>{"drill-crisis/c-1"});
    CHECK(others == std::set<std::string>{"crisis/c-2"});
    for (const auto& page : status.at("pages"))
        CHECK(page.value("drill", false) == page.at("key").get<std::string>().starts_with("drill-"));

    auto down = here.ask("POST", "/api/v1/crises/c-1/lower", "{}");
    REQUIRE(down.status == 200);
    CHECK(json::parse(down.body).at("crisis").at("drill") == true);
}

TEST_CASE("without a practice account a drill is not possible, and its preview says so too", "[api][drill]")
{
    window here;
    check_problem(here.ask("POST", "/api/v1/crises", R"({"drill":true})"), 422, 3, "practice = true");
    check_problem(here.ask("POST", "/api/v1/crises/preview", R"({"drill":true})"), 422, 3, "practice = true");
    check_problem(here.ask("POST", "/api/v1/crises", R"({"drill":"yes"})"), 400, 2, "drill");
    CHECK(here.daemon.here.known.crises.empty());
}
