// Letters with a turned clock: who is told what and when, and that nothing is ever owed and forgotten.
#include <rapidcheck.h>

#include "tests/core/paging.hpp"
#include "tests/support/dice.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("a raise is told at once; lowering it says that it is over, and nothing is owed any more", "[pages]")
{
    paging_desk here;
    here.raise();
    CHECK(here.is_open("crisis/c-1"));
    here.pass(5s, 1s);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1"});
    const auto& letter = here.last_letter("crisis/c-1");
    CHECK(letter.what == "c-1 was raised by ops: outage: checkout is failing");
    CHECK(letter.owner == actor_id{"ops"});
    CHECK(letter.level == page_level::major);
    CHECK(letter.todo.find("halfmast lower c-1") != std::string::npos);
    CHECK(letter.since == at("14:00"));
    CHECK(letter.number == 1);

    here.lower();
    here.pass(5s, 1s);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1", "resolve crisis/c-1"});
    CHECK(here.last_letter("crisis/c-1").over_why == "c-1 was lowered by ops");
    CHECK(here.known.pages.groups.empty());
    CHECK(here.known.pages.open.empty());
    CHECK(here.total(record_kind::page_closed) == 1);
}

TEST_CASE("nobody acknowledges for an hour: the next ones are told, step by step, and all are told again", "[pages]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.raise();
    here.pass(9min);
    CHECK(here.heard("boss").empty());
    here.pass(2min);
    CHECK(here.heard("boss") == std::vector<std::string>{"trigger crisis/c-1"});
    CHECK(here.heard("mail").empty());
    here.pass(49min);
    CHECK(here.heard("mail").size() == 1);
    CHECK(here.heard("duty").size() == 2);  // after half an hour
    CHECK(here.heard("boss").size() == 2);
    CHECK(here.total(record_kind::page_escalated) == 2);
    // Every attempt is on record, with its outcome.
    CHECK(here.total(record_kind::page_sent) == here.total(record_kind::page_delivered));
}

