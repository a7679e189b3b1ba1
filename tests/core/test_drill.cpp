// A drill walks the way of a raise on practice accounts alone, and a real flag never takes that way there: tables, and random histories
// in which both are up at once.
#include <functional>

#include <rapidcheck.h>

#include "daemon/core/explain.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"
#include "tests/support/dice.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

account drill_account(const std::string& id, bool practice, const std::string& brand = "acme")
{
    auto one = make_account(id);
    one.practice = practice;
    one.labels = {{"brand", brand}};
    return one;
}

policy drill_policy(std::vector<account> accounts)
{
    auto rules = make_policy(std::move(accounts));
    for (const auto* name : {"duty", "notebook"})
        rules.pages.receivers[name] = page_receiver{};
    page_route practised;
    practised.name = "practice";
    practised.match = {{"drill", "true"}};
    practised.steps = {{0ms, {"notebook"}}};
    page_route everything;
    everything.steps = {{0ms, {"duty"}}};
    rules.pages.routes = {practised, everything};
    return rules;
}

class drill_desk : public desk {
public:
    explicit drill_desk(std::vector<account> accounts = {drill_account("blog", false), drill_account("sand", true)})
        : desk(drill_policy(std::move(accounts)))
    {
    }

    // Words for every account there is: which of them are meant is the core's to say.
    void flag(bool drill, const std::string& playbook = "outage", scope over = {})
    {
        crisis_raised what;
        what.by = actor_id{"ops"};
        what.playbook = playbook;
        what.over = std::move(over);
        what.drill = drill;
        what.next_update_by = now + 45min;
        for (const auto& [id, declared] : rules.accounts)
            what.statements[id] = {"en", drill ? "DRILL: we are on it." : "We are on it."};
        happen(what);
    }
    void queue_everywhere()
    {
        for (const auto& [id, declared] : rules.accounts)
            sees({promo("p1", at("15:00"))}, id.value);
    }
    [[nodiscard]] const halfmast::crisis& of_flag(const std::string& id) const { return known.crises.at(crisis_id{id}); }

    // Some time goes by; every letter is taken.
    void pass(milliseconds length)
    {
        for (auto end = now + length; now < end;) {
            later(5s);
            happen(clock_ticked{});
            while (!letters.empty()) {
                auto one = letters.front();
                letters.pop_front();
                told.push_back(one);
                happen(page_answered{one.group, one.receiver, one.id, std::nullopt, "202"});
            }
        }
    }
    std::vector<page_letter> told;
};

}  // namespace

TEST_CASE("a drill covers practice accounts in its scope, a real flag all others", "[drill]")
{
    struct row {
        bool practice;
        bool drill;
        scope over;
        bool covered;
    };
    const std::vector<row> rows{
        {false, false, {}, true},
        {false, true, {}, false},
        {true, false, {}, false},
        {true, true, {}, true},
        {true, true, {{"brand", "acme"}}, true},
        {true, true, {{"brand", "other"}}, false},
        {false, true, {{"account", "one"}}, false},
        {true, false, {{"account", "one"}}, false},
    };
    for (const auto& [practice, drill, over, covered] : rows) {
        INFO(practice << drill << to_string(over));
        auto one = drill_account("one", practice);
        CHECK(covers(over, drill, one) == covered);
        crisis flag;
        flag.over = over;
        flag.drill = drill;
        CHECK(covers(flag, one) == covered);
    }
}

TEST_CASE("a drill holds and speaks on practice accounts alone", "[drill]")
{
    drill_desk here;
    here.queue_everywhere();
    here.flag(true);
    CHECK_FALSE(here.refused);
    CHECK(here.of_flag("c-1").drill);
    CHECK(here.has_hold("p1", "sand"));
    CHECK_FALSE(here.has_hold("p1", "blog"));
    CHECK(here.known.accounts.at(account_id{"sand"}).summaries.contains(crisis_id{"c-1"}));
    CHECK_FALSE(here.known.accounts.at(account_id{"blog"}).summaries.contains(crisis_id{"c-1"}));
    // What is scheduled meanwhile goes the same two ways.
    here.sees({promo("p1", at("15:00")), promo("p2", at("15:10"))}, "blog");
    here.sees({promo("p1", at("15:00")), promo("p2", at("15:10"))}, "sand");
    here.happen(clock_ticked{});
    CHECK(here.has_hold("p2", "sand"));
    CHECK_FALSE(here.has_hold("p2", "blog"));
}

