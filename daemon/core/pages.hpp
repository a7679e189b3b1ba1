// Who has to know what, and whether somebody does. A *page* is one cause ("this account refuses its credential"). Pages of one
// kind, crisis and route go out together as one *group*: that is what people get and acknowledge, so that ten thousand causes wake
// a person once. Values, the fold, and the two calls by which every part of the core opens and ends a page. Must not know a
// receiver's protocol.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/crisis.hpp"
#include "daemon/core/duty.hpp"
#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

struct step;
struct state;
struct audit_record;

using page_level = severity;  // minor: may wait for the morning; major: the on-call is woken; critical: everybody on the list

struct page {
    std::string key;  // the cause; the same cause has the same key: "hold-manual/acme-blog". Its kind stands before the first '/'
    page_level level = page_level::major;
    crisis_id crisis;             // empty: it concerns none
    account_id account;           // empty: it concerns no single one
    std::string what;             // one sentence: what happened
    std::string todo;             // what to type or to do
    std::string link;             // where a person can look; may be empty
    std::uint32_t count = 1;      // how many things it stands for
    milliseconds wait{0};         // how long it must last before anybody is told: what is over by then wakes nobody
    bool ends_with_word = false;  // nothing but a person's word ends it: it is over when it is acknowledged

    bool operator==(const page&) const = default;
};

// "hold-manual" of "hold-manual/acme-blog".
std::string_view kind_of_page(std::string_view key);

// It is so now. While the page is open this changes nothing but its text, level and count, and those only when they got worse or a
// minute has passed: calling it at every look is right. Cheap: one look-up.
void open_page(const step&, page);
// The cause is gone, or nothing is left to be done about it. Nothing happens when no such page is open.
void resolve_page(const step&, const std::string& key, const std::string& why);

// Pages of drills and of practice accounts, where nothing real is at stake, are in groups of their own. By the group's name.
bool is_drill_group(std::string_view name);

// What a receiver is told about a group.
enum class page_verb {
    trigger,      // it is so: for the first time, again, or worse
    acknowledge,  // somebody has it in hand
    resolve,      // it is over
};

std::string_view to_string(page_verb verb);
std::optional<page_verb> parse_page_verb(std::string_view text);

struct open_page_state {
    page said;
    std::string group;
    time_point since{};
    time_point noted_at{};  // when the ledger last heard of it
};

// What one receiver knows of one group.
struct page_delivery {
    std::uint32_t number = 0;   // letters it took so far; the next one is number + 1, whatever becomes of it and of us
    std::uint32_t version = 0;  // of the group, as it was last told; 0: not since it began, or since it began anew
    bool told = false;          // it knows that this is open
    bool acknowledged = false;  // it was told that somebody has it in hand
    bool resolved = false;      // it was told that it is over
    bool in_flight = false;
    bool refused = false;                 // it does not take the letter, and trying again soon is no use
    page_verb verb = page_verb::trigger;  // of the letter that was sent last
    std::uint32_t sending = 0;            // and the group's version in it
    int attempts = 0;                     // for the letter that is owed
    time_point tried_since{};
    time_point not_before{};
    time_point told_at{};
    std::string trouble;  // why the last attempt failed
};

struct page_group {
    std::string id;     // for receivers that join what has the same key: name and first moment
    std::string route;  // by its name in the settings
    crisis_id crisis;
    page_level level = page_level::minor;
    time_point since{};
    time_point ready_at{};        // the earliest of its pages has lasted long enough; who does not answer, does not since then
    std::uint32_t version = 1;    // grows when there is more to tell
    std::set<std::string> pages;  // by key; empty: it is over
    std::uint64_t step = 0;       // of the route's escalation, reached
    actor_id acknowledged_by;
    time_point acknowledged_at{};
    time_point over_at{};
    std::string over_why;
    page last;                                // of the pages that are over, for the words of the last letter
    std::map<std::string, page_delivery> to;  // by the receiver's name
};

// The ledger's part of it: rebuilt by the fold.
struct page_book {
    std::map<std::string, open_page_state> open;  // by page key
    std::map<std::string, page_group> groups;     // by name: "hold-manual/c-1", "account-refused@night"
    bool stirred = false;                         // something changed since letters were last looked for
};

