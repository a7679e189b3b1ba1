// Answers that get lost. Only for property tests: which ones, the dice of RapidCheck decide.
#pragma once

#include <functional>
#include <initializer_list>

#include <rapidcheck.h>

#include "tests/support/desk.hpp"
#include "tests/support/dice.hpp"

namespace halfmast::test {

// One call to a platform whose answers cannot be relied on: about one in three is a failure of one of these kinds. Where a failure says
// nothing of what happened, it was carried out all the same, or not.
inline outcome carry_perhaps(std::initializer_list<failure> kinds, const std::function<outcome()>& carry)
{
    if (dice(0, 30) > 10)
        return carry();
    auto kind = *rc::gen::elementOf(std::vector<failure>{kinds});
    bool unsure = kind == failure::unknown_outcome || kind == failure::bad_reply;
    if (unsure && *rc::gen::arbitrary<bool>())
        carry();
    return trouble(kind, kind == failure::rate_limited ? std::optional{milliseconds{30'000}} : std::nullopt);
}

}  // namespace halfmast::test
