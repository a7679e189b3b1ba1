// Readiness under any sequence of checks.
#include <rapidcheck.h>

#include "tests/core/readiness.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("any sequence of checks leaves losses and returns in turn, and no page without a record", "[readiness][property]")
{
    CHECK(rc::check("after every check", [] {
        room here;
        int checks = *rc::gen::inRange(1, 25);
        for (int i = 0; i < checks; ++i) {
            here.later(std::chrono::minutes{*rc::gen::inRange(1, 3'000)});
            if (*rc::gen::inRange(0, 8) == 0)
                here.restart();
            std::vector<check_line> lines;
            for (auto of : {ability::credential, ability::list, ability::hold, ability::publish, ability::pin, ability::read_feed})
                for (int lines_of = *rc::gen::inRange(0, 3); lines_of > 0; --lines_of)
                    lines.push_back(*rc::gen::element(well(of), well(of), no(of, "no"), silent(of)));
            if (!lines.empty() && *rc::gen::arbitrary<bool>())
                lines.front().ends = here.now + std::chrono::hours{*rc::gen::inRange(-24, 24 * 20)};
            auto before = here.ledger.size();
            here.checks(lines);
            if (std::ranges::all_of(lines, [](const auto& line) { return is_unanswered(line); }))
                for (auto at = before; at < here.ledger.size(); ++at)
                    RC_ASSERT(here.ledger[at].kind != record_kind::readiness_lost
                              && here.ledger[at].kind != record_kind::readiness_back);

            std::map<std::pair<ability, std::optional<rung>>, bool> lost;
            bool silence = false;
            bool ends = false;
            for (const auto& record : here.ledger) {
                switch (record.kind) {
                case record_kind::readiness_lost:
                case record_kind::readiness_back: {
                    bool now_lost = record.kind == record_kind::readiness_lost;
                    auto& one = lost[{*record.of, record.by}];
                    RC_ASSERT(one != now_lost);
                    one = now_lost;
                    break;
                }
                case record_kind::readiness_unanswered:
                case record_kind::readiness_answered:
                    RC_ASSERT(silence != (record.kind == record_kind::readiness_unanswered));
                    silence = !silence;
                    break;
                case record_kind::credential_ends: ends = true; break;
                case record_kind::credential_renewed:
                    RC_ASSERT(ends);
                    ends = false;
                    break;
                default: break;
                }
            }
            bool any = std::ranges::any_of(lost, [](const auto& entry) { return entry.second; });
            RC_ASSERT(any == has_lost_any(here.ready()));
            RC_ASSERT(silence == here.ready().unanswered);
            RC_ASSERT(here.pages("readiness") == (any || silence));
            RC_ASSERT(here.pages("credential-ends") == ends);

            state replayed;
            for (const auto& record : here.ledger)
                apply(replayed, record);
            const auto& again = replayed.accounts[blog_id].ready;
            RC_ASSERT(again.warned_of == here.ready().warned_of && again.warned_within == here.ready().warned_within);
            RC_ASSERT(has_lost_any(again) == any && again.unanswered == silence);
        }
    }));
}
