// [states], [errors] and [[check]] of a description: what the platform's own words and answers mean. Internal to this room.
#pragma once

#include "connectors/rest/calls.hpp"

namespace halfmast::rest {

// Every fault goes to the table's own sink; the caller finishes the table.
void read_states(table& from, description& into);
void read_errors(table& from, description& into);
check_call read_check(table& from, const call_rules& rules);

}  // namespace halfmast::rest
