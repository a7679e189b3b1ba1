// Throws of a die for property tests. RapidCheck's own inRange() grows with the size of a test, from 0 to 100 over a run: with a choice of
// eighteen steps, the last five of them come up in one story out of four. Whatever chooses a step of a story throws evenly instead.
#pragma once

#include <rapidcheck.h>

namespace halfmast::test {

// From `least` on, less than `below`; the same chance for each, at every size. Shrinks towards `least`.
template <class T = int>
rc::Gen<T> evenly(T least, T below)
{
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(least, below));
}

template <class T = int>
T dice(T least, T below)
{
    return *evenly<T>(least, below);
}

}  // namespace halfmast::test
