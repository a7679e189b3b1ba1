// Replies with a cool head: a wait, a second person, a place in the hour, and never twice.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

struct answered {
    explicit answered(bool can_reply = true)
        : here(make_policy({[&] {
              auto one = make_account("blog");
              one.can_reply = can_reply;
              one.text_limit = 100;
              return one;
          }()})),
          people{here}
    {
        here.raise("outage", {}, true);
        people.settle(there);
    }
    void ask(const std::string& text = "Write to help@acme.example, please.", const std::string& by = "ann")
    {
        here.happen(reply_asked{
            crisis_id{"c-1"}, account_id{"blog"}, post_id{"q1"}, "https://blog.example/q1", actor_id{by}, {"en", text}});
    }
    [[nodiscard]] const reply& one(const std::string& id = "r-1") const { return here.known.replies.at(id); }

    desk here;
    sayer people;
    wall there;
};

}  // namespace

TEST_CASE("a reply waits, needs a second person, and is an answer in the thread", "[replies]")
{
    answered now;
    now.ask();
    REQUIRE_FALSE(now.here.refused);
    now.here.later(6min);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
    now.here.happen(reply_approved{"r-1", actor_id{"ann"}});
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::same_person);
    now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    CHECK_FALSE(now.here.refused);
    auto call = now.here.next<publish_summary>();
    REQUIRE(call);
    CHECK(call->in_reply_to == post_id{"q1"});
    CHECK(call->reply == "r-1");
    CHECK(call->edition == 0);
    CHECK(call->key.ends_with("-r-1"));
    now.here.answer<publish_summary>(now.there.carry(*call, now.here.now));
    CHECK(now.one().state == reply_state::published);
    CHECK(now.one().approved_by == actor_id{"bea"});
    CHECK(now.here.summary_of().edition == 1);
    now.here.happen(reply_dropped{"r-1", actor_id{"ann"}, ""});
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
}

TEST_CASE("an approved reply still waits its time, and the settings may want neither", "[replies]")
{
    answered now;
    now.ask();
    now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    now.here.later(4min);
    now.here.offer();
    CHECK(now.here.asked.empty());
    now.here.later(1min);
    CHECK(has_work(now.here.known, now.here.known.accounts.at(account_id{"blog"}), now.here.now));
    CHECK(now.here.next<publish_summary>());

    answered quick;
    quick.here.rules.playbooks.at("outage").reply_wait = 0s;
    quick.here.rules.playbooks.at("outage").reply_second_person = false;
    quick.ask();
    CHECK(quick.here.next<publish_summary>());
}

TEST_CASE("a reply without an answer from the platform is looked for, also over a restart", "[replies]")
{
    for (bool carried : {true, false}) {
        answered now;
        now.here.rules.playbooks.at("outage").reply_wait = 0s;
        now.ask();
        now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
        auto call = now.here.next<publish_summary>();
        REQUIRE(call);
        if (carried)
            now.there.carry(*call, now.here.now);
        now.here.restart();
        auto again = now.here.next<publish_summary>();
        REQUIRE(again);
        CHECK(again->look_first);
        CHECK(again->key == call->key);
        now.people.settle(now.there);
        CHECK(now.there.copies(call->key) == 1);
    }
}

TEST_CASE("lowered: what did not leave is dropped, what may be out is only looked for", "[replies]")
{
    answered waits;
    waits.ask();
    waits.here.lower();
    CHECK(waits.one().state == reply_state::dropped);

    answered unknown;
    unknown.here.rules.playbooks.at("outage").reply_wait = 0s;
    unknown.ask();
    unknown.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    REQUIRE(unknown.here.next<publish_summary>());
    unknown.here.answer<publish_summary>(failure::unknown_outcome);
    unknown.here.lower();
    unknown.here.later(2min);
    unknown.people.settle(unknown.there);
    CHECK(unknown.one().state == reply_state::dropped);
    CHECK(unknown.there.posts.size() == 1);
}

TEST_CASE("replies count against the hour, and never take the last place", "[replies]")
{
    answered now;
    auto& book = now.here.rules.playbooks.at("outage");
    book.reply_wait = 0s;
    book.reply_second_person = false;
    book.most_public_acts = 3;
    for (int i = 0; i < 4; ++i)
        now.ask("Answer " + std::to_string(i));
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 2);  // the summary and one reply
    CHECK(now.one("r-2").wakes_at != time_point{});
    now.people.correct("The summary was wrong.");
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 3);
    now.here.later(1h);
    now.here.happen(clock_ticked{});
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 5);
}

TEST_CASE("what a platform cannot answer is a task with the words to paste", "[replies]")
{
    answered now{false};
    now.ask();
    now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    CHECK(now.here.known.tasks.empty());
    now.here.later(5min);
    now.here.happen(clock_ticked{});
    REQUIRE(now.here.known.tasks.size() == 1);
    const auto& wanted = now.here.known.tasks.at("t-1");
    CHECK(wanted.kind == task_kind::reply);
    CHECK(wanted.text == "Write to help@acme.example, please.");
    CHECK(wanted.link == "https://blog.example/q1");
    CHECK(now.one().state == reply_state::manual);
    now.here.happen(task_done{"t-1", actor_id{"ann"}, "answered"});
    CHECK(now.one().state == reply_state::published);
}

TEST_CASE("replies that cannot be are refused", "[replies]")
{
    answered now;
    now.here.happen(reply_asked{crisis_id{"c-9"}, account_id{"blog"}, post_id{"q"}, "", actor_id{"ann"}, {"en", "x"}});
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    now.here.happen(reply_asked{crisis_id{"c-1"}, account_id{"nobody"}, post_id{"q"}, "", actor_id{"ann"}, {"en", "x"}});
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    now.ask("Hello {{name}}");
    CHECK(now.here.refused->kind == refusal::cause::not_possible);
    now.ask(std::string(101, 'x'));
    CHECK(now.here.refused->kind == refusal::cause::not_possible);
    now.here.happen(reply_approved{"r-9", actor_id{"bea"}});
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    now.ask();
    now.here.happen(reply_dropped{"r-1", actor_id{"ann"}, "no need"});
    CHECK_FALSE(now.here.refused);
    now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
    now.here.later(1h);
    now.people.settle(now.there);
    CHECK(now.there.posts.size() == 1);
}

TEST_CASE("a reply that waits for a second person is paged after a minute", "[replies]")
{
    answered now;
    now.ask();
    now.here.happen(clock_ticked{});
    auto open = now.here.known.pages.open.find("reply-approval/c-1");
    REQUIRE(open != now.here.known.pages.open.end());
    CHECK(open->second.said.what.find("r-1") != std::string::npos);
    now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
    now.here.happen(clock_ticked{});
    CHECK_FALSE(now.here.known.pages.open.contains("reply-approval/c-1"));
}
