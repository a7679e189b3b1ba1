// Requests and answers of the server as text; pure.
#pragma once

#include <map>
#include <string>

#include "daemon/net/http_server.hpp"

namespace halfmast::net {

// Status line and headers, with the empty line. Headers with a line break in them are left out.
std::string head_text(const server_response& given, unsigned version, bool keep_open);

// 204 and 304 have none, whatever the handler says.
bool may_have_body(int status);

// {"type":"about:blank","title":"Bad Request","status":400,"detail":"..."}
std::string problem_text(int status, const std::string& detail);

// "/a/b?x=1&y=%20" -> path and decoded query; of a name that comes twice the first one. False when the query's encoding is broken.
bool split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace halfmast::net
