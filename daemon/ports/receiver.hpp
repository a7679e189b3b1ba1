// One receiver of pages as the settings name it: values only. The settings read them, the room alert sends by them.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/time.hpp"

namespace halfmast {

struct receiver_settings {
    std::string name;
    std::string kind;             // "pagerduty"; the room alert knows what that means
    std::string url;              // may be a secret itself: never logged
    std::string secret;           // token, routing key, password, or what letters are signed with
    std::string username;         // where the secret is a password
    std::string user;             // pushover: whom to tell
    std::string topic;            // ntfy
    std::string from;             // smtp, twilio
    std::vector<std::string> to;  // smtp, twilio
    std::string ca_file;          // smtp: instead of the system's
    bool buttons = false;         // slack: clicks come back to a hook of ours
    bool plain = false;           // smtp: no TLS, to a server on this machine
    milliseconds timeout{10'000};

    receiver_settings() {}
};

struct heartbeat_settings {
    std::string url;       // asked for as often; empty: none
    std::string receiver;  // of the kind alertmanager: an alert that always fires
    milliseconds every{60'000};

    heartbeat_settings() {}
};

}  // namespace halfmast
