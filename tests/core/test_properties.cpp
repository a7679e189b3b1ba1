// What must hold whatever happens: random histories of raises, edits, faults, restarts and people, checked after every event.
#include <rapidcheck.h>

#include "tests/support/catch.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/site.hpp"
#include "tests/support/unreliable.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id blog{"blog"};
constexpr std::initializer_list<failure> every_kind{
    failure::unreachable, failure::unknown_outcome, failure::auth_expired, failure::forbidden,
    failure::not_found,   failure::conflict,        failure::rejected,     failure::rate_limited,
    failure::bad_reply,   failure::unsupported,     failure::local};

// The part of a hold that the ledger promises.
std::string ledger_part(const hold& one)
{
    std::string text = one.id.value + "|" + one.remote.value + "|" + std::string{to_string(one.state)} + "|"
                       + std::string{to_string(one.by)} + "|" + format_utc(one.until) + "|" + format_utc(one.due) + "|"
                       + std::to_string(one.silence_proved) + std::to_string(one.missing) + std::to_string(one.by_hand)
                       + std::to_string(one.attempts) + "|" + std::to_string(one.saved.size());
    for (const auto* set : {&one.covered_by, &one.seen_in, &one.exempt}) {
        text += "|";
        for (const auto& id : *set)
            text += id.value + ",";
    }
    for (auto kind : one.spent)
        text += std::string{to_string(kind)} + ",";
    return text;
}

std::vector<std::string> ledger_part(const state& known)
{
    std::vector<std::string> lines;
    for (const auto& [id, flag] : known.crises)
        lines.push_back(id.value + std::string{to_string(flag.now)} + to_string(flag.over));
    for (const auto& [id, where] : known.accounts) {
        for (const auto& [post, one] : where.holds)
            lines.push_back(id.value + "/" + ledger_part(one));
        for (const auto& [crisis, one] : where.summaries)
            lines.push_back(id.value + ":" + crisis.value + std::string{to_string(one.state)} + one.remote.value
                            + std::to_string(one.recalled) + std::to_string(one.former_pins.size())
                            + std::to_string(one.displaced.size()));
        for (const auto& [crisis, counts] : where.counts)
            for (auto number : counts)
                if (number != 0)
                    lines.push_back(id.value + "#" + crisis.value + std::to_string(number));
    }
    std::ranges::sort(lines);
    return lines;
}

// True when the indexes say the same as the holds.
bool indexes_agree(const account_state& where)
{
    std::size_t planned = 0;
    std::size_t unconfirmed = 0;
    std::size_t releasing = 0;
    std::size_t delayed = 0;
    std::size_t missing = 0;
    for (const auto& [id, one] : where.holds) {
        bool waits = !one.in_flight && one.not_before != time_point{};
        bool starts = one.state == hold_state::planned || one.state == hold_state::failed;
        bool works = starts || one.state == hold_state::unconfirmed || one.state == hold_state::releasing;
        if (waits && works) {
            ++delayed;
            if (!where.delayed.contains({one.not_before, id}))
                return false;
        } else if (!one.in_flight && starts) {
            ++planned;
            if (!where.planned.contains({one.due, id}))
                return false;
        } else if (!one.in_flight && one.state == hold_state::unconfirmed && !one.missing) {
            ++unconfirmed;
            if (!where.unconfirmed.contains({one.due, id}))
                return false;
        } else if (!one.in_flight && one.state == hold_state::releasing) {
            ++releasing;
            auto& set = one.answered ? where.answered : where.releasing;
            if (!one.order || !set.contains({one.order->at, id}))
                return false;
        }
        missing += one.missing ? 1 : 0;
        if (one.missing != where.missing.contains(id))
            return false;
    }
    for (const auto& key : where.watched)
        if (auto found = where.holds.find(key.post); found == where.holds.end() || found->second.due != key.due)
            return false;
    return planned == where.planned.size() && unconfirmed == where.unconfirmed.size()
           && releasing == where.releasing.size() + where.answered.size() && delayed == where.delayed.size()
           && missing == where.missing.size();
}

