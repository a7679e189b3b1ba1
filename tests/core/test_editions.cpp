// Editions: what an account is given next, how, and when; the undo window, approvals, the cap of the hour, too long words.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

account speaker(bool edits = false, bool replies = true)
{
    auto one = make_account("blog");
    one.can_edit = edits;
    one.can_reply = replies;
    return one;
}

struct said_story {
    explicit said_story(account one = speaker()) : here(make_policy({std::move(one)})), people{here}
    {
        here.rules.playbooks.at("outage").undo = 20s;
    }
    // A flag whose summary is out and pinned.
    void raised()
    {
        here.raise("outage", {}, true);
        here.later(20s);
        people.settle(there);
        REQUIRE(here.summary_of().state == summary_state::pinned);
    }
    desk here;
    sayer people;
    wall there;
};

}  // namespace

TEST_CASE("an update is a follow-up in the thread, pinned instead of the one before", "[editions]")
{
    said_story now;
    now.there.pinned = {post_id{"x"}};
    now.raised();
    CHECK(now.there.pinned == std::vector{post_id{"p1"}, post_id{"x"}});
    now.people.update("Half of it works.");
    CHECK(now.here.noted(record_kind::statement_asked));
    now.people.settle(now.there);
    REQUIRE(now.there.posts.size() == 2);
    CHECK(now.there.posts[1].answers == post_id{"p1"});
    CHECK(now.there.posts[1].key.ends_with("-e2"));
    CHECK(now.there.pinned == std::vector{post_id{"p2"}, post_id{"x"}});
    const auto& one = now.here.summary_of();
    CHECK(one.edition == 2);
    CHECK(one.copies.size() == 2);
    CHECK(one.state == summary_state::pinned);
    const auto& flag = now.here.known.crises.at(crisis_id{"c-1"});
    CHECK(reach_of(now.here.known, flag, flag.editions[1]).out == 1);
    now.here.lower();
    now.people.settle(now.there);
    CHECK(now.there.pinned == std::vector{post_id{"x"}});
}

TEST_CASE("an update is an edit where readers see that it was edited", "[editions]")
{
    said_story now{speaker(true)};
    now.raised();
    now.people.update("Half of it works.");
    auto call = now.here.next<edit_summary>();
    REQUIRE(call);
    CHECK(call->remote == post_id{"p1"});
    CHECK(call->edition == 2);
    now.here.answer<edit_summary>(failure::unknown_outcome);
    now.here.later(2min);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
    CHECK(now.there.posts[0].text == "Half of it works.");
    CHECK(now.here.summary_of().edition == 2);
    CHECK(now.here.summary_of().state == summary_state::pinned);
    CHECK(now.here.summary_of().remote == post_id{"p1"});
}

TEST_CASE("a platform that refuses the edit gets a follow-up; a post that somebody removed gets a new one", "[editions]")
{
    said_story refused{speaker(true)};
    refused.raised();
    refused.people.update("Half of it works.");
    refused.here.offer();
    refused.here.answer<edit_summary>(failure::rejected);
    refused.here.later(2min);
    refused.people.settle(refused.there);
    REQUIRE(refused.there.posts.size() == 2);
    CHECK(refused.there.posts[1].answers == post_id{"p1"});

    said_story removed;
    removed.raised();
    removed.there.posts.clear();
    removed.there.pinned.clear();
    removed.people.update("Half of it works.");
    removed.people.settle(removed.there);
    removed.here.later(2min);
    removed.people.settle(removed.there);
    REQUIRE(removed.there.posts.size() == 1);
    CHECK(removed.there.posts[0].answers.empty());
    CHECK(removed.there.pinned == std::vector{removed.there.posts[0].id});
}

TEST_CASE("nothing of an edition is public within its undo window, and what is taken back never is", "[editions]")
{
    said_story now;
    now.raised();
    now.people.update("A slip.", false);
    now.here.later(19s);
    now.here.offer();
    CHECK(now.here.asked.empty());
    now.people.undo();
    CHECK(now.here.noted(record_kind::statement_undone));
    now.here.later(1h);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).editions[1].undone);
    now.people.update("The right one.", false);
    now.here.later(20s);
    now.people.settle(now.there);
    CHECK(now.there.posts.back().text == "The right one.");
    CHECK(now.there.posts.back().key.ends_with("-e3"));
}

TEST_CASE("undo says what to do instead when it is too late", "[editions]")
{
    said_story now;
    now.people.undo();
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    now.raised();
    now.people.undo();
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
    CHECK(now.here.refused->text.find("say correct") != std::string::npos);
    now.people.update("Half of it works.", false);
    now.here.later(21s);  // the window is over, and no call has left yet
    now.people.undo();
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->text.find("say correct") != std::string::npos);
}

