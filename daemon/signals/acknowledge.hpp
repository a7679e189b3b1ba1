// The link in a letter by which somebody takes a page in hand: who has the letter may, for as long as a day. Signed, so that
// nothing has to be remembered, and a POST, so that nothing that merely looks at links does it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/time.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::signals {

inline constexpr std::chrono::hours link_lasts{24};

struct signed_page {
    std::string group;
    std::string receiver;

    bool operator==(const signed_page&) const = default;
};

// The last part of a path: letters, digits, '-', '_' and '.'.
std::string sign_page(const secret& key, const signed_page& page, time_point until);

// Nothing when it was not signed with that key, or is over.
std::optional<signed_page> read_signed_page(const secret& key, std::string_view token, time_point now);

}  // namespace halfmast::signals