bool counts_agree(const state& known)
{
    for (const auto& [id, where] : known.accounts) {
        std::map<crisis_id, hold_counts> recount;
        for (const auto& [post, one] : where.holds)
            for (const auto& crisis : one.seen_in)
                ++recount[crisis][static_cast<std::size_t>(one.state)];
        for (const auto& [crisis, counts] : where.counts)
            if (counts != recount[crisis])
                return false;
        for (const auto& [crisis, counts] : recount)
            if (auto found = where.counts.find(crisis); found == where.counts.end() || found->second != counts)
                return false;
    }
    return true;
}

// A desk, a platform with faults, and people; `step` lets one random thing happen.
class history {
public:
    history()
        : here([] {
              auto one = make_account("blog", {{rung::draft}, {rung::postpone, 5min}, {rung::takeout}});
              one.read_batch = 3;
              one.most_pins = 2;
              return make_policy({one});
          }())
    {
        for (int i = 0; i < 6; ++i)
            there.schedule(
                make_post("p" + std::to_string(i), at("14:10") + std::chrono::minutes{i * 11}, i % 3 == 2 ? "service" : "promo"));
        there.pinned = {{"x"}, {"y"}};
    }

    void step()
    {
        switch (dice(0, 16)) {
        case 0: return happen([&] { here.raise(*rc::gen::element<std::string>("outage", "recall"), {}, true); });
        case 1: return happen([&] { here.lower("c-" + std::to_string(dice(1, 4))); });
        case 2: there.schedule(promo("n" + std::to_string(++added), here.now + std::chrono::minutes{dice(1, 90)})); return;
        case 3: return edit();
        case 4: return happen([&] { here.happen(clock_ticked{}); });
        case 5: return happen([&] { here.restart(); });
        case 6: return ask_release();
        case 7: return happen([&] { here.happen(keep_requested{blog, any_post(), actor_id{"maria"}, ""}); });
        case 8: return happen([&] { here.happen(hold_requested{blog, any_post(), actor_id{"maria"}, ""}); });
        case 9:
            here.later(std::chrono::seconds{dice(1, 400)});
            there.pass(here.now);
            return;
        case 10:
        case 11: happen([&] { here.sees(there.queue()); }); return happen([&] { here.reads_feed(there.feed); });
        default: return work();
        }
    }

    desk here;
    site there;

private:
    post_id any_post()
    {
        std::vector<std::string> ids;
        for (const auto& [id, one] : there.posts)
            ids.push_back(id);
        return post_id{*rc::gen::elementOf(ids)};
    }

    void edit()
    {
        auto id = any_post().value;
        if (there.posts.at(id).where == whereabouts::published)
            return;
        there.move(id, here.now + std::chrono::minutes{dice(1, 200)});
    }

    void ask_release()
    {
        auto post = any_post();
        release_requested order{
            blog, post, actor_id{"maria"}, here.now + std::chrono::minutes{dice(-5, 60)}, "", *rc::gen::arbitrary<bool>()};
        happen([&] { here.happen(order); });
        if (!here.refused)
            ordered.insert(here.last.back().post);
    }

    // Offers capacity, and answers some of what is open: as the platform would, or with a fault before or after the act.
    void work()
    {
        happen([&] { here.offer(dice(1, 6)); });
        for (int calls = dice(0, 6); calls > 0 && !here.open.empty(); --calls) {
            auto place = dice<std::size_t>(0, here.open.size());
            auto done = here.open.at(place);
            here.open.erase(here.open.begin() + static_cast<std::ptrdiff_t>(place));
            auto result = carry_perhaps(every_kind, [&] { return there.carry(done.what); });
            happen([&] { here.happen(action_finished{done.id, done.account, done.what, result}); });
        }
    }

    void happen(const std::function<void()>& event)
    {
        auto before = here.known;
        auto records = here.ledger.size();
        event();
        check_acts();
        for (auto at = records; at < here.ledger.size(); ++at)
            check_record(here.ledger[at]);
        RC_ASSERT(counts_agree(here.known));
        for (const auto& [id, where] : here.known.accounts)
            RC_ASSERT(indexes_agree(where));
    }

