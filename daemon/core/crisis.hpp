// The flag: who raised it, why, over what, and what was promised.
#pragma once

#include <cstdint>
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
// An empty scope matches everything.
using scope = std::map<std::string, std::string>;
bool matches(const scope& wanted, const account& candidate);
std::string to_string(const scope& value);  // "brand=acme,region=eu"

// Whether a flag over this scope reaches the account: a drill practice accounts alone, a real flag all others. The one place that
// tells them apart; whatever asks which accounts a flag is about asks here.
bool covers(const scope& over, bool drill, const account& candidate);

enum class publish_mode {
    at_once,         // the summary goes out after the undo window
    after_approval,  // waits for one approval; holds never wait
};

// One version of what is said, for all accounts in scope. Every account shows the latest one at the end.
enum class edition_kind {
    summary,     // the first one
    update,      // what is new
    correction,  // what was wrong; never passed over
    all_clear,   // it is over; promises no further word
};

std::string_view to_string(edition_kind kind);
std::optional<edition_kind> parse_edition_kind(std::string_view text);

// Mustache templates of one text in one language.
struct wording {
    std::string full;
    std::string brief;  // for accounts that `full` is too long for; may be empty: there is no short form

    bool operator==(const wording&) const = default;
};

using wordings = std::map<std::string, wording>;  // by BCP 47 tag

// What a person typed for one field of the texts, by BCP 47 tag; "und": in which language was not said. Empty: one text is all there is.
using by_language = std::map<std::string, std::string>;

// The one that stands for all where only one can: "und", else the first.
std::string text_for_all(const by_language&);

// What becomes of it when a stranger unpinned ours.
enum class pin_policy {
    repair,  // it is pinned again
    report,  // a person is told
};

std::string_view to_string(pin_policy value);
std::optional<pin_policy> parse_pin_policy(std::string_view text);

struct playbook {
    std::string name;
    severity level = severity::major;
    std::set<post_class> hold{post_class::promotional, post_class::unknown};
    milliseconds next_update{std::chrono::minutes{45}};
    publish_mode publish = publish_mode::at_once;
    milliseconds undo{std::chrono::seconds{20}};
    std::optional<severity> two_person;  // from which on letting go, lowering and speaking need a second person; unset: never
    std::map<edition_kind, wordings> texts;
    std::vector<std::string> languages;          // tried after the account's own language and its primary subtag
    std::map<std::string, std::string> contact;  // by BCP 47 tag: where to get help, the field {{contact}}
    milliseconds reply_wait{std::chrono::minutes{5}};
    bool reply_second_person = true;
    int most_public_acts =
        4;  // of one account within any hour; 0: no limit. From 2 up, the last place is kept for corrections and all-clears
    pin_policy lost_pin = pin_policy::repair;

    bool operator==(const playbook&) const = default;
};

// The words of one account, ready to be published: no placeholder is left in them.
struct statement {
    std::string language;
    std::string text;
    std::uint32_t length = 0;  // characters as the account's platform counts them; 0: nobody counted, code points are taken
    std::string hole{};        // a field that it asks for and nobody gave: it needs a person's word to go out; empty: none

    bool operator==(const statement&) const = default;
};

// Within what the platform takes, whole.
bool fits(const account&, const statement&);

struct edition {
    std::uint32_t number = 1;
    edition_kind kind = edition_kind::summary;
    actor_id by;
    time_point at;
    time_point undo_until;        // nothing of it becomes public before
    time_point next_update_by{};  // promised in its words; unset: it promises no further word
    bool approved = false;
    actor_id approved_by;
    bool undone = false;     // taken back before anything of it became public
    std::string about;       // correction: what was wrong; update: what is new. As it stands in its words
    by_language about_in{};  // the same, where it was given by language
    std::string reason{};    // given with it instead of the flag's; empty: the one before
    by_language reason_in{};
    std::map<account_id, statement> words;

    bool operator==(const edition&) const = default;
};

// The first field that some account's words ask for and nobody gave; empty: all is filled in. Such an edition waits for an approval.
std::string hole_in(const std::map<account_id, statement>& words);

struct crisis {
    crisis_id id;
    std::string playbook;
    severity level = severity::major;
    bool drill = false;  // practice, on practice accounts alone; everything else is as in earnest
    scope over;
    std::set<post_class> hold;
    std::string why;
    by_language why_in{};  // the same, where it was given by language
    actor_id raised_by;
    actor_id owner;
    time_point raised_at;
    time_point next_update_by;  // what is promised now; unset: nothing
    publish_mode publish = publish_mode::at_once;
    phase now = phase::raised;
    time_point lowered_at{};
    actor_id lowered_by;
    bool two_person = false;        // letting go what it held, lowering it and speaking need a second person
    std::string ask;                // to lower it, waiting for a second person; its id
    std::vector<edition> editions;  // in order; the first one is number 1
    std::uint32_t promised_in = 0;  // the edition whose promise `next_update_by` is; 0: the raise's
    std::uint32_t promises_kept = 0;
    std::uint32_t promises_missed = 0;
    bool late = false;  // what is promised now is missed, on record
};

// What the texts say happened: as given with the latest statement that named it and was not taken back, else as the flag was raised.
struct reason_said {
    std::string text;
    by_language in;
};
reason_said reason_of(const crisis&);

bool covers(const crisis& flag, const account& candidate);

}  // namespace halfmast
