// Times as platforms write them: RFC 3339, counts since 1970, or a pattern in a time zone. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "daemon/core/time.hpp"

namespace halfmast::rest {

struct time_form {
    enum class how {
        rfc3339,       // "2026-03-01T14:30:00Z", or with an offset
        unix_seconds,  // 1772375400, as a number or as text
        unix_millis,
        pattern,  // "%Y-%m-%d %H:%M", in the zone unless %z stands in it
    };
    how kind = how::rfc3339;
    std::string pattern;
    std::string zone = "UTC";  // IANA name
};

// "rfc3339", "unix", "unix-ms" or a pattern of %Y %m %d %H %M %S %z %%; the reason when it is none of them.
std::optional<time_form> parse_time_form(std::string_view text, const std::string& zone, std::string& why);

// What a pattern lacks to name a moment: a date alone can be written, and not be read. Empty: nothing.
std::string missing_of_moment(const time_form& form);

// Nothing when it is not of that form.
std::optional<time_point> read_time(const nlohmann::json& value, const time_form& form);

// Text, or a number for counts since 1970. Whole seconds, but for unix-ms.
nlohmann::json write_time(time_point at, const time_form& form);

}  // namespace halfmast::rest