TEST_CASE("a real flag never covers a practice account", "[drill]")
{
    drill_desk here;
    here.queue_everywhere();
    here.flag(false);
    CHECK_FALSE(here.of_flag("c-1").drill);
    CHECK(here.has_hold("p1", "blog"));
    CHECK_FALSE(here.has_hold("p1", "sand"));
    CHECK_FALSE(here.known.accounts.at(account_id{"sand"}).summaries.contains(crisis_id{"c-1"}));
}

TEST_CASE("a drill and a real flag of one playbook and scope are two flags; the second drill is the first one", "[drill]")
{
    drill_desk here;
    here.queue_everywhere();
    here.flag(true);
    here.flag(false);
    CHECK_FALSE(here.repeated);
    CHECK(here.crisis == crisis_id{"c-2"});
    here.flag(true);
    CHECK(here.repeated);
    CHECK(here.crisis == crisis_id{"c-1"});
    here.flag(false);
    CHECK(here.repeated);
    CHECK(here.crisis == crisis_id{"c-2"});
    // The one that ends leaves the other one alone.
    here.hold_all("blog");
    here.hold_all("sand");
    here.lower("c-1");
    CHECK(here.of_flag("c-2").now == phase::raised);
    CHECK(here.of("p1", "blog").covered_by == small_set<crisis_id>{crisis_id{"c-2"}});
    CHECK(here.of("p1", "sand").covered_by.empty());
    CHECK(here.of("p1", "sand").state == hold_state::held);  // a person lets it go, as in earnest
}

TEST_CASE("a drill is one after a restart too", "[drill]")
{
    drill_desk here;
    here.queue_everywhere();
    here.flag(true);
    here.flag(false);
    here.restart();
    CHECK(here.of_flag("c-1").drill);
    CHECK_FALSE(here.of_flag("c-2").drill);
    here.sees({promo("p1", at("15:00")), promo("p3", at("15:20"))}, "sand");
    here.happen(clock_ticked{});
    CHECK(here.of("p3", "sand").covered_by == small_set<crisis_id>{crisis_id{"c-1"}});
}

TEST_CASE("where nothing is practised a drill is refused, and what to write is said", "[drill]")
{
    drill_desk none({drill_account("blog", false)});
    none.flag(true);
    REQUIRE(none.refused);
    CHECK(none.refused->kind == refusal::cause::not_possible);
    CHECK(none.refused->text.find("practice = true") != std::string::npos);
    CHECK(none.known.crises.empty());

    drill_desk elsewhere({drill_account("blog", false), drill_account("sand", true, "other")});
    elsewhere.flag(true, "outage", {{"brand", "acme"}});
    REQUIRE(elsewhere.refused);
    CHECK(elsewhere.refused->text.find("brand=acme") != std::string::npos);
    CHECK_FALSE(no_drill(elsewhere.rules, {{"brand", "other"}}));
}

TEST_CASE("what a drill would do is planned on practice accounts alone", "[drill]")
{
    drill_desk here;
    here.queue_everywhere();
    auto acts = [&](bool drill) { return plan(here.rules, here.known, here.rules.playbooks.at("outage"), {}, drill, here.now); };
    REQUIRE(acts(true).size() == 1);
    CHECK(acts(true)[0].account == account_id{"sand"});
    REQUIRE(acts(false).size() == 1);
    CHECK(acts(false)[0].account == account_id{"blog"});
}

