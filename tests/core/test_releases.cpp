// Letting go: a person's word for each post, a time that lies ahead, and a read-back.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

release_requested order(std::optional<time_point> when = {}, bool during_crisis = false)
{
    return {account_id{"blog"}, post_id{"a"}, actor_id{"maria"}, when, "checked", during_crisis};
}

// One post held, and the flag down.
desk after_the_crisis(std::vector<rung_offer> rungs = {{rung::draft}})
{
    desk here{make_policy({make_account("blog", std::move(rungs))})};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.hold_all();
    here.later(1s);
    here.lower();
    return here;
}

}  // namespace

TEST_CASE("a release at a new time is sent, read back, and rescheduled", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    CHECK_FALSE(here.refused);
    CHECK(here.of("a").state == hold_state::releasing);
    auto call = here.next<release_post>();
    REQUIRE(call);
    CHECK(call->at == at("16:00"));
    CHECK_FALSE(call->look_first);
    here.answer<release_post>(outcome{});
    CHECK(here.of("a").state == hold_state::releasing);
    here.offer();
    here.answer_read(whereabouts::queued, at("16:00"));
    CHECK(here.of("a").state == hold_state::rescheduled);
    CHECK(here.of("a").due == at("16:00"));
}

TEST_CASE("the old time is good only while it lies ahead by the margin", "[releases]")
{
    auto here = after_the_crisis();
    auto late = here;
    late.now = at("14:58:01");
    late.happen(order());
    REQUIRE(late.refused);
    CHECK(late.refused->kind == refusal::cause::past_time);
    CHECK(late.refused->text.find("too near") != std::string::npos);
    late.now = at("15:00");
    late.happen(order());
    CHECK(late.refused->text.find("has passed") != std::string::npos);
    late.happen(order(at("14:59")));
    CHECK(late.refused->kind == refusal::cause::past_time);
    CHECK(late.of("a").state == hold_state::held);
    CHECK(late.open.empty());

    here.now = at("14:58");
    here.happen(order());
    CHECK_FALSE(here.refused);
    here.offer();
    here.answer<release_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::queued, at("15:00"));
    CHECK(here.of("a").state == hold_state::released);
}

TEST_CASE("an order that waited too long is not sent late", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("14:10")));
    here.now = at("14:08:01");
    here.offer();
    CHECK(here.asked.empty());
    CHECK(here.noted(record_kind::release_failed, "a"));
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("an open flag refuses, unless a person says during-crisis; then the post is not held again by that flag", "[releases]")
{
    desk here;
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.hold_all();
    here.later(1s);
    here.happen(order(at("16:00")));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::covered);
    here.happen(order(at("16:00"), true));
    CHECK_FALSE(here.refused);
    here.offer();
    here.answer<release_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::queued, at("16:00"));
    CHECK(here.of("a").state == hold_state::rescheduled);
    here.later(1s);
    here.sees({promo("a", at("16:00"))});
    here.happen(clock_ticked{});
    CHECK(here.of("a").state == hold_state::rescheduled);
    here.raise("recall");  // another flag knows no such exception
    here.happen(clock_ticked{});
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("a").covered_by == small_set<crisis_id>{{"c-2"}});
}

TEST_CASE("a flag raised before an ordered release left stops it", "[releases]")
{
    auto here = after_the_crisis();
    here.sees({promo("a", at("15:00"))});
    here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.raise("recall");
    here.known.accounts.at(account_id{"blog"}).wanted.insert({at("15:00"), post_id{"a"}});
    here.offer();
    CHECK(here.asked.empty());
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("a").covered_by.contains(crisis_id{"c-2"}));
}

TEST_CASE("a flag raised while a release is in flight: what came back is held again", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.raise("recall");
    here.later(1s);
    here.sees({promo("a", at("16:00"))});  // in flight: the picture may be half of it
    here.answer<release_post>(outcome{});
    here.later(1s);
    here.sees({promo("a", at("16:00"))});
    here.offer();
    here.answer_read(whereabouts::queued, at("16:00"));
    CHECK(here.of("a").state == hold_state::planned);
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("a flag raised after a release was confirmed holds it anew", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.answer<release_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::queued, at("16:00"));
    here.raise();
    here.later(1s);
    here.sees({promo("a", at("16:00"))});
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("a").due == at("16:00"));
}

TEST_CASE("keep: a person decided that it does not go out; a kept post can still be released", "[releases]")
{
    auto here = after_the_crisis();
    auto keep = keep_requested{account_id{"blog"}, post_id{"a"}, actor_id{"maria"}, "old offer"};
    here.happen(keep);
    CHECK(here.of("a").state == hold_state::kept);
    here.happen(keep);
    CHECK_FALSE(here.refused);
    CHECK(here.last.empty());
    here.happen(order(at("16:00")));
    CHECK(here.of("a").state == hold_state::releasing);
    here.happen(keep);
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::wrong_state);
    here.happen(keep_requested{account_id{"blog"}, post_id{"x"}, actor_id{"maria"}, ""});
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("only what is held or kept can be released", "[releases]")
{
    desk here;
    here.sees({promo("a", at("15:00"))});
    here.happen(order(at("16:00")));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
    here.raise();
    here.happen(order(at("16:00"), true));
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::wrong_state);
}

