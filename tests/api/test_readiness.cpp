// How readiness is said to scripts: the member "ready" of status, and the lines of doctor.
#include <nlohmann/json.hpp>

#include "daemon/api/messages.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const account_id blog_id{"blog"};

json ready_of(const desk& here)
{
    const auto& declared = here.rules.accounts.at(blog_id);
    auto found = here.known.accounts.find(blog_id);
    auto member =
        api::ready_member(here.rules, declared, found == here.known.accounts.end() ? readiness{} : found->second.ready, here.now);
    return json::parse(api::dump(member));
}

check_line yes(ability of) { return {of, std::string{to_string(of)}, true, ""}; }

}  // namespace

TEST_CASE("status says of each account what it could do", "[api][readiness]")
{
    auto blog = make_account("blog", {{rung::postpone}, {rung::takeout}});
    blog.can_pin = false;
    desk here{make_policy({blog})};
    CHECK(ready_of(here)
          == json({{"ok", nullptr},
                   {"credential", nullptr},
                   {"list", nullptr},
                   {"hold", nullptr},
                   {"publish", nullptr},
                   {"pin", nullptr},
                   {"feed", nullptr},
                   {"credential_ends", nullptr},
                   {"checked_at", nullptr},
                   {"lost", json::array()},
                   {"trouble", nullptr}}));

    std::vector<check_line> lines{yes(ability::credential), yes(ability::list), yes(ability::read_feed)};
    lines.front().ends = here.now + 40 * 24h;
    here.happen(readiness_checked{blog_id, lines});
    CHECK(ready_of(here)
          == json({{"ok", true},
                   {"credential", true},
                   {"list", true},
                   {"hold", {"postpone", "takeout"}},
                   {"publish", true},
                   {"pin", "person"},
                   {"feed", true},
                   {"credential_ends", format_utc(here.now + 40 * 24h)},
                   {"checked_at", format_utc(here.now)},
                   {"lost", json::array()},
                   {"trouble", nullptr}}));

    lines.push_back({rung::takeout, "scope write:media", false, "it lacks write:media"});
    here.happen(readiness_checked{blog_id, lines});
    auto lost = ready_of(here);
    CHECK(lost.at("ok") == false);
    CHECK(lost.at("hold") == json::array({"postpone"}));
    CHECK(lost.at("lost")
          == json::array(
              {{{"ability", "hold"}, {"rung", "takeout"}, {"since", format_utc(here.now)}, {"detail", "it lacks write:media"}}}));

    lines.pop_back();
    lines.front().ends = here.now + 10 * 24h;
    here.happen(readiness_checked{blog_id, lines});
    CHECK(ready_of(here).at("ok") == false);  // it ends soon

    here.happen(readiness_checked{blog_id, {{ability::credential, "credential", problem{failure::unreachable, "no route", {}}}}});
    auto silent = ready_of(here);
    CHECK(silent.at("list") == true);
    CHECK(silent.at("trouble") == "credential: no route");
}

TEST_CASE("where there is nothing to hold, nothing is said of it", "[api][readiness]")
{
    auto sky = make_account("blog", {});
    sky.has_queue = false;
    desk here{make_policy({sky})};
    here.happen(readiness_checked{blog_id, {yes(ability::credential), yes(ability::read_feed)}});
    auto ready = ready_of(here);
    CHECK(ready.at("ok") == true);
    CHECK(ready.at("list") == nullptr);
    CHECK(ready.at("hold") == nullptr);
    CHECK(ready.at("publish") == true);
}

TEST_CASE("a line of doctor says which ability it decides", "[api][readiness]")
{
    check_line credential{ability::credential, "credential", true, ""};
    credential.ends = at("14:00");
    check_line hold{rung::draft, "may edit others' posts", false, "give it the role Editor"};
    auto message = json::parse(api::dump(api::doctor_message({{blog_id, "wordpress", {credential, hold}}}, {})));
    CHECK(message.at("ok") == false);
    CHECK(message.at("accounts").at(0).at("checks")
          == json::array({{{"what", "credential"},
                           {"ok", true},
                           {"detail", ""},
                           {"ability", "credential"},
                           {"rung", nullptr},
                           {"by_person", false},
                           {"ends", format_utc(at("14:00"))}},
                          {{"what", "may edit others' posts"},
                           {"ok", false},
                           {"detail", "give it the role Editor"},
                           {"ability", "hold"},
                           {"rung", "draft"},
                           {"by_person", false},
                           {"ends", nullptr}}}));
}

TEST_CASE("a plan says which rung may not work", "[api][readiness]")
{
    planned_act act;
    act.account = blog_id;
    act.post = post_id{"p1"};
    act.would_hold = true;
    act.by = rung::draft;
    CHECK(api::planned_member(act).at("doubt") == nullptr);
    act.doubt = "the role is Author";
    CHECK(api::planned_member(act).at("doubt") == "the role is Author");
}
