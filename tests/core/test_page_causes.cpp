// What people have to know: each cause of a page, what opens it and what ends it.
#include "tests/core/paging.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("a post that a person has to stop is told half an hour before its time, and not days before", "[pages]")
{
    paging_desk here{paging_policy({make_account("blog", {})})};
    here.rules.pages.crisis_open = 0ms;
    here.sees({promo("late", at("16:00"))});
    here.raise();
    here.offer();
    CHECK(here.of("late").state == hold_state::manual);
    here.pass(89min, 10s);
    CHECK_FALSE(here.is_open("hold-manual/blog"));
    here.pass(2min);
    CHECK(here.is_open("hold-manual/blog"));
    CHECK(here.heard_of("duty", "hold-manual/c-1") == 1);
    CHECK(here.last_letter("hold-manual/c-1").what.find("blog/late is due 2026-03-01T16:00:00Z") != std::string::npos);
    here.acknowledge("hold-manual/c-1");
    here.restart();
    here.pass(1min);
    CHECK(here.heard_of("duty", "hold-manual/c-1") == 2);  // that it is in hand; nothing more after the restart
}

TEST_CASE("an escape is told until somebody has seen it", "[pages]")
{
    paging_desk here;
    here.sees({promo("sale", at("14:10"), "twenty percent off")});
    here.raise();
    here.hold_all();
    auto seen = publication{post_id{"99"}, at("14:10"), "twenty percent off", "twenty percent off", {}, "https://blog.example/99"};
    here.now = at("14:11");
    here.reads_feed({seen});
    REQUIRE(here.of("sale").state == hold_state::escaped);
    here.pass(5s, 1s);
    CHECK(here.last_letter("escape/c-1").what == "blog/sale went out although c-1 is up");
    CHECK(here.last_letter("escape/c-1").link == "https://blog.example/99");
    here.lower();
    here.pass(5s, 1s);
    CHECK(here.is_open("escape/c-1/blog"));  // lowering does not undo it
    here.acknowledge("escape/c-1");
    here.pass(5s, 1s);
    CHECK_FALSE(here.is_open("escape/c-1/blog"));
    CHECK(here.last_letter("escape/c-1").verb == page_verb::resolve);
    CHECK(here.last_letter("escape/c-1").over_why == "seen by ann");
}

TEST_CASE("the promise of an update is told before its time, and when it is missed", "[pages]")
{
    paging_desk here;
    crisis_raised flag;
    flag.by = actor_id{"ops"};
    flag.playbook = "outage";
    flag.next_update_by = at("14:45");
    here.happen(flag);
    here.pass(34min);
    CHECK_FALSE(here.is_open("update/c-1/due"));
    here.pass(2min);
    CHECK(here.is_open("update/c-1/due"));
    CHECK(here.last_letter("update/c-1").what == "the next update of c-1 is promised by 2026-03-01T14:45:00Z");
    here.acknowledge("update/c-1");
    here.pass(10min);
    CHECK(here.is_open("update/c-1/missed"));
    CHECK_FALSE(here.is_open("update/c-1/due"));
    CHECK(here.last_letter("update/c-1").what.find("is missed") != std::string::npos);
    CHECK(here.known.pages.groups.at("update/c-1").acknowledged_by.empty());  // missing it is news
}

TEST_CASE("a crisis that stays open is said again and again", "[pages]")
{
    paging_desk here;
    here.raise();
    here.pass(4h + 1min, 30s);
    CHECK(here.is_open("crisis-open/c-1/4h"));
    CHECK(here.last_letter("crisis-open/c-1").what == "c-1 (outage) has been up for 4h; its owner is ops");
    here.acknowledge("crisis-open/c-1");
    here.pass(1min);
    auto before = here.heard_of("duty", "crisis-open/c-1");
    here.pass(3h + 50min, 30s);
    CHECK(here.heard_of("duty", "crisis-open/c-1") == before);
    here.pass(15min, 30s);
    CHECK(here.is_open("crisis-open/c-1/8h"));
    CHECK_FALSE(here.is_open("crisis-open/c-1/4h"));
    CHECK(here.heard_of("duty", "crisis-open/c-1") > before);
}

