// What is not whole, and what one person may say alone: a text with a hole waits for a person's word, whoever asked for it; where two people
// are needed, one may break the glass, on record.
#include "tests/support/catch.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id hollow_id{"blog"};
const crisis_id hollow_flag{"c-1"};

statement with_hole(const std::string& text) { return {"en", text, static_cast<std::uint32_t>(text.size()), "reason"}; }

struct unsaid {
    explicit unsaid(bool two_people = false)
    {
        here.rules.playbooks.at("outage").undo = 20s;
        if (two_people)
            here.rules.playbooks.at("outage").two_person = severity::major;
    }

    void raise(statement words)
    {
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = "outage";
        flag.next_update_by = here.now + 45min;
        flag.now = true;
        flag.statements[hollow_id] = std::move(words);
        here.happen(flag);
        people.settle(there);
    }
    void ask(edition_kind kind, statement words, const std::string& break_glass = {}, const std::string& reason = {})
    {
        statement_asked what;
        what.crisis = hollow_flag;
        what.by = actor_id{"ann"};
        what.kind = kind;
        what.about = kind == edition_kind::summary ? "" : "It was the cable.";
        what.reason = reason;
        what.next_update_by = here.now + 45min;
        what.now = true;
        what.words[hollow_id] = std::move(words);
        what.break_glass = break_glass;
        here.happen(what);
    }
    void approve(const std::string& by, const std::string& break_glass = {})
    {
        here.happen(summary_approved{hollow_flag, actor_id{by}, break_glass});
        people.settle(there);
    }
    [[nodiscard]] const edition& newest() const { return here.known.crises.at(hollow_flag).editions.back(); }

    desk here;
    sayer people{here};
    wall there;
};

}  // namespace

TEST_CASE("a summary with a hole holds everything and says nothing until somebody says that it is meant so", "[editions][holes]")
{
    unsaid now;
    now.here.sees({promo("a", at("15:00"))});
    now.raise(with_hole("We know that is failing."));
    CHECK(now.here.of("a").state != hold_state::planned);  // the hold did not wait
    now.here.later(40min);
    now.here.happen(clock_ticked{});
    now.people.settle(now.there);
    CHECK(now.there.posts.empty());
    CHECK(now.here.summary_of().detail.find("nothing is given for {{reason}}") != std::string::npos);
    CHECK(is_settled(now.here.rules, now.here.known, now.here.known.crises.at(hollow_flag)));
    CHECK(now.here.known.pages.open.contains("summary-approval/c-1"));
    now.approve("ops");
    REQUIRE(now.there.posts.size() == 1);
    CHECK(now.there.posts[0].text == "We know that is failing.");
    CHECK(now.here.summary_of().state == summary_state::pinned);
}

TEST_CASE("the summary in other words takes the place of the one that waits, and what it says happened stays said",
          "[editions][holes]")
{
    unsaid now;
    now.raise(with_hole("We know that is failing."));
    now.ask(edition_kind::summary, {"en", "We know that the tills are failing."}, {}, "the tills");
    CHECK_FALSE(now.here.refused);
    CHECK(now.here.noted(record_kind::statement_undone));
    now.people.settle(now.there);
    REQUIRE(now.there.posts.size() == 1);
    CHECK(now.there.posts[0].text == "We know that the tills are failing.");
    const auto& flag = now.here.known.crises.at(hollow_flag);
    CHECK(flag.editions.front().undone);
    CHECK(flag.editions.back().number == 2);
    CHECK(reason_of(flag).text == "the tills");
    now.ask(edition_kind::summary, {"en", "Once more."});
    REQUIRE(now.here.refused);
    CHECK(now.here.refused->kind == refusal::cause::wrong_state);
    now.people.update("Half of it works.");
    CHECK(reason_of(now.here.known.crises.at(hollow_flag)).text == "the tills");
    statement_asked late;
    late.crisis = hollow_flag;
    late.by = actor_id{"ann"};
    late.about = "News.";
    late.reason = "tills and cards";
    late.next_update_by = now.here.now + 45min;
    late.words[hollow_id] = {"en", "News."};
    now.here.happen(late);
    CHECK(reason_of(now.here.known.crises.at(hollow_flag)).text == "tills and cards");
    now.people.undo();
    CHECK(reason_of(now.here.known.crises.at(hollow_flag)).text == "the tills");
}

TEST_CASE("what was given by language stands for all where only one can", "[editions]")
{
    CHECK(text_for_all({}).empty());
    CHECK(text_for_all({{"hu", "x"}, {"en", "y"}}) == "y");
    CHECK(text_for_all({{"und", "z"}, {"en", "y"}}) == "z");
}

