// Review: what is let go goes out apart, what matters needs two people, what changed at its source is seen first, and what a person says
// of a post stays with it.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id acme{"blog"};
const actor_id maria{"maria"};
const actor_id jon{"jon"};

policy spaced(milliseconds spacing = 15min, int most = 4, std::optional<severity> two_person = {})
{
    auto rules = make_policy({make_account("blog", {{rung::draft}, {.kind = rung::takeout, .edits = true}})});
    rules.review = {spacing, most};
    for (auto& [name, book] : rules.playbooks)
        book.two_person = two_person;
    return rules;
}

release_requested let_go(const std::string& post, std::optional<time_point> when = {}, const actor_id& by = maria)
{
    release_requested asked;
    asked.account = acme;
    asked.post = post_id{post};
    asked.by = by;
    asked.at = when;
    asked.why = "checked";
    return asked;
}

release_requested shifted(const std::string& post, std::optional<time_point> when = {})
{
    auto asked = let_go(post, when);
    asked.shift = true;
    return asked;
}

// Posts a, b, c ... due at 15:00, 15:05, ...; all held, the flag down.
desk reviewing(int posts, policy rules = spaced())
{
    desk here{std::move(rules)};
    std::vector<post_ptr> queue;
    for (int i = 0; i < posts; ++i)
        queue.push_back(promo(std::string(1, static_cast<char>('a' + i)), at("15:00") + i * 5min));
    here.sees(std::move(queue));
    here.raise();
    here.hold_all();
    here.later(1s);
    here.lower();
    return here;
}

// The same under a flag that needs two people, which is still up.
desk in_a_grave_crisis(int posts = 1)
{
    desk here{spaced(15min, 4, severity::major)};
    std::vector<post_ptr> queue;
    for (int i = 0; i < posts; ++i)
        queue.push_back(promo(std::string(1, static_cast<char>('a' + i)), at("15:00") + i * 20min));
    here.sees(std::move(queue));
    here.raise();
    here.hold_all();
    here.later(1s);
    return here;
}

post_reading reading(const std::string& post, const std::string& text)
{
    post_reading seen;
    seen.post = post_id{post};
    seen.where = whereabouts::parked;
    seen.text = text;
    return seen;
}

}  // namespace

TEST_CASE("a release too near another one is refused with the next free time, which can be taken", "[review]")
{
    auto here = reviewing(3);
    here.happen(let_go("a"));
    CHECK_FALSE(here.refused);
    here.happen(let_go("b"));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::too_near);
    CHECK(here.refused->free_at == at("15:15"));
    CHECK(here.refused->text.find("2026-03-01T15:15:00Z") != std::string::npos);
    CHECK(here.of("b").state == hold_state::held);

    here.happen(shifted("b"));
    CHECK_FALSE(here.refused);
    CHECK(here.of("b").order->at == at("15:15"));
    CHECK(here.of("b").order->new_time);
    here.happen(let_go("c", at("14:50")));  // before them is as near as behind them
    REQUIRE(here.refused);
    CHECK(here.refused->free_at == at("15:30"));
    here.happen(let_go("c", at("14:45")));
    CHECK_FALSE(here.refused);
}

TEST_CASE("an hour takes so many, wherever it begins", "[review]")
{
    auto here = reviewing(4, spaced(1min, 2));
    here.happen(let_go("a", at("15:00")));
    here.happen(let_go("b", at("15:59")));
    CHECK_FALSE(here.refused);
    here.happen(let_go("c", at("15:30")));
    REQUIRE(here.refused);
    CHECK(here.refused->free_at == at("16:00"));
    here.happen(let_go("c", at("16:00")));  // 15:59 and 16:00, and nothing else from 15:01 on
    CHECK_FALSE(here.refused);
    here.happen(let_go("d", at("16:58")));
    REQUIRE(here.refused);
    CHECK(here.refused->free_at == at("16:59"));
}

TEST_CASE("a place is free again when its release did not work or the post is held again", "[review]")
{
    auto here = reviewing(2);
    here.happen(let_go("a"));
    here.offer();
    here.answer<release_post>(failure::rejected);
    CHECK(here.of("a").state == hold_state::held);
    here.happen(let_go("b", at("15:00")));
    CHECK_FALSE(here.refused);
    here.restart();
    here.happen(let_go("a", at("15:10")));
    REQUIRE(here.refused);  // the ledger knows what was let go
    CHECK(here.refused->free_at == at("15:15"));
}

TEST_CASE("what is past due goes out anew when its time may be moved, never with its old time", "[review]")
{
    auto here = reviewing(2);
    here.now = at("16:00:30");
    here.happen(let_go("a"));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::past_time);
    here.happen(shifted("a"));
    CHECK_FALSE(here.refused);
    CHECK(here.of("a").order->at == at("16:03"));
    CHECK(here.of("a").order->new_time);
    here.happen(shifted("b", at("15:30")));  // a time that was asked for is not bent
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::past_time);
}

