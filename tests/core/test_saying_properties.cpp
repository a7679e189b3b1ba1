// What must hold of everything that is said, whatever is lost, killed or refused on the way: random stories of people, strangers,
// faults and restarts against a platform that loses answers.
#include <functional>

#include <rapidcheck.h>

#include "tests/support/catch.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/unreliable.hpp"
#include "tests/support/wall.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id wall_owner{"blog"};
constexpr int text_limit = 40;

class telling {
public:
    telling() : here(make_rules()), people{here}
    {
        auto& declared = here.rules.accounts.at(wall_owner);
        auto room = *rc::gen::element<std::size_t>(0, 1, 2, 3, 5);
        there.most_pins = room;
        declared.most_pins = static_cast<int>(room);
        auto before = dice<std::size_t>(0, 6);
        for (std::size_t i = 0; i < before && (room == 0 || i < room); ++i)
            there.pinned.push_back(post_id{"former" + std::to_string(i)});
        former = there.pinned;
    }

    void step()
    {
        if (here.known.crises.empty() && dice(0, 4) != 0)
            return raise();
        switch (dice(0, 18)) {
        case 0:
        case 1: return say();
        case 2: return happen([&] { people.undo(); });
        case 3: return approve();
        case 4: return reply();
        case 5: return happen([&] { here.happen(reply_approved{"r-" + std::to_string(dice(1, 5)), actor_id{"bea"}}); });
        case 6: return raise();
        case 7:
            if (dice(0, 4) == 0)
                lower();
            return;
        case 8: return strange();
        case 9: return kill();
        case 10: return happen([&] { here.sees({}); });
        case 11: return happen([&] { here.happen(clock_ticked{}); });
        case 12: here.later(milliseconds{*rc::gen::element(1'000, 25'000, 61'000, 600'000, 1'300'000, 3'550'000)}); return;
        default: break;
        }
        happen([&] { here.offer(3); });
        answer();
    }

    // Everything works from here on.
    void rest(milliseconds length)
    {
        faults = false;
        for (auto end = here.now + length; here.now < end;) {
            here.later(5min);
            happen([&] { here.happen(clock_ticked{}); });
            happen([&] { here.sees({}); });
            for (int turn = 0; turn < 30; ++turn) {
                happen([&] { here.offer(5); });
                if (here.open.empty())
                    break;
                while (!here.open.empty())
                    answer_one();
            }
        }
    }

    void lower()
    {
        happen([&] {
            crisis_lowered down{crisis_id{"c-1"}, actor_id{"ops"}, "over", sometimes_alone()};
            if (*rc::gen::arbitrary<bool>())
                down.all_clear[wall_owner] = words("It is over.");
            here.happen(down);
        });
        if (auto ask = here.known.crises.empty() ? std::string{} : here.known.crises.begin()->second.ask; !ask.empty())
            happen([&] { here.happen(second_given{ask, actor_id{"bea"}, "agreed"}); });
    }

