// What every connector's queue promises: list, hold, read back, release. One list of properties for every platform; what a
// platform does not have is said, not passed over in silence.
#include <algorithm>
#include <functional>

#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

bool queued_at(const standing_post& seen, time_point due)
{
    return seen.where == whereabouts::queued && seen.due >= due - 60s && seen.due <= due + 60s;
}

bool same_moment(time_point a, time_point b) { return a >= b - 1s && a <= b + 1s; }

// Stopped as the rung promises, by the platform's own account.
bool is_stopped(stage& on, const post_id& id, rung by, time_point due)
{
    auto seen = on.platform->look(id);
    switch (by) {
    case rung::takeout: return seen.where == whereabouts::absent;
    case rung::postpone: return seen.where == whereabouts::queued && seen.due > due + 24h;
    default: return seen.where == whereabouts::parked;
    }
}

// Saved, when the rung needs it, and held.
kept_bytes save_and_hold(stage& on, const post_ptr& post, rung by)
{
    kept_bytes kept;
    if (by == rung::takeout) {
        save_post call{post->id, post};
        auto saved = on.run(on.to.queue->save(call));
        REQUIRE(saved.has_value());
        kept = *saved;
    }
    auto done = on.hold(post, by);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    return kept;
}

const std::string odd_unicode =
    "Sale \xE2\x80\x94 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 "
    "\xE2\x80\x8F\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D"
    " \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E e\xCC\x81 <b>&amp; \"quotes\" 100% \\ end";

new_post everything(const stage& on)
{
    auto post = promo(on, odd_unicode, 3min);
    post.tags.clear();
    if (on.platform->has(feature::language))
        post.language = "hu";
    if (on.platform->has(feature::visibility))
        post.visibility = "unlisted";
    if (on.platform->has(feature::warning))
        post.warning = "Ad";
    return post;
}

}  // namespace

TEST_CASE("the queue is listed whole, over all its pages", "[contract]")
{
    auto which = every_platform("list: whole, over all its pages");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    constexpr int many = 123;
    std::vector<post_id> made;
    for (int number = 0; number < many; ++number)
        made.push_back(on.platform->schedule(
            promo(on, "Offer number " + std::to_string(number) + " https://shop.example/?n=" + std::to_string(number),
                  1h + number * 1min),
            on.now));
    auto all = on.run(on.to.queue->list());
    REQUIRE(all.has_value());
    REQUIRE(all->size() == many);
    CHECK(on.net.count(call_kind::lists) > 1);
    for (const auto& id : made) {
        auto found = std::ranges::find(*all, id, &scheduled_post::id);
        REQUIRE(found != all->end());
        CHECK(queued_at(on.platform->look(id), found->due));
        CHECK(found->text.find("Offer number") != std::string::npos);
        CHECK(std::ranges::find(found->tags, "promo") != found->tags.end());
        CHECK(found->links.size() == 1);
        CHECK_FALSE(found->url.empty());
        CHECK(found->raw != nullptr);
        CHECK(found->folded.empty());
    }
}

TEST_CASE("an empty queue is a list of nothing", "[contract]")
{
    auto which = every_platform("list: empty");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    auto all = on.run(on.to.queue->list());
    REQUIRE(all.has_value());
    CHECK(all->empty());
}

TEST_CASE("odd Unicode is listed as it is", "[contract]")
{
    auto which = every_platform("list: odd Unicode");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    auto id = on.platform->schedule(everything(on), on.now);
    auto post = on.listed(id);
    REQUIRE(post != nullptr);
    CHECK(post->text.find("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E") != std::string::npos);
    CHECK(post->text.find("\xF0\x9F\x91\xA9\xE2\x80\x8D") != std::string::npos);
}