TEST_CASE("the text can be changed at release where the rung allows it", "[review]")
{
    auto here = reviewing(1);
    auto asked = let_go("a", at("16:00"));
    asked.text = "We are back.";
    here.happen(asked);
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::not_possible);
    CHECK(here.refused->text.find("held by draft") != std::string::npos);

    auto rules = spaced();
    rules.accounts.at(acme).rungs = {{.kind = rung::takeout, .edits = true}};
    rules.accounts.at(acme).text_limit = 12;
    desk other{rules};
    other.sees({promo("a", at("15:00"))});
    other.raise();
    other.offer();
    outcome saved;
    saved.saved.push_back({"post.json", "aa", nullptr});
    other.answer<save_post>(saved);
    other.offer();
    other.answer<hold_post>(outcome{});
    other.offer();
    other.answer_read(whereabouts::absent);
    other.later(1s);
    other.lower();
    REQUIRE(other.of("a").state == hold_state::held);
    asked.text = "We are back again.";
    other.happen(asked);
    REQUIRE(other.refused);
    CHECK(other.refused->text.find("18 characters") != std::string::npos);
    asked.text = "   ";
    other.happen(asked);
    REQUIRE(other.refused);
    asked.text = "Vissza vagyú";  // 12 characters, 13 bytes
    other.happen(asked);
    REQUIRE_FALSE(other.refused);
    auto call = other.next<release_post>();
    REQUIRE(call);
    CHECK(call->text == "Vissza vagyú");
    other.restart();
    CHECK(other.of("a").order->text == "Vissza vagyú");
}

TEST_CASE("a new text counts when it is read back; another one is held again at once", "[review]")
{
    auto rules = spaced();
    rules.accounts.at(acme).rungs = {{.kind = rung::draft, .edits = true}};
    auto here = reviewing(1, rules);
    auto asked = let_go("a", at("16:00"));
    asked.text = "We are back.\n\nThank you";
    here.happen(asked);
    REQUIRE_FALSE(here.refused);
    here.offer();
    here.answer<release_post>(outcome{});
    auto look = here.next<read_posts>();
    REQUIRE(look);
    CHECK(look->wanted.at(0).with_text);

    SECTION("as asked for, whatever lies between the words")
    {
        here.answer_read(whereabouts::queued, at("16:00"), "We are back.\xC2\xA0 Thank\nyou");
        CHECK(here.of("a").state == hold_state::rescheduled);
        CHECK(here.noted(record_kind::release_confirmed, "a"));
    }
    SECTION("with a warning around it that nobody touched")
    {
        here.answer_read(whereabouts::queued, at("16:00"), "Ad\nWe are back.\n\nThank you");
        CHECK(here.of("a").state == hold_state::rescheduled);
    }
    SECTION("a platform that does not tell")
    {
        here.answer_read(whereabouts::queued, at("16:00"));
        CHECK(here.of("a").state == hold_state::rescheduled);
    }
    SECTION("the old one, or a mangled one")
    {
        auto there = GENERATE(as<std::string>{}, "post a", "We are back", "");
        here.answer_read(whereabouts::queued, at("16:00"), there);
        CHECK(here.noted(record_kind::release_failed, "a"));
        CHECK(here.noted(record_kind::hold_drifted, "a"));
        CHECK(here.next<hold_post>());
        here.restart();
        CHECK(here.of("a").post->text == there);  // what it says there now is what people are shown
    }
}

TEST_CASE("what was seen of a change counts by its words, also for two changes of one moment and over a restart", "[review]")
{
    auto here = reviewing(1);
    here.happen(source_seen{acme, {reading("a", "post a, now with 20% off")}});
    auto seen = let_go("a");
    seen.saw_text = here.of("a").source_text;
    here.happen(source_seen{acme, {reading("a", "post a, now with 30% off")}});  // in the same moment
    here.happen(seen);
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::changed);
    CHECK(here.refused->after == "post a, now with 30% off");
    seen.saw_text = here.of("a").source_text;
    here.restart();
    here.later(1h);
    here.happen(source_seen{acme, {reading("a", "post a")}});  // back and forth
    here.happen(source_seen{acme, {reading("a", "post a, now with 30% off")}});
    seen.shift = true;
    here.happen(seen);
    CHECK_FALSE(here.refused);
}

