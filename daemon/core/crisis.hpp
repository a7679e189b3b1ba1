// The flag: who raised it, why, over what, and what was promised.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/post.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

enum class severity {
    minor,     // noted; nobody is woken
    major,     // the plan starts, the on-call is paged
    critical,  // everybody on the list is paged
};

std::string_view to_string(severity level);
std::optional<severity> parse_severity(std::string_view text);

enum class phase {
    raised,   // desired: no covered post is live in a queue
    lowered,  // nothing new is held; what is held waits for a person
};

std::string_view to_string(phase value);

// Label matchers, all of which must hold: {brand: acme}. "account" and "connector" match the account itself.
// An empty scope covers everything.
using scope = std::map<std::string, std::string>;
bool covers(const scope& wanted, const account& candidate);
std::string to_string(const scope& value);  // "brand=acme,region=eu"

enum class publish_mode {
    at_once,         // the summary goes out after the undo window
    after_approval,  // waits for one approval; holds never wait
};

struct playbook {
    std::string name;
    severity level = severity::major;
    std::set<post_class> hold{post_class::promotional, post_class::unknown};
    milliseconds next_update{std::chrono::minutes{45}};
    publish_mode publish = publish_mode::at_once;
    milliseconds undo{std::chrono::seconds{20}};
    std::map<std::string, std::string> summary;  // BCP 47 tag -> Mustache template

    bool operator==(const playbook&) const = default;
};

// The summary of one account, ready to be published: no placeholder is left in it.
struct statement {
    std::string language;
    std::string text;

    bool operator==(const statement&) const = default;
};

struct crisis {
    crisis_id id;
    std::string playbook;
    severity level = severity::major;
    scope over;
    std::set<post_class> hold;
    std::string why;
    actor_id raised_by;
    actor_id owner;
    time_point raised_at;
    time_point next_update_by;
    time_point undo_until;  // nothing of it becomes public before
    publish_mode publish = publish_mode::at_once;
    phase now = phase::raised;
    time_point lowered_at{};
    actor_id lowered_by;
    std::map<account_id, statement> statements;
};

}  // namespace halfmast
