// The words of a summary for one account: the playbook's text in the account's language, with the fields filled in.
#pragma once

#include <string>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/policy.hpp"

namespace halfmast::app {

// The tag of the playbook's text that fits best: the same, the primary subtag, English, else the first there is.
// Null when the playbook has none of that kind.
const std::pair<const std::string, wording>* choose_language(const playbook&, edition_kind kind, const std::string& wanted);

// What every statement is filled in with.
struct statement_fields {
    std::string reason;
    std::string owner;
    severity level = severity::major;
    time_point raised_at;
    time_point next_update_by;  // unset: no further word is promised
    std::string about;          // what is new, or what was wrong
    time_point now;             // times are said as seen from here
};

// One preview for each account in scope; the ones without trouble can go out as they are.
std::vector<api::statement_preview> write_statements(const policy&, const playbook&, const scope&, edition_kind kind, const statement_fields&);

}  // namespace halfmast::app
