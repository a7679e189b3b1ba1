// Trouble as application/problem+json (RFC 9457), with the exit code of the `halfmast` command in it. The one place where causes
// become HTTP statuses and exit codes; it words nothing: the text comes from whoever refused.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/core/decide.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::api {

struct trouble {
    int status = 500;
    int exit_code = 1;
    std::string type;  // "past-time": the last part of the URN
    std::string title;
    std::string detail;
    std::map<std::string, std::string> more;  // members beside these, each as JSON text
    http_headers headers;                     // that belong to this answer: Retry-After, WWW-Authenticate

    trouble() {}
    trouble(int status_, int exit_code_, std::string type_, std::string title_, std::string detail_)
        : status(status_),
          exit_code(exit_code_),
          type(std::move(type_)),
          title(std::move(title_)),
          detail(std::move(detail_))
    {
    }
};

trouble from_refusal(const refusal&);
trouble from_problem(const problem&);                                 // of a port: trouble on our own side or at the platform
trouble bad_request(std::string detail);                              // 400, exit 2
trouble not_found(std::string detail);                                // 404, exit 1
trouble not_allowed(std::string detail);                              // 403, exit 4
trouble ledger_refused(std::string_view what, std::string_view why);  // 503, exit 1

net::server_response to_response(const trouble&);

}  // namespace halfmast::api