TEST_CASE("every declared rung holds, once and twice, and the read-back says so", "[contract]")
{
    auto which = GENERATE(from_range(platforms()));
    auto kind = GENERATE(rung::native, rung::draft, rung::postpone, rung::takeout, rung::channel_off);
    CAPTURE(which.name, to_string(kind));
    about(which, "hold by " + std::string{to_string(kind)} + ": once, twice, read back, not out at its time");
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    if (!on.has(kind))
        return not_possible(which, to_string(kind), "not among what is described for this account");
    auto id = on.platform->schedule(promo(on, "Big sale", 2h), on.now);
    auto other = on.platform->schedule(promo(on, "Another sale", 3h), on.now);
    auto post = on.listed(id);
    REQUIRE(post != nullptr);
    CHECK(on.read_one(post, post->id, kind).where == whereabouts::queued);
    save_and_hold(on, post, kind);
    CHECK(is_stopped(on, id, kind, post->due));

    auto seen = on.read_one(post, post->id, kind);
    CHECK(seen.where
          == (kind == rung::takeout    ? whereabouts::absent
              : kind == rung::postpone ? whereabouts::queued
                                       : whereabouts::parked));
    if (kind == rung::postpone)
        CHECK(seen.due > post->due + 24h);

    // Again: success, or "not there", and in any case it stays stopped.
    auto again = on.hold(post, kind);
    if (!again)
        CHECK(again.error().kind == failure::not_found);
    CHECK((again.has_value() || kind == rung::takeout));
    CHECK(is_stopped(on, id, kind, post->due));

    // It did not go out when its time came, and the other one was left alone.
    CHECK(on.platform->look(other).where == whereabouts::queued);
    on.pass(2h + 30min);
    CHECK(on.platform->published().empty());
    CHECK(on.net.details == std::vector<std::string>{});
}

TEST_CASE("many posts are read back with few calls", "[contract]")
{
    auto which = every_platform("read-back: many posts with few calls");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    stage on{which};
    std::vector<read_request> wanted;
    auto by = on.rungs().front().kind;
    for (int number = 0; number < 30; ++number)
        on.platform->schedule(promo(on, "Offer " + std::to_string(number), 2h + number * 1min), on.now);
    auto all = on.run(on.to.queue->list()).value();
    for (const auto& post : all)
        wanted.push_back({post.id, post.id, by, std::make_shared<const scheduled_post>(post)});
    on.hold(wanted[7].snapshot, by);
    on.platform->remove(wanted[9].remote, on.now);
    on.net.forget_counts();
    auto batch = static_cast<std::size_t>(on.declared.read_batch);
    std::vector<post_reading> readings;
    for (std::size_t begin = 0; begin < wanted.size(); begin += batch) {
        auto part = on.read({wanted.begin() + static_cast<std::ptrdiff_t>(begin),
                             wanted.begin() + static_cast<std::ptrdiff_t>(std::min(begin + batch, wanted.size()))});
        REQUIRE(part.has_value());
        std::ranges::move(*part, std::back_inserter(readings));
    }
    REQUIRE(readings.size() == wanted.size());
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        CHECK(readings[index].post == wanted[index].post);
        if (index == 7)
            CHECK((readings[index].where != whereabouts::queued || readings[index].due > wanted[index].snapshot->due + 24h));
        else if (index == 9)
            CHECK((readings[index].where == whereabouts::absent || readings[index].where == whereabouts::parked));
        else
            CHECK((readings[index].where == whereabouts::queued && same_moment(readings[index].due, wanted[index].snapshot->due)));
    }
    if (on.declared.read_batch > 1)
        CHECK(on.net.total() < 10);
}

TEST_CASE("a post due in three or eight minutes is stopped by a rung that works so late", "[contract]")
{
    auto which = every_platform("hold: due in minutes");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    auto ahead = GENERATE(3min, 8min);
    stage on{which};
    auto id = on.platform->schedule(promo(on, "Last minute", ahead), on.now);
    // Whatever the platform does shortly before the time, it has done it.
    on.pass(ahead - 2min - 30s);
    auto post = on.listed(id);
    REQUIRE(post != nullptr);
    auto fits = std::ranges::find_if(on.rungs(), [&](const rung_offer& offer) { return post->due - on.now >= offer.needs_lead; });
    REQUIRE(fits != on.rungs().end());
    save_and_hold(on, post, fits->kind);
    on.pass(1h);
    CHECK(on.platform->published().empty());
    CHECK(is_stopped(on, id, fits->kind, post->due));
}

