// Whether an account could do in a crisis what it declares: tried in peace, without changing anything visible. Values only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/problem.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

// What has to work at an account. In the order in which people read it.
enum class ability {
    credential,  // the platform takes what we show it
    list,        // the queue can be read
    hold,        // a post can be stopped, by one rung
    publish,     // the summary can be published
    pin,         // the summary can be pinned, and what was pinned before put back
    read_feed,   // the public posts can be read
};

std::string_view to_string(ability of);
std::optional<ability> parse_ability(std::string_view text);

// One line of `doctor`: an answer to one question, and which ability it decides. Several lines may decide the same one.
struct check_line {
    ability of = ability::credential;
    std::optional<rung> by;  // hold: by which rung; none: by all that the account declares
    std::string what;        // "may edit others' posts", "scheduled posts can be listed"
    bool ok = false;
    bool by_person = false;          // possible, but only by a person: a fact, not a fault
    bool advice = false;             // worth knowing, and no ability is lost by it
    std::string detail;              // when not ok: what a person has to do
    std::optional<failure> trouble;  // when not ok: what the platform answered, or that it did not
    std::optional<time_point> ends;  // credential: when it ends

    check_line() {}
    check_line(ability of_, std::string what_, bool ok_, std::string detail_)
        : of(of_),
          what(std::move(what_)),
          ok(ok_),
          detail(std::move(detail_))
    {
    }
    // Not ok, because of this.
    check_line(ability of_, std::string what_, const problem& wrong)
        : of(of_),
          what(std::move(what_)),
          detail(wrong.detail),
          trouble(wrong.kind)
    {
    }
    check_line(ability of_, std::string what_, const std::optional<problem>& wrong)
        : of(of_),
          what(std::move(what_)),
          ok(!wrong),
          detail(wrong ? wrong->detail : std::string{})
    {
        if (wrong)
            trouble = wrong->kind;
    }
    // About one rung.
    check_line(rung by_, std::string what_, bool ok_, std::string detail_)
        : check_line(ability::hold, std::move(what_), ok_, std::move(detail_))
    {
        by = by_;
    }
};

// Nobody answered the question: what was known before stays what is known.
bool is_unanswered(const check_line&);

// Every ability the account declares has a line: what `lines` does not say follows from another line, which is named, or was not tried.
// What only a person can do there is said too.
std::vector<check_line> complete(const account&, std::vector<check_line> lines);

enum class standing {
    unknown,  // not tried yet, or nobody answered since the start
    ready,
    lost,  // the platform said no
    by_person,
};

std::string_view to_string(standing value);

struct ability_state {
    ability of = ability::credential;
    std::optional<rung> by;  // hold: the rung
    standing now = standing::unknown;
    time_point since{};
    std::string detail;  // lost: why, and what to do

    bool operator==(const ability_state&) const = default;
};

// What is known of one account. What was lost, and what was warned of, is in the ledger; the rest comes with the next check.
struct readiness {
    std::vector<ability_state> abilities;  // by ability, then by rung
    std::optional<time_point> ends;        // of the credential, as the last answer said
    std::optional<time_point> warned_of;   // on record: a credential that ends then
    milliseconds warned_within{0};         // the last step to that end that was said
    bool unanswered = false;               // on record: for so long nobody answered
    std::optional<problem> trouble;        // why the last check was not answered
    int in_vain = 0;                       // checks in a row that found something lost
    int failures = 0;                      // checks in a row that were not answered
    time_point failing_since{};
    time_point checked_at{};  // the last check that was answered

    bool operator==(const readiness&) const = default;
};

// Null when nothing is known of it.
const ability_state* find_ability(const readiness&, ability of, std::optional<rung> by = {});
bool is_lost(const readiness&, ability of, std::optional<rung> by = {});
bool has_lost_any(const readiness&);

// Nothing is lost, the last check was answered, and the credential does not end within `warn_before`.
bool is_wholly_ready(const readiness&, milliseconds warn_before, time_point now);

// The fold's part: what a record of readiness or of a credential's end makes true.
struct audit_record;
void apply_readiness(readiness&, const audit_record&);

}  // namespace halfmast
