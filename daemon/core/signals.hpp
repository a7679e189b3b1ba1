// What may be the beginning of a crisis, as something outside says it, and what becomes of it: a *proposal*. A proposal is shown and
// paged, and becomes a flag by a person's word, or by itself where the operator allowed it. Values, and the fold of their records.
// What raised a flag never lowers it. Must not know how a signal came here: webhook, spike, dead link and file are alike.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct state;
struct audit_record;

enum class signal_wish {
    propose,  // a person decides
    raise,    // by itself, as far as `raise_at_most` goes; else a person decides
};

std::string_view to_string(signal_wish wish);
std::optional<signal_wish> parse_signal_wish(std::string_view text);

// One signal. Who says it was verified before it came here.
struct heard_signal {
    std::string source;  // "hook/shop-alerts", "flag-file/outage", "spike/acme-blog", "dead-links"
    std::string what;    // one sentence
    std::string playbook;
    std::optional<severity> level;  // else the playbook's
    scope over;
    signal_wish wish = signal_wish::propose;
    std::vector<std::string> evidence;  // lines for a person
    std::string key;                    // the same key: the same thing, said again. Empty: playbook and scope
    std::string link;
    bool ended = false;  // its source says that it is over

    heard_signal() {}
};

enum class proposal_state {
    open,       // waits for a person
    accepted,   // it is a flag
    dismissed,  // a person said no
    expired,    // nobody decided, and it was not heard of again; or its sources say that it is over
};

std::string_view to_string(proposal_state value);
std::optional<proposal_state> parse_proposal_state(std::string_view text);

struct proposal {
    std::string id;  // "p-1"
    std::string key;
    std::string what;
    std::string playbook;
    severity level = severity::minor;
    scope over;
    std::set<std::string> sources;      // that say so and did not say that it is over
    std::vector<std::string> evidence;  // the first lines and the latest ones
    std::string link;
    std::uint64_t count = 0;  // signals, as far as they are on record
    proposal_state now = proposal_state::open;
    time_point made_at{};
    time_point noted_at{};  // when the ledger last heard of it
    time_point decided_at{};
    actor_id by;  // who decided
    std::string why;
    crisis_id crisis;  // accepted: its flag
    // Beside the ledger: losing it costs a count.
    std::uint64_t unnoted = 0;  // signals since
    time_point heard_at{};

    bool operator==(const proposal&) const = default;
};

// The ledger's part of it: rebuilt by the fold.
struct proposal_book {
    std::map<std::uint64_t, proposal> all;      // by number; decided ones are forgotten when many came after them
    std::map<std::string, std::uint64_t> last;  // the newest one of each key
    std::uint64_t next = 1;
};

// Null when there is none (any more). Reads "p-12".
const proposal* find_proposal(const proposal_book& book, std::string_view id);

// The rules a customer sets, as values.
struct signal_rules {
    std::optional<severity> raise_at_most;       // nothing: no signal raises by itself. What is minor never does
    milliseconds expire{std::chrono::hours{4}};  // a proposal that nobody decides on and that is not heard of again
    milliseconds hush{
        std::chrono::hours{1}};  // after a person's no, or a lowered flag: the same thing neither pages again nor raises
    std::size_t most_open = 50;  // beyond them, the other signals of one source are one proposal

    bool operator==(const signal_rules&) const = default;
};

// Would this signal become a flag by itself now? Not when one is up that covers it. For the shell, which writes the words of a flag before it hands the signal in.
bool may_raise_by_itself(const state& known, const signal_rules& rules, const heard_signal& said, severity level, time_point now);

// The fold's part: what a record of a proposal makes true.
void apply_proposal(state&, const audit_record&);

}  // namespace halfmast