TEST_CASE("what cannot be said is refused, and says what to do", "[editions]")
{
    said_story now;
    now.raised();
    auto no = [&](edition_kind kind, const std::string& text, milliseconds ahead = 45min) {
        now.people.say(kind, text, true, "ann", ahead);
        REQUIRE(now.here.refused);
        return now.here.refused->kind;
    };
    CHECK(no(edition_kind::summary, "Once more.") == refusal::cause::wrong_state);
    CHECK(no(edition_kind::correction, "") == refusal::cause::not_possible);
    CHECK(no(edition_kind::update, "Soon: {{next}}") == refusal::cause::not_possible);
    CHECK(no(edition_kind::update, "Late.", -1min) == refusal::cause::past_time);
    statement_asked silent{crisis_id{"c-1"}, actor_id{"ann"}, edition_kind::update, "x", now.here.now + 1h, true, {}};
    now.here.happen(silent);
    CHECK(now.here.refused->kind == refusal::cause::not_possible);
    now.here.lower();
    CHECK(no(edition_kind::update, "Too late.") == refusal::cause::wrong_state);
    CHECK(now.there.posts.size() == 1);
}

TEST_CASE("an account that was away gets the latest edition, and each correction on the way to it", "[editions]")
{
    said_story now;
    now.raised();
    now.people.update("Second.");
    now.people.correct("Third: the second was wrong.");
    now.people.update("Fourth.");
    now.people.update("Fifth.");
    now.people.settle(now.there);
    std::vector<std::string> shown;
    for (const auto& one : now.there.posts)
        shown.push_back(one.text);
    CHECK(shown == std::vector<std::string>{"We are on it.", "Third: the second was wrong.", "Fifth."});
    CHECK(now.here.total(record_kind::statement_skipped) == 2);
    CHECK(now.there.pinned == std::vector{post_id{"p3"}});
}

TEST_CASE("a correction that waits holds back what is newer, and what it corrects", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").undo = 0s;
    now.here.raise("outage", {}, true);
    now.people.correct("The summary was wrong.", true);
    now.here.rules.playbooks.at("outage").undo = 20s;
    now.people.settle(now.there);
    REQUIRE(now.there.posts.size() == 1);
    CHECK(now.there.posts[0].text == "The summary was wrong.");
}

TEST_CASE("a call without an answer is looked up before the next edition leaves, and never made twice", "[editions]")
{
    for (bool carried : {true, false}) {
        said_story now;
        now.raised();
        now.people.update("Second.");
        auto lost = now.here.next<publish_summary>();
        REQUIRE(lost);
        if (carried)
            now.there.carry(*lost, now.here.now);
        now.here.answer<publish_summary>(failure::unknown_outcome);
        now.people.update("Third.");
        now.here.restart();
        now.here.later(2min);
        auto look = now.here.next<publish_summary>();
        REQUIRE(look);
        CHECK(look->look_only);
        CHECK(look->edition == 2);
        now.people.settle(now.there);
        now.here.later(2min);
        now.people.settle(now.there);
        CHECK(now.there.copies(lost->key) == (carried ? 1 : 0));
        CHECK(now.there.posts.back().text == "Third.");
        CHECK(now.here.summary_of().edition == 3);
        CHECK(now.there.pinned.size() == 1);
    }
}

TEST_CASE("the cap of the hour keeps its last place for corrections", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").most_public_acts = 3;
    now.raised();
    auto first = now.here.now;
    now.here.later(1min);
    now.people.update("Second.");
    now.people.settle(now.there);
    now.here.later(1min);
    now.people.update("Third.");
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 2);
    CHECK(now.here.summary_of().wakes_at == first + 1h);
    CHECK(now.here.summary_of().detail.find(format_utc(first + 1h)) != std::string::npos);
    CHECK(next_wake(now.here.known.accounts.at(account_id{"blog"})) == first + 1h);
    CHECK(count_acts(now.here.known.accounts.at(account_id{"blog"}), now.here.now).ours == 2);
    now.people.correct("The second was wrong.");
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 3);
    CHECK(now.there.posts.back().text == "The second was wrong.");
    now.here.restart();  // the cap outlives it
    now.here.happen(clock_ticked{});
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 3);
    now.people.update("Fourth.");
    now.here.later(1h);
    now.here.happen(clock_ticked{});
    now.people.settle(now.there);
    CHECK(now.there.posts.back().text == "Fourth.");
    CHECK(now.here.summary_of().edition == 5);
}

TEST_CASE("a call that certainly did nothing takes no place of the hour", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").most_public_acts = 2;
    now.here.raise("outage", {}, true);
    now.here.later(20s);
    for (int i = 0; i < 4; ++i) {
        now.here.offer();
        now.here.answer<publish_summary>(failure::rejected);
        now.here.later(2min);
    }
    CHECK(count_acts(now.here.known.accounts.at(account_id{"blog"}), now.here.now).ours == 0);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
}

