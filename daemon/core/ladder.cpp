#include "daemon/core/ladder.hpp"

#include <algorithm>

namespace halfmast {

namespace {

// The first far day with room for one more; nullopt when a whole season is full.
std::optional<time_point> parking_place(time_point due, time_point now, milliseconds parked_for, int most_a_day,
                                        const std::map<std::int64_t, int>& parked)
{
    // The time of day stays, so that a person who looks at the platform recognises the post.
    auto time_of_day = due - std::chrono::floor<std::chrono::days>(due);
    auto first = std::chrono::floor<std::chrono::days>(now + parked_for);
    for (int ahead = 0; ahead < 366; ++ahead) {
        auto day = first + std::chrono::days{ahead};
        auto there = parked.find(day.time_since_epoch().count());
        if (most_a_day == 0 || there == parked.end() || there->second < most_a_day)
            return time_point{day} + time_of_day;
    }
    return std::nullopt;
}

}  // namespace

rung_choice choose_rung(const account& where, const std::set<rung>& spent, time_point due, time_point now, milliseconds parked_for,
                        const std::map<std::int64_t, int>& parked, std::size_t queued, const readiness& ready)
{
    std::string passed_over;
    auto pass_over = [&](rung kind, std::string_view why) {
        passed_over += std::string{to_string(kind)} + ": " + std::string{why} + "; ";
    };
    auto can_work = [&](const rung_offer& offer, rung_choice& chosen) {
        if (spent.contains(offer.kind)) {
            pass_over(offer.kind, "did not work");
            return false;
        }
        // What needs no lead is tried on a post past its time too: a scheduler may have missed it, and publish it any moment.
        if (offer.needs_lead > seconds{0} && due - now < offer.needs_lead) {
            pass_over(offer.kind, "needs " + format_duration(offer.needs_lead) + " before the due time");
            return false;
        }
        chosen.by = offer.kind;
        if (offer.kind != rung::postpone)
            return true;
        if (offer.most_in_all != 0 && queued >= static_cast<std::size_t>(offer.most_in_all)) {
            pass_over(offer.kind, "the platform takes " + std::to_string(offer.most_in_all) + " scheduled posts at most");
            return false;
        }
        auto place = parking_place(due, now, parked_for, offer.most_a_day, parked);
        if (!place)
            pass_over(offer.kind, "no far day has room left");
        else
            chosen.until = *place;
        return place.has_value();
    };
    std::optional<rung_choice> doubtful;
    for (const auto& offer : where.rungs) {
        rung_choice chosen;
        if (!can_work(offer, chosen))
            continue;
        const auto* known = find_ability(ready, ability::hold, offer.kind);
        if (known == nullptr || known->now != standing::lost) {
            chosen.why = passed_over + std::string{to_string(offer.kind)} + ": the gentlest that can still work";
            return chosen;
        }
        chosen.doubt = known->detail.empty() ? "a check was refused" : known->detail;
        pass_over(offer.kind, "not ready since " + format_utc(known->since));
        if (!doubtful)
            doubtful = std::move(chosen);
    }
    // What a check said may be over by now, and a try costs nothing but a call.
    if (doubtful) {
        doubtful->why = passed_over + std::string{to_string(doubtful->by)} + ": tried all the same, for there is no other";
        return *doubtful;
    }
    return {rung::manual, {}, passed_over + "manual: a person has to stop it", {}};
}

}  // namespace halfmast
