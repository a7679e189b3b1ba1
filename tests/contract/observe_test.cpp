// Looking at a queue again and again: what did not change is said so, whatever else the platform can tell.
#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

std::set<std::string> ids_of(const std::vector<scheduled_post>& posts)
{
    std::set<std::string> ids;
    for (const auto& post : posts)
        ids.insert(post.id.value);
    return ids;
}

}  // namespace

TEST_CASE("a queue that is as it was is not read again, and the smallest change is seen", "[contract]")
{
    auto which = every_platform("list: unchanged is said so, the smallest change is seen");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    auto posts = GENERATE(0, 1, 90);
    CAPTURE(posts);
    for (int number = 0; number < posts; ++number)
        on.platform->schedule(promo(on, "Offer number " + std::to_string(number), 1h + number * 1min), on.now);

    auto look = [&](std::vector<page_mark> known) {
        auto seen = on.run(on.to.queue->observe(std::move(known)));
        REQUIRE(seen.has_value());
        return std::move(*seen);
    };
    auto first = look({});
    CHECK_FALSE(first.unchanged);
    CHECK(first.posts.size() == static_cast<std::size_t>(posts));
    if (first.mark.empty())
        return not_possible(which, "marks", "nothing there tells what changed; every look reads all");
    auto second = look(first.mark);
    CHECK(second.unchanged);
    CHECK(second.posts.empty());
    CHECK(second.mark.size() == first.mark.size());

    on.platform->schedule(promo(on, "One more", 3h), on.now);
    auto third = look(second.mark);
    CHECK_FALSE(third.unchanged);
    auto all = on.run(on.to.queue->list());
    REQUIRE(all.has_value());
    CHECK(third.posts.size() == static_cast<std::size_t>(posts) + 1);
    CHECK(ids_of(third.posts) == ids_of(*all));

    // What we do ourselves is a change like any other.
    auto post = on.listed(post_id{*ids_of(*all).begin()});
    REQUIRE(post != nullptr);
    auto by = on.rungs().front().kind;
    auto held = on.hold(post, by);
    REQUIRE(held.has_value());
    CHECK_FALSE(look(third.mark).unchanged);
}