TEST_CASE("after an unknown outcome a release is looked for before it is repeated", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.answer<release_post>(failure::unknown_outcome);
    here.later(2s);
    CHECK_FALSE(here.next<release_post>());
    REQUIRE(here.answer_read(whereabouts::queued, at("16:00")));
    CHECK(here.of("a").state == hold_state::rescheduled);
    CHECK(here.total(record_kind::release_started) == 1);
}

TEST_CASE("a kill in the middle of a release: looked for first, sent again with look_first", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.restart();
    CHECK(here.of("a").state == hold_state::releasing);
    CHECK_FALSE(here.next<release_post>());
    REQUIRE(here.answer_read(whereabouts::parked));
    here.later(5s);
    auto call = here.next<release_post>();
    REQUIRE(call);
    CHECK(call->look_first);
}

TEST_CASE("a read-back with a wrong time is tried again, and in the end held again, never called done", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    for (int turn = 0; turn < 200 && here.of("a").state == hold_state::releasing; ++turn) {
        here.later(1s);
        here.offer();
        here.answer<release_post>(outcome{});
        here.offer();
        here.answer_read(whereabouts::queued, at("14:40"));
    }
    CHECK(here.total(record_kind::release_started) == here.rules.attempts_per_rung);
    CHECK(here.total(record_kind::release_confirmed) == 0);
    CHECK(here.of("a").state == hold_state::planned);
    CHECK(here.of("a").due == at("14:40"));
    here.hold_all();
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("a release that the platform publishes at once is an escape", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.answer<release_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::published);
    CHECK(here.of("a").state == hold_state::escaped);
}

TEST_CASE("a released post that goes out at its time is no escape, even when the feed is faster than the read-back", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("14:10")));
    here.offer();
    here.answer<release_post>(outcome{});
    here.now = at("14:10:05");
    here.reads_feed({{post_id{"900"}, at("14:10"), "post a", "post a", {}, ""}});
    CHECK(here.of("a").state == hold_state::releasing);
    here.offer();
    here.answer_read(whereabouts::published);
    CHECK(here.of("a").state == hold_state::rescheduled);

    auto early = after_the_crisis();
    early.happen(order(at("16:00")));
    early.now = at("14:50");
    early.reads_feed({{post_id{"900"}, at("14:49"), "post a", "post a", {}, ""}});
    CHECK(early.of("a").state == hold_state::escaped);
}

TEST_CASE("every failure of a release has its next state", "[releases]")
{
    struct row {
        failure kind;
        hold_state state;
    };
    for (const auto& row : std::vector<row>{{failure::unreachable, hold_state::releasing},
                                            {failure::rate_limited, hold_state::releasing},
                                            {failure::local, hold_state::releasing},
                                            {failure::unknown_outcome, hold_state::releasing},
                                            {failure::conflict, hold_state::releasing},
                                            {failure::bad_reply, hold_state::releasing},
                                            {failure::auth_expired, hold_state::held},
                                            {failure::forbidden, hold_state::held},
                                            {failure::rejected, hold_state::held},
                                            {failure::unsupported, hold_state::held},
                                            {failure::not_found, hold_state::unconfirmed}}) {
        INFO(to_string(row.kind));
        auto here = after_the_crisis();
        here.happen(order(at("16:00")));
        here.offer();
        here.answer<release_post>(row.kind);
        CHECK(here.of("a").state == row.state);
    }
}

TEST_CASE("a post that somebody deleted while it was held is gone when it is to be released", "[releases]")
{
    auto here = after_the_crisis();
    here.happen(order(at("16:00")));
    here.offer();
    here.answer<release_post>(failure::not_found);
    here.later(3s);
    here.reads_feed({});
    CHECK(here.of("a").state == hold_state::gone);
}

TEST_CASE("a taken out post comes back under a new id and keeps the one people use", "[releases]")
{
    desk here{make_policy({make_account("blog", {{rung::takeout}})})};
    here.sees({promo("a", at("15:00"))});
    here.raise();
    here.offer();
    outcome stored;
    stored.saved.push_back({"post.json", "aa", nullptr});
    here.answer<save_post>(stored);
    here.offer();
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::absent);
    here.later(1s);
    here.lower();
    here.happen(order(at("16:00")));
    auto call = here.next<release_post>();
    REQUIRE(call);
    CHECK(call->remote.empty());
    CHECK(call->saved.size() == 1);
    outcome made;
    made.remote = post_id{"b"};
    here.answer<release_post>(made);
    here.offer();
    here.answer_read(whereabouts::queued, at("16:00"));
    CHECK(here.of("a").state == hold_state::rescheduled);
    CHECK(here.of("a").remote == post_id{"b"});
    CHECK(&here.of("b") == &here.of("a"));
}
