// Accounts for practice, and the routes of pages that tell a drill apart.
#include "daemon/settings/statement.hpp"
#include "tests/settings/support.hpp"

using namespace halfmast;
using tests::folder;
using tests::lines;

namespace {

std::string practice_account(const std::string& more)
{
    return "[[account]]\nid = \"sand\"\nconnector = \"fake\"\nurl = \"http://127.0.0.1:7420\"\ntoken = { file = \"token\" }\n"
           + more;
}

std::string practice_route(const std::string& match)
{
    return "[[receiver]]\nname = \"log\"\nkind = \"ntfy\"\nurl = \"https://ntfy.example\"\ntopic = \"t\"\n"
           "[[route]]\nto = [\"log\"]\nmatch = { drill = "
           + match + " }\n";
}

}  // namespace

TEST_CASE("an account is for practice when it says so, and only then", "[settings][drill]")
{
    folder here;
    here.write("token", "x");
    for (const auto& [text, practice] :
         {std::pair{"", false}, std::pair{"practice = false\n", false}, std::pair{"practice = true\n", true}}) {
        auto got = here.load(practice_account(text));
        REQUIRE(got.value.accounts.size() == 1);
        CHECK(got.value.accounts[0].declared.practice == practice);
    }
    auto wrong = here.faults(practice_account("practice = \"yes\"\n"));
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].find("practice") != std::string::npos);
    auto taken = here.faults(practice_account("labels = { drill = \"x\" }\n"));
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].find("'drill' is taken") != std::string::npos);
}

TEST_CASE("a route takes drill as true or false", "[settings][drill][pages]")
{
    folder here;
    auto got = here.load(practice_route("\"true\""));
    REQUIRE(got.value.pages.routes.size() == 1);
    CHECK(got.value.pages.routes[0].match == scope{{"drill", "true"}});
    auto wrong = here.faults(practice_route("\"yes\""));
    REQUIRE_FALSE(wrong.empty());
    CHECK(wrong[0].find("neither \"true\" nor \"false\"") != std::string::npos);
}

TEST_CASE("the mark of a drill is in the account's language", "[settings][drill]")
{
    CHECK(settings::drill_mark("en") == "DRILL: ");
    CHECK(settings::drill_mark("hu") == "GYAKORLAT: ");
    CHECK(settings::drill_mark("ru-RU") == "УЧЕНИЯ: ");
    CHECK(settings::drill_mark("zh-Hans-CN") == "演练：");
    CHECK(settings::drill_mark("fr") == "DRILL: ");
}
