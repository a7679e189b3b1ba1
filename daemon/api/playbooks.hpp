// Which playbook a person means. At three in the morning the name may be left out: then it is the only one, or "outage".
#pragma once

#include <string_view>

#include "daemon/core/policy.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::api {

// The problem is not_found and lists the names there are.
result<const playbook*> choose_playbook(const policy&, std::string_view name);

}  // namespace halfmast::api
