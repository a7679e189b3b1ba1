// Signals with a turned clock: what makes a proposal, what becomes of it, and what never does anything by itself.
#include <rapidcheck.h>

#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"
#include "tests/support/dice.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

heard_signal heard(const std::string& source = "hook/shop", const std::string& what = "checkout answers 500")
{
    heard_signal said;
    said.source = source;
    said.what = what;
    said.playbook = "outage";
    said.over = {{"brand", "acme"}};
    said.evidence = {"37 of 40 requests failed"};
    return said;
}

class signal_desk : public desk {
public:
    signal_desk() : desk(signal_policy()) {}

    void hear(heard_signal said)
    {
        signal_received what;
        what.what = std::move(said);
        what.flag.next_update_by = now + 45min;
        happen(what);
    }
    void word(proposal_verdict verdict, const std::string& id = "p-1", const std::string& why = "")
    {
        proposal_decided what;
        what.proposal = id;
        what.verdict = verdict;
        what.by = actor_id{"ann"};
        what.why = why;
        what.flag.next_update_by = now + 45min;
        happen(what);
    }
    void pass(milliseconds length, milliseconds by = 10s)
    {
        for (auto end = now + length; now < end;) {
            later(std::min<milliseconds>(by, end - now));
            happen(clock_ticked{});
            answer_letters();
        }
    }
    void answer_letters()
    {
        while (!letters.empty()) {
            auto one = letters.front();
            letters.pop_front();
            told.push_back(one);
            happen(page_answered{one.group, one.receiver, one.id, std::nullopt, "202"});
        }
    }
    [[nodiscard]] const proposal& of(std::uint64_t number = 1) const { return known.proposals.all.at(number); }
    [[nodiscard]] bool paged(const std::string& id = "p-1") const { return known.pages.open.contains("proposal/" + id); }

    std::vector<page_letter> told;

private:
    static policy signal_policy()
    {
        auto rules = make_policy();
        rules.pages.receivers["duty"] = page_receiver{};
        page_route everything;
        everything.steps = {{0ms, {"duty"}}};
        rules.pages.routes = {everything};
        return rules;
    }
};

heard_signal raising(severity level = severity::major)
{
    auto said = heard();
    said.wish = signal_wish::raise;
    said.level = level;
    return said;
}

}  // namespace

TEST_CASE("a signal makes a proposal with its evidence, and a person is told; nothing is raised", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    CHECK(here.total(record_kind::proposal_made) == 1);
    CHECK(here.ledger[0].actor == actor_id{"hook/shop"});
    CHECK(here.known.crises.empty());
    CHECK(here.of().now == proposal_state::open);
    CHECK(here.of().level == severity::major);  // the playbook's
    CHECK(here.of().evidence == std::vector<std::string>{"37 of 40 requests failed"});
    REQUIRE(here.paged());
    here.pass(10s);
    REQUIRE(here.told.size() == 1);
    CHECK(here.told[0].what == "p-1: checkout answers 500 (hook/shop); shall 'outage' be raised over brand=acme?");
    CHECK(here.told[0].todo.find("halfmast proposals accept p-1") != std::string::npos);
}