TEST_CASE("acknowledging stops the escalation and the reminders, and tells those who know", "[pages]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.raise();
    here.pass(12min);
    here.acknowledge("crisis/c-1");
    CHECK_FALSE(here.refused);
    here.pass(2h);
    CHECK(here.heard("mail").empty());
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1", "acknowledge crisis/c-1"});
    CHECK(here.heard("boss") == std::vector<std::string>{"trigger crisis/c-1", "acknowledge crisis/c-1"});
    CHECK(here.last_letter("crisis/c-1").acknowledged_by == actor_id{"ann"});

    here.acknowledge("crisis/c-1", "bob");
    CHECK(here.repeated);
    CHECK(here.known.pages.groups.at("crisis/c-1").acknowledged_by == actor_id{"ann"});
    here.acknowledge("crisis/c-9");
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("a storm of ten thousand causes wakes a person once", "[pages]")
{
    std::vector<account> accounts;
    for (int i = 0; i < 10'000; ++i)
        accounts.push_back(make_account("a" + std::to_string(i)));
    paging_desk here{paging_policy(std::move(accounts))};
    here.rules.pages.crisis_open = 0ms;
    here.raise();
    here.pass(5s);
    here.told.clear();
    for (int i = 0; i < 10'000; ++i)
        here.happen(account_unread{account_id{"a" + std::to_string(i)}, {failure::auth_expired, "401", {}}});
    here.pass(4min, 10s);
    CHECK(here.heard_of("duty", "account-refused") == 1);
    CHECK(here.known.pages.groups.at("account-refused").pages.size() == 10'000);
    const auto& letter = here.last_letter("account-refused");
    CHECK(letter.count == 10'000);
    CHECK(letter.more.size() <= 5);
    here.acknowledge("account-refused/a77");  // any of them stands for all
    CHECK_FALSE(here.known.pages.groups.at("account-refused").acknowledged_by.empty());
}

TEST_CASE("ten thousand posts for a person at one account are one page with a number", "[pages]")
{
    auto plain = make_account("blog", {});
    paging_desk here{paging_policy({plain})};
    std::vector<post_ptr> posts;
    for (int i = 0; i < 1'500; ++i)
        posts.push_back(promo(std::to_string(i), at("14:20")));
    here.sees(posts);
    here.raise();
    for (int i = 0; i < 200; ++i)
        here.offer(100);
    here.pass(1min, 1s);
    REQUIRE(here.is_open("hold-manual/blog"));
    CHECK(here.heard_of("duty", "hold-manual/c-1") == 1);
    CHECK(here.known.pages.open.at("hold-manual/blog").said.count == 1'500);
    CHECK(here.total(record_kind::page_opened) < 20);  // not one for each post
    here.lower();
    here.pass(1min);
    CHECK_FALSE(here.has_group("hold-manual/c-1"));
}

TEST_CASE("what is over before it lasted long enough wakes nobody", "[pages]")
{
    paging_desk here;
    here.happen(account_unread{account_id{"blog"}, {failure::unreachable, "no route", {}}});
    CHECK(here.is_open("account-unreachable/blog"));
    here.pass(1min);
    here.sees({});
    here.pass(1h);
    CHECK(here.told.empty());
    CHECK(here.known.pages.groups.empty());
    CHECK(here.total(record_kind::page_sent) == 0);
}

TEST_CASE("a receiver that is down for ten minutes misses nothing, in order, and another stands in", "[pages]")
{
    paging_desk here;
    here.rules.pages.receivers["duty"].instead = "mail";
    here.rules.pages.routes = {make_route({{0ms, {"duty"}}})};
    here.trouble_of["duty"] = down();
    here.raise();
    here.pass(1min);
    CHECK(here.heard("mail").empty());  // not at once: its patience is two minutes
    // Something else of the same crisis happens meanwhile, and is over again.
    here.sees({promo("sale", at("14:03"))});
    here.pass(9min);
    CHECK(here.heard("duty").empty());
    CHECK(here.heard_of("mail", "crisis/c-1") == 1);
    CHECK(here.heard_of("mail", "hold-unconfirmed/c-1") == 1);  // behind the other in the line, and not forgotten
    CHECK(here.refused_letters > 5);
    CHECK(here.refused_letters < 40);  // with back-off, and one at a time

    here.trouble_of.clear();
    here.pass(2min);
    auto heard = here.heard("duty");
    REQUIRE(heard.size() >= 2);
    CHECK(heard[0] == "trigger crisis/c-1");
    CHECK(heard[1] == "trigger hold-unconfirmed/c-1");
    CHECK(std::ranges::count(heard, "trigger crisis/c-1") == 1);
}

TEST_CASE("what came and went while nobody took letters is told all the same, and then that it is over", "[pages]")
{
    paging_desk here;
    here.trouble_of["duty"] = down();
    here.raise();
    here.pass(5min);
    here.lower();
    here.pass(5min);
    CHECK(here.has_group("crisis/c-1"));
    here.trouble_of.clear();
    here.pass(2min);
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1", "resolve crisis/c-1"});
    CHECK(here.told.front().letter.over_at != time_point{});
    CHECK(here.known.pages.groups.empty());
}

TEST_CASE("a refusal for good goes to the one who stands in at once, and is not tried in a hot loop", "[pages]")
{
    paging_desk here;
    here.rules.pages.receivers["duty"].instead = "boss";
    here.rules.pages.routes = {make_route({{0ms, {"duty"}}})};
    here.trouble_of["duty"] = problem{failure::auth_expired, "answered 401", {}};
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.heard("boss") == std::vector<std::string>{"trigger crisis/c-1"});
    here.pass(14min);
    CHECK(here.refused_letters == 1);
    auto found = std::ranges::find(here.ledger, record_kind::page_escalated, &audit_record::kind);
    REQUIRE(found != here.ledger.end());
    CHECK(found->why == "duty does not take it, so boss is told: answered 401");
}

TEST_CASE("a 429 is waited for as long as it says", "[pages]")
{
    paging_desk here;
    here.rules.pages.routes = {make_route({{0ms, {"duty"}}})};
    here.trouble_of["duty"] = problem{failure::rate_limited, "answered 429", milliseconds{120'000}};
    here.raise();
    here.pass(2min, 1s);
    CHECK(here.refused_letters == 1);
    here.pass(10s, 1s);
    CHECK(here.refused_letters == 2);
}

TEST_CASE("who says \"at once\" with every refusal is not asked every second", "[pages]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.trouble_of["duty"] = problem{failure::rate_limited, "429, Retry-After of yesterday", milliseconds{1'000}};
    here.raise();
    here.pass(1h, 1s);
    CHECK(here.refused_letters > 20);
    CHECK(here.refused_letters < 150);  // duty's alone; as often as one that says nothing
}

TEST_CASE("acknowledged while its escalation is under way: who was called only because nobody answered is left alone", "[pages]")
{
    paging_desk here;
    here.rules.pages.crisis_open = 0ms;
    here.rules.pages.receivers["duty"].instead = "mail";
    here.trouble_of["boss"] = down();
    here.raise();
    here.pass(12min);
    REQUIRE(here.refused_letters > 0);  // the escalation is on its way to boss, and does not get there
    here.acknowledge("crisis/c-1");
    here.trouble_of.clear();
    here.pass(1h);
    CHECK(here.heard("boss").empty());
    CHECK(here.heard("duty") == std::vector<std::string>{"trigger crisis/c-1", "acknowledge crisis/c-1"});
    here.lower();
    here.pass(1min);
    CHECK(here.heard("boss").empty());
    CHECK(here.known.pages.groups.empty());  // and nothing is owed

    // A letter that is on the wire when somebody acknowledges is followed by that word.
    here.told.clear();
    here.raise("outage");
    here.lost.insert("boss");
    here.pass(12min);
    REQUIRE(here.unanswered.size() == 1);
    here.acknowledge("crisis/c-2");
    auto late = here.unanswered.front();
    here.lost.clear();
    here.happen(page_answered{late.group, late.receiver, late.id, std::nullopt, "202"});
    here.pass(1min);
    CHECK(here.heard("boss") == std::vector<std::string>{"acknowledge crisis/c-2"});
}

TEST_CASE("killed between sent and recorded: a second letter with the same id, never none", "[pages]")
{
    paging_desk here;
    here.lost = {"duty"};  // it got there, and the answer never came
    here.raise();
    here.pass(10s, 1s);
    REQUIRE(here.unanswered.size() == 1);
    auto first = here.unanswered.front();
    here.pass(1min);
    CHECK(here.unanswered.size() == 1);  // on its way: not sent twice while we live

    here.lost.clear();
    here.restart();
    here.pass(10s, 1s);
    REQUIRE(here.heard_of("duty", "crisis/c-1") == 1);
    const auto& second = here.last_letter("crisis/c-1");
    CHECK(second.id == first.id);
    CHECK(second.dedup == first.dedup);
    CHECK(second.attempt == 2);
    here.restart();
    here.pass(1min);
    CHECK(here.heard_of("duty", "crisis/c-1") == 1);  // what is recorded is not said again
}

TEST_CASE("a back-off outlives a restart", "[pages]")
{
    paging_desk here;
    here.rules.pages.routes = {make_route({{0ms, {"duty"}}})};
    here.trouble_of["duty"] = problem{failure::rate_limited, "answered 429", milliseconds{600'000}};
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.refused_letters == 1);
    here.restart();
    here.pass(9min);
    CHECK(here.refused_letters == 1);
}

TEST_CASE("a new cause of an acknowledged group is news, more of the same is an update", "[pages]")
{
    auto accounts = std::vector{make_account("blog", {}), make_account("news", {})};
    paging_desk here{paging_policy(accounts)};
    here.sees({promo("a", at("14:20"))}, "blog");
    here.sees({}, "news");
    here.raise();
    here.offer();
    here.pass(10s, 1s);
    CHECK(here.heard_of("duty", "hold-manual/c-1") == 1);
    here.acknowledge("hold-manual/c-1");
    here.pass(1min);
    auto before = here.heard_of("boss", "hold-manual/c-1");

    here.sees({promo("a", at("14:20")), promo("b", at("14:21"))}, "blog");
    here.offer();
    here.pass(7min);
    CHECK(here.last_letter("hold-manual/c-1").count == 2);
    CHECK_FALSE(here.known.pages.groups.at("hold-manual/c-1").acknowledged_by.empty());

    here.sees({promo("c", at("14:25"))}, "news");
    here.offer(100, "news");
    here.pass(30s, 1s);
    CHECK(here.known.pages.groups.at("hold-manual/c-1").acknowledged_by.empty());
    CHECK(here.last_letter("hold-manual/c-1").count == 3);
    here.pass(11min);
    CHECK(here.heard_of("boss", "hold-manual/c-1") == before + 1);
}

TEST_CASE("pages ask nothing of a platform and hold nothing up", "[pages]")
{
    paging_desk here;
    here.sees({promo("sale", at("14:30"))});
    here.lost = {"duty", "boss", "mail"};
    here.raise();
    here.pass(10s, 1s);
    CHECK(here.unanswered.size() == 1);
    CHECK(here.known.accounts.at(account_id{"blog"}).in_flight == 0);
    CHECK(here.next<hold_post>().has_value());
}

TEST_CASE("whatever happens: what was told and what is owed agree, and a replay knows the same", "[pages][property]")
{
    rc::check("pages", [] {
        paging_desk here{paging_policy({make_account("blog"), make_account("news", {})})};
        here.rules.pages.receivers["duty"].instead = "mail";
        const auto steps = *rc::gen::container<std::vector<int>>(40, evenly(0, 12));
        for (int what : steps) {
            auto id = account_id{what % 2 == 0 ? "blog" : "news"};
            switch (what) {
            case 0: here.raise(); break;
            case 1: here.lower("c-1"); break;
            case 2: here.lower("c-2"); break;
            case 3: here.happen(account_unread{id, {failure::auth_expired, "401", {}}}); break;
            case 4: here.happen(account_unread{id, {failure::unreachable, "gone", {}}}); break;
            case 5: here.sees({promo("p" + std::to_string(here.ledger.size()), here.now + 10min)}, id.value); break;
            case 6:
                here.offer(10, "blog");
                here.offer(10, "news");
                break;
            case 7: here.trouble_of["duty"] = down(); break;
            case 8: here.trouble_of.clear(); break;
            case 9: here.restart(); break;
            case 10:
                if (!here.known.pages.groups.empty())
                    here.acknowledge(here.known.pages.groups.begin()->first);
                break;
            default: here.pass(7min, 20s); break;
            }
            here.happen(clock_ticked{});
            here.answer_all();
        }
        // Every page stands in exactly one group, and every group that has pages is one that they name.
        std::size_t in_groups = 0;
        for (const auto& [name, group] : here.known.pages.groups)
            for (const auto& key : group.pages) {
                ++in_groups;
                RC_ASSERT(here.known.pages.open.at(key).group == name);
            }
        RC_ASSERT(in_groups == here.known.pages.open.size());
        state replayed;
        for (const auto& record : here.ledger)
            apply(replayed, record);
        RC_ASSERT(replayed.pages.groups.size() == here.known.pages.groups.size());
        RC_ASSERT(replayed.pages.open.size() == here.known.pages.open.size());
        for (const auto& [name, group] : here.known.pages.groups) {
            const auto& other = replayed.pages.groups.at(name);
            RC_ASSERT(other.pages == group.pages);
            RC_ASSERT(other.version == group.version);
            RC_ASSERT(other.level == group.level);
            RC_ASSERT(other.acknowledged_by == group.acknowledged_by);
            RC_ASSERT(other.to.size() == group.to.size());
        }
        // When all receivers are well and everything is over, nothing is owed, and nobody believes that something is open.
        here.trouble_of.clear();
        for (int i = 1; i < 20; ++i)
            here.lower("c-" + std::to_string(i));
        here.sees({}, "blog");
        here.sees({}, "news");
        for (int round = 0; round < 3; ++round) {
            here.hold_all("blog");
            here.pass(15min, 20s);
        }
        std::map<std::pair<std::string, std::string>, page_verb> last;
        for (const auto& one : here.told)
            last[{one.receiver, one.group}] = one.verb;
        for (const auto& [who, verb] : last)
            RC_ASSERT(verb == page_verb::resolve || here.known.pages.groups.contains(who.second));
        RC_ASSERT(here.known.pages.groups.empty());
    });
}