TEST_CASE("the same wish is the same in every language", "[editions]")
{
    unsaid now{true};
    now.raise({"en", "We are on it."});
    statement_asked what;
    what.crisis = hollow_flag;
    what.by = actor_id{"ann"};
    what.about = "Cards work.";
    what.about_in = {{"en", "Cards work."}, {"hu", "A kártyák működnek."}};
    what.next_update_by = now.here.now + 45min;
    what.words[hollow_id] = {"en", "Cards work."};
    now.here.happen(what);
    CHECK(now.newest().about_in.at("hu") == "A kártyák működnek.");
    what.by = actor_id{"bea"};
    what.about_in["hu"] = "Semmi sem működik.";
    now.here.happen(what);
    CHECK_FALSE(now.here.repeated);
    CHECK_FALSE(now.newest().approved);
    what.about_in["hu"] = "A kártyák működnek.";
    now.here.happen(what);
    CHECK(now.here.repeated);
    CHECK(now.here.known.crises.at(hollow_flag).editions[1].approved_by == actor_id{"bea"});
}

TEST_CASE("who may say what alone, and what of it is on record", "[editions][review]")
{
    struct story {
        const char* name;
        bool two_people;
        bool hole;
        const char* break_glass;  // with the statement
        const char* approves;     // who says yes then; empty: nobody
        const char* with_glass;   // with that word
        bool is_out;
        int glasses;
    };
    const story stories[] = {
        {"one is enough", false, false, "", "", "", true, 0},
        {"one is enough, and breaks nothing", false, false, "in a hurry", "", "", true, 0},
        {"two are needed", true, false, "", "", "", false, 0},
        {"two are needed, and one says yes twice", true, false, "", "ann", "", false, 0},
        {"two agree", true, false, "", "bea", "", true, 0},
        {"one breaks the glass", true, false, "nobody is awake", "", "", true, 1},
        {"one breaks it later", true, false, "", "ann", "nobody is awake", true, 1},
        {"another one need not break it", true, false, "", "bea", "nobody is awake", true, 0},
        {"a hole needs a word", false, true, "", "", "", false, 0},
        {"a hole, and the same one says that it is meant so", false, true, "", "ann", "", true, 0},
        {"a hole is not what the glass is about", true, true, "nobody is awake", "", "", false, 1},
        {"a hole, a broken glass, and a word that needs it again", true, true, "nobody is awake", "ann", "", false, 1},
        {"a hole, and the glass broken for the word", true, true, "", "ann", "nobody is awake", true, 1},
        {"a hole, and another one's word", true, true, "", "bea", "", true, 0},
    };
    for (const auto& told : stories) {
        INFO(told.name);
        unsaid now{told.two_people};
        now.raise({"en", "We are on it."});
        now.ask(edition_kind::update, told.hole ? with_hole("Of: news.") : statement{"en", "Of it: news."}, told.break_glass);
        now.people.settle(now.there);
        if (*told.approves != '\0')
            now.approve(told.approves, told.with_glass);
        CHECK((now.there.posts.size() == 2) == told.is_out);
        CHECK(now.here.total(record_kind::glass_broken) == told.glasses);
        CHECK(now.here.known.pages.open.contains("glass-broken/c-1") == (told.glasses > 0));
        if (told.glasses > 0)
            CHECK(now.here.known.pages.open.at("glass-broken/c-1").said.what.find("nobody is awake") != std::string::npos);
    }
}

TEST_CASE("an all-clear that lowers a flag by a broken glass goes out; with a hole it waits", "[editions][holes]")
{
    for (bool hole : {false, true}) {
        unsaid now{true};
        now.raise({"en", "We are on it."});
        crisis_lowered down{hollow_flag, actor_id{"ops"}, "over", "nobody is awake"};
        down.now = true;
        down.about = "A cable.";
        down.all_clear[hollow_id] = hole ? with_hole("Over: .") : statement{"en", "It is over."};
        now.here.happen(down);
        CHECK(now.here.known.crises.at(hollow_flag).now == phase::lowered);
        CHECK(now.newest().about == "A cable.");
        now.people.settle(now.there);
        CHECK(now.there.posts.size() == (hole ? 1u : 2u));
        if (!hole)
            continue;
        now.approve("bea");
        CHECK(now.there.posts.size() == 2);
        CHECK(now.there.pinned.empty());
    }
}