// What the records of pages keep; which members mean something depends on the kind (see the fold).
struct page_note {
    std::string key;
    std::string group;
    std::string route;
    std::string receiver;
    page_level level = page_level::minor;
    std::string what;
    std::string todo;
    std::string link;
    std::uint32_t count = 1;
    milliseconds wait{0};
    bool ends_with_word = false;
    page_verb verb = page_verb::trigger;
    std::uint32_t number = 0;   // of the letter; page_escalated: of the step
    std::uint32_t version = 0;  // page_sent: of the group
};

// One message to one receiver, in words that need no further question. The room alert puts it on the wire.
struct page_letter {
    std::string group;
    std::string receiver;
    std::string id;     // of this letter; the same at every attempt, so that a receiver can tell a repetition
    std::string dedup;  // of the group: one incident at the receiver
    page_verb verb = page_verb::trigger;
    page_level level = page_level::major;
    std::string kind;  // "hold-manual"
    crisis_id crisis;
    actor_id owner;                 // of the crisis
    std::string what;               // the worst page's sentence
    std::vector<std::string> more;  // sentences of others, at most a few
    std::uint32_t count = 1;        // things in all
    std::string todo;
    std::string link;
    time_point since{};
    time_point over_at{};  // resolve, and a trigger that comes too late
    std::string over_why;
    actor_id acknowledged_by;
    std::uint32_t number = 1;  // 2 and up: the receiver knows of it
    int attempt = 1;
    bool test = false;            // `doctor --pages`: nothing happened
    bool drill = false;           // of a drill or of a practice account: nothing real is at stake
    std::string acknowledge_url;  // a POST there takes it in hand; empty: there is no such way. Filled in by the shell
};

// The rules a customer sets, as values.

struct page_receiver {
    std::string instead;                             // told when this one does not take a letter; may be empty
    milliseconds patience{std::chrono::minutes{2}};  // how long it may fail until then
    bool hears_acknowledged = true;
    bool hears_resolved = true;
    milliseconds refresh{0};  // forgets what it is not told again; 0: it does not
};

struct page_step {
    milliseconds after{0};
    std::vector<std::string> to;  // receivers by name
};

struct page_route {
    std::string name;  // may be empty for one of them
    // Labels of the account and of the crisis' scope; "kind", "account", "connector", "crisis", "playbook"; "drill": true, false.
    scope match;
    page_level least = page_level::minor;
    std::vector<page_step> steps;                   // the first one has after 0
    milliseconds gather{std::chrono::seconds{2}};   // waits so long for more of the same before the first letter
    milliseconds more{std::chrono::minutes{5}};     // between two letters that say there is more
    milliseconds repeat{std::chrono::minutes{30}};  // while nobody acknowledges; 0: never
};

struct paging {
    std::map<std::string, page_receiver> receivers;
    std::vector<page_route> routes;                   // the first that matches; none matches: it is on record, and nobody is told
    milliseconds crisis_open{std::chrono::hours{4}};  // "it is still up", and again after as long
    milliseconds update_ahead{std::chrono::minutes{10}};
    milliseconds manual_ahead{std::chrono::minutes{30}};  // of the due time of a post that a person has to stop
    milliseconds task_ahead{std::chrono::minutes{30}};    // of the due time of a task
    milliseconds hold_ahead{std::chrono::minutes{5}};     // of the due time of a post that is not held yet
    milliseconds hold_settles{std::chrono::seconds{60}};  // and stands still for so long
    milliseconds unreachable_for{std::chrono::minutes{2}};
    // When the quiet hours that `at` lies in are over; nothing outside of them. A function of its argument alone.
    std::function<std::optional<time_point>(time_point at)> quiet_until;
    // Who has the duty of a rota then, as receivers; nothing when no rota has that name. A step may name a rota like a receiver.
    std::function<std::optional<std::vector<std::string>>(const std::string& rota, time_point at)> on_duty;
    std::map<std::string, duty_rules> calendars;  // rotas that a calendar fills, by name; what it says is part of the state
    std::vector<std::string> rotas;               // all of both kinds, by name, for whoever lists them
};

// Who is told when a step names this rota: whoever has the duty, and where nobody has it in a calendar, who stands in for that.
// Nothing when there is no such rota.
std::optional<std::vector<std::string>> receivers_on_duty(const paging&, const std::map<std::string, duty_roster>& calendars,
                                                          const std::string& rota, time_point at);

// The fold's part: what a record of a page makes true.
void apply_page(state&, const audit_record&);

}  // namespace halfmast