TEST_CASE("a storm of ten thousand signals of one key is one proposal, one page and one letter", "[signals]")
{
    signal_desk here;
    for (int i = 0; i < 10'000; ++i) {
        here.hear(heard("hook/shop", "checkout answers 500, request " + std::to_string(i)));
        if (i % 100 == 99)
            here.pass(1s, 1s);
    }
    here.pass(2min);
    CHECK(here.known.proposals.all.size() == 1);
    CHECK(here.of().count == 10'000);
    CHECK(here.total(record_kind::page_opened) == 1);
    CHECK(here.told.size() == 1);
    CHECK(here.total(record_kind::proposal_grown) < 40);  // it doubles, or a minute passes: not one for each
}

TEST_CASE("what is worse than before is said again at once, and by another source is on record at once", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    auto worse = heard("spike/blog", "62 mentions in 5 minutes");
    worse.level = severity::critical;
    here.hear(worse);
    CHECK(here.known.proposals.all.size() == 1);
    CHECK(here.of().level == severity::critical);
    CHECK(here.of().sources == std::set<std::string>{"hook/shop", "spike/blog"});
    CHECK(here.of().what == "62 mentions in 5 minutes");
    CHECK(here.known.pages.open.at("proposal/p-1").said.level == page_level::critical);
}

TEST_CASE("many different signals at once are one storm of their source", "[signals]")
{
    signal_desk here;
    here.rules.signals.most_open = 10;
    for (int i = 0; i < 1000; ++i) {
        auto said = heard("hook/shop", "host " + std::to_string(i) + " is down");
        said.key = "host-" + std::to_string(i);
        here.hear(said);
    }
    CHECK(here.known.proposals.all.size() == 11);
    CHECK(here.of(11).key == "storm/hook/shop");
    CHECK(here.of(11).count + here.of(11).unnoted == 990);
}

TEST_CASE("a person accepts: it is a flag over the proposal's scope, and the page is over", "[signals]")
{
    signal_desk here;
    here.sees({promo("9", at("15:00"))});
    here.hear(heard());
    here.word(proposal_verdict::accept, "p-1", "I saw it");
    CHECK_FALSE(here.refused);
    CHECK(here.crisis == crisis_id{"c-1"});
    const auto& flag = here.known.crises.at(crisis_id{"c-1"});
    CHECK(flag.raised_by == actor_id{"ann"});
    CHECK(flag.why == "checkout answers 500");
    CHECK(flag.over == scope{{"brand", "acme"}});
    CHECK(here.has_hold("9"));
    CHECK(here.of().now == proposal_state::accepted);
    CHECK(here.of().crisis == crisis_id{"c-1"});
    CHECK_FALSE(here.paged());

    here.word(proposal_verdict::accept);
    CHECK(here.repeated);
    CHECK(here.crisis == crisis_id{"c-1"});
    here.word(proposal_verdict::dismiss);
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::wrong_state);
    CHECK(here.refused->text.find("halfmast lower c-1") != std::string::npos);
}

TEST_CASE("a dismissed one is not said again for a while, unless it is worse", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    here.word(proposal_verdict::dismiss, "p-1", "a test of ours");
    CHECK_FALSE(here.paged());
    here.pass(30min, 1min);
    here.hear(heard());
    CHECK(here.known.proposals.all.size() == 1);
    CHECK_FALSE(here.paged());
    auto worse = heard();
    worse.level = severity::critical;
    here.hear(worse);
    CHECK(here.known.proposals.all.size() == 2);
    CHECK(here.paged("p-2"));
    here.word(proposal_verdict::dismiss, "p-2");
    here.pass(61min, 1min);
    here.hear(heard());
    CHECK(here.paged("p-3"));
    here.word(proposal_verdict::accept, "p-2");
    REQUIRE(here.refused);
    CHECK(here.refused->text.find("dismissed") != std::string::npos);
}

TEST_CASE("nobody decides and it is not heard of again: it expires, and that is on record", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    here.pass(3h, 1min);
    here.hear(heard());
    here.pass(3h, 1min);
    CHECK(here.of().now == proposal_state::open);  // it was heard of
    here.pass(61min, 1min);
    CHECK(here.of().now == proposal_state::expired);
    CHECK(here.total(record_kind::proposal_expired) == 1);
    CHECK_FALSE(here.paged());
    here.hear(heard());
    CHECK(here.paged("p-2"));
}

TEST_CASE("it raises by itself at or below what the operator allowed, and not above", "[signals]")
{
    auto allowed = GENERATE(as<std::optional<severity>>{}, std::nullopt, severity::minor, severity::major, severity::critical);
    auto level = GENERATE(severity::minor, severity::major, severity::critical);
    signal_desk here;
    here.rules.signals.raise_at_most = allowed;
    here.hear(raising(level));
    bool raises = allowed && level <= *allowed && level > severity::minor;  // small things never start the plan
    CHECK(here.known.crises.size() == (raises ? 1u : 0u));
    CHECK(here.paged() == !raises);
    CHECK(here.of().now == (raises ? proposal_state::accepted : proposal_state::open));
    if (raises) {
        CHECK(here.known.crises.at(crisis_id{"c-1"}).raised_by == actor_id{"hook/shop"});
        CHECK(here.known.pages.open.contains("crisis/c-1"));
    }
}

