// Whatever a request that needs the ledger changes, the way back leads to where it was.
#include <map>
#include <sstream>

#include "daemon/engine/way_back.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

template <class Set>
void draw_set(std::ostream& out, const char* name, const Set& all)
{
    out << "\n  " << name << ':';
    for (const auto& one : all)
        if constexpr (requires { one.due; })
            out << ' ' << format_utc(one.due) << '=' << one.post.value;
        else if constexpr (requires { one.value; })
            out << ' ' << one.value;
        else
            out << ' ' << one;
}

std::string draw(const hold& one)
{
    std::ostringstream out;
    out << to_string(one.state) << ' ' << one.remote.value << ' ' << to_string(one.judged.kind) << ' ' << one.in_flight
        << one.by_hand << one.answered << ' ' << one.attempts << ' ' << format_utc(one.changed_at) << ' ' << one.ask << ' '
        << one.detail;
    if (one.order)
        out << " order " << one.order->by.value << ' ' << format_utc(one.order->at);
    for (const auto& id : one.covered_by)
        out << " under " << id.value;
    for (const auto& id : one.exempt)
        out << " but " << id.value;
    return out.str();
}

void draw(std::ostream& out, const account_state& where)
{
    std::map<std::string, std::string> sorted;
    for (const auto& [id, one] : where.holds)
        sorted["hold " + id.value] = draw(one);
    for (const auto& [id, seen] : where.queue)
        sorted["queued " + id.value] = to_string(seen.judged.kind);
    for (const auto& [id, came] : where.came_from)
        sorted["came " + id.value] = came.value;
    for (const auto& [name, text] : sorted)
        out << "\n  " << name << ": " << text;
    draw_set(out, "wanted", where.wanted);
    draw_set(out, "planned", where.planned);
    draw_set(out, "unconfirmed", where.unconfirmed);
    draw_set(out, "releasing", where.releasing);
    draw_set(out, "undone", where.undone);
    draw_set(out, "delayed", where.delayed);
    draw_set(out, "watched", where.watched);
    draw_set(out, "let out", where.let_out);
    draw_set(out, "replies", where.replies);
    for (const auto& [id, said] : where.remarks)
        out << "\n  remark on " << id.value << " by " << said.judged_by.value;
    for (const auto& [id, one] : where.summaries)
        out << "\n  says of " << id.value << ": " << to_string(one.state) << ' ' << one.dealt << ' ' << format_utc(one.wakes_at);
    for (const auto& [id, numbers] : where.counts)
        for (auto number : numbers)
            out << ' ' << number;
}

std::string picture(const state& known)
{
    std::ostringstream out;
    for (const auto& [id, where] : known.accounts) {
        out << "\naccount " << id.value;
        draw(out, where);
    }
    for (const auto& [id, flag] : known.crises) {
        out << "\ncrisis " << id.value << ' ' << static_cast<int>(flag.now) << ' ' << flag.ask;
        for (const auto& one : flag.editions)
            out << ' ' << one.number << one.approved << one.undone;
    }
    for (const auto& [id, one] : known.asks)
        out << "\nask " << id;
    for (const auto& [id, one] : known.replies)
        out << "\nreply " << id << ' ' << one.approved;
    for (const auto& [id, one] : known.tasks)
        out << "\ntask " << id << ' ' << static_cast<int>(one.state);
    for (const auto& [id, one] : known.pages.open)
        out << "\npage " << id;
    out << "\nnext " << known.next_ask << ' ' << known.next_reply << ' ' << known.next_task << ' ' << known.next_action;
    return out.str();
}

