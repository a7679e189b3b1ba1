// What holds and records are made of, where there are a hundred thousand of them: small sets, values that few of them have.
#include <set>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "daemon/core/record.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;

TEST_CASE("a small set does what a set does", "[small]")
{
    CHECK(rc::check("the same steps, the same values", [] {
        small_set<int> small;
        std::set<int> large;
        auto steps =
            *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(-4, 4)));
        for (const auto& step : steps) {
            const int what = step.first, value = step.second;
            if (what == 0)
                RC_ASSERT(small.erase(value) == large.erase(value));
            else if (what == 1)
                RC_ASSERT(small.erase_if([&](int one) { return one > value; })
                          == std::erase_if(large, [&](int one) { return one > value; }));
            else
                RC_ASSERT(small.insert(value).second == large.insert(value).second);
            RC_ASSERT(std::vector<int>(small.begin(), small.end()) == std::vector<int>(large.begin(), large.end()));
            RC_ASSERT(small.contains(value) == large.contains(value));
            RC_ASSERT(small.size() == large.size());
            RC_ASSERT(small.empty() == large.empty());
        }
    }));
    small_set<std::string> one{"b", "a", "b"}, more{"c"};
    more.insert(one.begin(), one.end());
    CHECK(one == small_set<std::string>{"a", "b"});
    CHECK(more == small_set<std::string>{"a", "b", "c"});
    CHECK(*more.insert("aa").first == "aa");
    more.clear();
    CHECK(more.empty());
}

TEST_CASE("a value that few have is copied whole, and there or not", "[small]")
{
    rare<std::string> none, some{"word"};
    CHECK_FALSE(none);
    REQUIRE(some);
    CHECK(none.value_or("other") == "other");
    auto copy = some;
    copy->append("s");
    CHECK(*some == "word");
    CHECK(*copy == "words");
    CHECK_FALSE(copy == some);
    some = copy;
    CHECK(copy == some);
    auto moved = std::move(copy);
    CHECK(*moved == "words");
    moved = none;
    CHECK(moved == none);
    CHECK_FALSE(some == none);
    CHECK(some.emplace().empty());
    some = std::string{"again"};
    CHECK(some.value_or("other") == "again");
    some.reset();
    CHECK_FALSE(some.has_value());
}

// One crisis makes some six records and one hold for each post; a turn of the loop has thousands of them in its hands.
TEST_CASE("records and holds stay small", "[small]")
{
    CHECK(sizeof(audit_record) <= 704);
    CHECK(sizeof(hold) <= 512);
}
