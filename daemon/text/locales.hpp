// The locale behind a language tag. Internal to this room.
#pragma once

#include <string>

#include <unicode/locid.h>

namespace halfmast::text {

// English for a language ICU has no words for: it would quietly take the machine's own instead.
icu::Locale locale_of(const std::string& language);

}  // namespace halfmast::text