TEST_CASE("pages of a drill are in groups of their own, and a route tells them apart", "[drill][pages]")
{
    drill_desk here;
    here.flag(true);
    here.flag(false);
    here.happen(account_unread{account_id{"sand"}, problem{failure::auth_expired, "401", {}}});
    here.happen(account_unread{account_id{"blog"}, problem{failure::auth_expired, "401", {}}});
    here.pass(10s);
    const auto& groups = here.known.pages.groups;
    for (const auto* name : {"drill-crisis/c-1@practice", "drill-account-refused@practice", "crisis/c-2", "account-refused"}) {
        INFO(name);
        CHECK(groups.contains(name));
    }
    REQUIRE(here.told.size() == 4);
    std::set<std::string> keys;
    for (const auto& one : here.told) {
        INFO(one.group << ": " << one.what);
        CHECK(one.drill == (one.receiver == "notebook"));
        CHECK(one.drill == is_drill_group(one.group));
        CHECK(one.drill == (one.what.find("c-1") != std::string::npos || one.what.find("sand") != std::string::npos));
        CHECK(keys.insert(one.dedup).second);
    }
}

TEST_CASE("what only a person can do in a drill says so", "[drill]")
{
    auto sand = drill_account("sand", true);
    sand.can_publish = false;
    drill_desk here({drill_account("blog", false), sand});
    here.flag(true);
    REQUIRE(here.known.tasks.size() == 1);
    CHECK(here.known.tasks.begin()->second.what.starts_with("DRILL: "));
    CHECK(here.known.tasks.begin()->second.text == "DRILL: we are on it.");
}

TEST_CASE("a drill neither takes a signal for its own nor hushes one", "[drill]")
{
    drill_desk here;
    here.rules.signals.raise_at_most = severity::major;
    heard_signal said;
    said.source = "hook/shop";
    said.what = "checkout answers 500";
    said.playbook = "outage";
    said.wish = signal_wish::raise;
    here.flag(true);
    CHECK(may_raise_by_itself(here.known, here.rules.signals, said, severity::major, here.now));
    here.lower("c-1");
    here.later(1min);
    CHECK(may_raise_by_itself(here.known, here.rules.signals, said, severity::major, here.now));
    signal_received heard;
    heard.what = said;
    heard.flag.drill = true;  // what a signal raises is real
    heard.flag.next_update_by = here.now + 45min;
    here.happen(heard);
    REQUIRE(here.known.crises.contains(crisis_id{"c-2"}));
    CHECK_FALSE(here.of_flag("c-2").drill);
}

namespace {

const std::vector<std::string> drill_places{"a1", "a2", "s1", "s2"};  // s: practice
const std::vector<scope> drill_scopes{{}, {{"brand", "acme"}}, {{"brand", "other"}}, {{"account", "a1"}}, {{"account", "s1"}}};

// Drills and flags, people, faults and restarts at random, on real and practice accounts at once.
class mixed_history {
public:
    mixed_history()
        : here({drill_account("a1", false), drill_account("a2", false, "other"), drill_account("s1", true),
                drill_account("s2", true, "other")})
    {
    }

    void step()
    {
        auto where = *rc::gen::elementOf(drill_places);
        auto id = account_id{where};
        auto flag = "c-" + std::to_string(dice(1, 6));
        switch (dice(0, 13)) {
        case 0: {
            auto over = *rc::gen::elementOf(drill_scopes);
            auto drill = *rc::gen::arbitrary<bool>();
            auto playbook = *rc::gen::element<std::string>("outage", "recall");
            return happen([&] { here.flag(drill, playbook, over); });
        }
        case 1: return happen([&] { here.lower(flag); });
        case 2: return happen([&] { say(flag); });
        case 3: return happen([&] { here.restart(); });
        case 4: return happen([&] { here.happen(clock_ticked{}); });
        case 5: here.later(std::chrono::seconds{dice(1, 400)}); return;
        case 6: {
            statement words{"en", "Sorry.", 6};
            return happen([&] { here.happen(reply_asked{crisis_id{flag}, id, post_id{"q"}, "", actor_id{"ann"}, words}); });
        }
        case 7: {
            auto why = *rc::gen::element(failure::auth_expired, failure::unreachable);
            return happen([&] { here.happen(account_unread{id, problem{why, "no", {}}}); });
        }
        case 8:
        case 9: return happen([&] { here.sees(queue(), where); });
        default: return work(where);
        }
    }

    drill_desk here;

private:
    std::vector<post_ptr> queue()
    {
        std::vector<post_ptr> posts;
        auto most = dice(0, 5);
        for (int i = 0; i < most; ++i)
            posts.push_back(promo("p" + std::to_string(i), here.now + std::chrono::minutes{20 + i}));
        return posts;
    }

