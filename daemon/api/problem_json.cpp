#include "daemon/api/problem_json.hpp"

#include <nlohmann/json.hpp>

#include "daemon/api/messages.hpp"

namespace halfmast::api {

trouble from_refusal(const refusal& refused)
{
    switch (refused.kind) {
    case refusal::cause::unknown_target: return {404, 1, "unknown-target", "There is no such thing", refused.text};
    case refusal::cause::past_time: return {422, 1, "past-time", "That time is not far enough ahead", refused.text};
    case refusal::cause::covered: return {409, 4, "covered", "An open flag covers it", refused.text};
    case refusal::cause::wrong_state:
        return {409, 9, "wrong-state", "It is not in a state in which this can be asked", refused.text};
    case refusal::cause::not_possible: return {422, 3, "not-possible", "The platform has no way to do it", refused.text};
    case refusal::cause::too_near: {
        trouble near{409, 1, "too-near", "Another post that was let go goes out about then", refused.text};
        if (refused.free_at)
            near.more["free_at"] = dump(document(format_utc(*refused.free_at)));
        return near;
    }
    case refusal::cause::changed: {
        trouble changed{409, 9, "changed-at-source", "It was changed at its source after it was held", refused.text};
        changed.more["difference"] = dump(document{{"before", refused.before}, {"after", refused.after}});
        return changed;
    }
    case refusal::cause::same_person: return {403, 4, "same-person", "A second person is needed", refused.text};
    }
    return {500, 1, "internal", "Refused for a cause that has no name", refused.text};
}

trouble from_problem(const problem& what)
{
    switch (what.kind) {
    case failure::not_found: return {404, 1, "unknown-target", "There is no such thing", what.detail};
    case failure::rejected: return {422, 1, "rejected", "That cannot be done as asked", what.detail};
    case failure::conflict: return {409, 9, "conflict", "Somebody else changed it first", what.detail};
    case failure::forbidden: return {403, 4, "not-allowed", "That is not allowed", what.detail};
    case failure::unsupported: return {422, 3, "not-possible", "The platform has no way to do it", what.detail};
    case failure::local: return {503, 1, "unavailable", "The daemon cannot answer this now", what.detail};
    default: return {502, 1, "platform", "The platform gave no usable answer", what.detail};
    }
}

trouble bad_request(std::string detail) { return {400, 2, "bad-request", "The request cannot be understood", std::move(detail)}; }

trouble not_found(std::string detail) { return {404, 1, "unknown-target", "There is no such thing", std::move(detail)}; }

trouble not_allowed(std::string detail) { return {403, 4, "not-allowed", "That is not allowed", std::move(detail)}; }

trouble ledger_refused(std::string_view what, std::string_view why)
{
    std::string detail{what};
    detail += " was not done, nothing changed: the ledger cannot be written (";
    detail += why.empty() ? std::string_view{"no reason given"} : why;
    detail += "). Holding goes on without it; releasing and publishing do not.";
    return {503, 1, "ledger-refused", "The ledger cannot be written", std::move(detail)};
}

net::server_response to_response(const trouble& what)
{
    document body;
    body["type"] = "urn:halfmast:problem:" + what.type;
    body["title"] = what.title;
    body["status"] = what.status;
    body["detail"] = what.detail;
    body["exit_code"] = what.exit_code;
    for (const auto& [name, text] : what.more)
        body[name] = document::parse(text);
    net::server_response response{what.status, dump(body)};
    response.content_type = "application/problem+json";
    response.headers = what.headers;
    return response;
}

}  // namespace halfmast::api
