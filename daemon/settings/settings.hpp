// The settings as typed values, with their defaults in one place. Loading collects every fault, never just the first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/core/policy.hpp"
#include "daemon/ports/access.hpp"
#include "daemon/ports/duty_calendar.hpp"
#include "daemon/ports/receiver.hpp"
#include "daemon/ports/room.hpp"
#include "daemon/ports/signal_settings.hpp"

namespace halfmast::settings {

struct account_entry {
    account declared;  // id, labels, language, ..., and what the connector declared
    const connector_room* room = nullptr;
    std::shared_ptr<const connector_settings> own;
    milliseconds poll_every{60'000};
    milliseconds sweep_every{15'000};           // while a flag covers it
    std::optional<time_point> credential_ends;  // as a person wrote it, for platforms that do not tell
};

struct settings {
    std::string file;
    std::string state_dir = "/var/lib/halfmast";
    std::string control_socket = "/run/halfmast/control.sock";
    std::string control_group = "halfmast";  // may use the socket; left alone when it does not exist
    std::optional<std::string> listen;       // "127.0.0.1:7413"
    std::optional<access::tls_paths> tls;    // of it; without them it is an address of loopback
    milliseconds request_timeout{30'000};    // for a request to come whole, and for a handshake before it
    access::options access_rules;
    std::uint64_t mark = 0;         // of all that the files say but [access]: other settings, another mark
    std::uint64_t access_mark = 0;  // and of [access], which is also read again while the daemon runs
    std::string proxy;
    milliseconds warn_before = policy{}.warn_before;    // of the end of a credential; an account may have its own
    milliseconds silence_after = policy{}.feed_margin;  // so long after its due time a held post may still appear
    bool has_vault = false;                             // a vault_key is named
    secret vault_key;                                   // 32 bytes; empty: none, or secrets are not read here
    std::vector<account_entry> accounts;
    std::map<std::string, playbook> playbooks;
    std::vector<std::string> partners;  // of all playbooks: addresses of others that must work in a crisis
    bool private_links = false;         // addresses of our own network are asked too when links are checked
    std::vector<receiver_settings> receivers;
    paging pages;                            // routes, and the receivers as the core sees them
    std::vector<duty_calendar> calendars;    // of rotas that a calendar fills
    signal_settings signals;                 // what may be the first warning
    signal_rules proposals;                  // and what becomes of it
    review_rules review;                     // how far apart posts go out that people let go
    heartbeat_settings heartbeat;            // neither url nor receiver: none
    std::map<post_class, mark_rules> marks;  // folded
    std::vector<word_rule> words;            // folded
    bool campaign_links = true;
};

enum class weight {
    error,    // nothing starts with this
    warning,  // said, and gone on with: a secret that cannot be read from here
};

struct fault {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;
    weight how = weight::error;
    std::string text;  // names the key, what is wrong and what would be right
};

std::string to_string(const fault&);  // "halfmast.toml:12:7: account acme-blog: url is not an https URL"

struct loaded {
    settings value;             // complete when no fault is an error
    std::vector<fault> faults;  // in file order

    [[nodiscard]] bool usable() const;
};

// The settings of a machine without a settings file: no accounts, the shipped word rules.
settings defaults();

// Reads FILE and the files it names (playbooks, words; relative to it). `rooms` is the table of connectors.
// With `secrets` false, secrets are not read: check-config on a machine that must not see them.
loaded load(const std::string& file, std::span<const connector_room> rooms, bool secrets = true);

// The policy these settings make.
policy make_policy(const settings&);

}  // namespace halfmast::settings