TEST_CASE("a post that changed at its source is let go only by somebody who has seen the difference", "[review]")
{
    auto here = reviewing(1);
    here.happen(source_seen{acme, {reading("a", "post a")}});
    CHECK(here.last.empty());
    here.happen(source_seen{acme, {reading("a", "post a, now with 20% off")}});
    CHECK(here.noted(record_kind::source_changed, "a"));
    here.happen(source_seen{acme, {reading("a", "post a, now with 20% off")}});
    CHECK(here.last.empty());  // said once
    here.happen(let_go("a"));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::changed);
    CHECK(here.refused->before == "post a");
    CHECK(here.refused->after == "post a, now with 20% off");
    CHECK(here.of("a").state == hold_state::held);

    auto changed_back = here;
    changed_back.happen(source_seen{acme, {reading("a", "post a")}});
    changed_back.happen(let_go("a"));
    CHECK_FALSE(changed_back.refused);

    auto seen = let_go("a");
    seen.saw_text = here.of("a").source_text;
    here.later(1s);
    here.happen(source_seen{acme, {reading("a", "post a, now with 30% off")}});
    here.happen(seen);  // that was another difference
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::changed);
    seen.saw_text = here.of("a").source_text;
    here.happen(seen);
    CHECK_FALSE(here.refused);
    CHECK(here.of("a").post->text == "post a, now with 30% off");
    here.restart();
    CHECK(here.of("a").post->text == "post a, now with 30% off");
}

TEST_CASE("at a grave flag a post is let go by two people", "[review]")
{
    auto here = in_a_grave_crisis();
    auto asked = let_go("a");
    asked.during_crisis = true;
    here.happen(asked);
    CHECK_FALSE(here.refused);
    CHECK(here.waits == "a-1");
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("a").ask == "a-1");
    CHECK(here.open.empty());
    here.happen(asked);  // the same person once more is one person
    CHECK(here.waits == "a-1");
    CHECK(here.last.empty());
    here.happen(second_given{"a-1", maria, ""});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::same_person);
    here.restart();
    CHECK(here.of("a").ask == "a-1");

    SECTION("by the second one's word")
    {
        here.happen(second_given{"a-1", jon, "seen"});
        CHECK_FALSE(here.refused);
    }
    SECTION("by the second one's own request")
    {
        asked.by = jon;
        here.happen(asked);
        CHECK_FALSE(here.refused);
        CHECK(here.waits.empty());
    }
    CHECK(here.of("a").state == hold_state::releasing);
    CHECK(here.of("a").order->by == maria);
    CHECK(here.of("a").order->second == jon);
    CHECK(here.of("a").ask.empty());
    CHECK(here.known.asks.empty());
    CHECK(here.noted(record_kind::second_given, "a"));
    CHECK(here.noted(record_kind::release_asked, "a"));
    here.happen(second_given{"a-1", jon, ""});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("a second person who asks for something else is a first person", "[review]")
{
    auto here = in_a_grave_crisis();
    auto asked = let_go("a", at("16:00"));
    asked.during_crisis = true;
    here.happen(asked);
    asked.by = jon;
    asked.at = at("17:00");
    here.happen(asked);
    CHECK(here.waits == "a-2");
    CHECK(here.known.asks.size() == 1);
    CHECK(here.noted(record_kind::ask_dropped, "a"));
    CHECK(here.of("a").state == hold_state::held);
    asked.by = maria;
    here.happen(asked);
    CHECK(here.of("a").state == hold_state::releasing);
    CHECK(here.of("a").order->at == at("17:00"));
}

