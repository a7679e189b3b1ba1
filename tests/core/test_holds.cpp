// From planned to held: what every answer means, and how the ladder is climbed.
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

desk with_one_hold(std::vector<rung_offer> rungs = {{rung::draft}}, std::string_view due = "15:00")
{
    desk here{make_policy({make_account("blog", std::move(rungs))})};
    here.sees({promo("a", at(due))});
    here.raise();
    return here;
}

}  // namespace

TEST_CASE("held is said only after it was read back", "[holds]")
{
    auto here = with_one_hold();
    auto call = here.next<hold_post>();
    REQUIRE(call);
    CHECK(call->by == rung::draft);
    CHECK(here.of("a").state == hold_state::stopping);
    here.answer<hold_post>(outcome{});
    CHECK(here.of("a").state == hold_state::unconfirmed);
    REQUIRE(here.next<read_posts>());
    here.answer_read(whereabouts::parked);
    CHECK(here.of("a").state == hold_state::held);
    here.offer();
    CHECK(here.asked.empty());
}

TEST_CASE("every kind of failure has its next state", "[holds]")
{
    struct row {
        failure kind;
        hold_state state;
        bool rung_spent;
        int attempts;
        bool account_waits;
    };
    auto rows = std::vector<row>{
        {failure::unreachable, hold_state::planned, false, 0, true},
        {failure::rate_limited, hold_state::planned, false, 0, true},
        {failure::local, hold_state::planned, false, 0, false},
        {failure::auth_expired, hold_state::failed, false, 0, true},
        {failure::forbidden, hold_state::planned, true, 0, false},
        {failure::rejected, hold_state::planned, true, 0, false},
        {failure::unsupported, hold_state::planned, true, 0, false},
        {failure::not_found, hold_state::unconfirmed, false, 1, false},
        {failure::unknown_outcome, hold_state::unconfirmed, false, 1, false},
        {failure::conflict, hold_state::unconfirmed, false, 1, false},
        {failure::bad_reply, hold_state::unconfirmed, false, 1, false},
    };
    for (const auto& row : rows) {
        INFO(to_string(row.kind));
        auto here = with_one_hold({{rung::draft}, {rung::takeout}});
        here.offer(1);
        here.answer<hold_post>(row.kind);
        const auto& one = here.of("a");
        CHECK(one.state == row.state);
        CHECK(one.spent.contains(rung::draft) == row.rung_spent);
        CHECK(one.attempts == row.attempts);
        CHECK(one.missing == (row.kind == failure::not_found));
        CHECK((here.known.accounts.at(account_id{"blog"}).not_before > here.now) == row.account_waits);
        CHECK_FALSE(one.in_flight);
    }
}

TEST_CASE("the ladder is climbed to its end, and a person is the last rung", "[holds]")
{
    auto here = with_one_hold({{rung::native}, {rung::draft}});
    CHECK(here.next<hold_post>()->by == rung::native);
    here.answer<hold_post>(failure::unsupported);
    CHECK(here.next<hold_post>()->by == rung::draft);  // at once: no waiting between rungs
    here.answer<hold_post>(failure::forbidden);
    here.offer();
    CHECK(here.of("a").state == hold_state::manual);
    CHECK(here.of("a").by == rung::manual);
    CHECK(here.asked.empty());
    CHECK(here.noted(record_kind::hold_manual, "a"));
}

TEST_CASE("a rung that needs more time than there is left is passed over", "[holds]")
{
    auto here = with_one_hold({{rung::postpone, 5min}, {rung::takeout}}, "14:04");
    CHECK(here.next<save_post>());
    auto ample = with_one_hold({{rung::postpone, 5min}, {rung::takeout}}, "14:06");
    auto call = ample.next<hold_post>();
    REQUIRE(call);
    CHECK(call->by == rung::postpone);
    CHECK(call->until > at("14:00") + std::chrono::hours{24 * 300});
    ample.answer<hold_post>(outcome{});
    ample.offer();
    ample.answer_read(whereabouts::queued, call->until);
    CHECK(ample.of("a").state == hold_state::held);
}

TEST_CASE("a lying 200: tried again with growing pauses, then the next rung", "[holds]")
{
    auto here = with_one_hold({{rung::native}, {rung::draft}});
    int tries = 0;
    for (int turn = 0; turn < 200 && here.of("a").by != rung::draft; ++turn) {
        here.offer();
        if (here.answer<hold_post>(outcome{}))
            ++tries;
        here.offer();
        here.answer_read(whereabouts::queued, at("15:00"));
        here.later(1s);
        REQUIRE(here.of("a").state != hold_state::held);
    }
    CHECK(tries == here.rules.attempts_per_rung + 1);
    here.later(1min);
    here.offer();
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::parked);
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("a").by == rung::draft);
    CHECK(here.now < at("14:10"));
}