TEST_CASE("words that do not fit and have no short form are a person's task, never cut", "[editions]")
{
    auto small = speaker();
    small.text_limit = 20;
    said_story now{small};
    now.raised();
    now.people.update("This is much longer than twenty characters.");
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
    CHECK(now.here.summary_of().state == summary_state::pinned);
    CHECK(now.here.summary_of().edition == 1);
    REQUIRE(count_open_tasks(now.here.known, crisis_id{"c-1"}) == 1);
    const auto& wanted = now.here.known.tasks.begin()->second;
    CHECK(wanted.kind == task_kind::publish);
    CHECK(wanted.text == "This is much longer than twenty characters.");
    CHECK(wanted.owner == actor_id{"ops"});
    now.people.update("Short again.");
    now.people.settle(now.there);
    CHECK(now.there.posts.back().text == "Short again.");
    now.here.lower();
    now.people.settle(now.there);
    CHECK(now.there.pinned.empty());
    CHECK(count_open_tasks(now.here.known, crisis_id{"c-1"}) == 0);
}

TEST_CASE("bytes count where the platform counts them", "[editions]")
{
    auto small = speaker();
    small.byte_limit = 10;
    CHECK(fits(small, {"hu", "árvíz"}));
    CHECK_FALSE(fits(small, {"ru", "привет"}));
    small.byte_limit = 0;
    small.text_limit = 6;
    CHECK(fits(small, {"ru", "привет"}));
    CHECK_FALSE(fits(small, {"ru", "привет", 7}));  // as the platform counts them
    CHECK_FALSE(fits(small, {"ru", "приветы"}));
}

TEST_CASE("after-approval: every edition waits for a word; two people where the settings want it", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").two_person = severity::major;
    now.raised();  // prepared words go out at once
    now.people.update("Half of it works.");
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
    now.people.approve("ann");
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::same_person);
    now.people.say(edition_kind::update, "Half of it works.", true, "bea");  // the same, by another person
    CHECK(now.here.repeated);
    CHECK(now.here.noted(record_kind::summary_approved));
    now.people.settle(now.there);
    REQUIRE(now.there.posts.size() == 2);
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).editions.size() == 2);
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).editions[1].approved_by == actor_id{"bea"});
    now.people.update("More.");
    now.here.later(1h);
    now.people.undo();  // it waits still: nothing of it is public
    CHECK_FALSE(now.here.refused);
}

TEST_CASE("an approval that names an edition is for that one alone", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").two_person = severity::major;
    now.raised();
    now.people.update("Half of it works.");
    now.people.update("All of it works.");
    auto approve = [&](std::uint32_t number) { now.here.happen(summary_approved{crisis_id{"c-1"}, actor_id{"bea"}, {}, number}); };
    auto edition = [&](std::size_t number) { return now.here.known.crises.at(crisis_id{"c-1"}).editions.at(number - 1); };
    approve(2);
    CHECK_FALSE(now.here.refused);
    CHECK(edition(2).approved_by == actor_id{"bea"});
    CHECK_FALSE(edition(3).approved);
    now.people.settle(now.there);
    CHECK(now.there.posts.back().text == "Half of it works.");

    now.people.undo();
    now.people.update("Nearly all of it works.");
    approve(3);  // what was read is not there any more
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
    CHECK(now.here.refused->text
          == "approve c-1: edition 3 (update) was taken back; edition 4 (update) waits now: read it before you approve it");
    CHECK_FALSE(edition(4).approved);
    approve(9);
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    CHECK(now.here.refused->text == "approve c-1: there is no edition 9; the newest is 4");
    approve(2);  // it has its word
    CHECK_FALSE(now.here.refused);
    CHECK(now.here.repeated);
    CHECK_FALSE(edition(4).approved);
    approve(0);
    CHECK(edition(4).approved);
}

TEST_CASE("lowered with an all-clear: that goes out first, then everything is unpinned", "[editions]")
{
    said_story now;
    now.there.pinned = {post_id{"x"}, post_id{"y"}};
    now.raised();
    crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, "it is over"};
    down.all_clear[account_id{"blog"}] = {"en", "It is over."};
    now.here.happen(down);
    CHECK_FALSE(is_settled(now.here.rules, now.here.known, now.here.known.crises.at(crisis_id{"c-1"})));
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);  // it can be taken back
    CHECK(now.there.pinned.size() == 3);
    now.here.later(20s);
    now.people.settle(now.there);
    REQUIRE(now.there.posts.size() == 2);
    CHECK(now.there.posts[1].text == "It is over.");
    CHECK(now.there.pinned == std::vector{post_id{"x"}, post_id{"y"}});
    CHECK(now.here.summary_of().state == summary_state::unpinned);

    said_story undone;
    undone.raised();
    down.all_clear[account_id{"blog"}] = {"en", "It is over."};
    undone.here.happen(down);
    undone.people.undo();
    undone.people.settle(undone.there);
    CHECK(undone.there.posts.size() == 1);
    CHECK(undone.there.pinned.empty());
}

