// What every connector promises about the words of a held post: a change at its source is told and never let go unseen, and another
// text at release is what is queued then, with everything else as it was.
#include <vector>

#include "daemon/text/respell.hpp"
#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

constexpr const char* words_of_old = "Big sale today\nAll shoes 20 % off & more: https://shop.example/a\nUntil Friday <5 pm>";
constexpr const char* words_of_new = "Big sale today\nAll shoes 30 % off & more: https://shop.example/a\nUntil Monday <5 pm>";

struct held_words {
    post_ptr post;
    kept_bytes kept;
    post_id remote;  // empty after a takeout
};

held_words hold_words(stage& on, rung by)
{
    held_words made;
    made.post = on.listed(on.platform->schedule(promo(on, words_of_old, 3h), on.now));
    REQUIRE(made.post != nullptr);
    if (by == rung::takeout) {
        save_post call{made.post->id, made.post};
        made.kept = on.run(on.to.queue->save(call)).value();
    } else {
        made.remote = made.post->id;
    }
    REQUIRE(on.hold(made.post, by).has_value());
    return made;
}

post_reading read_words(stage& on, const post_ptr& post, const post_id& remote, rung by)
{
    return on.read({{post->id, remote, by, post, true}}).value().at(0);
}

// The rungs whose release takes other words; none, and said so in the table, where it is not possible.
std::vector<rung> rungs_that_take_words(const maker& which)
{
    std::vector<rung> all;
    if (!has_queue(which)) {
        not_possible(which, "queue");
        return all;
    }
    for (const auto& offer : rungs_of(which))
        if (offer.edits)
            all.push_back(offer.kind);
    if (all.empty())
        not_possible(which, "text at release", "none of its rungs takes one");
    return all;
}

}  // namespace

TEST_CASE("a change at its source while it is held is told, and it is not let go unseen", "[contract]")
{
    auto which = every_platform("held: a change at the source is told");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    if (!stage{which}.platform->has(feature::rewriting))
        return not_possible(which, "rewriting", "what is scheduled there keeps its words");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto held = hold_words(on, offer.kind);
        auto same = read_words(on, held.post, held.remote, offer.kind);
        REQUIRE(same.text);
        CHECK(*same.text == held.post->text);  // to the byte: anything else would be shown to people as a difference

        on.platform->rewrite(held.post->id, words_of_new, on.now);
        on.pass(1min);
        auto changed = read_words(on, held.post, held.remote, offer.kind);
        REQUIRE(changed.text);
        CHECK(text::same_lines(*changed.text, words_of_new));
        CHECK(changed.where == same.where);

        // Somebody looked before the change.
        auto unseen = on.release(held.post, held.remote, offer.kind, held.kept, held.post->due);
        REQUIRE_FALSE(unseen.has_value());
        CHECK(unseen.error().kind == failure::rejected);
        CHECK(on.platform->look(held.post->id).where == whereabouts::parked);

        auto seen = std::make_shared<scheduled_post>(*held.post);
        seen->text = *changed.text;
        auto back = on.release(seen, held.remote, offer.kind, held.kept, held.post->due);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        CHECK(text::same_lines(on.platform->look(back->remote).text, words_of_new));
    }
}

TEST_CASE("another text at release is what is queued then", "[contract]")
{
    auto which = every_platform("release: with another text");
    CAPTURE(which.name);
    for (auto by : rungs_that_take_words(which)) {
        CAPTURE(to_string(by));
        stage on{which};
        auto held = hold_words(on, by);
        auto back = on.release(held.post, held.remote, by, held.kept, held.post->due + 1h, false, words_of_new);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        auto there = on.platform->look(back->remote);
        CHECK(there.where == whereabouts::queued);
        CHECK(text::same_lines(there.text, words_of_new));
        CHECK(on.platform->queued() == 1);
        auto seen = read_words(on, held.post, back->remote, by);
        CHECK(seen.where == whereabouts::queued);
        REQUIRE(seen.text);
        CHECK(text::same_lines(*seen.text, words_of_new));
        on.pass(5h);
        REQUIRE(on.platform->published().size() == 1);
        CHECK(text::same_lines(on.platform->published().front().text, words_of_new));
        CHECK(on.net.details == std::vector<std::string>{});
    }
}

TEST_CASE("a release with another text whose answer was lost is found again, with the text", "[contract]")
{
    auto which = every_platform("release: with another text, found again when its answer was lost");
    CAPTURE(which.name);
    for (auto by : rungs_that_take_words(which)) {
        CAPTURE(to_string(by));
        stage on{which};
        auto held = hold_words(on, by);
        on.net.fail({.on = call_kind::releases, .cut = true, .carried_out = true});
        auto lost = on.release(held.post, held.remote, by, held.kept, held.post->due, false, words_of_new);
        REQUIRE_FALSE(lost.has_value());
        CHECK(lost.error().kind == failure::unknown_outcome);
        auto back = on.release(held.post, held.remote, by, held.kept, held.post->due, true, words_of_new);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        CHECK(on.platform->queued() == 1);
        CHECK(text::same_lines(on.platform->look(back->remote).text, words_of_new));
    }
}
