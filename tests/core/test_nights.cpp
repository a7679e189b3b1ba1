// What goes wrong between the steps of saying something: settings that change while a flag is up, words that wait until they are not
// true any more, and strangers at the pins.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id night_blog{"blog"};

struct night {
    explicit night(account one = make_account("blog")) : here(make_policy({std::move(one)})), people{here} {}

    static account can_all()
    {
        auto one = make_account("blog");
        one.can_reply = true;
        return one;
    }
    void raise(bool drill = false)
    {
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = "outage";
        flag.drill = drill;
        flag.next_update_by = here.now + 45min;
        flag.statements[night_blog] = {"en", drill ? "DRILL: we are on it." : "We are on it."};
        here.happen(flag);
    }
    // Out and pinned.
    void raised()
    {
        raise();
        people.settle(there);
        REQUIRE(here.summary_of().state == summary_state::pinned);
    }
    void two_people() { here.rules.playbooks.at("outage").two_person = severity::minor; }
    // Other settings, which come with a restart.
    void becomes_practice(bool practice)
    {
        here.rules.accounts.at(night_blog).practice = practice;
        here.restart();
    }
    void passes(milliseconds length) { people.pass(there, length); }
    void lower_with(const std::string& all_clear)
    {
        crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, "over"};
        down.all_clear[night_blog] = {"en", all_clear};
        here.happen(down);
    }
    void answers(const std::string& text = "Sorry.")
    {
        here.happen(reply_asked{crisis_id{"c-1"}, night_blog, post_id{"q"}, "", actor_id{"ann"}, {"en", text}});
    }
    [[nodiscard]] const crisis& flag() const { return here.known.crises.at(crisis_id{"c-1"}); }
    [[nodiscard]] bool showed(const std::string& text) const
    {
        return std::ranges::any_of(there.posts, [&](const auto& one) { return one.text == text; });
    }
    [[nodiscard]] std::vector<task> open_tasks() const
    {
        std::vector<task> all;
        for (const auto& [due, id] : here.known.due_tasks)
            all.push_back(here.known.tasks.at(id));
        return all;
    }

    desk here;
    sayer people;
    wall there;
};

}  // namespace

TEST_CASE("words of a drill never reach an account that stopped to be for practice, nor real ones one that became it",
          "[editions][drill][nights]")
{
    for (bool drill : {true, false}) {
        INFO((drill ? "a drill" : "a real flag"));
        night now{night::can_all()};
        now.here.rules.accounts.at(night_blog).practice = drill;
        now.here.rules.playbooks.at("outage").undo = 20s;
        now.raise(drill);
        now.answers();
        now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
        REQUIRE(now.here.known.replies.at("r-1").approved);
        now.becomes_practice(!drill);
        now.passes(2h);
        CHECK(now.there.posts.empty());
        CHECK(now.open_tasks().empty());
        CHECK_FALSE(has_work(now.here.known, now.here.known.accounts.at(night_blog), now.here.now));
        now.here.lower();
        now.passes(2min);
        CHECK(now.there.posts.empty());
        CHECK(now.here.summary_of().state == summary_state::withdrawn);
    }
}

TEST_CASE("a call of a drill without an answer is only looked for once the account is a real one", "[editions][drill][nights]")
{
    night now;
    now.here.rules.accounts.at(night_blog).practice = true;
    now.raise(true);
    now.here.offer();
    REQUIRE(now.here.answer<publish_summary>(failure::unknown_outcome));
    now.becomes_practice(false);
    now.passes(5min);
    CHECK(now.there.posts.empty());
    CHECK_FALSE(now.here.summary_of().recalled);
}

