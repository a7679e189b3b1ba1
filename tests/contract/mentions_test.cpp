// What every connector promises about what people write to an account: each is given once, and none is left out.
#include <algorithm>
#include <set>

#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

constexpr auto no_mentions = "not among what is described for this account";

// The looks of somebody who keeps the cursor and nothing else.
struct reader {
    stage& on;
    std::string cursor;

    std::vector<mention> look()
    {
        std::vector<mention> all;
        for (int turn = 0; turn < 100; ++turn) {
            auto seen = on.run(on.to.mentions->since(cursor));
            INFO((seen ? "" : seen.error().detail));
            REQUIRE(seen.has_value());
            REQUIRE_FALSE(seen->cursor.empty());
            CHECK(std::ranges::is_sorted(seen->posts, {}, &mention::at));
            cursor = seen->cursor;
            std::ranges::move(seen->posts, std::back_inserter(all));
            if (!seen->more)
                return all;
        }
        FAIL("there is more for ever");
        return all;
    }

    std::optional<problem> trouble()
    {
        auto seen = on.run(on.to.mentions->since(cursor));
        return seen ? std::nullopt : std::optional{seen.error()};
    }
};

// What was written; some platforms put the addressed one before it.
std::string words_of(const mention& post)
{
    constexpr std::string_view addressed = "@acme ";
    return post.text.starts_with(addressed) ? post.text.substr(addressed.size()) : post.text;
}

std::vector<std::string> words_of(const std::vector<mention>& posts)
{
    std::vector<std::string> all;
    for (const auto& post : posts)
        all.push_back(words_of(post));
    return all;
}

using texts = std::vector<std::string>;

// False, and said in the table, where nobody's words can be read.
bool can_read(const maker& which, const stage& on)
{
    if (on.to.mentions != nullptr && on.platform->has(feature::mentions))
        return true;
    not_possible(which, "mentions", on.to.mentions != nullptr ? "this server has nobody behind it who tells" : no_mentions);
    return false;
}

// WordPress shows a straight apostrophe as a curly one, and what a reader sees is what counts.
std::string straight(std::string text)
{
    for (auto at = text.find("\xE2\x80\x99"); at != std::string::npos; at = text.find("\xE2\x80\x99", at))
        text.replace(at, 3, "'");
    return text;
}

}  // namespace

TEST_CASE("mentions are declared where they can be read", "[contract]")
{
    auto which = every_platform("mentions: declared as they are");
    CAPTURE(which.name);
    stage on{which};
    CHECK(on.declared.can_read_mentions == (on.to.mentions != nullptr));
    if (!can_read(which, on) && on.to.mentions != nullptr) {
        reader people{on, {}};
        auto wrong = people.trouble();
        REQUIRE(wrong.has_value());
        CHECK_FALSE(wrong->detail.empty());
    }
}

TEST_CASE("the first look sets the mark, and from there each is given once, oldest first", "[contract]")
{
    auto which = every_platform("mentions: each once, oldest first, over a restart");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    bool any_before = GENERATE(true, false);
    if (any_before) {
        on.platform->mention("old news", "otto", on.now - 2h);
        on.platform->mention("just before", "otto", on.now);
    }
    on.pass(3s);
    reader people{on, {}};
    CHECK(people.look().empty());
    on.net.forget_counts();
    CHECK(people.look().empty());
    CHECK(on.net.count(call_kind::reads_mentions) == 1);  // of a quiet look

    on.pass(5s);
    auto at = on.now;
    auto id = on.platform->mention("where is my kettle?", "maria", on.now);
    on.pass(5s);
    on.platform->mention("mine is cold", "otto", on.now);
    auto seen = people.look();
    REQUIRE(words_of(seen) == texts{"where is my kettle?", "mine is cold"});
    CHECK(id.value.ends_with(seen[0].id.value));
    CHECK(seen[0].by.find("maria") != std::string::npos);
    CHECK(seen[0].at >= at - 1s);
    CHECK(seen[0].at <= at + 1s);
    CHECK(seen[0].url.starts_with("http"));
    CHECK(people.look().empty());

    on.pass(5s);
    on.platform->mention("still cold", "otto", on.now);
    on.restart();
    CHECK(words_of(people.look()) == texts{"still cold"});
    on.restart();
    CHECK(people.look().empty());
    CHECK(on.net.details.empty());
}

TEST_CASE("several in one second are told apart, however the looks fall", "[contract]")
{
    auto which = every_platform("mentions: several in one second");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    on.now = std::chrono::ceil<seconds>(on.now);
    auto moment = on.now;
    on.platform->mention("one", "maria", moment);
    reader people{on, {}};
    CHECK(people.look().empty());
    std::multiset<std::string> all;
    for (const auto* words : {"two", "three"})
        on.platform->mention(words, "maria", moment);
    for (auto& words : words_of(people.look()))
        all.insert(words);
    for (const auto* words : {"four", "five", "six"})
        on.platform->mention(words, "maria", moment);
    for (auto& words : words_of(people.look()))
        all.insert(words);
    CHECK(people.look().empty());
    CHECK(all == std::multiset<std::string>{"two", "three", "four", "five", "six"});
}

