// The handlers of the table in routes.cpp, one file for each resource.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/api/messages.hpp"
#include "daemon/api/problem_json.hpp"
#include "daemon/api/routes.hpp"

namespace halfmast::api::handlers {

using response = asio::awaitable<net::server_response>;

response status(const call&);
response livez(const call&);
response readyz(const call&);
response doctor(const call&);
response audit(const call&);

response raise(const call&);
response preview(const call&);
response show_crisis(const call&);
response lower(const call&);
response approve(const call&);
response plan(const call&);

response list_pages(const call&);
response acknowledge_page(const call&);
response test_pages(const call&);

response list(const call&);
response show_post(const call&);
response why(const call&);
response hold(const call&);
response release(const call&);
response keep(const call&);

// ---- shared ----

net::server_response json(int status, const document&);

// A query member, "" when absent. Members nobody knows are a fault: unknown_member gives it.
std::string query(const call&, const char* name);
std::optional<trouble> unknown_member(const call&, std::initializer_list<std::string_view> known);
bool flag(const call&, const char* name);  // "1" or "true"

}  // namespace halfmast::api::handlers