TEST_CASE("a summary that waits for an approval, and one that fails", "[pages]")
{
    paging_desk here;
    here.rules.playbooks.at("outage").publish = publish_mode::after_approval;
    here.sees({});
    here.raise("outage", {}, true);
    here.pass(30s);
    CHECK(here.is_open("summary-approval/c-1"));
    CHECK(here.heard_of("duty", "summary-approval/c-1") == 0);  // who raises may approve at once
    here.pass(1min);
    CHECK(here.heard_of("duty", "summary-approval/c-1") == 1);
    here.happen(summary_approved{crisis_id{"c-1"}, actor_id{"ann"}});
    here.pass(5s);
    CHECK_FALSE(here.is_open("summary-approval/c-1"));
    for (int i = 0; i < 3; ++i) {
        here.offer();
        REQUIRE(here.answer<publish_summary>(failure::rejected));
        here.pass(1min);
    }
    CHECK(here.is_open("summary-failed/c-1/blog"));
    CHECK(here.last_letter("summary-failed/c-1").what.find("rejected") != std::string::npos);
    here.lower();
    here.pass(5s);
    CHECK_FALSE(here.is_open("summary-failed/c-1/blog"));
}

TEST_CASE("a release that failed is told, until somebody decides anew", "[pages]")
{
    paging_desk here;
    here.sees({promo("sale", at("15:00"))});
    here.raise();
    here.hold_all();
    here.lower();
    here.happen(release_requested{account_id{"blog"}, post_id{"sale"}, actor_id{"ann"}, {}, ""});
    here.offer();
    REQUIRE(here.answer<release_post>(failure::rejected));
    CHECK(here.is_open("release-failed/blog/sale"));
    here.pass(5s, 1s);
    CHECK(here.heard_of("duty", "release-failed") == 1);
    here.happen(keep_requested{account_id{"blog"}, post_id{"sale"}, actor_id{"ann"}, ""});
    CHECK_FALSE(here.is_open("release-failed/blog/sale"));
}

TEST_CASE("a refused credential is told at once, and that it works again", "[pages]")
{
    paging_desk here;
    here.happen(account_unread{account_id{"blog"}, {failure::auth_expired, "token refused (401)", {}}});
    here.pass(5s, 1s);
    CHECK(here.last_letter("account-refused").what
          == "blog refuses halfmast's credential: nothing can be held there: token refused (401)");
    here.sees({});
    here.pass(5s, 1s);
    CHECK(here.last_letter("account-refused").verb == page_verb::resolve);
}

TEST_CASE("trouble of the daemon itself: a state ends, a moment is seen", "[pages]")
{
    paging_desk here;
    here.happen(health_changed{"ledger", page_level::major, "the ledger cannot be written: disk full", "make room", false});
    here.happen(health_changed{"clock", page_level::major, "the clock was moved by 1h ahead", "look", true});
    here.pass(5s, 1s);
    CHECK(here.heard_of("duty", "ledger") == 1);
    CHECK(here.heard_of("duty", "clock") == 1);
    here.happen(health_changed{"ledger", page_level::major, "", "", false});
    here.pass(5s, 1s);
    CHECK_FALSE(here.is_open("ledger"));
    CHECK(here.is_open("clock"));
    here.acknowledge("clock");
    CHECK_FALSE(here.is_open("clock"));
}

TEST_CASE("what waits for a second person is told, until she decides", "[pages]")
{
    auto rules = paging_policy();
    for (auto& [name, book] : rules.playbooks)
        book.two_person = severity::major;
    paging_desk here{rules};
    here.sees({promo("a", at("20:00")), promo("b", at("21:00"))});
    here.raise();
    here.hold_all("blog");
    release_requested asked;
    asked.account = account_id{"blog"};
    asked.post = post_id{"a"};
    asked.by = actor_id{"maria"};
    asked.why = "it is harmless";
    asked.during_crisis = true;
    here.happen(asked);
    REQUIRE(here.waits == "a-1");
    here.pass(50s);
    CHECK(here.heard_of("duty", "second-person/c-1") == 0);  // she may sit beside her
    here.pass(20s);
    REQUIRE(here.heard_of("duty", "second-person/c-1") == 1);
    const auto& said = here.last_letter("second-person/c-1");
    CHECK(
        said.what
        == "1 decision waits for a second person; maria wants to let blog/a go, which is due 2026-03-01T20:00:00Z: it is harmless");
    CHECK(said.todo == "halfmast queue asks; to agree: halfmast queue second a-1");
    here.restart();
    here.pass(10s);
    CHECK(here.is_open("second-person/c-1"));
    here.happen(second_given{"a-1", actor_id{"jon"}, "seen"});
    here.pass(10s);
    CHECK_FALSE(here.is_open("second-person/c-1"));
    CHECK(here.heard("duty").back() == "resolve second-person/c-1");

    crisis_lowered down{crisis_id{"c-1"}, actor_id{"maria"}, "it works again"};
    here.happen(down);
    here.pass(70s);
    CHECK(here.last_letter("second-person/c-1").what
          == "1 decision waits for a second person; maria wants to lower c-1: it works again");
    down.by = actor_id{"jon"};
    here.happen(down);
    here.pass(10s);
    CHECK_FALSE(here.is_open("second-person/c-1"));
}