TEST_CASE("a post that went out meanwhile is read as published, with evidence", "[contract]")
{
    auto which = every_platform("read-back: what went out meanwhile");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto id = on.platform->schedule(promo(on, "It got away: https://shop.example/a", 2min), on.now);
        auto removed = on.platform->schedule(promo(on, "Removed by a person", 3min), on.now);
        auto post = on.listed(id);
        auto gone = on.listed(removed);
        REQUIRE(post != nullptr);
        on.platform->remove(removed, on.now);
        on.pass(10min);
        REQUIRE(on.platform->published().size() == 1);
        auto readings = on.read({{post->id, post->id, offer.kind, post}, {gone->id, gone->id, offer.kind, gone}});
        REQUIRE(readings.has_value());
        CHECK(readings->at(0).where == whereabouts::published);
        CHECK_FALSE(readings->at(0).url.empty());
        CHECK((readings->at(1).where == whereabouts::absent || readings->at(1).where == whereabouts::parked));
        CHECK(on.platform->published().size() == 1);
    }
}

TEST_CASE("release puts it back to its time, and not before", "[contract]")
{
    auto which = every_platform("release: to its time, ahead");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto id = on.platform->schedule(promo(on, "Big sale", 2h), on.now);
        auto post = on.listed(id);
        auto kept = save_and_hold(on, post, offer.kind);
        on.pass(30min);
        auto remote = offer.kind == rung::takeout ? post_id{} : post->id;
        auto back = on.release(post, remote, offer.kind, kept, post->due);
        INFO((back ? "" : back.error().detail));
        REQUIRE(back.has_value());
        CHECK(queued_at(on.platform->look(back->remote), post->due));
        CHECK(on.platform->published().empty());
        CHECK(on.read_one(post, back->remote, offer.kind).where == whereabouts::queued);
        CHECK(on.platform->queued() == 1);
        on.pass(3h);
        CHECK(on.platform->published().size() == 1);
        CHECK(on.read_one(post, back->remote, offer.kind).where == whereabouts::published);
    }
}

TEST_CASE("a time that has passed or is too near is refused, and nothing is sent", "[contract]")
{
    auto which = every_platform("release: refused for a time that is past or too near");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    auto ahead = GENERATE(milliseconds{-2h}, milliseconds{0}, milliseconds{30s});
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
        auto kept = save_and_hold(on, post, offer.kind);
        auto before = on.net.total();
        for (auto lead : {ahead, milliseconds{on.declared.release_margin} - 1s}) {
            auto back = on.release(post, offer.kind == rung::takeout ? post_id{} : post->id, offer.kind, kept, on.now + lead);
            REQUIRE_FALSE(back.has_value());
            CHECK(back.error().kind == failure::rejected);
        }
        CHECK(on.net.total() == before);
        on.pass(3h);
        CHECK(on.platform->published().empty());
    }
}

namespace {

// A part of a post that has to come back, and the comparison that shows it.
struct part {
    std::string name;
    std::optional<feature> needs;
    std::function<void(const standing_post& before, const standing_post& after)> compare;
};

std::vector<part> parts()
{
    using post = const standing_post&;
    return {
        {"text", {}, [](post before, post after) { CHECK(after.text == before.text); }},
        {"media, every byte", feature::media,
         [](post before, post after) {
             REQUIRE(before.media.size() == 3);
             REQUIRE(after.media.size() == 3);
             for (std::size_t index = 0; index < 3; ++index) {
                 CHECK(after.media[index].bytes == before.media[index].bytes);
                 CHECK(after.media[index].content_type == before.media[index].content_type);
             }
         }},
        {"alt text", feature::media,
         [](post before, post after) {
             REQUIRE(after.media.size() == before.media.size());
             for (std::size_t index = 0; index < before.media.size(); ++index)
                 CHECK(after.media[index].description == before.media[index].description);
         }},
        {"poll", feature::polls,
         [](post before, post after) {
             CHECK(before.poll.has_value());
             CHECK(after.poll == before.poll);
         }},
        {"visibility, who is meant to see it", feature::visibility,
         [](post before, post after) { CHECK(after.visibility == before.visibility); }},
        {"language", feature::language, [](post before, post after) { CHECK(after.language == before.language); }},
        {"content warning", feature::warning, [](post before, post after) { CHECK(after.warning == before.warning); }},
    };
}

// Held by this rung and released a day later; gives how the platform shows it before and after.
std::pair<standing_post, standing_post> hold_and_release(stage& on, new_post post, rung by)
{
    post.due = on.now + (by == rung::takeout ? 3min : 3h);
    auto id = on.platform->schedule(post, on.now);
    auto before = on.platform->look(id);
    auto held = on.listed(id);
    REQUIRE(held != nullptr);
    auto kept = save_and_hold(on, held, by);
    on.pass(26h);  // long enough for the platform to clear unlinked media away
    auto at = on.now + 1h;
    auto back = on.release(held, by == rung::takeout ? post_id{} : held->id, by, kept, at);
    INFO((back ? "" : back.error().detail));
    REQUIRE(back.has_value());
    auto after = on.platform->look(back->remote);
    CHECK(queued_at(after, at));
    CHECK(on.listed(back->remote)->text == held->text);
    CHECK(on.net.details == std::vector<std::string>{});
    return {before, after};
}

}  // namespace

