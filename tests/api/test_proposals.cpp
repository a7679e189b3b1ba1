// Proposals over the API: shown with their evidence, accepted as a raise, dismissed with a word.
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

void hear_of(window& here, const std::string& what = "checkout answers 500", severity level = severity::major)
{
    signal_received heard;
    heard.what.source = "hook/shop";
    heard.what.what = what;
    heard.what.playbook = "outage";
    heard.what.level = level;
    heard.what.over = {{"brand", "acme"}};
    heard.what.evidence = {"37 of 40 requests failed"};
    heard.what.link = "https://am.example/";
    heard.what.key = what;
    here.daemon.here.happen(heard);
}

json proposal_body(const net::server_response& given) { return json::parse(given.body); }

}  // namespace

TEST_CASE("proposals are listed, the worst first, and stand in status until somebody decides", "[api][proposals]")
{
    window here;
    CHECK(proposal_body(here.ask("GET", "/api/v1/proposals")).at("proposals").empty());
    hear_of(here);
    hear_of(here, "people are hurt", severity::critical);
    auto listed = proposal_body(here.ask("GET", "/api/v1/proposals"));
    CHECK(listed.at("schema") == "halfmast.proposals/1");
    REQUIRE(listed.at("proposals").size() == 2);
    CHECK(listed["proposals"][0]["id"] == "p-2");
    const auto& one = listed["proposals"][1];
    CHECK(one["state"] == "open");
    CHECK(one["severity"] == "major");
    CHECK(one["scope"] == json({{"brand", "acme"}}));
    CHECK(one["sources"] == json::array({"hook/shop"}));
    CHECK(one["evidence"] == json::array({"37 of 40 requests failed"}));
    CHECK(one["link"] == "https://am.example/");
    CHECK(one["signals"] == 1);
    CHECK(one["crisis"].is_null());
    auto status = proposal_body(here.ask("GET", "/api/v1/status"));
    CHECK(status.at("proposals").size() == 2);
    check_problem(here.ask("GET", "/api/v1/proposals?al=1"), 400, 2, "Did you mean 'all'?");
}

TEST_CASE("accepting raises, as the person asks it", "[api][proposals]")
{
    window here;
    hear_of(here);
    check_problem(here.ask("POST", "/api/v1/proposals/p-1/accept", R"({"scope":{}})"), 400, 2, "scope");
    check_problem(here.ask("POST", "/api/v1/proposals/p-1/accept", R"({"severity":"huge"})"), 400, 2, "severity");
    auto made = here.ask("POST", "/api/v1/proposals/p-1/accept",
                         R"({"severity":"critical","owner":"dana","reason":"we saw it","next_update":"30m"})");
    CHECK(made.status == 201);
    auto message = proposal_body(made);
    CHECK(message["proposal"] == "p-1");
    CHECK(message["created"] == true);
    CHECK(message["crisis"]["severity"] == "critical");
    CHECK(message["crisis"]["owner"] == "dana");
    CHECK(message["crisis"]["scope"] == json({{"brand", "acme"}}));
    CHECK(here.ask("POST", "/api/v1/proposals/p-1/accept", "{}").status == 200);
    CHECK(proposal_body(here.ask("GET", "/api/v1/proposals")).at("proposals").empty());
    auto all = proposal_body(here.ask("GET", "/api/v1/proposals?all=1"));
    REQUIRE(all.at("proposals").size() == 1);
    CHECK(all["proposals"][0]["state"] == "accepted");
    CHECK(all["proposals"][0]["crisis"] == "c-1");
    CHECK(all["proposals"][0]["reason"] == "we saw it");
    check_problem(here.ask("POST", "/api/v1/proposals/p-1/dismiss", "{}"), 409, 9, "halfmast lower c-1");
    check_problem(here.ask("POST", "/api/v1/proposals/p-2/accept", "{}"), 404, 1, "Did you mean 'p-1'?");
}

TEST_CASE("dismissing is a word that stays on record", "[api][proposals]")
{
    window here;
    hear_of(here);
    auto said = here.ask("POST", "/api/v1/proposals/p-1/dismiss", R"({"reason":"a drill of ours"})");
    CHECK(said.status == 200);
    auto message = proposal_body(said);
    CHECK(message["schema"] == "halfmast.proposal/1");
    CHECK(message["created"] == true);
    CHECK(message["proposal"]["state"] == "dismissed");
    CHECK(message["proposal"]["reason"] == "a drill of ours");
    CHECK(proposal_body(here.ask("POST", "/api/v1/proposals/p-1/dismiss", "{}"))["created"] == false);
    check_problem(here.ask("POST", "/api/v1/proposals/p-1/accept", "{}"), 409, 9, "dismissed");
    check_problem(here.ask("POST", "/api/v1/proposals/p-9/dismiss", "{}"), 404, 1, "p-9");
}