TEST_CASE("what was said before an account became one for practice is unpinned with the flag, whatever waited there",
          "[editions][drill][nights]")
{
    night now;
    now.there.pinned = {post_id{"x"}};
    now.two_people();
    now.raised();
    now.people.correct("Not the tills: the shop.");
    now.people.approve("bea");
    now.becomes_practice(true);
    now.passes(5min);
    CHECK(now.there.posts.size() == 1);
    now.here.happen(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, "over", "alone"});
    now.passes(5min);
    CHECK(now.there.posts.size() == 1);
    CHECK(now.there.pinned == std::vector{post_id{"x"}});
    CHECK(now.here.summary_of().state == summary_state::unpinned);
}

TEST_CASE("who asks for the same agrees to that, and to nothing else that waits", "[editions][nights]")
{
    night now;
    now.two_people();
    now.raised();
    now.people.say(edition_kind::update, "It was the supplier.", true, "ann");
    now.people.say(edition_kind::correction, "It is Mill Lane.", true, "ann");
    now.people.say(edition_kind::correction, "It is Mill Lane.", true, "bea");
    CHECK(now.here.repeated);
    CHECK(now.flag().editions.size() == 3);
    CHECK(now.flag().editions[2].approved_by == actor_id{"bea"});
    CHECK_FALSE(now.flag().editions[1].approved);  // nobody but its author has read it
    now.passes(5min);
    CHECK(now.showed("It is Mill Lane."));
    CHECK_FALSE(now.showed("It was the supplier."));
}

TEST_CASE("words that promise a time which has passed cannot be approved; the same said anew can", "[editions][nights]")
{
    night now;
    now.two_people();
    now.raised();
    now.people.update("Half of it works.");
    now.passes(46min);
    now.people.approve("bea");
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::past_time);
    CHECK(now.here.refused->text.find("edition 2") != std::string::npos);
    now.people.say(edition_kind::update, "Half of it works.", true, "bea");  // the same wish, and words of now
    now.people.approve("ann");
    CHECK_FALSE(now.here.refused);
    now.passes(1min);
    REQUIRE(now.there.posts.size() == 2);
    CHECK(now.here.summary_of().edition == 3);
    CHECK(now.flag().next_update_by > now.here.now);
}

TEST_CASE("a correction that waited too long is approved all the same: nothing goes past it", "[editions][nights]")
{
    night now;
    now.two_people();
    now.raised();
    now.people.correct("It is Mill Lane.");
    now.passes(46min);
    now.people.update("Half of it works.");
    now.people.approve("bea");
    CHECK_FALSE(now.here.refused);
    now.passes(2min);
    REQUIRE(now.there.posts.size() == 3);
    CHECK(now.there.posts[1].text == "It is Mill Lane.");
    CHECK(now.there.posts[2].text == "Half of it works.");
}

TEST_CASE("a summary whose time passed while it waited is said in other words, and nobody approves the old ones",
          "[editions][nights]")
{
    night now;
    now.here.rules.playbooks.at("outage").publish = publish_mode::after_approval;
    now.raise();
    now.passes(50min);
    now.people.approve("bea");
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::past_time);
    now.people.say(edition_kind::summary, "We are still on it.");
    CHECK_FALSE(now.here.refused);
    now.people.approve("bea");
    now.passes(1min);
    REQUIRE(now.there.posts.size() == 1);
    CHECK(now.there.posts[0].text == "We are still on it.");
}

TEST_CASE("what a correction went past while it waited cannot be approved into nothing", "[editions][nights]")
{
    night now;
    now.two_people();
    now.raised();
    now.people.update("Half of it works.");
    now.people.say(edition_kind::correction, "It is Mill Lane.", true, "bea");
    now.people.say(edition_kind::correction, "It is Mill Lane.", true, "ann");
    now.passes(1min);
    REQUIRE(now.here.summary_of().edition == 3);
    now.people.approve("bea");
    REQUIRE(now.here.refused);  // it cannot go out any more, and a word of thanks would say that it does
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
    CHECK(now.here.refused->text.find("edition 2") != std::string::npos);
    now.people.say(edition_kind::update, "Half of it works.", true, "bea");  // not an approval of the one that is past
    CHECK_FALSE(now.here.repeated);
    now.people.approve("ann");
    now.passes(1min);
    CHECK(now.there.posts.back().text == "Half of it works.");
}