TEST_CASE("who was told nothing needs no all-clear", "[editions]")
{
    said_story now;
    now.here.raise("outage", {}, true);
    crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, "it is over"};
    down.all_clear[account_id{"blog"}] = {"en", "It is over."};
    now.here.happen(down);
    now.here.later(1min);
    now.people.settle(now.there);
    CHECK(now.there.posts.empty());
    CHECK(now.here.summary_of().state == summary_state::withdrawn);
}

TEST_CASE("former pins stand as before, order included", "[editions]")
{
    auto small = speaker();
    small.most_pins = 3;
    said_story now{small};
    now.there.most_pins = 3;
    now.there.pinned = {post_id{"x"}, post_id{"y"}, post_id{"z"}};
    now.raised();
    CHECK(now.there.pinned == std::vector{post_id{"p1"}, post_id{"x"}, post_id{"y"}});
    now.people.update("Second.");
    now.people.settle(now.there);
    CHECK(now.there.pinned == std::vector{post_id{"p2"}, post_id{"x"}, post_id{"y"}});
    now.here.lower();
    now.people.settle(now.there);
    CHECK(now.there.pinned == std::vector{post_id{"x"}, post_id{"y"}, post_id{"z"}});
    CHECK(now.here.summary_of().state == summary_state::unpinned);
}

TEST_CASE("a stranger's unpin is noticed at the next poll, repaired a few times, then a person's business", "[editions]")
{
    said_story now;
    now.raised();
    for (int i = 0; i < 3; ++i) {
        now.here.later(61s);
        now.there.pinned.clear();
        now.here.sees({});
        now.people.settle(now.there);
        CHECK(now.there.pinned == std::vector{post_id{"p1"}});
    }
    CHECK(now.here.total(record_kind::pin_lost) == 3);
    now.here.later(61s);
    now.there.pinned.clear();
    now.here.sees({});
    now.people.settle(now.there);
    CHECK(now.there.pinned.empty());
    CHECK(now.here.summary_of().state == summary_state::manual);
    CHECK(count_open_tasks(now.here.known, crisis_id{"c-1"}) == 1);
    now.here.later(61s);
    now.there.pinned = {post_id{"p1"}};  // by hand
    now.here.sees({});
    now.people.settle(now.there);
    CHECK(now.here.summary_of().state == summary_state::pinned);
    CHECK(now.here.known.tasks.begin()->second.state == task_state::confirmed);
}

TEST_CASE("pins are looked at once a minute at most, and not by policy repaired but reported", "[editions]")
{
    said_story now;
    now.here.rules.playbooks.at("outage").lost_pin = pin_policy::report;
    now.raised();
    now.here.sees({});
    now.here.offer();
    CHECK(now.here.asked.empty());
    now.here.later(61s);
    now.here.sees({});
    CHECK(now.here.next<read_pins>());
    now.here.answer<read_pins>(failure::unreachable);  // a look: the next poll looks again
    CHECK(now.here.summary_of().state == summary_state::pinned);
    now.here.later(10min);
    now.there.pinned.clear();
    now.here.sees({});
    now.people.settle(now.there);
    CHECK(now.there.pinned.empty());
    CHECK(now.here.summary_of().state == summary_state::manual);
    now.here.happen(clock_ticked{});
    CHECK(now.here.known.pages.open.contains("task/c-1/t-1"));
}

TEST_CASE("one owner, handed over by a word", "[editions]")
{
    said_story now;
    now.raised();
    now.here.happen(owner_changed{crisis_id{"c-1"}, actor_id{"ops"}, actor_id{"bea"}, "end of shift"});
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).owner == actor_id{"bea"});
    now.here.happen(owner_changed{crisis_id{"c-1"}, actor_id{"ops"}, actor_id{"bea"}, ""});
    CHECK(now.here.repeated);
    now.here.happen(owner_changed{crisis_id{"c-1"}, actor_id{"ops"}, actor_id{}, ""});
    CHECK(now.here.refused->kind == refusal::cause::not_possible);
    now.here.restart();
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).owner == actor_id{"bea"});
}

TEST_CASE("without the ledger nothing becomes public", "[editions]")
{
    CHECK_FALSE(is_safe_without_ledger(publish_summary{}));
    CHECK_FALSE(is_safe_without_ledger(edit_summary{}));
    CHECK_FALSE(is_safe_without_ledger(pin_summary{}));
    CHECK_FALSE(is_safe_without_ledger(unpin_summary{}));
    CHECK(is_safe_without_ledger(read_pins{}));
}
