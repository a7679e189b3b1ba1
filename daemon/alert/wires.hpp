// The kinds there are, each in a file of its own. Internal to this room: see find_wire.
#pragma once

#include "daemon/alert/wire.hpp"

namespace halfmast::alert {

wire webhook_wire();       // any program, signed by Standard Webhooks
wire alertmanager_wire();  // API v2
wire pagerduty_wire();     // Events API v2
wire opsgenie_wire();
wire ntfy_wire();
wire gotify_wire();
wire slack_wire();  // incoming webhook, Block Kit
wire discord_wire();
wire teams_wire();        // workflow webhook, Adaptive Card
wire goalert_wire();      // generic API
wire grafana_irm_wire();  // formatted webhook
wire pushover_wire();
wire twilio_wire();  // SMS

// The alert that always fires, until nobody is left to say so: it ends three beats after the last one.
http_request alive_request(const receiver_settings& alertmanager, const std::string& machine, time_point now, milliseconds every);

}  // namespace halfmast::alert
