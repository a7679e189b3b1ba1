// The handlers of the table in routes.cpp, one file for each resource.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/api/messages.hpp"
#include "daemon/api/problem_json.hpp"
#include "daemon/api/routes.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::api::handlers {

using response = asio::awaitable<net::server_response>;

response status(const call&);
response livez(const call&);
response readyz(const call&);
response doctor(const call&);
response audit(const call&);

response audit_state(const call&);
response verify_audit(const call&);
response check_settings(const call&);

response raise(const call&);
response preview(const call&);
response show_crisis(const call&);
response lower(const call&);
response approve(const call&);
response plan(const call&);

response say(const call&);
response preview_statement(const call&);
response undo(const call&);
response change_owner(const call&);

response ask_reply(const call&);
response list_replies(const call&);
response approve_reply(const call&);
response drop_reply(const call&);

response list_tasks(const call&);
response finish_task(const call&);

response list_pages(const call&);
response acknowledge_page(const call&);
response test_pages(const call&);

response list_proposals(const call&);
response accept_proposal(const call&);
response dismiss_proposal(const call&);

response metrics(const call&);

response sign_in(const call&);
response show_session(const call&);
response sign_out(const call&);
response list_sessions(const call&);
response end_session(const call&);
response end_sessions(const call&);
response list_tokens(const call&);
response make_token(const call&);
response revoke_token(const call&);
response make_link(const call&);
response show_link(const call&);
response use_link(const call&);
response provider_start(const call&);
response provider_return(const call&);

response list(const call&);
response show_post(const call&);
response why(const call&);
response hold(const call&);
response release(const call&);
response keep(const call&);
response judge(const call&);
response note(const call&);
response bulk(const call&);

response list_asks(const call&);
response second(const call&);
response drop_ask(const call&);

response events(const call&);
response openapi(const call&);

// ---- shared ----

// Null, and what to say about it.
const crisis* find_crisis(const call&, const crisis_id&);
trouble no_such_crisis(const call&, const std::string& id);

// The crisis that the path names, and what is said when there is none.
crisis_id crisis_of(const call&);
std::optional<trouble> refuse_crisis(const call&);

// The same for a request with a body: a wrong body comes first.
template <class Body>
std::optional<trouble> refuse_crisis(const call& asked, const result<Body>& body)
{
    return body ? refuse_crisis(asked) : std::optional{bad_request(body.error().detail)};
}

// The post as it is now, for requests that change it. `doing`: "releasing".
net::server_response answer_post(const call&, const answer& came, const char* doing, bool needs_ledger);

// Whoever breaks the glass must be one who may decide alone.
std::optional<trouble> refuse_break_glass(const call&, const std::string& why);

// The crisis as it is now, for requests that only change the ledger's part of the world: without the ledger they did not happen.
// `edition`: which one this was about; 0: none.
net::server_response answer_crisis(const call&, const answer& came, const crisis_id& about, std::string_view what, int status = 200,
                                   std::uint32_t edition = 0);

// The links of these words, asked whether they answer: fills in `links`. Each address once.
asio::awaitable<void> ask_links(const call&, std::vector<statement_preview>&);

net::server_response json(int status, const document&);

// A query member, "" when absent. Members nobody knows are a fault: unknown_member gives it.
std::string query(const call&, const char* name);
std::optional<trouble> unknown_member(const call&, std::initializer_list<std::string_view> known);
bool flag(const call&, const char* name);  // "1" or "true"

}  // namespace halfmast::api::handlers
