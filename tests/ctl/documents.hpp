// Documents as the daemon answers them, short enough to read in a test.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl::tests {

inline time_point at(const char* text) { return *parse_rfc3339(text); }

inline document parsed(const std::string& text) { return document::parse(text); }

// An account of halfmast.crisis/1; `more` is put behind the usual members, for example R"(,"held":2)".
inline std::string account(const std::string& id, const std::string& more = {})
{
    return R"({"id":")" + id + R"(","connector":"mastodon","reachable":true,"can_publish":true,"can_pin":true)" + more + "}";
}

// halfmast.crisis/1
inline std::string crisis(bool settled, const std::string& holds, const std::string& accounts, const std::string& attention = {},
                          const std::string& more = {})
{
    return R"({"schema":"halfmast.crisis/1","crisis":{"id":"c-1","playbook":"outage","severity":"major","reason":"","owner":"dana",)"
           R"("raised_by":"dana","raised_at":"2026-03-01T14:30:00Z","next_update_by":"2026-03-01T15:15:00Z","phase":"raised",)"
           R"("scope":{},"publish":"at-once","holds":{)"
           + holds + R"(},"settled":)" + (settled ? "true" : "false") + R"(},"accounts":[)" + accounts + R"(],"attention":[)"
           + attention + "]" + more + "}";
}

}  // namespace halfmast::ctl::tests
