// What is said in a crisis, for every account in scope: the playbook's words in the account's language, long or short, with the fields filled in.
#pragma once

#include <string>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/readiness.hpp"
#include "daemon/settings/statement.hpp"

namespace halfmast::app {

using settings::statement_fields;

// One preview for each account in scope that speaks; the ones without trouble can go out as they are, or be posted by a person as they are.
std::vector<api::statement_preview> write_statements(const policy&, const playbook&, const scope&, bool drill, edition_kind kind,
                                                     const statement_fields&);

// Tried in peace: a line for each text that could not go out, one line that all can when there is none. Empty for an account that says nothing.
std::vector<check_line> check_statements(const policy&, const account_id&);

// The same for all accounts: a sentence for each text and kind of account.
std::vector<std::string> doubtful_statements(const policy&);

}  // namespace halfmast::app
