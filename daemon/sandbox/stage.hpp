// Setting the stage: posts, mentions and edits as if other clients and other people had made them. Bypasses every limit.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "daemon/ports/result.hpp"
#include "daemon/sandbox/world.hpp"

namespace halfmast::sandbox {

// `now` is the platform's time. Each gives what the control endpoint answers (JSON), or says what is wrong with the request.
result<std::string> seed(world& state, const nlohmann::json& asked, time_point now);
result<std::string> put_published(world& state, const nlohmann::json& asked, time_point now);
result<std::string> put_mention(world& state, const nlohmann::json& asked, time_point now);
result<std::string> edit_as_other(world& state, const nlohmann::json& asked, time_point now);

}  // namespace halfmast::sandbox
