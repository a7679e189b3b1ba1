#include "daemon/ctl/truth.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

struct story {
    const char* name;
    std::string message;
    int code;
    std::string sentence;
};

const std::string pinned = R"(,"summary":"pinned")";
const std::string manual_post =
    R"({"id":"a/1","state":"manual","detail":"no rung is left","due":"2026-03-01T15:00:00Z","url":"https://x/1"})";

}  // namespace

TEST_CASE("the sentence after a raise says what was read back, and nothing else counts", "[ctl]")
{
    const story stories[] = {
        {"all is well", crisis(true, R"("held":4)", account("a", pinned)), exit_code::done,
         "4 held and confirmed; summary pinned on 1 of 1 account"},
        {"nothing was queued", crisis(true, R"("held":0)", account("a", pinned)), exit_code::done,
         "0 held and confirmed; summary pinned on 1 of 1 account"},
        {"somebody removed one", crisis(true, R"("held":3,"gone":1)", account("a")), exit_code::done,
         "3 held and confirmed, 1 gone (removed by somebody else)"},
        {"a person decided some", crisis(true, R"("held":1,"released":2,"kept":1)", account("a")), exit_code::done,
         "1 held and confirmed, 3 decided by a person"},
        {"one is manual", crisis(true, R"("held":1,"manual":1)", account("a"), manual_post), exit_code::partly,
         "1 held and confirmed, 1 NOT confirmed: a/1 (manual: no rung is left)"},
        {"one escaped",
         crisis(true, R"("held":1,"escaped":1)", account("a"), R"({"id":"a/2","state":"escaped","detail":"","escaped_as":"99"})"),
         exit_code::partly, "1 held and confirmed, 1 NOT confirmed: a/2 (escaped; public as 99)"},
        {"the answer was 200 and nobody looked yet", crisis(false, R"("held":0,"unconfirmed":2)", account("a")), exit_code::partly,
         "0 held and confirmed, 2 NOT confirmed; still under way"},
        {"an account cannot be read",
         crisis(true, R"("held":2)", account("a") + R"(,{"id":"b","reachable":false,"trouble":"401: token refused"})"),
         exit_code::partly, "2 held and confirmed; NOT read: b (401: token refused)"},
        {"no account in scope", crisis(true, R"("held":0)", ""), exit_code::partly,
         "the flag is up, but no account is in its scope: NOTHING is held"},
        {"a summary that was refused",
         crisis(true, R"("held":1)", account("a", R"(,"summary":"failed","summary_detail":"too long")")), exit_code::partly,
         "1 held and confirmed; summary pinned on 0 of 1 account, summary NOT out on a (failed: too long)"},
        {"a platform where only a person can pin",
         crisis(true, R"("held":1)", R"({"id":"x","reachable":true,"can_publish":true,"can_pin":false,"summary":"published"})"),
         exit_code::done, "1 held and confirmed; summary pinned on 0 of 1 account, published on 1 where only a person can pin"},
    };
    for (const auto& told : stories) {
        INFO(told.name);
        auto found = tell_raise(parsed(told.message));
        CHECK(found.sentence == told.sentence);
        CHECK(found.code == told.code);
        CHECK(found.details.empty()
              == (told.code == exit_code::done || told.message.find("\"settled\":false") != std::string::npos));
    }
}

TEST_CASE("a long list of trouble is cut in the sentence and not in its number", "[ctl]")
{
    std::string attention;
    for (int i = 0; i < 7; ++i)
        attention += (i == 0 ? "" : ",") + std::string{R"({"id":"a/)"} + std::to_string(i) + R"(","state":"manual","detail":""})";
    auto found = tell_raise(parsed(crisis(true, R"("held":0,"manual":7)", account("a"), attention)));
    CHECK(found.sentence.find("7 NOT confirmed") != std::string::npos);
    CHECK(found.sentence.find("a/4 (manual) and 2 more") != std::string::npos);
    CHECK(found.details.size() == 7);
}

TEST_CASE("a summary that waits for approval names the command that gives it", "[ctl]")
{
    auto text = crisis(true, R"("held":1)", account("a", R"(,"summary":"waiting")"));
    auto at = text.find("at-once");
    text.replace(at, 7, "after-approval");
    auto found = tell_raise(parsed(text));
    CHECK(found.code == exit_code::partly);
    CHECK(found.sentence.find("halfmast say approve c-1") != std::string::npos);
}

TEST_CASE("lowering is done when the former pins are back", "[ctl]")
{
    auto back = parsed(crisis(true, R"("held":4)", account("a", R"(,"summary":"unpinned")")));
    CHECK(is_unpinned(back));
    CHECK(tell_lower(back).code == exit_code::done);
    CHECK(tell_lower(back).sentence == "nothing was released, 4 posts wait for review; former pins restored on 1 of 1 account");

    auto under_way = parsed(crisis(false, R"("held":1)", account("a", R"(,"summary":"unpinning")")));
    CHECK_FALSE(is_unpinned(under_way));
    CHECK(tell_lower(under_way).code == exit_code::partly);
    CHECK(tell_lower(under_way).sentence.find("NOT restored yet: a (unpinning)") != std::string::npos);

    auto none = parsed(crisis(true, R"("held":1)", account("a", R"(,"summary":null)")));
    CHECK(is_unpinned(none));
    CHECK(tell_lower(none).sentence == "nothing was released, 1 post waits for review");
}

TEST_CASE("what is neither confirmed nor decided is counted, whatever its state is called", "[ctl]")
{
    CHECK(not_confirmed(parsed(R"({"planned":1,"saving":1,"stopping":1,"unconfirmed":1,"failed":1,"manual":1,"escaped":1})")) == 7);
    CHECK(not_confirmed(parsed(R"({"held":5,"gone":5,"released":5,"rescheduled":5,"kept":5})")) == 0);
}
