// The stop as a whole, under a limit of calls: random schedules, budgets, trips and faults. What is promised holds in each.
#include <rapidcheck.h>

#include "tests/support/catch.hpp"
#include "tests/support/site.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id guarded{"blog"};
constexpr milliseconds tick{50};
#ifdef NDEBUG
constexpr int rounds = 10;  // of a hundred stories each
#else
constexpr int rounds = 1;
#endif

// Calls as the platform allows them: so many at once, and then one each `refill`.
struct bucket {
    int burst;
    milliseconds refill;
    int tokens;
    milliseconds filled{0};

    void pass(milliseconds time)
    {
        for (filled += time; filled >= refill; filled -= refill)
            tokens = std::min(tokens + 1, burst);
        if (tokens == burst)
            filled = milliseconds{0};
    }
};

// One account, its platform and the calls under way between them.
class stop {
public:
    stop(bucket calls_, milliseconds trip_, int faults_) : calls(calls_), trip(trip_), faults(faults_) {}

    void schedule(const std::string& id, milliseconds due_in) { there.schedule(promo(id, here.now + due_in)); }

    void raise()
    {
        here.sees(there.queue());
        raised_at = here.now;
        here.raise();
    }

    // Until nothing is under way or planned, for at most so long.
    void run(milliseconds longest)
    {
        auto step = tick;
        for (auto end = here.now + longest; here.now < end; here.now += step) {
            calls.pass(step);
            there.pass(here.now);
            arrive();
            if (here.now >= next_look) {
                next_look = here.now + 15s;
                here.sees(there.queue());
                here.reads_feed(there.feed);
            }
            leave();
            step = flights.empty() ? idle : tick;
        }
    }

    // Posts that were out before their call arrived.
    [[nodiscard]] int escaped() const
    {
        return static_cast<int>(
            std::ranges::count_if(there.posts, [](const auto& one) { return one.second.where == whereabouts::published; }));
    }

    desk here;
    site there;
    bucket calls;
    milliseconds trip;
    int faults;                // of a hundred calls
    milliseconds idle = tick;  // how often it is asked for work while no call is under way
    time_point raised_at{};
    bool in_order = true;

private:
    struct flight {
        time_point arrives;
        action what;
    };

    void arrive()
    {
        while (!flights.empty() && flights.front().arrives <= here.now) {
            auto done = std::move(flights.front().what);
            flights.erase(flights.begin());
            outcome result;
            auto die = faults == 0 ? 100 : *rc::gen::inRange(0, 100);
            bool lies = die < faults && die % 3 == 0;       // says yes, does nothing
            bool swallowed = die < faults && die % 3 == 1;  // does it, and the answer is lost
            if (die < faults && die % 3 == 2)
                result = trouble(failure::unreachable);
            else if (!lies || std::holds_alternative<read_posts>(done.what))
                result = there.carry(done.what);
            if (swallowed)
                result = trouble(failure::unknown_outcome);
            if (const auto* read = std::get_if<read_posts>(&done.what); read != nullptr && !result.trouble)
                for (const auto& seen : result.readings)
                    if (seen.where == whereabouts::parked)
                        seen_parked.insert(seen.post);
            here.happen(action_finished{done.id, guarded, done.what, result});
            for (const auto& record : here.last)  // never held without the platform's own word
                if (record.kind == record_kind::hold_confirmed)
                    RC_ASSERT(seen_parked.contains(record.post));
        }
    }

    void leave()
    {
        auto may = calls.tokens;
        for (; may > 0; --may) {
            here.offer(1);
            RC_ASSERT(here.asked.size() <= 1);  // never a call past the budget
            if (here.asked.empty())
                return;
            --calls.tokens;
            if (const auto* call = std::get_if<hold_post>(&here.asked.front().what))
                check_order(*call);
            flights.push_back({here.now + trip, here.asked.front()});
        }
    }

    // Among those that can still be stopped none is due earlier.
    void check_order(const hold_post& call)
    {
        const auto& where = here.known.accounts.at(guarded);
        const auto& mine = where.holds.at(call.post);
        for (const auto& other : where.planned)
            if (other.due > here.now + where.trip && other.due < mine.due && other.due < here.now + 2min)
                in_order = false;
    }

    std::vector<flight> flights;
    std::set<post_id> seen_parked;
    time_point next_look{};
};

bucket some_bucket()
{
    auto burst = *rc::gen::inRange(1, 8);
    return {burst, tick * *rc::gen::inRange(2, 40), burst};
}