TEST_CASE("what such a flag held needs two people after it was lowered, and so does lowering it", "[review]")
{
    auto here = in_a_grave_crisis();
    here.happen(crisis_lowered{crisis_id{"c-1"}, maria, "it is over"});
    CHECK(here.waits == "a-1");
    CHECK(here.known.crises.at(crisis_id{"c-1"}).now == phase::raised);
    here.restart();
    here.happen(crisis_lowered{crisis_id{"c-1"}, jon, "it is over"});
    CHECK(here.known.crises.at(crisis_id{"c-1"}).now == phase::lowered);
    CHECK(here.known.crises.at(crisis_id{"c-1"}).lowered_by == maria);
    CHECK(here.known.asks.empty());
    here.happen(let_go("a"));
    CHECK(here.waits == "a-2");
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("a flag below that severity needs one", "[review]")
{
    desk here{spaced(15min, 4, severity::critical)};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.hold_all();
    here.later(1s);
    here.lower();
    CHECK(here.waits.empty());
    here.happen(let_go("a"));
    CHECK(here.of("a").state == hold_state::releasing);
}

TEST_CASE("a broken glass is on record and paged, and people are told once", "[review]")
{
    auto here = in_a_grave_crisis(2);
    auto asked = let_go("a");
    asked.during_crisis = true;
    asked.break_glass = "nobody else is awake";
    here.happen(asked);
    CHECK(here.of("a").state == hold_state::releasing);
    CHECK(here.noted(record_kind::glass_broken, "a"));
    asked.post = post_id{"b"};
    here.happen(asked);
    CHECK(here.noted(record_kind::glass_broken, "b"));
    const auto& open = here.known.pages.open.at("glass-broken/c-1").said;
    CHECK(open.count == 2);
    CHECK(open.level >= page_level::major);
    CHECK(open.what.find("nobody else is awake") != std::string::npos);
    here.happen(crisis_lowered{crisis_id{"c-1"}, maria, "over", "nobody else is awake"});
    CHECK(here.known.crises.at(crisis_id{"c-1"}).now == phase::lowered);
    CHECK(here.known.pages.open.contains("glass-broken/c-1"));  // a person's word ends it
}

TEST_CASE("what waits is over when the post is decided on otherwise, or withdrawn", "[review]")
{
    auto here = in_a_grave_crisis(2);
    auto asked = let_go("a");
    asked.during_crisis = true;
    here.happen(asked);
    asked.post = post_id{"b"};
    here.happen(asked);
    CHECK(here.known.asks.size() == 2);
    here.happen(keep_requested{acme, post_id{"a"}, jon, "no"});
    CHECK(here.known.asks.size() == 1);
    CHECK(here.of("a").ask.empty());
    here.happen(ask_withdrawn{"a-2", maria, "changed my mind"});
    CHECK(here.known.asks.empty());
    CHECK(here.of("b").ask.empty());
    CHECK(here.of("b").state == hold_state::held);
}

TEST_CASE("kept as what it is", "[review]")
{
    auto here = reviewing(1);
    keep_requested asked{acme, post_id{"a"}, maria, "no"};
    asked.as = rung::takeout;
    here.happen(asked);
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::not_possible);
    asked.as = rung::draft;
    here.happen(asked);
    CHECK(here.of("a").state == hold_state::kept);
}

TEST_CASE("a person's judgement stays with the post, whatever the rules say", "[review]")
{
    desk here{spaced()};
    here.sees({promo("a", at("15:00")), promo("b", at("15:10"))});
    here.raise();
    here.offer(1);
    here.answer<hold_post>(outcome{});
    here.offer(0);
    here.happen(post_judged{acme, post_id{"a"}, maria, post_class::neutral, "it is the address of the shop"});
    CHECK(here.of("a").judged.kind == post_class::neutral);
    CHECK(here.of("a").judged.why == std::vector<reason>{{"by-hand", "maria"}});
    CHECK(here.of("a").covered_by.empty());
    CHECK(here.last.front().reasons == std::vector<reason>{{"judgement.promotional.tags", "promo"}});
    here.happen(post_judged{acme, post_id{"b"}, maria, post_class::neutral, ""});
    CHECK_FALSE(here.has_hold("b"));  // nothing was done to it yet
    here.later(1s);
    here.sees({promo("b", at("15:12"))});
    here.happen(clock_ticked{});
    CHECK_FALSE(here.has_hold("b"));
    CHECK(here.known.accounts.at(acme).queue.at(post_id{"b"}).judged.kind == post_class::neutral);
    here.restart();
    here.sees({promo("b", at("15:12"))});
    here.happen(clock_ticked{});
    CHECK_FALSE(here.has_hold("b"));
    here.happen(post_judged{acme, post_id{"b"}, jon, post_class::promotional, "it is an offer"});
    here.happen(clock_ticked{});
    CHECK(here.has_hold("b"));
    here.happen(post_judged{acme, post_id{"nothing"}, jon, post_class::neutral, ""});
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("what is held and judged neutral stays held until a person lets it go, and needs no word of the flag", "[review]")
{
    desk here{spaced()};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.hold_all();
    here.later(1s);
    here.happen(let_go("a"));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::covered);
    here.happen(post_judged{acme, post_id{"a"}, maria, post_class::essential, "where to get help"});
    CHECK(here.of("a").state == hold_state::held);
    here.happen(let_go("a"));
    CHECK_FALSE(here.refused);
}

TEST_CASE("notes stay with the post", "[review]")
{
    auto here = reviewing(1);
    here.happen(post_noted{acme, post_id{"a"}, maria, "ask legal first"});
    here.later(1s);
    here.happen(post_noted{acme, post_id{"a"}, jon, "they say yes"});
    here.restart();
    const auto& notes = here.known.accounts.at(acme).remarks.at(post_id{"a"}).notes;
    REQUIRE(notes.size() == 2);
    CHECK(notes[0] == post_note{maria, at("14:00:01"), "ask legal first"});
    CHECK(notes[1].text == "they say yes");
}