TEST_CASE("what waits for a word can be taken back when something newer is out, also after the flag", "[editions][nights]")
{
    night now;
    now.two_people();
    now.there.pinned = {post_id{"x"}};
    now.raised();
    now.people.correct("It is Mill Road.");  // wrong itself: nobody agrees
    crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, "over", "nobody else is awake"};
    down.all_clear[night_blog] = {"en", "It is over."};
    down.now = true;
    now.here.happen(down);
    now.passes(2min);
    CHECK(now.there.posts.size() == 1);  // the correction holds back what is newer
    now.here.happen(statement_undone{crisis_id{"c-1"}, actor_id{"ann"}, "wrong", 3});
    REQUIRE(now.here.refused);  // the all-clear's window is over: it, and nothing in its place
    CHECK_FALSE(now.flag().editions[1].undone);
    now.people.undo();
    CHECK_FALSE(now.here.refused);
    CHECK(now.here.made == "2");
    CHECK(now.flag().editions[1].undone);
    now.passes(2min);
    REQUIRE(now.there.posts.size() == 2);
    CHECK(now.there.posts[1].text == "It is over.");
    CHECK(now.there.pinned == std::vector{post_id{"x"}});
    now.people.undo();
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->text.find("all_clear") != std::string::npos);
}

TEST_CASE("an edit that was under way when the daemon ended keeps its place in the hour, whatever its next try says",
          "[editions][nights]")
{
    auto one = make_account("blog");
    one.can_edit = true;
    night now{one};
    now.raised();
    now.people.update("Half of it works.");
    auto call = now.here.next<edit_summary>();
    REQUIRE(call);
    now.there.carry(*call, now.here.now);  // it is public, and nobody hears of it
    for (int starts = 0; starts < 2; ++starts)
        now.here.restart();
    REQUIRE(now.here.next<edit_summary>());
    now.here.answer<edit_summary>(failure::unreachable);
    CHECK(count_acts(now.here.known.accounts.at(night_blog), now.here.now).ours == 2);
    now.passes(5min);
    CHECK(now.here.summary_of().edition == 2);
    CHECK(count_acts(now.here.known.accounts.at(night_blog), now.here.now).ours == 2);
}

TEST_CASE("a reply that is dropped, or ends with its flag, is nobody's task any more", "[replies][tasks][nights]")
{
    for (bool by_word : {true, false}) {
        INFO(by_word);
        night now;  // no call answers there
        now.raised();
        now.answers();
        now.here.happen(reply_approved{"r-1", actor_id{"bea"}});
        now.passes(6min);
        REQUIRE(now.open_tasks().size() == 1);
        CHECK(now.here.known.replies.at("r-1").state == reply_state::manual);
        if (by_word)
            now.here.happen(reply_dropped{"r-1", actor_id{"ann"}, "they wrote again"});
        else
            now.here.lower();
        CHECK(now.open_tasks().empty());
        CHECK(now.here.known.replies.at("r-1").state == reply_state::dropped);
        now.here.restart();
        CHECK(now.here.known.replies.at("r-1").state == reply_state::dropped);
        now.here.happen(task_done{"t-1", actor_id{"bea"}, ""});
        CHECK(now.here.refused);
        CHECK(now.here.known.replies.at("r-1").state == reply_state::dropped);
    }
}

