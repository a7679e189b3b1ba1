// The promise clock: kept when a word is out by then, missed once, and the next ones are told.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

struct promised {
    promised()
        : here(make_policy({[] {
              auto one = make_account("blog");
              one.can_reply = true;
              return one;
          }()})),
          people{here}
    {
        auto& pages = here.rules.pages;
        pages.receivers["owner"] = {};
        pages.receivers["boss"] = {};
        pages.routes.push_back({"", {}, page_level::minor, {{milliseconds{0}, {"owner"}}, {30min, {"boss"}}}});
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = "outage";
        flag.next_update_by = here.now + 45min;
        flag.statements[account_id{"blog"}] = {"en", "We are on it."};
        here.happen(flag);
        people.settle(there);
        here.letters.clear();
    }
    // Lets time pass in ticks, each letter answered.
    void pass(milliseconds span)
    {
        for (auto end = here.now + span; here.now < end;) {
            here.later(std::min<milliseconds>(30s, end - here.now));
            here.happen(clock_ticked{});
            while (!here.letters.empty()) {
                auto letter = here.letters.front();
                here.letters.pop_front();
                told.push_back(letter.receiver + ": " + letter.what);
                here.happen(page_answered{letter.group, letter.receiver, letter.id, {}, "ok"});
            }
        }
    }
    [[nodiscard]] bool heard(const std::string& who, const std::string& what) const
    {
        return std::ranges::any_of(
            told, [&](const auto& line) { return line.starts_with(who + ": ") && line.find(what) != std::string::npos; });
    }
    [[nodiscard]] const crisis& flag() const { return here.known.crises.at(crisis_id{"c-1"}); }

    desk here;
    sayer people;
    wall there;
    std::vector<std::string> told;
};

}  // namespace

TEST_CASE("the owner is paged before the promised time, and a word in time keeps the promise", "[promise]")
{
    promised now;
    auto first = now.flag().next_update_by;
    now.pass(34min);
    CHECK_FALSE(now.heard("owner", "next update"));
    now.pass(2min);
    CHECK(now.heard("owner", "the next update of c-1 is promised"));
    now.people.update("Half of it works.");
    CHECK(now.flag().next_update_by == first);  // asked for is not said
    now.people.settle(now.there);
    CHECK(now.flag().next_update_by == now.here.now + 45min);
    CHECK(now.flag().promises_kept == 1);
    CHECK(now.flag().promises_missed == 0);
    CHECK(now.here.total(record_kind::promise_kept) == 1);
    now.pass(20min);
    CHECK_FALSE(now.heard("owner", "is missed"));
    CHECK_FALSE(now.heard("boss", "is missed"));
}

TEST_CASE("a missed promise is on record once, and pages the next person at once", "[promise]")
{
    promised now;
    now.pass(46min);
    CHECK(now.flag().late);
    CHECK(now.flag().promises_missed == 1);
    CHECK(now.heard("boss", "is missed"));
    CHECK(now.heard("owner", "is missed"));
    now.pass(10min);
    CHECK(now.here.total(record_kind::promise_missed) == 1);
    now.people.update("Half of it works.");
    now.people.settle(now.there);
    CHECK(now.flag().promises_kept == 0);
    CHECK_FALSE(now.flag().late);
    CHECK(now.flag().next_update_by == now.here.now + 45min);
    now.here.restart();
    CHECK(now.flag().promises_missed == 1);
    CHECK(now.flag().next_update_by > now.here.now);
}

TEST_CASE("who had it in hand and missed it is not the only one told", "[promise]")
{
    promised now;
    now.pass(36min);
    now.here.happen(page_acknowledged{"update/c-1", actor_id{"ann"}, "writing it"});
    REQUIRE_FALSE(now.here.refused);
    now.pass(10min);
    CHECK(now.heard("boss", "is missed"));
}

TEST_CASE("asked for in time and out too late is missed", "[promise]")
{
    promised now;
    now.pass(44min);
    now.people.update("Half of it works.", true);
    now.here.offer();
    REQUIRE(now.here.answer<publish_summary>(failure::unreachable));
    now.pass(2min);
    CHECK(now.flag().late);
    now.here.later(5min);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 2);
    CHECK(now.flag().promises_kept == 0);
    CHECK(now.flag().promises_missed == 1);
}

TEST_CASE("an all-clear keeps the last promise and makes none", "[promise]")
{
    promised now;
    now.pass(10min);
    now.people.say(edition_kind::all_clear, "It is over.");
    now.people.settle(now.there);
    CHECK(now.flag().promises_kept == 1);
    CHECK(now.flag().next_update_by == time_point{});
    now.pass(3h);
    CHECK(now.flag().promises_missed == 0);
}

TEST_CASE("a lowered flag owes no word", "[promise]")
{
    promised now;
    now.here.lower();
    now.pass(2h);
    CHECK(now.flag().promises_missed == 0);
}