// The fewest that must get out: earliest due first, and none that is too late anyway.
int least_leaks(std::vector<milliseconds> dues, bucket calls, milliseconds trip)
{
    std::ranges::sort(dues);
    int leaks = 0;
    std::size_t next = 0;
    for (milliseconds now{0}; next < dues.size(); now += tick) {
        if (now > 0ms)
            calls.pass(tick);
        while (next < dues.size() && dues[next] <= now + trip) {  // out by the time the call is there
            ++leaks;
            ++next;
        }
        while (next < dues.size() && calls.tokens > 0) {
            --calls.tokens;
            ++next;
        }
    }
    return leaks;
}

// Only the first calls may come too late and cost a place: how long a trip takes is learned from their answers.
int most_leaks(const stop& story, int best)
{
    return best + 2 * static_cast<int>(story.trip / story.calls.refill) + story.calls.burst;
}

}  // namespace

TEST_CASE("a call that came too late teaches how long a trip takes", "[stop]")
{
    stop story{{1, 900ms, 1}, 150ms, 0};
    story.schedule("first", 130ms);    // in time for a trip of 100 ms, which is what is thought at first
    story.schedule("second", 1030ms);  // so is this for the call of 900 ms
    story.schedule("third", 1100ms);
    story.raise();
    story.run(60s);
    CHECK(story.there.posts.at("first").where == whereabouts::published);
    CHECK(story.there.posts.at("second").where == whereabouts::published);
    CHECK(story.there.posts.at("third").where == whereabouts::parked);
}

TEST_CASE("no call is spent on a post that it reaches at its due time", "[stop]")
{
    stop story{{1, 750ms, 1}, 100ms, 0};
    for (int number = 0; number < 11; ++number)
        story.schedule("p" + std::to_string(number), 800ms);
    story.schedule("at 750", 850ms);
    story.schedule("at 1500", 1600ms);
    story.schedule("later", 2350ms);
    story.raise();
    story.run(60s);
    CHECK(story.escaped() == 11);
    CHECK(story.there.posts.at("at 1500").where == whereabouts::parked);
    CHECK(story.there.posts.at("later").where == whereabouts::parked);
}

TEST_CASE("without faults as few get out as the limit of calls allows", "[stop][properties]")
{
    for (int round = 0; round < rounds; ++round)
        CHECK(rc::check("order optimal", [] {
            stop story{some_bucket(), tick * *rc::gen::inRange(1, 6), 0};
            auto first = *rc::gen::inRange(0, 200);
            std::vector<milliseconds> dues;
            auto count = *rc::gen::inRange(1, 40);
            for (int number = 0; number < count; ++number) {
                dues.push_back(tick
                               * (first + *rc::gen::inRange(0, 400)));  // all within twenty seconds: stopping comes before knowing
                story.schedule("p" + std::to_string(number), dues.back());
            }
            auto best = least_leaks(dues, story.calls, story.trip);
            story.raise();
            story.run(60s);
            RC_LOG() << story.escaped() << " of " << count << " got out, at best " << best << "; burst " << story.calls.burst
                     << ", one more each " << story.calls.refill.count() << " ms, trip " << story.trip.count() << " ms\n";
            RC_ASSERT(story.in_order);
            RC_ASSERT(story.escaped() <= most_leaks(story, best));
        }));
}

TEST_CASE("whatever the platform answers, each post ends held, escaped or with a person", "[stop][properties]")
{
    for (int round = 0; round < rounds; ++round)
        CHECK(rc::check("ends known", [] {
            stop story{some_bucket(), tick * *rc::gen::inRange(1, 20), *rc::gen::inRange(0, 60)};
            story.idle = 10 * tick;  // a quarter of an hour, most of it quiet
            auto count = *rc::gen::inRange(1, 25);
            for (int number = 0; number < count; ++number)
                story.schedule("p" + std::to_string(number), tick * *rc::gen::inRange(0, 6000));
            story.raise();
            story.run(60s);
            if (*rc::gen::arbitrary<bool>())
                story.there.schedule(promo("late", story.here.now + 90s));  // found by a look
            story.run(10min);
            story.faults = 0;
            story.run(5min);
            for (const auto& [id, one] : story.here.known.accounts.at(guarded).holds) {
                RC_LOG() << id.value << " " << to_string(one.state) << ": " << one.detail << "\n";
                auto truth = story.there.posts.at(one.id.value).where;
                switch (one.state) {
                case hold_state::held: RC_ASSERT(truth == whereabouts::parked); break;
                case hold_state::escaped: RC_ASSERT(truth == whereabouts::published); break;
                default: RC_ASSERT(one.state == hold_state::manual); break;
                }
            }
            for (const auto& [id, one] : story.there.posts)  // none got out unreported, none was overlooked
                RC_ASSERT(story.here.has_hold(id) || (one.where == whereabouts::published && one.post->due <= story.raised_at));
        }));
}
