// What a believed delivery means: the first rule of its hook that matches makes a signal; a sender that knows our pages may say
// that somebody has one in hand. Pure: bytes and settings in, values out. It decides nothing: what becomes of a signal is the
// core's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/core/pages.hpp"
#include "daemon/core/signals.hpp"
#include "daemon/ports/result.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::signals {

// A person has a page in hand, by the sender's word.
struct taken_in_hand {
    std::string group;  // by name, or by the id that went out with its letters
    std::string by;     // "pagerduty/Jane Doe"

    bool operator==(const taken_in_hand&) const = default;
};

// A question that is answered at once with this text: Slack asks whether the address is ours.
struct asked_back {
    std::string text;
};

// It is genuine, and nothing that the settings know.
struct of_no_interest {
    std::string why;
};

using meaning = std::variant<of_no_interest, heard_signal, taken_in_hand, asked_back>;

// A problem is `rejected`: not what such a sender sends; or `conflict`: its own time says that it is too old.
result<meaning> read_payload(const hook_settings& hook, std::span<const hook_rule> rules, std::string_view body, time_point now);

// How far back a sender's own time may lie where nothing else in a delivery is a time: its tries again come later.
inline constexpr std::chrono::minutes late_leeway{15};

}  // namespace halfmast::signals
