// A letter in words: what happened, since when, who owns it, what to type, and a link. The same for every kind of receiver, cut to
// its limits.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/pages.hpp"

namespace halfmast::alert {

// What happened, behind "TEST: " or "DRILL: " where that is all it is.
std::string marked_what(const page_letter& letter);
// One line: "CRITICAL: c-1: 3 posts of acme-blog ...", "over: ...", "in hand (ann): ..."; of a drill "DRILL CRITICAL: ...". At most so many bytes.
std::string subject(const page_letter& letter, std::size_t most = 200);
// Some lines of plain text, without the subject's sentence left out.
std::string text(const page_letter& letter, std::size_t most = 3'000);
// Cut at a whole character, with an ellipsis, when it is longer.
std::string cut(std::string_view utf8, std::size_t most_bytes);
// One line: line breaks and other control characters become spaces.
std::string one_line(std::string_view utf8);

// What `doctor --pages` sends: says that nothing happened.
page_letter test_letter(const std::string& receiver, time_point now);

}  // namespace halfmast::alert
