// Two flags over one account whose pins are full: whatever comes first, and however far one of them got before the other goes on,
// the former pins stand at the end as they did before.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* pin_story_books[] = {"outage", "recall"};

// Who goes up or down at each of four moments: a flag is lowered after it was raised.
constexpr int pin_story_orders[][4] = {{0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 1, 0}, {1, 0, 0, 1}, {1, 0, 1, 0}, {1, 1, 0, 0}};

struct pin_story {
    explicit pin_story(std::size_t most) : here(with_limit(most)), people{here}
    {
        there.most_pins = most;
        for (std::size_t i = 0; i < most; ++i)
            there.pinned.push_back(post_id{"former" + std::to_string(i)});
        former = there.pinned;
    }

    static policy with_limit(std::size_t most)
    {
        auto one = make_account("blog");
        one.most_pins = static_cast<int>(most);
        return make_policy({one});
    }

    void turn(int who)
    {
        auto& flag = flags[who];
        if (!flag.empty())
            return here.lower(flag);
        here.raise(pin_story_books[who], {}, true);
        flag = here.crisis.value;
    }

    // So many calls, one after the other.
    void answer(int calls)
    {
        for (; calls > 0; --calls) {
            here.offer(1);
            if (here.open.empty())
                return;
            people.answer_first(there);
        }
    }

    void passes(milliseconds length) { people.pass(there, length); }

    desk here;
    sayer people;
    wall there;
    std::string flags[2];
    std::vector<post_id> former;
};

std::string pins_in_words(const std::vector<post_id>& pins)
{
    std::string all;
    for (const auto& id : pins)
        all += " " + id.value;
    return all;
}

// Ended, the former pins as they were, and nobody was asked for anything.
bool is_as_before(const pin_story& story)
{
    return story.there.pinned == story.former && story.here.known.tasks.empty()
           && std::ranges::all_of(story.flags, [&](const auto& flag) {
                  auto state = story.here.summary_of(flag).state;
                  return state == summary_state::unpinned || state == summary_state::withdrawn;
              });
}

}  // namespace

TEST_CASE("two flags over an account whose pins are full, in any order and however far each got: the former pins stand as before",
          "[pins]")
{
    constexpr int everything = 5;  // longer than what one flag asks for: then it is seen through
    int stories = 0;
    for (std::size_t most : {1u, 2u, 3u})
        for (const auto& order : pin_story_orders)
            for (int calls = 0; calls < (everything + 1) * (everything + 1) * (everything + 1); ++calls) {
                pin_story story{most};
                std::string told = "room for " + std::to_string(most) + ":";
                int left = calls;
                for (int who : order) {
                    story.turn(who);
                    int now = left % (everything + 1);
                    left /= everything + 1;
                    told += std::string{" "} + pin_story_books[who] + " +" + std::to_string(now);
                    if (now < everything)
                        story.answer(now);
                    else
                        story.passes(2min);
                }
                story.passes(10min);
                INFO(told << "; pinned:" << pins_in_words(story.there.pinned));
                CHECK(is_as_before(story));
                ++stories;
            }
    CHECK(stories == 3 * 6 * 216);
}