TEST_CASE("where no call pins, an all-clear asks to unpin what was pinned by hand, and nothing else", "[tasks][nights]")
{
    for (bool pinned : {true, false}) {
        INFO(pinned);
        night now;
        now.here.rules.accounts.at(night_blog).can_pin = false;
        now.raise();
        now.people.settle(now.there);
        REQUIRE(now.open_tasks().size() == 1);
        if (pinned)
            now.here.happen(task_done{"t-1", actor_id{"ann"}, ""});
        now.lower_with("It is over.");
        now.passes(2min);
        CHECK(now.there.posts.size() == 2);
        auto open = now.open_tasks();
        REQUIRE(open.size() == (pinned ? 1u : 0u));
        if (pinned) {
            CHECK(open[0].kind == task_kind::unpin);
            CHECK(open[0].link == "https://blog.example/p1");
        }
        CHECK(now.here.total(record_kind::unpin_started) == 0);
        CHECK(is_settled(now.here.rules, now.here.known, now.flag()));
    }
}

TEST_CASE("where no call pins, a flag that is lowered while its summary is on the way leaves no pin to take down",
          "[tasks][nights]")
{
    night now;
    now.here.rules.accounts.at(night_blog).can_pin = false;
    now.raise();
    now.here.offer();
    REQUIRE(now.here.open.size() == 1);
    now.here.lower();
    now.people.settle(now.there);
    now.passes(2min);
    CHECK(now.there.posts.size() == 1);
    CHECK(now.open_tasks().empty());
    CHECK(now.here.total(record_kind::unpin_started) == 0);
    CHECK(is_settled(now.here.rules, now.here.known, now.flag()));
}

TEST_CASE("a stranger puts a post of their own in the place of ours: at the end the former pins stand as before",
          "[editions][nights]")
{
    for (std::size_t room : {1u, 3u}) {
        INFO(room);
        night now;
        now.here.rules.accounts.at(night_blog).most_pins = static_cast<int>(room);
        now.there.most_pins = room;
        for (std::size_t i = 0; i < room; ++i)
            now.there.pinned.push_back(post_id{"former" + std::to_string(i)});
        auto before = now.there.pinned;
        now.raised();
        std::erase(now.there.pinned, post_id{"p1"});
        now.there.pinned.insert(now.there.pinned.begin(), post_id{"theirs"});
        now.passes(3min);
        CHECK(now.there.pinned.front() == post_id{"p1"});
        now.here.lower();
        now.passes(10min);
        CHECK(now.here.summary_of().state == summary_state::unpinned);
        CHECK(now.there.pinned == before);
    }
}

TEST_CASE("a stranger took the place of a former pin when the flag comes down: a person says which one stays", "[editions][nights]")
{
    night now;
    now.here.rules.accounts.at(night_blog).most_pins = 1;
    now.there.most_pins = 1;
    now.there.pinned = {post_id{"x"}};
    now.raised();
    now.there.pinned = {post_id{"theirs"}};
    now.here.lower();
    now.passes(10min);
    CHECK(now.there.pinned == std::vector{post_id{"theirs"}});
    auto open = now.open_tasks();
    REQUIRE(open.size() == 1);
    CHECK(open[0].kind == task_kind::unpin);
    CHECK(open[0].what.find("what was pinned before") != std::string::npos);
    CHECK(is_settled(now.here.rules, now.here.known, now.flag()));
    now.there.pinned = {post_id{"x"}};
    now.passes(3min);
    CHECK(now.open_tasks().empty());
    CHECK(now.here.summary_of().state == summary_state::unpinned);
}

TEST_CASE("somebody takes the last place among the pins just before ours: room is made anew", "[editions][nights]")
{
    night now;
    now.here.rules.accounts.at(night_blog).most_pins = 2;
    now.there.most_pins = 2;
    now.there.pinned = {post_id{"x"}};
    now.raise();
    now.here.offer();
    auto publish = std::get<publish_summary>(now.here.asked.at(0).what);
    now.here.answer<publish_summary>(now.there.carry(publish, now.here.now));
    auto look = now.here.next<read_pins>();
    REQUIRE(look);
    now.here.answer<read_pins>(now.there.carry(*look, now.here.now));
    now.there.pinned = {post_id{"theirs"}, post_id{"x"}};  // full, and nobody here saw it
    now.passes(5min);
    CHECK(now.here.summary_of().state == summary_state::pinned);
    CHECK(now.there.pinned == std::vector{post_id{"p1"}, post_id{"theirs"}});
    now.here.lower();
    now.passes(5min);
    CHECK(now.here.summary_of().state == summary_state::unpinned);
    CHECK(now.there.pinned == std::vector{post_id{"theirs"}, post_id{"x"}});
}