TEST_CASE("a post that was held and let go is exactly as it was", "[contract]")
{
    auto which = GENERATE(from_range(platforms()));
    auto wanted = GENERATE(from_range(parts()));
    CAPTURE(which.name, wanted.name);
    about(which, "hold and release leave as it was: " + wanted.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    if (wanted.needs && !stage{which}.platform->has(*wanted.needs))
        return not_possible(which, wanted.name, "a held post stays whole at the platform, and its fake knows no such part");
    for (const auto& offer : rungs_of(which))
        for (std::string audience : {"public", "unlisted", "private", "direct"}) {
            bool one_will_do = wanted.needs != feature::visibility;
            CAPTURE(to_string(offer.kind), audience);
            stage on{which};
            auto post = everything(on);
            if (on.platform->has(feature::visibility) && !one_will_do)
                post.visibility = audience;
            if (wanted.needs == feature::polls)
                post.poll = contract::poll{{"Yes", "No \xE2\x9C\x93"}, 7'200, true};
            else if (on.platform->has(feature::media))
                for (int number = 0; number < 3; ++number)
                    post.media.push_back(
                        {"\x89PNG\r\n\x1a\n" + std::string(64, static_cast<char>(number)) + "\r\n--halfmast-0--\r\n", "image/png",
                         "Alt text " + std::to_string(number) + ":\nsecond line \xE6\x97\xA5"});
            auto [before, after] = hold_and_release(on, post, offer.kind);
            wanted.compare(before, after);
            if (one_will_do)
                break;
        }
}

TEST_CASE("a release whose answer was lost is found again, not made twice", "[contract]")
{
    auto which = every_platform("release: found again when its answer was lost");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
        auto kept = save_and_hold(on, post, offer.kind);
        auto remote = offer.kind == rung::takeout ? post_id{} : post->id;
        on.net.fail({.on = call_kind::releases, .cut = true, .carried_out = true});
        auto lost = on.release(post, remote, offer.kind, kept, post->due);
        REQUIRE_FALSE(lost.has_value());
        CHECK(lost.error().kind == failure::unknown_outcome);
        auto back = on.release(post, remote, offer.kind, kept, post->due, true);
        REQUIRE(back.has_value());
        CHECK(on.platform->queued() == 1);
        CHECK(queued_at(on.platform->look(back->remote), post->due));
    }
}

TEST_CASE("holding what is not there any more says so", "[contract]")
{
    auto which = every_platform("hold: refused for what is out already");
    CAPTURE(which.name);
    if (!has_queue(which))
        return not_possible(which, "queue");
    for (const auto& offer : rungs_of(which)) {
        CAPTURE(to_string(offer.kind));
        stage on{which};
        auto post = on.listed(on.platform->schedule(promo(on, "Out before the hold", 2min), on.now));
        on.pass(10min);
        auto done = on.hold(post, offer.kind);
        // Some platforms keep one id for the queued and the public post; a hold must leave that one public, and say no.
        REQUIRE_FALSE(done.has_value());
        CHECK(on.platform->published().size() == 1);
    }
}
