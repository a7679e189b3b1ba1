// Review, whatever people ask for: posts go out apart, not too many in an hour, never late, and never by one person where two are needed.
#include <rapidcheck.h>

#include "tests/support/catch.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/site.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const account_id one_account{"blog"};

// What was let go and not taken back, by the ledger alone.
std::vector<time_point> let_out_by_ledger(const desk& here)
{
    std::map<post_id, time_point> out;
    for (const auto& record : here.ledger)
        if (record.kind == record_kind::release_asked)
            out[record.post] = *record.due;
        else if (record.kind == record_kind::release_failed || record.kind == record_kind::hold_drifted
                 || record.kind == record_kind::hold_planned)
            out.erase(record.post);
    std::vector<time_point> times;
    for (const auto& [post, when] : out)
        times.push_back(when);
    std::ranges::sort(times);
    return times;
}

void step_of_a_review(desk& here, site& there, const std::vector<std::string>& names)
{
    auto name = names[dice<std::size_t>(0, names.size())];
    auto who = *rc::gen::element(actor_id{"maria"}, actor_id{"jon"});
    auto when = here.now + dice(-30, 180) * 1min;
    switch (dice(0, 10)) {
    case 0: return here.happen(second_given{"a-" + std::to_string(dice(1, 8)), who, ""});
    case 1: return here.raise();
    case 2: return here.happen(crisis_lowered{crisis_id{"c-" + std::to_string(dice(1, 3))}, who, "over"});
    case 3: return here.later(dice(1, 40) * 1min);
    case 4: return here.restart();
    case 5: there.pass(here.now); return here.sees(there.queue());
    default: break;
    }
    release_requested asked;
    asked.account = one_account;
    asked.post = post_id{name};
    asked.by = who;
    asked.why = "checked";
    if (*rc::gen::arbitrary<bool>())
        asked.at = when;
    asked.shift = *rc::gen::arbitrary<bool>();
    asked.during_crisis = *rc::gen::arbitrary<bool>();
    if (dice(0, 8) == 0)
        asked.break_glass = "why not";
    here.happen(asked);
}

}  // namespace

TEST_CASE("whatever people ask for: apart, not too many, not late, and not by one alone", "[review][property]")
{
    CHECK(rc::check("review", [] {
        auto spacing = dice(0, 30) * 1min;
        auto most = dice(0, 5);
        auto grave = *rc::gen::arbitrary<bool>();
        auto rules = make_policy();
        rules.review = {spacing, most};
        for (auto& [name, book] : rules.playbooks)
            book.two_person = grave ? std::optional{severity::major} : std::nullopt;
        desk here{rules};
        site there;
        std::vector<std::string> names;
        for (int i = 0; i < 8; ++i) {
            names.push_back(std::string(1, static_cast<char>('a' + i)));
            there.schedule(promo(names.back(), at("14:30") + i * 7min));
        }
        here.sees(there.queue());
        here.raise();
        here.hold_all();
        for (auto& [name, post] : there.posts)
            post.where = whereabouts::parked;
        for (int turn = 0; turn < 40; ++turn) {
            here.later(1s);
            step_of_a_review(here, there, names);
            for (const auto& record : here.last)
                if (record.kind == record_kind::release_asked && grave) {
                    bool alone = record.second.empty() && !here.noted(record_kind::glass_broken, record.post.value);
                    RC_ASSERT(!alone);
                    RC_ASSERT(record.second != record.actor);
                }
            here.offer(8);
            while (!here.open.empty()) {
                auto call = here.open.front();
                here.open.pop_front();
                if (const auto* out = std::get_if<release_post>(&call.what)) {
                    RC_ASSERT(out->at >= here.now + rules.accounts.at(one_account).release_margin);
                    RC_ASSERT(out->at == here.of(out->post.value).order->at);
                }
                here.happen(action_finished{call.id, call.account, call.what, there.carry(call.what)});
                here.offer(8);
            }
            auto out = let_out_by_ledger(here);
            RC_ASSERT(out.size() == here.known.accounts.at(one_account).let_out.size());
            for (std::size_t i = 1; i < out.size(); ++i)
                RC_ASSERT(out[i] - out[i - 1] >= spacing);
            if (most > 0)
                for (std::size_t i = static_cast<std::size_t>(most); i < out.size(); ++i)
                    RC_ASSERT(out[i] - out[i - static_cast<std::size_t>(most)] >= 1h);
        }
    }));
}