TEST_CASE("a late effect: the call timed out, worked all the same, and is not repeated", "[holds]")
{
    auto here = with_one_hold();
    here.offer();
    here.answer<hold_post>(failure::unknown_outcome);
    REQUIRE(here.next<read_posts>());
    here.answer_read(whereabouts::parked);
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.total(record_kind::hold_started) == 1);
}

TEST_CASE("a 404 is an escape or a removal, and the feed tells which", "[holds]")
{
    auto here = with_one_hold({{rung::draft}}, "14:02");
    here.offer();
    here.answer<hold_post>(failure::not_found);
    CHECK(wants_feed(here.known.accounts.at(account_id{"blog"}), here.now));
    here.offer();
    CHECK(here.asked.empty());  // only the feed can tell
    auto removed = here;
    here.later(3s);
    here.reads_feed({{post_id{"77"}, at("14:00"), "post a", "post a", {}, "https://blog.example/77"}});
    CHECK(here.of("a").state == hold_state::escaped);
    CHECK(here.of("a").escaped_as == post_id{"77"});
    removed.reads_feed({});
    CHECK(removed.of("a").state == hold_state::unconfirmed);  // too early: feeds lag
    removed.later(3s);
    removed.reads_feed({});
    CHECK(removed.of("a").state == hold_state::gone);
}

TEST_CASE("a post that got out between list and hold is an escape", "[holds]")
{
    auto here = with_one_hold({{rung::draft}}, "14:01");
    here.offer();
    here.answer<hold_post>(failure::unknown_outcome);
    here.offer();
    here.answer_read(whereabouts::published);
    CHECK(here.of("a").state == hold_state::escaped);
    CHECK(here.count(hold_state::escaped) == 1);
}

TEST_CASE("a takeout stores first, and never takes out what it could not store", "[holds]")
{
    auto here = with_one_hold({{rung::takeout}}, "14:30");
    REQUIRE(here.next<save_post>());
    CHECK(here.of("a").state == hold_state::saving);
    outcome stored;
    stored.saved.push_back({"post.json", "aa", nullptr});
    stored.saved.push_back({"media/0", "bb", nullptr});
    here.answer<save_post>(stored);
    CHECK(here.of("a").saved.size() == 2);
    auto call = here.next<hold_post>();
    REQUIRE(call);
    CHECK(call->by == rung::takeout);
    CHECK(call->remote == post_id{"a"});
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer_read(whereabouts::absent);
    CHECK(here.of("a").state == hold_state::held);
    CHECK(here.of("a").remote.empty());
    CHECK(here.has_hold("a"));

    auto broken = with_one_hold({{rung::takeout}}, "20:00");
    for (int turn = 0; turn < 100 && broken.of("a").state != hold_state::manual; ++turn) {
        broken.offer();
        broken.answer<save_post>(failure::bad_reply);
        broken.later(10s);
    }
    CHECK(broken.of("a").state == hold_state::manual);
    CHECK(broken.total(record_kind::hold_started) == broken.rules.attempts_per_rung);
    for (const auto& record : broken.ledger)
        CHECK((record.kind != record_kind::hold_started || record.flagged));  // only ever the storing
}

TEST_CASE("rate limits and a refused credential use up no rung, whatever is being done", "[holds]")
{
    for (auto kind : {failure::rate_limited, failure::auth_expired, failure::unreachable})
        for (auto by : {rung::takeout, rung::draft}) {
            INFO(to_string(kind) << " " << to_string(by));
            auto here = with_one_hold({{by}}, "+1 15:00");
            for (int turn = 0; turn < 12; ++turn) {
                here.later(2min);
                here.offer();
                here.answer<save_post>(kind);
                here.answer<hold_post>(kind);
            }
            CHECK(here.of("a").state != hold_state::manual);
            CHECK(here.of("a").spent.empty());
            CHECK(here.total(record_kind::hold_started) == 12);
        }
}

TEST_CASE("retry-after is kept for the whole account", "[holds]")
{
    auto here = with_one_hold();
    here.offer();
    here.answer<hold_post>(trouble(failure::rate_limited, 90s));
    here.later(89s);
    here.offer();
    CHECK(here.asked.empty());
    CHECK(next_wake(here.known.accounts.at(account_id{"blog"})) == at("14:01:30"));
    here.later(1s);
    CHECK(here.next<hold_post>());
}

