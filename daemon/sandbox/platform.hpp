// The practice platform as one pure thing: a request and a time in, an answer out. No sockets, no clock, no threads;
// service.hpp puts it on the network.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/net/http_server.hpp"
#include "daemon/sandbox/call_log.hpp"
#include "daemon/sandbox/faults.hpp"
#include "daemon/sandbox/limits.hpp"
#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/rules.hpp"
#include "daemon/sandbox/world.hpp"

namespace halfmast::sandbox {

struct platform_settings {
    rules set;
    std::vector<rate_rule> limits = default_rate_rules();
    fault_plan plan;
    milliseconds latency{0};
    milliseconds skew{0};  // the platform's clock minus the true one
    std::size_t log_size = 10'000;
};

// What the control endpoints may reach into.
struct platform_parts {
    platform_parts(platform_settings settings, time_point now);

    rules set;
    world state;
    limiter limits;
    fault_plan plan;
    call_log log;
    milliseconds latency;
    milliseconds skew;
    std::string base = "http://127.0.0.1";
};

class platform {
public:
    platform(platform_settings settings, time_point now);

    // `now` is true time everywhere; the platform's own clock is that plus its skew.
    person& add_account(const std::string& name, const std::string& token, time_point now);
    void set_base(const std::string& base) { parts_.base = base; }

    net::server_response handle(const net::server_request& request, time_point now);
    void advance(time_point now);
    // When advance has something to do next, in true time.
    [[nodiscard]] std::optional<time_point> next_event() const;

    // The ready line: {"sandbox":"mastodon","url":...,"accounts":[...],"control":...}.
    [[nodiscard]] std::string introduction() const;
    // As GET /control/state shows it.
    [[nodiscard]] std::string state_document(time_point now) const;

private:
    net::server_response serve(const net::server_request& request, time_point now);
    net::server_response act(const net::server_request& request, const matched_route& where, person* who, time_point at);
    net::server_response act_with(const striking_fault& struck, const net::server_request& request, const matched_route& where,
                                  person* who, time_point now);
    void act_as_others(const striking_fault& struck, time_point now);
    bool within_limits(const net::server_request& request, const person* who, time_point at, http_headers& headers);

    platform_parts parts_;
    router routes_;
    std::multimap<time_point, net::server_request> late_;  // acts whose answer came first, in true time
};

}  // namespace halfmast::sandbox
