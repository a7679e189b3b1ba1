// Which entries of a list ordered by time were given already, as a text that outlives a restart. Several may have one second, and one
// that comes late may name an earlier time: so the entries of the last while are remembered one by one, and whatever is not among
// them is new. An edited entry keeps its id, and one that was deleted is missed by nobody. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/time.hpp"

namespace halfmast::net {

class seen_window {
public:
    // How far before the newest one an entry may lie and still be found.
    static constexpr milliseconds usual_reach{3'600'000};
    // Remembered one by one; with more of them the window begins later.
    static constexpr std::size_t most = 1'000;

    // One that has seen nothing, and calls old what is of `from` or earlier.
    explicit seen_window(time_point from) : from_(from) {}
    // As text() wrote it; nothing when it is no such text.
    static std::optional<seen_window> read(std::string_view written);

    // What is of then or earlier is old: a list has to be read back to here, and no further.
    [[nodiscard]] time_point from() const { return from_; }

    // Notes an entry of the list; true when it was not there before. `now` is the platform's: an entry of a later time counts as of now.
    bool take(time_point at, std::string_view id, time_point now);

    // For the next look, once all of the list down to from() was taken. Forgets what lies further than `reach` before the newest.
    [[nodiscard]] std::string text(milliseconds reach = usual_reach);

private:
    using print = std::uint64_t;  // the first bytes of an id's SHA-256

    void forget_to(time_point until);

    time_point from_;
    std::map<print, time_point> seen_;
};

}  // namespace halfmast::net
