// How each kind of receiver is spoken to: pure, a letter to a request, an answer to what became of it. One small file for each
// kind. A wire must not send, wait, retry or log; what it makes may hold secrets.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/pages.hpp"
#include "daemon/net/base64.hpp"
#include "daemon/ports/http.hpp"
#include "daemon/ports/receiver.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::alert {

struct wire {
    std::string_view kind;
    // Nothing: there is nothing to say by this letter, and that is no failure. `now` is the moment of the attempt.
    std::optional<http_request> (*write)(const receiver_settings& to, const page_letter& letter, time_point now);
    // What it said, in a few words for the ledger; or why it did not take it (see read_status).
    result<std::string> (*read)(const http_response& answer);
    bool hears_acknowledged = true;
    bool hears_resolved = true;
    milliseconds refresh{0};  // must be told again as often while it is so; 0: never
};

// Null for a kind that is none of these. Mail is no HTTP: it has its own way (mail.hpp).
const wire* find_wire(std::string_view kind);
std::span<const wire> all_wires();

// What a status means to the outbox: 2xx is taken; 429 waits as long as it is told; 401, 403, 404, 410 and what is wrong with the
// letter itself is no use to repeat soon; all else may have been taken, and is tried again.
result<std::string> read_status(const http_response& answer);
// The same of a service that never answers with a page for browsers: one that says 200 is a proxy's, and the letter is not there.
result<std::string> read_api_status(const http_response& answer);
// The beginning of a body, in one line, for the text of a problem.
std::string excerpt(std::string_view body);

// A POST with this JSON; never sent twice by the library.
http_request post_json(const receiver_settings& to, const std::string& url, const nlohmann::json& body);
http_request post_form(const receiver_settings& to, const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& fields);
std::string dump(const nlohmann::json& body);
using net::base64;

}  // namespace halfmast::alert