    void say(const std::string& flag)
    {
        statement_asked what;
        what.crisis = crisis_id{flag};
        what.by = actor_id{"ann"};
        what.kind = *rc::gen::element(edition_kind::update, edition_kind::correction, edition_kind::all_clear);
        what.now = true;
        if (what.kind != edition_kind::all_clear)
            what.next_update_by = here.now + 45min;
        for (const auto& name : drill_places)
            what.words[account_id{name}] = {"en", "News."};
        here.happen(what);
    }

    void work(const std::string& where)
    {
        happen([&] { here.offer(dice(1, 6), where); });
        for (int calls = dice(0, 6); calls > 0 && !here.open.empty(); --calls) {
            auto done = here.open.front();
            here.open.pop_front();
            outcome result;
            if (dice(0, 5) == 0)
                result = trouble(*rc::gen::element(failure::unknown_outcome, failure::rejected, failure::not_found));
            else if (const auto* read = std::get_if<read_posts>(&done.what))
                for (const auto& wanted : read->wanted)
                    result.readings.push_back({wanted.post, whereabouts::parked});
            else if (std::holds_alternative<publish_summary>(done.what))
                result.remote = post_id{"said-" + std::to_string(done.id)};
            happen([&] { here.happen(action_finished{done.id, done.account, done.what, result}); });
        }
    }

    [[nodiscard]] bool is_practice(const account_id& id) const { return here.rules.accounts.at(id).practice; }
    [[nodiscard]] bool is_drill(const crisis_id& id) const { return here.known.crises.at(id).drill; }

    void happen(const std::function<void()>& event)
    {
        auto before = here.ledger.size();
        event();
        for (const auto& one : here.asked)
            check(one);
        for (auto at = before; at < here.ledger.size(); ++at) {
            const auto& record = here.ledger[at];
            bool about_both = !record.account.empty() && here.known.crises.contains(record.crisis);
            if (about_both && record.kind != record_kind::request_refused)
                RC_ASSERT(is_practice(record.account) == is_drill(record.crisis));
        }
        for (; !here.letters.empty(); here.letters.pop_front()) {
            const auto& letter = here.letters.front();
            if (!letter.crisis.empty())
                RC_ASSERT(letter.drill == is_drill(letter.crisis));
        }
        for (const auto& [name, group] : here.known.pages.groups)
            for (const auto& key : group.pages)
                if (const auto& said = here.known.pages.open.at(key).said; !said.account.empty())
                    RC_ASSERT(is_practice(said.account) == is_drill_group(name));
        for (const auto& [id, where] : here.known.accounts) {
            for (const auto& [post, one] : where.holds)
                for (const auto& flag : one.seen_in)
                    RC_ASSERT(is_practice(id) == is_drill(flag));
            for (const auto& [flag, one] : where.summaries)
                RC_ASSERT(is_practice(id) == is_drill(flag));
        }
    }

    // Whatever leaves for an account belongs to a flag of its kind.
    void check(const action& one)
    {
        std::visit(
            [&](const auto& call) {
                if constexpr (requires { call.crisis; })
                    RC_ASSERT(is_practice(one.account) == is_drill(call.crisis));
            },
            one.what);
        if (const auto* held = std::get_if<hold_post>(&one.what))
            for (const auto& flag : here.of(held->post.value, one.account.value).covered_by)
                RC_ASSERT(is_practice(one.account) == is_drill(flag));
    }
};

}  // namespace

TEST_CASE("no act of a drill touches an account that is not for practice, and no real one touches what is", "[drill][properties]")
{
    std::size_t acts = 0, drills = 0;
    CHECK(rc::check("after every event", [&] {
        mixed_history story;
        auto steps = dice(10, 80);
        for (int i = 0; i < steps; ++i)
            story.step();
        for (const auto& [id, flag] : story.here.known.crises)
            drills += flag.drill;
        acts +=
            static_cast<std::size_t>(story.here.total(record_kind::hold_started) + story.here.total(record_kind::summary_started));
    }));
    CHECK(drills > 0);  // else the histories told nothing
    CHECK(acts > 0);
}
