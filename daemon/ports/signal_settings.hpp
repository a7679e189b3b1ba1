// What may be the first warning, as the settings name it: values only. The settings read them, the room signals works by them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/classify.hpp"
#include "daemon/core/signals.hpp"
#include "daemon/core/spike.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast {

// How a sender proves who it is.
enum class hook_kind {
    standard,      // Standard Webhooks
    pagerduty,     // v3 webhooks
    github,        // X-Hub-Signature-256
    slack,         // v0, of an app's events and buttons
    alertmanager,  // a bearer token: it signs nothing
    grafana,       // a bearer token
};

// POST /hooks/NAME
struct hook_settings {
    std::string name;
    hook_kind kind = hook_kind::standard;
    std::vector<std::string> secrets;  // any of them: one is replaced while the other still works
    std::size_t most_body = 1u << 20;  // bytes
    int most_a_minute = 120;           // requests that are believed
    bool acknowledges = false;         // what it says of pages counts: PagerDuty's acknowledge, a Slack button

    hook_settings() {}
};

// A field of a payload, by JSON pointer, and what it may be. '*' at the end of a text matches the rest; no text: it is there.
struct field_match {
    std::string pointer;
    std::vector<std::string> any_of;

    field_match() {}
};

// What a hook's payload means; the first rule of the hook that matches speaks. "{/a/b}" in a text stands for the field.
struct hook_rule {
    std::string hook;
    std::vector<field_match> match;
    std::vector<field_match> ended;  // says that it is over; empty: as the kind says it
    std::string playbook;
    std::optional<severity> level;
    signal_wish wish = signal_wish::propose;
    std::map<std::string, std::string> over;  // label -> text
    std::string what;                         // text; empty: as the kind says it. As the others below
    std::string key;
    std::string link;
    std::vector<std::string> evidence;  // texts

    hook_rule() {}
};

// While this file is there, something is burning.
struct flag_file {
    std::string path;
    std::string playbook;
    std::optional<severity> level;
    signal_wish wish = signal_wish::raise;
    scope over;

    flag_file() {}
};

// What people write to accounts.
struct mention_watch {
    bool on = false;
    std::string playbook;
    std::optional<severity> level;
    signal_wish wish = signal_wish::propose;
    std::string by;  // a label: the flag is over all accounts that have the same; empty: over all there are
    milliseconds every{60'000};
    spike_rules rules;
    std::shared_ptr<const judgement> complaints;  // complaint words alone; never null when it is on

    mention_watch() {}
};

// Where queued promotional posts lead.
struct link_watch {
    bool on = false;
    std::string playbook;
    std::optional<severity> level;
    milliseconds every{15 * 60'000};
    milliseconds ahead{24 * 3'600'000};  // posts that are due so soon
    int share = 3;                       // so many dead ones of one host are more than a mistake in a post

    link_watch() {}
};

struct signal_settings {
    std::vector<hook_settings> hooks;
    std::vector<hook_rule> rules;
    std::vector<flag_file> files;
    mention_watch mentions;
    link_watch links;
    std::string public_url;  // "https://halfmast.acme.example": where a telephone reaches /hooks; empty: no buttons in letters

    signal_settings() {}
};

// "/a/0/b~1c", as in RFC 6901; the empty one is the whole.
bool is_json_pointer(std::string_view text);

// The pointers that a rule's text names in braces; nullopt: a brace that is open, or a pointer that is none.
std::optional<std::vector<std::string>> pointers_in(std::string_view text);

}  // namespace halfmast