TEST_CASE("a flood is read over all pages", "[contract]")
{
    auto which = every_platform("mentions: a flood, over all pages");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    reader people{on, {}};
    CHECK(people.look().empty());
    constexpr int many = 1'130;
    texts written;
    for (int number = 0; number < many; ++number) {
        written.push_back("complaint " + std::to_string(number));
        on.pass(1s);
        on.platform->mention(written.back(), "maria", on.now);
    }
    CHECK(words_of(people.look()) == written);
    CHECK(people.look().empty());
    on.pass(1s);
    on.platform->mention("one more", "maria", on.now);
    CHECK(words_of(people.look()) == texts{"one more"});
}

TEST_CASE("an edited mention is not a new one, a deleted one breaks nothing, and our own words are none", "[contract]")
{
    auto which = every_platform("mentions: edited, deleted, our own");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    auto before = on.platform->mention("the very first", "maria", on.now);
    on.pass(2s);
    reader people{on, {}};
    CHECK(people.look().empty());
    on.platform->remove_mention(before);  // the one the mark stands on
    on.pass(2s);
    auto first = on.platform->mention("checkout is broken", "maria", on.now);
    on.pass(2s);
    auto second = on.platform->mention("never mind", "otto", on.now);
    on.pass(2s);
    auto third = on.platform->mention("mine too", "otto", on.now);
    on.platform->remove_mention(second);
    CHECK(words_of(people.look()) == texts{"checkout is broken", "mine too"});
    on.pass(2s);
    on.platform->edit_mention(first, "checkout is broken, still");
    on.platform->answer_mention(first, "we are looking into it", on.now);
    CHECK(people.look().empty());
    on.platform->remove_mention(third);
    CHECK(people.look().empty());
    on.pass(2s);
    on.platform->mention("thanks", "maria", on.now);
    CHECK(words_of(people.look()) == texts{"thanks"});
}

TEST_CASE("a look that fails loses nothing", "[contract]")
{
    auto which = every_platform("mentions: a failed look loses nothing");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    struct trial {
        std::string name;
        fault wrong;
        std::optional<failure> seen_as;
    };
    const trial what = GENERATE(values<trial>({
        {"429", {.status = 429, .headers = {{"Retry-After", "17"}}}, failure::rate_limited},
        {"503", {.status = 503}, failure::unknown_outcome},
        {"cut", {.cut = true}, failure::unknown_outcome},
        {"not even sent", {.unreachable = true}, failure::unreachable},
        {"refused", {.status = 401}, failure::auth_expired},
        {"too large", {.huge = 100u << 20}, std::nullopt},
    }));
    bool later = GENERATE(false, true);  // on the second page, where there is one
    CAPTURE(what.name, later);
    auto wrong = what.wrong;
    wrong.on = call_kind::reads_mentions;
    wrong.after = later ? 1 : 0;
    wrong.times = 99;
    reader people{on, {}};
    CHECK(people.look().empty());
    texts written;
    for (int number = 0; number < 130; ++number) {
        on.pass(1s);
        written.push_back("complaint " + std::to_string(number));
        on.platform->mention(written.back(), "maria", on.now);
    }
    on.net.fail(wrong);
    auto trouble = people.trouble();
    CHECK((trouble.has_value() || later));  // some need no second page
    if (trouble && what.seen_as)
        CHECK(trouble->kind == *what.seen_as);
    if (trouble && what.name == "429")
        CHECK(trouble->retry_after.has_value());
    on.net.heal();
    on.restart();
    CHECK(words_of(people.look()) == written);
    CHECK(people.look().empty());
}

TEST_CASE("whatever people write is kept whole", "[contract]")
{
    auto which = every_platform("mentions: odd characters are kept whole");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    reader people{on, {}};
    CHECK(people.look().empty());
    const texts odd{
        "<b>\"5 &lt; 7\" &amp; 'co'</b> \\\\ %00 {{x}}",
        "caf\xC3\xA9 \xF0\x9F\xA7\x91\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x80\xAEreversed\xE2\x80\xAC "
        "\xEF\xBB\xBF\xE5\xA3\x8A\xE4\xBA\x86",
        "a" + std::string(200'000, 'h'),
    };
    for (const auto& words : odd) {
        on.pass(1s);
        on.platform->mention(words, "maria", on.now);
    }
    auto seen = words_of(people.look());
    REQUIRE(seen.size() == odd.size());
    for (std::size_t i = 0; i < odd.size(); ++i)
        CHECK(straight(seen[i]) == odd[i]);
    CHECK(people.look().empty());
}

TEST_CASE("a mark that somebody else wrote is refused", "[contract]")
{
    auto which = every_platform("mentions: a foreign mark is refused");
    CAPTURE(which.name);
    stage on{which};
    if (!can_read(which, on))
        return;
    for (const auto* text : {"x", "1 \n", "{}", "1 ;;; drop"}) {
        CAPTURE(text);
        reader people{on, text};
        CHECK(people.trouble().has_value());
    }
}