TEST_CASE("ours is pinned and nobody hears of it, and a stranger takes its place: at the end the former pins stand as before",
          "[editions][nights]")
{
    for (std::size_t room : {1u, 2u, 3u}) {
        for (bool killed : {true, false}) {
            INFO(room << (killed ? ", killed" : ", no answer"));
            night now;
            now.here.rules.accounts.at(night_blog).most_pins = static_cast<int>(room);
            now.there.most_pins = room;
            for (std::size_t i = 0; i < room; ++i)
                now.there.pinned.push_back(post_id{"former" + std::to_string(i)});
            auto before = now.there.pinned;
            now.raise();
            auto publish = now.here.next<publish_summary>();
            now.here.answer<publish_summary>(now.there.carry(publish.value(), now.here.now));
            auto look = now.here.next<read_pins>();
            now.here.answer<read_pins>(now.there.carry(look.value(), now.here.now));
            now.there.carry(now.here.next<pin_summary>().value(), now.here.now);  // a former one made room, and no answer comes
            REQUIRE(now.there.pinned.front() == post_id{"p1"});
            now.there.pinned.front() = post_id{"theirs"};
            if (killed)
                now.here.restart();
            else
                now.here.answer<pin_summary>(failure::unknown_outcome);
            now.passes(5min);
            CHECK(now.here.summary_of().state == summary_state::pinned);
            CHECK(now.there.pinned.front() == post_id{"p1"});
            now.here.restart();
            now.here.lower();
            now.passes(10min);
            CHECK(now.here.summary_of().state == summary_state::unpinned);
            CHECK(now.there.pinned == before);
        }
    }
}

TEST_CASE("two flags make room at once: the second one puts down a former pin, not the post of the first", "[editions][nights]")
{
    night now;
    now.here.rules.accounts.at(night_blog).most_pins = 2;
    now.there.most_pins = 2;
    now.there.pinned = {post_id{"x"}, post_id{"y"}};
    now.raise();
    crisis_raised second;
    second.by = actor_id{"ops"};
    second.playbook = "recall";
    second.next_update_by = now.here.now + 45min;
    second.statements[night_blog] = {"en", "Do not eat it."};
    now.here.happen(second);
    now.passes(10min);
    CHECK(now.here.total(record_kind::pins_remembered) == 3);  // the second one saw the place of "y" taken by the first
    CHECK(now.there.pinned == std::vector{now.here.summary_of("c-2").remote, now.here.summary_of("c-1").remote});
}

TEST_CASE("what never went out while a correction waited goes out when the correction is taken back", "[editions][nights]")
{
    for (bool taken_back : {true, false}) {
        INFO(taken_back);
        night now;
        now.two_people();
        now.raise();
        auto call = now.here.next<publish_summary>();
        REQUIRE(call);
        now.here.answer<publish_summary>(failure::unknown_outcome);  // it did not arrive
        now.people.correct("It is Mill Lane.");
        now.passes(5min);
        CHECK(now.there.posts.empty());  // it was looked for, and what waits holds it back
        now.here.restart();
        if (taken_back)
            now.people.undo();
        else
            now.people.approve("bea");
        CHECK_FALSE(now.here.refused);
        now.passes(2min);
        REQUIRE(now.there.posts.size() == 1);
        CHECK(now.there.posts[0].text == (taken_back ? "We are on it." : "It is Mill Lane."));
        CHECK(now.here.summary_of().state == summary_state::pinned);
    }
}