    void check_acts()
    {
        for (const auto& one : here.asked) {
            if (const auto* call = std::get_if<release_post>(&one.what)) {
                RC_ASSERT(ordered.contains(call->post));         // (a) a person's word
                RC_ASSERT(call->at >= here.now + seconds{120});  // (f) never a time that is past or too near
            }
            if (const auto* call = std::get_if<publish_summary>(&one.what)) {
                const auto& flag = here.known.crises.at(call->crisis);  // (a) a raise, and the flag still up
                RC_ASSERT(flag.now == phase::raised || call->look_only);
            }
            if (const auto* call = std::get_if<hold_post>(&one.what); call != nullptr && call->by == rung::takeout)
                RC_ASSERT(!here.of(call->post.value).saved.empty());  // stored before it is taken out
        }
    }

    void check_record(const audit_record& record)
    {
        if (record.kind == record_kind::hold_confirmed)  // (e) only by what was seen
            RC_ASSERT(record.why.starts_with("read back") || record.why.starts_with("seen in the queue")
                      || record.why.starts_with("no longer scheduled"));
    }

    std::set<post_id> ordered;
    int added = 0;
};

}  // namespace

TEST_CASE("whatever happens, the invariants hold", "[properties]")
{
    CHECK(rc::check("after every event", [] {
        history story;
        auto steps = dice(10, 60);
        for (int i = 0; i < steps; ++i)
            story.step();
    }));
}

TEST_CASE("replaying the ledger gives the state that lived", "[properties]")
{
    CHECK(rc::check("replay", [] {
        history story;
        auto steps = dice(10, 60);
        for (int i = 0; i < steps; ++i)
            story.step();
        state replayed;
        for (const auto& record : story.here.ledger)
            apply(replayed, record);
        RC_ASSERT(ledger_part(replayed) == ledger_part(story.here.known));
    }));
}

TEST_CASE("seeing the same again creates nothing", "[properties]")
{
    CHECK(rc::check("idempotent", [] {
        history story;
        auto steps = dice(10, 40);
        for (int i = 0; i < steps; ++i)
            story.step();
        auto& here = story.here;
        here.later(1s);
        here.sees(story.there.queue());
        for (int i = 0; i < 3; ++i)
            here.happen(clock_ticked{});
        auto plans = here.total(record_kind::hold_planned);
        auto holds = here.known.accounts.at(account_id{"blog"}).holds.size();
        here.later(1s);
        here.sees(story.there.queue());
        here.happen(clock_ticked{});
        RC_ASSERT(here.total(record_kind::hold_planned) == plans);
        RC_ASSERT(here.known.accounts.at(account_id{"blog"}).holds.size() == holds);
    }));
}

// Faults end, the platform works: then everything that a flag covers is held or out, and nothing is left under way.
TEST_CASE("when the faults end, what is covered comes to rest", "[properties]")
{
    CHECK(rc::check("comes to rest", [] {
        history story;
        auto steps = dice(10, 50);
        for (int i = 0; i < steps; ++i)
            story.step();
        auto& here = story.here;
        here.raise("outage", {}, true);
        auto latest = here.crisis;
        for (int turn = 0; turn < 75; ++turn) {  // longer than the hour in which the places for public acts may be used up
            here.later(1min);
            story.there.pass(here.now);
            here.sees(story.there.queue());
            here.reads_feed(story.there.feed);
            here.offer(20);
            while (!here.open.empty()) {
                auto done = here.open.front();
                here.open.pop_front();
                here.happen(action_finished{done.id, done.account, done.what, story.there.carry(done.what)});
            }
        }
        for (const auto& [id, one] : here.known.accounts.at(account_id{"blog"}).holds) {
            RC_LOG() << ledger_part(one) << " (" << one.detail << ")\n";
            RC_ASSERT((is_final(one.state) || one.state == hold_state::held || one.state == hold_state::manual));
        }
        RC_LOG() << to_string(here.summary_of(latest.value).state) << " " << here.summary_of(latest.value).detail << "\n";
        auto said = here.summary_of(latest.value).state;  // manual: the platform said that it cannot
        RC_ASSERT((said == summary_state::pinned || said == summary_state::manual));
    }));
}
