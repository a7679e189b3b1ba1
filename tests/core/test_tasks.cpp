// What only a person can do: exact words, a link, an owner, a time; done by a word, confirmed by reading back.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

struct by_hand {
    explicit by_hand(bool can_publish = false, bool can_pin = false)
        : here(make_policy({[&] {
              auto one = make_account("blog");
              one.can_publish = can_publish;
              one.can_pin = can_pin;
              one.can_reply = can_publish;
              return one;
          }()})),
          people{here}
    {
    }
    [[nodiscard]] const task& one(const std::string& id = "t-1") const { return here.known.tasks.at(id); }
    [[nodiscard]] std::size_t open() const { return count_open_tasks(here.known, crisis_id{"c-1"}); }
    void shows(const std::string& id, const std::string& text)
    {
        here.reads_feed({{post_id{id}, here.now, text, text, {}, "https://blog.example/" + id}});
    }

    desk here;
    sayer people;
    wall there;
};

}  // namespace

TEST_CASE("a platform that cannot publish: the words are a task, and seen in the feed they are out", "[tasks]")
{
    by_hand now;
    now.here.raise("outage", {}, true);
    REQUIRE(now.open() == 1);
    CHECK(now.one().kind == task_kind::publish);
    CHECK(now.one().text == "We are on it.");
    CHECK(now.one().due > now.here.now);
    CHECK(now.one().owner == actor_id{"ops"});
    CHECK(now.here.summary_of().state == summary_state::manual);
    now.here.happen(clock_ticked{});
    CHECK(now.here.known.pages.open.contains("task/c-1/t-1"));
    CHECK(wants_feed(now.here.known.accounts.at(account_id{"blog"}), now.here.now));
    now.shows("9", "Something else.");
    CHECK(now.open() == 1);
    now.here.later(1min);
    now.shows("10", "Acme\nWe are  on it.\n");  // pasted with blanks of its own
    CHECK(now.one().state == task_state::confirmed);
    CHECK(now.here.summary_of().edition == 1);
    CHECK(now.here.summary_of().remote == post_id{"10"});
    // It cannot be pinned by a call either.
    REQUIRE(now.open() == 1);
    CHECK(now.one("t-2").kind == task_kind::pin);
    CHECK(now.one("t-2").link == "https://blog.example/10");
    now.here.happen(clock_ticked{});
    CHECK_FALSE(now.here.known.pages.open.contains("task/c-1/t-1"));
}

TEST_CASE("a hand-made post is pinned by a call where there is one", "[tasks]")
{
    by_hand now{false, true};
    now.here.raise("outage", {}, true);
    now.shows("p7", "We are on it.");
    now.there.posts.push_back({post_id{"p7"}, "We are on it.", "", {}});
    now.people.settle(now.there);
    CHECK(now.there.pinned == std::vector{post_id{"p7"}});
    now.here.lower();
    now.people.settle(now.there);
    CHECK(now.there.pinned.empty());
}

TEST_CASE("a newer edition takes the task's place, a correction does not give way", "[tasks]")
{
    by_hand now;
    now.here.raise("outage", {}, true);
    now.people.update("Second.");
    CHECK(now.one("t-1").state == task_state::dropped);
    CHECK(now.one("t-2").text == "Second.");
    now.people.correct("The second was wrong.");
    now.people.update("Fourth.");
    CHECK(now.open() == 2);
    CHECK(now.one("t-3").state == task_state::open);
    CHECK(now.one("t-4").text == "Fourth.");
    now.here.lower();
    CHECK(now.one("t-3").state == task_state::open);  // what was wrong has to be put right all the same
    CHECK(now.one("t-4").state == task_state::dropped);
}

TEST_CASE("a person's word ends a task, and keeps a promise", "[tasks]")
{
    by_hand now;
    crisis_raised flag;
    flag.by = actor_id{"ops"};
    flag.playbook = "outage";
    flag.next_update_by = now.here.now + 45min;
    flag.statements[account_id{"blog"}] = {"en", "We are on it."};
    now.here.happen(flag);
    now.here.happen(task_done{"t-1", actor_id{"ann"}, "posted"});
    CHECK(now.one().state == task_state::done);
    CHECK(now.one().by == actor_id{"ann"});
    CHECK(now.open() == 0);
    now.people.update("Second.");
    now.here.later(10min);
    now.here.happen(task_done{"t-2", actor_id{"ann"}, "posted"});
    CHECK(now.here.known.crises.at(crisis_id{"c-1"}).promises_kept == 1);
    CHECK(now.here.summary_of().edition == 2);
    now.here.happen(task_done{"t-2", actor_id{"ann"}, ""});
    CHECK(now.here.repeated);
    now.here.happen(task_done{"t-9", actor_id{"ann"}, ""});
    CHECK(now.here.refused->kind == refusal::cause::unknown_target);
    now.here.restart();
    CHECK(now.one("t-2").state == task_state::done);
    CHECK(now.open() == 0);
    now.shows("77", "Second.");
    CHECK(now.one("t-2").state == task_state::confirmed);
}