TEST_CASE("what only proposes never raises, whatever is allowed", "[signals]")
{
    signal_desk here;
    here.rules.signals.raise_at_most = severity::critical;
    here.hear(heard());
    CHECK(here.known.crises.empty());
}

TEST_CASE("what raised a flag never lowers it: its end is told to a person", "[signals]")
{
    signal_desk here;
    here.rules.signals.raise_at_most = severity::critical;
    here.hear(raising());
    REQUIRE(here.known.crises.size() == 1);
    auto over = raising();
    over.ended = true;
    here.hear(over);
    here.pass(1h, 1min);
    CHECK(here.known.crises.at(crisis_id{"c-1"}).now == phase::raised);
    REQUIRE(here.known.pages.open.contains("signal-over/p-1"));
    CHECK(here.known.pages.open.at("signal-over/p-1").said.todo.find("halfmast lower c-1") != std::string::npos);
    here.hear(over);  // said again: nothing new
    CHECK(here.last.empty());
    here.lower();
    CHECK_FALSE(here.known.pages.open.contains("signal-over/p-1"));
}

TEST_CASE("a proposal ends when the last of its sources says that it is over", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    here.hear(heard("spike/blog"));
    auto over = heard();
    over.ended = true;
    here.hear(over);
    CHECK(here.of().now == proposal_state::open);
    over.source = "spike/blog";
    here.hear(over);
    CHECK(here.of().now == proposal_state::expired);
    CHECK_FALSE(here.paged());
    // The end of what was never heard of is nothing.
    over.key = "something else";
    here.hear(over);
    CHECK(here.known.proposals.all.size() == 1);
}

TEST_CASE("a flag that a person has just lowered is proposed again, and not raised", "[signals]")
{
    signal_desk here;
    here.rules.signals.raise_at_most = severity::critical;
    here.hear(raising());
    here.lower();
    here.pass(5min, 1min);
    here.hear(raising());
    CHECK(here.known.crises.size() == 1);
    CHECK(here.paged("p-2"));
    here.pass(2h, 1min);
    here.hear(raising());
    CHECK(here.known.crises.size() == 1);  // it waits for a person, and goes on waiting
    auto over = raising();
    over.ended = true;
    here.hear(over);
    CHECK(here.of(2).now == proposal_state::expired);
    here.hear(raising());
    CHECK(here.known.crises.size() == 2);
}

TEST_CASE("what was dismissed while it went on does not raise by itself either, until it was over or not heard of", "[signals]")
{
    signal_desk here;
    here.hear(heard());
    here.word(proposal_verdict::dismiss);
    here.rules.signals.raise_at_most = severity::critical;
    for (int i = 0; i < 9; ++i) {
        here.pass(10min, 1min);
        here.hear(raising());
    }
    CHECK(here.known.crises.empty());
    CHECK(here.paged("p-2"));  // an hour later it is said again, to a person
    here.word(proposal_verdict::dismiss, "p-2");
    auto over = raising();
    over.ended = true;
    here.hear(over);
    here.pass(61min, 1min);
    here.hear(raising());
    CHECK(here.known.crises.size() == 1);
}

TEST_CASE("what one source proposes another one may raise", "[signals]")
{
    signal_desk here;
    here.rules.signals.raise_at_most = severity::critical;
    here.hear(heard("spike/blog"));
    CHECK(here.known.crises.empty());
    here.hear(raising());
    CHECK(here.known.crises.size() == 1);
    CHECK(here.of().now == proposal_state::accepted);
    CHECK(here.known.proposals.all.size() == 1);
}

