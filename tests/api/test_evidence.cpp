// What stands for the daemon itself: the state of its ledger, and its settings as they are on disk.
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("before the first check nothing is said to be sound", "[api][evidence]")
{
    window here;
    here.daemon.found_of_ledger.records = 12;
    auto body = here.get("/audit/state");
    CHECK(body["schema"] == "halfmast.audit_state/1");
    CHECK(body["ok"].is_null());
    CHECK(body["records"] == 12);
    for (const auto* name : {"head", "verified", "signed"})
        CHECK(body[name].is_null());
    CHECK(body["checking"] == false);
    CHECK(body["faults"] == json::array());
}

TEST_CASE("what the checks found, and a whole one at once", "[api][evidence]")
{
    window here;
    auto& proof = here.daemon.found_of_ledger;
    proof.ok = false;
    proof.records = 125;
    proof.through = 123;
    proof.head = std::string(64, 'a');
    proof.verified_at = parse_rfc3339("2026-03-01T14:00:00Z");
    proof.signed_through = 120;
    proof.signed_at = "2026-03-01T13:59:59Z";
    api::ledger_proof::fault one;
    one.seq = 7;
    one.what = "record 7 was changed";
    proof.faults.push_back(one);
    auto body = here.get("/audit/state");
    CHECK(body["ok"] == false);
    CHECK(body["head"] == json{{"seq", 123}, {"hash", std::string(64, 'a')}});
    CHECK(body["verified"] == json{{"at", "2026-03-01T14:00:00Z"}, {"through", 123}});
    CHECK(body["signed"] == json{{"seq", 120}, {"at", "2026-03-01T13:59:59Z"}});
    CHECK(body["faults"] == json::array({{{"seq", 7}, {"what", "record 7 was changed"}}}));
    check_problem(here.ask("GET", "/api/v1/audit/state?whole=1"), 400, 2, "unknown query member 'whole'");

    CHECK(here.daemon.verifications == 0);
    auto asked = here.ask("POST", "/api/v1/audit/verify");
    CHECK(asked.status == 202);
    CHECK(json::parse(asked.body)["checking"] == true);
    CHECK(here.daemon.verifications == 1);
    check_problem(here.ask("POST", "/api/v1/audit/verify", R"({"whole":true})"), 400, 2, "takes no members");
    CHECK(here.daemon.verifications == 1);
}

TEST_CASE("the settings as they are on disk, in the words of check-config", "[api][evidence]")
{
    window here;
    auto& report = here.daemon.found_of_settings;
    report.file = "/etc/halfmast/halfmast.toml";
    report.running_since = *parse_rfc3339("2026-03-01T09:00:00Z");
    report.checked_at = *parse_rfc3339("2026-03-01T14:00:00Z");
    report.differs = true;
    api::settings_report::fault one;
    one.file = report.file;
    one.line = 12;
    one.column = 7;
    one.what = "account acme-blog: url is not an https URL";
    report.faults.push_back(one);
    report.doubts = {"a doubt"};
    CHECK(here.get("/settings/check")
          == json{{"schema", "halfmast.settings_check/1"},
                  {"file", report.file},
                  {"running_since", "2026-03-01T09:00:00Z"},
                  {"checked_at", "2026-03-01T14:00:00Z"},
                  {"differs", true},
                  {"faults", json::array({{{"file", report.file}, {"line", 12}, {"column", 7}, {"message", one.what}}})},
                  {"doubts", {"a doubt"}}});
}

TEST_CASE("a bug is told to the log, and nothing of it to whoever asked", "[api][evidence]")
{
    window here;
    here.daemon.throws = "canary at /var/lib/halfmast: SELECT";
    auto given = here.ask("GET", "/api/v1/settings/check");
    check_problem(given, 500, 1, "GET /settings/check was not answered");
    CHECK(given.body.find("canary") == std::string::npos);
    REQUIRE(here.daemon.mistakes.size() == 1);
    CHECK(here.daemon.mistakes[0].find("canary at /var/lib/halfmast") != std::string::npos);
}
