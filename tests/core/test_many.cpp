// A hundred thousand posts over one account: nothing in the core may look at all of them for each of them.
#include "tests/support/catch.hpp"
#include "tests/support/site.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

double seconds_of(const std::function<void()>& work)
{
    auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

bool all_planned(const desk& here) { return here.known.accounts.at(account_id{"blog"}).wanted.empty(); }

// Raises over so many posts, holds them all, misses some, lowers, releases them all.
double whole_story(int posts)
{
    auto blog = make_account("blog");
    blog.read_batch = 100;
    desk here{make_policy({blog})};
    site there;
    std::vector<post_ptr> queue;
    for (int i = 0; i < posts; ++i) {
        queue.push_back(promo("p" + std::to_string(i), at("+1 00:00") + std::chrono::seconds{i % 50'000}));
        there.schedule(queue.back());
    }
    auto work = [&] {
        for (int idle = 0; idle < 3;) {
            here.happen(capacity_offered{account_id{"blog"}, 100});
            here.ledger.clear();
            idle = here.open.empty() && all_planned(here) ? idle + 1 : 0;
            while (!here.open.empty()) {
                auto done = std::move(here.open.front());
                here.open.pop_front();
                here.happen(action_finished{done.id, done.account, done.what, there.carry(done.what)});
                here.ledger.clear();
            }
        }
    };
    return seconds_of([&] {
        here.sees(queue);
        here.raise();
        work();
        REQUIRE(here.count(hold_state::held) == static_cast<std::uint32_t>(posts));
        here.later(1s);
        here.sees({});
        std::vector<publication> feed;
        for (int i = 0; i < 200; ++i)
            feed.push_back({post_id{"other" + std::to_string(i)}, here.now, "something else", "something else", {}, ""});
        here.reads_feed(feed);
        here.lower();
        for (int i = 0; i < posts; ++i)
            here.happen(release_requested{account_id{"blog"}, queue[static_cast<std::size_t>(i)]->id, actor_id{"maria"},
                                          at("+2 00:00"), "", false});
        work();
        REQUIRE(here.count(hold_state::rescheduled) == static_cast<std::uint32_t>(posts));
        // Raised again, and lowered before anything left: all of it is let go.
        here.later(1s);
        here.sees(there.queue());
        here.raise();
        while (!all_planned(here))
            here.happen(clock_ticked{});
        here.lower("c-2");
        REQUIRE(here.known.accounts.at(account_id{"blog"}).holds.empty());
    });
}

}  // namespace

TEST_CASE("the work grows with the posts, not with their square", "[many]")
{
    // Seven times the posts may cost some more than seven times: sets are deeper, caches colder. A square would be fifty-six.
    auto few = whole_story(150);
    auto more = whole_story(1'050);
    CHECK(more < few * 20 + 0.05);
}

TEST_CASE("a hundred thousand posts in one crisis", "[.][many][large]") { CHECK(whole_story(100'000) < 60.0); }