TEST_CASE("a flag that is up already takes the signal in, and nobody is woken again", "[signals]")
{
    signal_desk here;
    here.raise();
    auto before = here.total(record_kind::page_opened);
    here.hear(heard());
    CHECK(here.of().now == proposal_state::accepted);
    CHECK(here.of().crisis == crisis_id{"c-1"});
    here.hear(heard());
    here.pass(2min);
    CHECK(here.of().count == 2);
    CHECK(here.total(record_kind::page_opened) == before);
    // One that covers less is another matter.
    signal_desk there;
    there.raise("outage", {{"region", "eu"}});
    there.hear(heard());
    CHECK(there.of().now == proposal_state::open);
}

TEST_CASE("a signal for a playbook that is gone is still shown, and accepting it says which there are", "[signals]")
{
    signal_desk here;
    here.rules.signals.raise_at_most = severity::critical;
    auto said = raising();
    said.playbook = "gone";
    here.hear(said);
    CHECK(here.paged());
    CHECK_FALSE(here.refused);
    here.word(proposal_verdict::accept);
    REQUIRE(here.refused);
    CHECK(here.refused->text.find("outage") != std::string::npos);
    CHECK(here.of().now == proposal_state::open);
    here.word(proposal_verdict::accept, "p-77");
    REQUIRE(here.refused);
    CHECK(here.refused->kind == refusal::cause::unknown_target);
}

TEST_CASE("text from outside is cut at a character, and evidence keeps its beginning and its end", "[signals]")
{
    signal_desk here;
    std::string wide;
    for (int i = 0; i < 400; ++i)
        wide += "ű";
    here.hear(heard("hook/shop", wide));
    CHECK(here.of().what.size() <= 303);
    CHECK(here.of().what.ends_with("ű..."));
    for (int i = 0; i < 100; ++i) {
        auto more = heard("hook/shop-" + std::to_string(i));  // each on record at once
        more.evidence = {"line " + std::to_string(i)};
        here.hear(more);
    }
    CHECK(here.of().evidence.size() == 12);
    CHECK(here.of().evidence.front() == "37 of 40 requests failed");
    CHECK(here.of().evidence.back() == "line 99");
}

TEST_CASE("a restart knows every proposal, and whatever comes keeps its numbers", "[signals]")
{
    CHECK(rc::check("fold and live agree", [] {
        signal_desk here;
        here.rules.signals.raise_at_most = severity::major;
        const auto steps = *rc::gen::container<std::vector<int>>(evenly(0, 12));
        for (int one : steps) {
            auto said = heard(one % 2 == 0 ? "hook/shop" : "flag-file/outage");
            said.key = one % 3 == 0 ? "a" : "b";
            said.wish = one % 4 == 0 ? signal_wish::raise : signal_wish::propose;
            said.level = static_cast<severity>(one % 3);
            said.ended = one == 7;
            if (one < 8)
                here.hear(said);
            else if (one < 10)
                here.word(one == 8 ? proposal_verdict::accept : proposal_verdict::dismiss,
                          "p-" + std::to_string(here.known.proposals.next - 1));
            else if (one == 10)
                here.pass(30min, 5min);
            else
                here.lower();
        }
        here.pass(2min, 1min);  // what was only counted is on record
        auto live = here.known.proposals;
        here.restart();
        RC_ASSERT(here.known.proposals.next == live.next);
        RC_ASSERT(here.known.proposals.last == live.last);
        RC_ASSERT(here.known.proposals.all.size() == live.all.size());
        for (const auto& [number, one] : live.all) {
            auto again = here.known.proposals.all.at(number);
            again.heard_at = one.heard_at;
            again.unnoted = one.unnoted;
            RC_ASSERT(again == one);
        }
        for (const auto& [number, one] : live.all)  // never two that wait for the same thing
            for (const auto& [other, two] : live.all)
                RC_ASSERT(number == other || one.now != proposal_state::open || two.now != proposal_state::open
                          || one.key != two.key);
    }));
}