TEST_CASE("words posted by hand keep a promise when they are seen in time", "[tasks]")
{
    by_hand now;
    now.here.rules.playbooks.at("outage").undo = 0s;
    crisis_raised flag;
    flag.by = actor_id{"ops"};
    flag.playbook = "outage";
    flag.next_update_by = now.here.now + 45min;
    flag.statements[account_id{"blog"}] = {"en", "We are on it."};
    now.here.happen(flag);
    now.shows("1", "We are on it.");
    now.people.update("Second.");
    now.here.later(10min);
    now.shows("2", "Second.");
    const auto& known = now.here.known.crises.at(crisis_id{"c-1"});
    CHECK(known.promises_kept == 1);
    CHECK(known.next_update_by > now.here.now + 30min);
    CHECK(now.here.summary_of().edition == 2);
}

TEST_CASE("nothing has to be posted by hand within the undo window or before an approval", "[tasks]")
{
    by_hand now;
    now.here.rules.playbooks.at("outage").undo = 20s;
    now.here.raise("outage", {}, true);
    now.here.happen(clock_ticked{});
    CHECK(now.open() == 0);
    now.here.later(20s);
    now.here.happen(clock_ticked{});
    CHECK(now.open() == 1);
}

TEST_CASE("pinned by hand, unpinned by hand", "[tasks]")
{
    by_hand now{true, false};
    now.here.raise("outage", {}, true);
    now.people.settle(now.there);
    REQUIRE(now.open() == 1);
    CHECK(now.one().kind == task_kind::pin);
    CHECK(now.one().post == post_id{"p1"});
    now.people.update("Second.");
    now.people.settle(now.there);
    CHECK(now.one("t-1").state == task_state::dropped);
    CHECK(now.one("t-2").post == post_id{"p2"});
    now.here.happen(task_done{"t-2", actor_id{"ann"}, ""});
    now.here.lower();
    REQUIRE(now.open() == 1);
    CHECK(now.one("t-3").kind == task_kind::unpin);
    CHECK(now.one("t-3").link == "https://blog.example/p2");
}

TEST_CASE("a post that a person has to stop is a task until it is seen stopped", "[tasks]")
{
    desk here{make_policy({make_account("blog", {})})};
    here.sees({promo("a", at("15:00")), promo("b", at("16:00")), promo("c", at("17:00"))});
    here.raise();
    here.offer();
    REQUIRE(here.count(hold_state::manual) == 3);
    REQUIRE(count_open_tasks(here.known, crisis_id{"c-1"}) == 3);
    const auto& first = here.known.tasks.at(here.known.due_tasks.begin()->id);
    CHECK(first.kind == task_kind::stop_post);
    CHECK(first.post == post_id{"a"});
    CHECK(first.due == at("15:00"));
    here.later(1min);
    here.sees({promo("b", at("16:00")), promo("c", at("17:00"))});
    here.offer();
    REQUIRE(here.answer_read(whereabouts::parked));
    CHECK(here.of("a").state == hold_state::held);
    CHECK(first.state == task_state::confirmed);
    CHECK(count_open_tasks(here.known, crisis_id{"c-1"}) == 2);
    here.lower();
    CHECK(count_open_tasks(here.known, crisis_id{"c-1"}) == 0);
}

TEST_CASE("tasks that are due are paged, those of later are not", "[tasks]")
{
    by_hand now;
    now.here.rules.pages.task_ahead = 1min;
    now.here.raise("outage", {}, true);
    now.here.happen(clock_ticked{});
    CHECK_FALSE(now.here.known.pages.open.contains("task/c-1/t-1"));
    now.here.later(14min);
    now.here.happen(clock_ticked{});
    REQUIRE(now.here.known.pages.open.contains("task/c-1/t-1"));
    CHECK(now.here.known.pages.open.at("task/c-1/t-1").said.todo.find("tasks done t-1") != std::string::npos);
    now.here.happen(task_done{"t-1", actor_id{"ann"}, ""});
    now.here.happen(clock_ticked{});
    CHECK_FALSE(now.here.known.pages.open.contains("task/c-1/t-1"));
}

TEST_CASE("what other hands publish is counted, and ours is not", "[tasks]")
{
    by_hand now{true, true};
    now.here.raise("outage", {}, true);
    now.people.settle(now.there);
    now.here.reads_feed({{post_id{"p1"}, now.here.now, "We are on it.", "", {}, ""},
                         {post_id{"5"}, now.here.now - 5min, "Hi", "hi", {}, ""},
                         {post_id{"6"}, now.here.now - 2h, "Old", "old", {}, ""}});
    auto counts = count_acts(now.here.known.accounts.at(account_id{"blog"}), now.here.now);
    CHECK(counts.ours == 1);
    CHECK(counts.others == 1);
    CHECK(count_acts(now.here.known.accounts.at(account_id{"blog"}), now.here.now + 1h).others == 0);
}