// Two accounts under a flag: two posts held, one that nothing was done to yet, a summary and a reply that wait for a word.
struct crisis_morning {
    crisis_morning() : here(make_policy({speaker("blog"), speaker("shop")}))
    {
        auto& book = here.rules.playbooks.at("outage");
        book.publish = publish_mode::after_approval;
        here.sees({promo("p1", at("15:00")), promo("p2", at("16:00"))});
        here.sees({promo("s1", at("15:30"))}, "shop");
        here.raise("outage", {}, true);
        here.hold_all("blog");
        here.hold_all("shop");
        here.later(1s);
        here.sees({promo("p3", at("17:00"))});
        here.offer(0);
        here.happen(reply_asked{crisis_id{"c-1"}, account_id{"blog"}, post_id{"113"}, {}, actor_id{"ann"}, {"en", "Sorry."}});
    }
    static account speaker(const std::string& id)
    {
        auto one = make_account(id);
        one.can_reply = true;
        return one;
    }
    [[nodiscard]] release_requested release(const std::string& post, const std::string& by = "maria") const
    {
        return {account_id{"blog"}, post_id{post}, actor_id{by}, here.now + 2h, "", true};
    }
    [[nodiscard]] statement_asked update() const
    {
        statement_asked what;
        what.crisis = crisis_id{"c-1"};
        what.by = actor_id{"ann"};
        what.about = "Half of it works.";
        what.next_update_by = here.now + 45min;
        for (const auto* id : {"blog", "shop"})
            what.words[account_id{id}] = {"en", "Half of it works."};
        return what;
    }

    desk here;
};

// They change something, and then nothing is changed.
void leads_back(const desk& here, const std::vector<event>& asked)
{
    auto before = picture(here.known);
    auto known = here.known;
    std::vector<const event*> all;
    for (const auto& one : asked)
        all.push_back(&one);
    engine::way_back back{known, all};
    CHECK(picture(known) == before);
    for (const auto& one : asked) {
        auto made = decide(here.rules, std::move(known), one, here.now);
        CHECK_FALSE(made.refused);
        CHECK_FALSE(made.records.empty());
        known = std::move(made.next);
    }
    CHECK(picture(known) != before);
    std::move(back).go(known);
    CHECK(picture(known) == before);
}

}  // namespace

TEST_CASE("the way back from each request, and from several at once", "[engine]")
{
    crisis_morning day;
    const auto& here = day.here;
    REQUIRE(here.of("p1").state == hold_state::held);
    REQUIRE(here.of("p3").state == hold_state::planned);
    crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, ""};
    post_judged harmless{account_id{"blog"}, post_id{"p3"}, actor_id{"bea"}, post_class::essential, ""};
    summary_approved word{crisis_id{"c-1"}, actor_id{"bea"}};
    reply_asked answer{crisis_id{"c-1"}, account_id{"shop"}, post_id{"114"}, {}, actor_id{"ann"}, {"en", "Sorry."}};
    for (const auto& one : std::vector<event>{down, day.release("p1"), harmless, word, day.update(), answer,
                                              reply_approved{"r-1", actor_id{"bea"}}}) {
        INFO(one.index());
        leads_back(here, {one});
    }
    leads_back(here, {day.release("p1"), day.release("p2")});
    leads_back(here, {day.release("p1"), day.update(), harmless, word});
    leads_back(here, {day.release("p1"), down});
}

TEST_CASE("the way back from a second person's word, and from an account that nobody knew", "[engine]")
{
    crisis_morning day;
    auto& here = day.here;
    here.known.crises.at(crisis_id{"c-1"}).two_person = true;
    leads_back(here, {day.release("p1")});  // it asks for another person
    here.happen(day.release("p1"));
    REQUIRE(here.waits == "a-1");
    leads_back(here, {second_given{"a-1", actor_id{"bea"}, ""}});
    here.happen(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    REQUIRE(here.waits == "a-2");
    leads_back(here, {second_given{"a-2", actor_id{"bea"}, ""}});

    auto before = picture(here.known);
    event stray = release_requested{account_id{"nowhere"}, post_id{"x"}, actor_id{"maria"}, {}, ""};
    auto known = here.known;
    engine::way_back back{known, {&stray}};
    known = decide(here.rules, std::move(known), stray, here.now).next;
    std::move(back).go(known);
    CHECK(picture(known) == before);
}
