// The words of an answer to one person: what somebody typed, with the way to reach a human in it.
#pragma once

#include <string>

#include "daemon/core/account.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::app {

// `text` may name {{contact}}; where the playbook has one in that language (or in a language it falls back to) and the text does not
// name it, it is put behind. The problem (rejected): an unknown field, no such language tag, or too long for the account; says which.
result<statement> write_reply(const account& from, const playbook&, const std::string& language, const std::string& text);

}  // namespace halfmast::app
