// Whether one link leads somewhere: what to ask, and what the answer means. Pure: the asking is done by link_checker.
#pragma once

#include <optional>
#include <string>

#include "daemon/ports/http.hpp"

namespace halfmast::net {

struct link_rules {
    bool own_network = false;  // addresses of this machine and of private networks may be asked too
    int most_redirects = 5;
    milliseconds timeout{10'000};  // of one request
};

// HEAD first; GET where that is not answered with a page: before a link is called dead it was asked for as a browser does. Redirects are followed one by one, each under the same rules.
// A page that is not for programs (401, 403, 429) is there; what is gone, broken or silent is not.
class link_visit {
public:
    link_visit(const std::string& url, const link_rules& rules);

    // What to ask next; nothing when it is over.
    [[nodiscard]] std::optional<http_request> next() const;
    // Host and port of that request, for one at a time.
    [[nodiscard]] const std::string& host() const { return host_; }

    void answered(const result<http_response>& given);

    [[nodiscard]] bool ok() const { return ok_; }
    // What was asked and what came: "HEAD: 301, to https://a.example/; HEAD: 404 Not Found".
    [[nodiscard]] const std::string& said() const { return said_; }

private:
    void go_to(const std::string& url);
    void redirected(const http_response& given);
    void note(const std::string& what);
    void end(bool ok, const std::string& what);

    link_rules rules_;
    std::string url_;  // as it goes on the wire: no fragment, percent-encoded
    std::string host_;
    bool gets_ = false;  // GET, for HEAD was refused
    bool over_ = false;
    bool ok_ = false;
    int redirects_ = 0;
    std::string said_;
};

// An address of a page, as it stands at `base`: absolute, or relative in any of its forms. Empty when it is none.
std::string resolved_link(const std::string& base, const std::string& link);

// Why this address is not asked; empty when it may be.
std::string unfit_link(const std::string& url, bool own_network);

}  // namespace halfmast::net
