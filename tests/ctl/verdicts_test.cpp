#include "daemon/ctl/verdicts.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

decided after(const decision& kind, const std::string& state)
{
    decided one;
    one.id = "a/1";
    take_answer(kind, parsed(R"({"id":"a/1","state":")" + state + R"(","due":"2026-03-01T14:30:00Z","detail":"why"})"), one);
    return one;
}

decided ended(int code)
{
    decided one;
    one.open = false;
    one.code = code;
    return one;
}

}  // namespace

TEST_CASE("a release is done when the queue was read back, and failed when it is held again", "[ctl]")
{
    for (const auto* good : {"released", "rescheduled"}) {
        CHECK(after(release_decision, good).code == exit_code::done);
        CHECK_FALSE(after(release_decision, good).open);
    }
    CHECK(after(release_decision, "releasing").open);
    CHECK(after(release_decision, "releasing").code == exit_code::partly);
    CHECK_FALSE(after(release_decision, "held").open);
    CHECK(after(release_decision, "held").code == exit_code::failed);
    CHECK(after(release_decision, "escaped").code == exit_code::partly);
}

TEST_CASE("a hold is done when it is held, not when it was asked for", "[ctl]")
{
    CHECK(after(hold_decision, "held").code == exit_code::done);
    for (const auto* open : {"planned", "saving", "stopping", "unconfirmed"})
        CHECK(after(hold_decision, open).open);
    CHECK(after(hold_decision, "manual").code == exit_code::partly);
    CHECK_FALSE(after(hold_decision, "manual").open);
    CHECK(after(keep_decision, "kept").code == exit_code::done);
}

TEST_CASE("several posts end alike, or partly", "[ctl]")
{
    CHECK(code_of({ended(0), ended(0)}) == exit_code::done);
    CHECK(code_of({ended(1), ended(1)}) == exit_code::failed);
    CHECK(code_of({ended(9), ended(9)}) == exit_code::conflict);
    CHECK(code_of({ended(0), ended(1)}) == exit_code::partly);
    CHECK(code_of({ended(1), ended(4)}) == exit_code::partly);
}

TEST_CASE("the line of a post says what is not", "[ctl]")
{
    CHECK(sentence_of(release_decision, after(release_decision, "held")) == "a/1: NOT released: it is held (why)");
    CHECK(sentence_of(release_decision, after(release_decision, "releasing")) == "a/1: NOT released yet: it is releasing (why)");
    CHECK(sentence_of(keep_decision, after(keep_decision, "kept")) == "a/1: kept");
    auto refused = ended(1);
    refused.id = "a/1";
    refused.type = "past-time";
    refused.detail = "that has passed";
    CHECK(sentence_of(release_decision, refused) == "a/1: NOT released: that has passed");
    auto message = decisions_message(release_decision, {refused}, 1);
    CHECK(message["schema"] == "halfmast.queue-release/1");
    CHECK(message["results"][0]["ok"] == false);
    CHECK(message["results"][0]["type"] == "past-time");
}