TEST_CASE("the pause before the next try never passes the last moment", "[holds]")
{
    auto here = with_one_hold({{rung::draft}}, "14:00:20");
    int tries = 0;
    while (here.now < at("14:00:20")) {
        here.offer();
        if (here.answer<hold_post>(failure::unknown_outcome))
            ++tries;
        here.offer();
        if (here.answer_read(whereabouts::queued, at("14:00:20")) && here.of("a").not_before != time_point{})
            CHECK(here.of("a").not_before < at("14:00:20"));
        here.later(100ms);
    }
    CHECK(tries >= 4);
}

TEST_CASE("holds leave in the order of their due times, over any number of posts", "[holds]")
{
    desk here;
    std::vector<post_ptr> posts;
    for (int i = 0; i < 200; ++i)
        posts.push_back(promo("p" + std::to_string(i), at("15:00") + std::chrono::minutes{(i * 37) % 200}));
    here.sees(posts);
    here.raise();
    std::vector<time_point> order;
    for (int turn = 0; turn < 400; ++turn) {
        here.offer(3);
        for (const auto& one : here.asked)
            if (const auto* call = std::get_if<hold_post>(&one.what))
                order.push_back(call->snapshot->due);
        while (here.answer<hold_post>(outcome{})) {
        }
        while (here.answer_read(whereabouts::parked)) {
        }
    }
    CHECK(order.size() == 200);
    CHECK(std::ranges::is_sorted(order));
    CHECK(here.count(hold_state::held) == 200);
}

TEST_CASE("a restart in every state looks first", "[holds]")
{
    auto saving = with_one_hold({{rung::takeout}});
    saving.offer();
    saving.restart();
    CHECK(saving.of("a").state == hold_state::planned);
    CHECK(saving.next<save_post>());

    auto stopping = with_one_hold();
    stopping.offer();
    stopping.restart();
    CHECK(stopping.of("a").state == hold_state::unconfirmed);
    CHECK(stopping.of("a").recalled);
    CHECK_FALSE(stopping.next<hold_post>());
    REQUIRE(std::ranges::any_of(stopping.asked, [](const auto& one) { return std::holds_alternative<read_posts>(one.what); }));
    stopping.answer_read(whereabouts::parked);
    CHECK(stopping.of("a").state == hold_state::held);

    auto reading = with_one_hold();
    reading.offer();
    reading.answer<hold_post>(outcome{});
    reading.offer();
    reading.restart();
    CHECK(reading.next<read_posts>());
}

TEST_CASE("a restart in the middle of a takeout: stored and no longer there, not public: it was us", "[holds]")
{
    auto here = with_one_hold({{rung::takeout}});
    here.offer();
    outcome stored;
    stored.saved.push_back({"post.json", "aa", nullptr});
    here.answer<save_post>(stored);
    here.offer();
    here.restart();
    here.offer();
    here.answer_read(whereabouts::absent);
    CHECK(here.of("a").missing);
    here.later(3s);
    here.reads_feed({});
    CHECK(here.of("a").state == hold_state::held);
}

TEST_CASE("without a feed, a stored takeout that is not due yet is held, and anything else is gone", "[holds]")
{
    for (bool stored_first : {true, false}) {
        auto blog =
            make_account("blog", stored_first ? std::vector<rung_offer>{{rung::takeout}} : std::vector<rung_offer>{{rung::draft}});
        blog.can_read_feed = false;
        desk here{make_policy({blog})};
        here.sees({promo("a", at("15:00"))});
        here.raise();
        here.offer();
        outcome stored;
        stored.saved.push_back({"post.json", "aa", nullptr});
        here.answer<save_post>(stored);
        here.offer();
        here.answer<hold_post>(failure::unknown_outcome);
        here.offer();
        here.answer_read(whereabouts::absent);
        CHECK(here.of("a").state == (stored_first ? hold_state::held : hold_state::gone));
    }
}

TEST_CASE("a reading that leaves a post out is asked for again, not at once", "[holds]")
{
    auto here = with_one_hold();
    here.offer();
    here.answer<hold_post>(outcome{});
    here.offer();
    here.answer<read_posts>(outcome{});
    here.offer();
    CHECK(here.asked.empty());
    here.later(1s);
    CHECK(here.next<read_posts>());
}