TEST_CASE("a pure queue: each edition is a task of its own with the place to post it, and a word makes it whole", "[tasks]")
{
    by_hand now;
    auto& declared = now.here.rules.accounts.at(account_id{"blog"});
    declared.can_read_feed = false;
    declared.profile = "https://social.example/@acme";
    now.here.raise("outage", {}, true);
    REQUIRE(now.open() == 1);
    CHECK(now.one().text == "We are on it.");
    CHECK(now.one().link == "https://social.example/@acme");
    now.here.happen(task_done{"t-1", actor_id{"ann"}, ""});
    CHECK(now.open() == 0);
    CHECK(now.here.summary_of().edition == 1);
    now.people.update("Second.");
    now.people.update("Third.");
    CHECK(now.one("t-2").state == task_state::dropped);
    CHECK(now.one("t-3").text == "Third.");
    CHECK(now.open() == 1);
    now.here.happen(task_done{"t-3", actor_id{"ann"}, ""});
    CHECK(now.here.summary_of().edition == 3);
    // Where it is pinned, nobody here knows: a person takes it down, and says so.
    now.here.lower();
    REQUIRE(now.open() == 1);
    CHECK(now.one("t-4").kind == task_kind::unpin);
    CHECK(now.one("t-4").link == "https://social.example/@acme");
    CHECK(now.here.summary_of().state == summary_state::manual);
    now.here.restart();
    now.here.happen(task_done{"t-4", actor_id{"ann"}, ""});
    CHECK(now.open() == 0);
    CHECK(now.here.summary_of().state == summary_state::unpinned);
}

TEST_CASE("where nothing was posted by hand, nothing has to be unpinned by hand", "[tasks]")
{
    by_hand now;
    now.here.raise("outage", {}, true);
    REQUIRE(now.open() == 1);
    now.here.lower();
    CHECK(now.open() == 0);
    CHECK(now.here.summary_of().state == summary_state::withdrawn);
}

TEST_CASE("an account that does not speak says nothing, also when that is new in the settings", "[tasks]")
{
    by_hand now{true, true};
    now.here.rules.playbooks.at("outage").undo = 20s;
    now.here.raise("outage", {}, true);
    now.here.rules.accounts.at(account_id{"blog"}).speaks = false;
    now.here.restart();
    now.here.later(1min);
    now.here.happen(clock_ticked{});
    now.people.settle(now.there);
    CHECK(now.there.posts.empty());
    CHECK(now.open() == 0);
    CHECK_FALSE(has_work(now.here.known, now.here.known.accounts.at(account_id{"blog"}), now.here.now));
    now.here.happen(reply_asked{crisis_id{"c-1"}, account_id{"blog"}, post_id{"q"}, "", actor_id{"ann"}, {"en", "Sorry."}});
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::not_possible);
    now.here.lower();
    CHECK(now.here.summary_of().state == summary_state::withdrawn);
}

TEST_CASE("unpinned by hand where pins can be read: seen at a poll, with the former pins; else by a word", "[tasks]")
{
    for (bool former_back : {true, false}) {
        INFO(former_back);
        by_hand now{true, true};
        now.here.rules.accounts.at(account_id{"blog"}).most_pins = 1;
        now.there.most_pins = 1;
        now.there.pinned = {post_id{"x"}};
        now.here.raise("outage", {}, true);
        now.people.settle(now.there);
        REQUIRE(now.there.pinned == std::vector{post_id{"p1"}});
        now.here.lower();
        now.here.offer();
        now.here.answer<unpin_summary>(failure::unsupported);
        REQUIRE(now.open() == 1);
        CHECK(now.one().kind == task_kind::unpin);
        auto look = [&] {
            now.here.later(61s);
            now.here.sees({});
            now.people.settle(now.there);
        };
        look();
        CHECK(now.open() == 1);  // it is still pinned
        CHECK(now.here.summary_of().state == summary_state::manual);
        now.there.pinned.clear();
        look();
        CHECK(now.open() == 1);  // what was pinned before is not
        if (former_back) {
            now.there.pinned = {post_id{"x"}};
            look();
            CHECK(now.one().state == task_state::confirmed);
        } else {
            now.here.happen(task_done{"t-1", actor_id{"ann"}, "it stays without"});
            CHECK(now.one().state == task_state::done);
        }
        CHECK(now.open() == 0);
        CHECK(now.here.summary_of().state == summary_state::unpinned);
        now.here.restart();
        CHECK(now.here.summary_of().state == summary_state::unpinned);
        CHECK(now.there.pinned.size() == (former_back ? 1u : 0u));
    }
}

TEST_CASE("pinned by hand where a call unpins: nobody is asked", "[tasks]")
{
    by_hand now{true, true};
    now.here.rules.playbooks.at("outage").lost_pin = pin_policy::report;
    now.here.raise("outage", {}, true);
    now.people.settle(now.there);
    now.there.pinned.clear();
    now.here.later(61s);
    now.here.sees({});
    now.people.settle(now.there);
    REQUIRE(now.open() == 1);
    now.here.happen(task_done{"t-1", actor_id{"ann"}, ""});
    now.there.pinned = {post_id{"p1"}};
    now.here.lower();
    CHECK(now.open() == 0);
    now.people.settle(now.there);
    CHECK(now.there.pinned.empty());
    CHECK(now.open() == 0);
}