    desk here;
    sayer people;
    wall there;
    std::vector<post_id> former;

private:
    static policy make_rules()
    {
        auto one = make_account("blog");
        one.can_edit = *rc::gen::arbitrary<bool>();
        one.can_reply = *rc::gen::arbitrary<bool>();
        one.text_limit = text_limit;
        auto rules = make_policy({one});
        auto& book = rules.playbooks.at("outage");
        book.undo = milliseconds{*rc::gen::element(0, 20'000)};
        book.publish = *rc::gen::element(publish_mode::at_once, publish_mode::at_once, publish_mode::after_approval);
        book.most_public_acts = *rc::gen::element(0, 1, 2, 4);
        book.reply_wait = milliseconds{*rc::gen::element(0, 300'000)};
        if (dice(0, 4) == 0)
            book.two_person = severity::minor;
        return rules;
    }

    statement words(const std::string& text)
    {
        auto longer = text + std::to_string(++said) + (dice(0, 5) == 0 ? std::string(text_limit, '.') : "");
        auto hole = dice(0, 6) == 0 ? std::string{"reason"} : std::string{};
        return {"en", longer, static_cast<std::uint32_t>(longer.size()), hole};
    }

    // A stranger unpins ours, or pins a post of their own where there is room.
    void strange()
    {
        if (dice(0, 3) == 0)
            std::erase_if(there.pinned, [&](const auto& id) { return there.find(id) != nullptr; });
        bool room = there.most_pins == 0 || there.pinned.size() < there.most_pins;
        if (room && dice(0, 4) == 0)
            there.pinned.insert(there.pinned.begin(), post_id{"theirs" + std::to_string(++said)});
    }

    std::string sometimes_alone() { return dice(0, 4) == 0 ? "nobody else is awake" : ""; }

    void approve()
    {
        summary_approved word{crisis_id{"c-1"}, actor_id{*rc::gen::element<std::string>("ann", "bea")}, sometimes_alone()};
        happen([&] { here.happen(word); });
    }

    void raise()
    {
        if (!here.known.crises.empty())
            return;
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = "outage";
        flag.next_update_by = here.now + 45min;
        flag.statements[wall_owner] = words("We are on it.");
        if (dice(0, 10) == 0)
            flag.statements[wall_owner].text = "We know of {{reason}}.";
        happen([&] { here.happen(flag); });
    }

    void say()
    {
        statement_asked what;
        what.crisis = crisis_id{"c-1"};
        what.by = actor_id{*rc::gen::element<std::string>("ann", "bea")};
        what.kind = *rc::gen::element(edition_kind::update, edition_kind::update, edition_kind::correction, edition_kind::all_clear,
                                      edition_kind::summary);
        what.about = "number " + std::to_string(said);
        what.break_glass = sometimes_alone();
        if (what.kind != edition_kind::all_clear)
            what.next_update_by = here.now + 45min;
        what.now = *rc::gen::arbitrary<bool>();
        what.words[wall_owner] = words("News ");
        happen([&] { here.happen(what); });
    }

    void reply()
    {
        happen([&] {
            here.happen(reply_asked{crisis_id{"c-1"}, wall_owner, post_id{"q"}, "", actor_id{"ann"}, words("Answer ")});
        });
    }

    // As after kill -9: the ledger folded anew; what became of the calls under way nobody knows.
    void kill()
    {
        answers.clear();
        happen([&] { here.restart(); });
    }

    void answer()
    {
        auto most = dice(0, 4);
        for (int i = 0; i < most && !here.open.empty(); ++i)
            answer_one();
    }

    // Platforms act at once; what comes late, or never, is the answer.
    void arrive(const action& call)
    {
        auto& result = answers[call.id];
        if (!faults)
            result = carry(call);
        else
            result = carry_perhaps({failure::unknown_outcome, failure::unknown_outcome, failure::unreachable, failure::rate_limited,
                                    failure::rejected},
                                   [&] { return carry(call); });
    }

    void answer_one()
    {
        auto done = here.open.front();
        here.open.pop_front();
        auto result = answers[done.id];
        happen([&] { here.happen(action_finished{done.id, done.account, done.what, result}); });
    }

    outcome carry(const action& one)
    {
        auto result = there.carry(one.what, here.now);
        for (const auto& post : there.posts) {
            RC_ASSERT(there.posts_for(post.made_for) == 1);  // one copy of one edition, one of each reply
            RC_ASSERT(post.text.size() <= static_cast<std::size_t>(text_limit));
            RC_ASSERT(post.text.find("{{") == std::string::npos);
        }
        auto most = here.rules.playbooks.at("outage").most_public_acts;
        auto recent = std::ranges::count_if(there.acts, [&](auto at) { return at + 1h > here.now; });
        RC_ASSERT(most == 0 || recent <= most);  // in any window of an hour: each one ends with an act
        return result;
    }

    void happen(const std::function<void()>& event)
    {
        auto records = here.ledger.size();
        event();
        for (const auto& one : here.asked) {
            check(one.what);
            arrive(one);
        }
        for (; records < here.ledger.size(); ++records)
            check(here.ledger[records]);
    }

    void check(const act& what)
    {
        if (const auto* call = std::get_if<publish_summary>(&what)) {
            check_words(call->words);
            if (call->reply.empty() && !call->look_only)
                check_edition(call->crisis, call->edition);
            if (!call->reply.empty() && !call->look_only) {
                const auto& one = here.known.replies.at(call->reply);
                RC_ASSERT(one.approved && one.wait_until <= here.now);
            }
        }
        if (const auto* call = std::get_if<edit_summary>(&what)) {
            check_words(call->words);
            check_edition(call->crisis, call->edition);
        }
    }

    void check_words(const statement& one)
    {
        RC_ASSERT(one.text.size() <= static_cast<std::size_t>(text_limit));
        RC_ASSERT(one.text.find("{{") == std::string::npos);
        RC_ASSERT(!one.text.empty());
    }

    // Nothing becomes public before its window is over, without an approval, or after it was taken back; a lowered flag has the
    // last words only.
    void check_edition(const crisis_id& crisis, std::uint32_t number)
    {
        const auto& flag = here.known.crises.at(crisis);
        const auto& one = flag.editions.at(number - 1);
        RC_ASSERT(one.approved);
        RC_ASSERT(!one.undone);
        RC_ASSERT(one.undo_until <= here.now);
        bool alone = std::ranges::any_of(
            here.ledger, [&](const auto& record) { return record.kind == record_kind::glass_broken && record.crisis == crisis; });
        if (flag.two_person && one.kind != edition_kind::summary && !alone)
            RC_ASSERT(one.approved_by != one.by);
        if (!hole_in(one.words).empty())  // nothing with a hole without a person's word for it, after it was asked for
            RC_ASSERT(std::ranges::any_of(here.ledger, [&](const auto& record) {
                return record.kind == record_kind::summary_approved && record.crisis == crisis && record.number == number
                       && !record.actor.empty();
            }));
        RC_ASSERT(flag.now == phase::raised || one.kind == edition_kind::all_clear || one.kind == edition_kind::correction);
    }

    void check(const audit_record& record)
    {
        if (record.kind == record_kind::statement_skipped) {
            const auto& flag = here.known.crises.at(record.crisis);
            RC_ASSERT(flag.editions.at(record.number - 1).kind != edition_kind::correction || flag.now == phase::lowered);
        }
    }

    int said = 0;
    bool faults = true;
    std::map<action_id, outcome> answers;
};

// The latest edition of all; null: none.
const edition* latest(const crisis& flag)
{
    const edition* last = nullptr;
    for (const auto& one : flag.editions)
        if (one.approved && !one.undone)
            last = &one;
    return last;
}

}  // namespace

TEST_CASE("whatever is said, lost or killed: whole, once, within the cap, never too early", "[properties]")
{
    CHECK(rc::check("saying it", [] {
        telling story;
        auto steps = dice(40, 160);
        for (int i = 0; i < steps; ++i)
            story.step();
    }));
}

TEST_CASE("when the faults end, the latest edition is shown and pinned alone; lowered, the former pins stand as before",
          "[properties]")
{
    CHECK(rc::check("comes to rest", [] {
        telling story;
        auto steps = dice(10, 60);
        for (int i = 0; i < steps; ++i)
            story.step();
        if (story.here.known.crises.empty())
            return;
        const auto& flag = story.here.known.crises.at(crisis_id{"c-1"});
        if (flag.now == phase::raised) {
            story.people.approve("bea");
            story.people.approve("ann");
            story.rest(std::chrono::hours{26});
            const auto& one = story.here.summary_of();
            const auto* last = latest(flag);
            RC_LOG() << to_string(one.state) << " " << one.edition << " " << one.detail << "\n";
            auto ours = std::ranges::count_if(story.there.pinned, [&](const auto& id) { return story.there.find(id) != nullptr; });
            RC_ASSERT(ours <= 1);
            bool by_call = last != nullptr && last->words.at(wall_owner).text.find("{{") == std::string::npos
                           && fits(story.here.rules.accounts.at(wall_owner), last->words.at(wall_owner));
            if (by_call) {
                RC_ASSERT(one.edition == last->number);
                const auto* shown = story.there.find(one.remote);
                RC_ASSERT(shown != nullptr);
                RC_ASSERT(shown->text == last->words.at(wall_owner).text);
                if (one.state != summary_state::manual)  // unpinned again and again: a person decides
                    RC_ASSERT(std::ranges::find(story.there.pinned, one.remote) != story.there.pinned.end());
            }
            story.lower();
        }
        story.people.approve("bea");
        story.people.approve("ann");
        story.rest(std::chrono::hours{26});
        RC_LOG() << to_string(story.here.summary_of().state) << " " << story.here.summary_of().detail << "\n";
        // What strangers pinned meanwhile may stay. Where it took the place of a former pin, a person was asked.
        std::erase_if(story.there.pinned, [](const auto& id) { return id.value.starts_with("theirs"); });
        bool asked =
            std::ranges::any_of(story.here.known.tasks, [](const auto& one) { return one.second.kind == task_kind::unpin; });
        for (const auto& id : story.there.pinned)
            RC_ASSERT(story.there.find(id) == nullptr);
        if (!asked)
            RC_ASSERT(story.there.pinned == story.former);
        RC_ASSERT(is_settled(story.here.rules, story.here.known, flag));
    }));
}

TEST_CASE("replaying the ledger gives what was said", "[properties]")
{
    CHECK(rc::check("replay", [] {
        telling story;
        auto steps = dice(10, 60);
        for (int i = 0; i < steps; ++i)
            story.step();
        state replayed;
        for (const auto& record : story.here.ledger)
            apply(replayed, record);
        const auto& lived = story.here.known;
        RC_ASSERT(replayed.crises.size() == lived.crises.size());
        for (const auto& [id, flag] : lived.crises) {
            const auto& again = replayed.crises.at(id);
            RC_ASSERT(again.editions == flag.editions);
            RC_ASSERT(again.next_update_by == flag.next_update_by);
            RC_ASSERT(again.promises_kept == flag.promises_kept);
            RC_ASSERT(again.promises_missed == flag.promises_missed);
        }
        RC_ASSERT(replayed.tasks.size() == lived.tasks.size());
        RC_ASSERT(replayed.due_tasks == lived.due_tasks);
        RC_ASSERT(replayed.replies.size() == lived.replies.size());
        for (const auto& [id, one] : lived.replies)
            RC_ASSERT(replayed.replies.at(id).state == one.state);
        for (const auto& [id, where] : lived.accounts)
            for (const auto& [crisis, one] : where.summaries) {
                const auto& again = replayed.accounts.at(id).summaries.at(crisis);
                RC_ASSERT(again.state == one.state);
                RC_ASSERT(again.edition == one.edition);
                RC_ASSERT(again.dealt == one.dealt);
                RC_ASSERT(again.sending == one.sending);
                RC_ASSERT(again.recalled == one.recalled);
                RC_ASSERT(again.remote == one.remote);
                RC_ASSERT(again.pinned == one.pinned);
                RC_ASSERT(again.displaced == one.displaced);
            }
    }));
}
