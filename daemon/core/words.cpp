// The stable words of every enumeration, in one place: JSON, ledger, pages and the command all use these.
#include <algorithm>
#include <array>
#include <utility>

#include "daemon/core/action.hpp"
#include "daemon/core/crisis.hpp"
#include "daemon/core/hold.hpp"
#include "daemon/core/pages.hpp"
#include "daemon/core/problem.hpp"
#include "daemon/core/readiness.hpp"
#include "daemon/core/record.hpp"
#include "daemon/core/review.hpp"
#include "daemon/core/signals.hpp"

namespace halfmast {

namespace {

template <class Enum, std::size_t N>
using word_table = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
std::string_view word_of(const word_table<Enum, N>& words, Enum value)
{
    // Every table lists its enumeration in order, so that the value is the index.
    return words[static_cast<std::size_t>(value)].second;
}

template <class Enum, std::size_t N>
std::optional<Enum> find_word(const word_table<Enum, N>& words, std::string_view text)
{
    auto found = std::ranges::find(words, text, &std::pair<Enum, std::string_view>::second);
    if (found == words.end())
        return std::nullopt;
    return found->first;
}

constexpr word_table<failure, 11> failures{{
    {failure::unreachable, "unreachable"},
    {failure::unknown_outcome, "unknown_outcome"},
    {failure::auth_expired, "auth_expired"},
    {failure::forbidden, "forbidden"},
    {failure::not_found, "not_found"},
    {failure::conflict, "conflict"},
    {failure::rejected, "rejected"},
    {failure::rate_limited, "rate_limited"},
    {failure::bad_reply, "bad_reply"},
    {failure::unsupported, "unsupported"},
    {failure::local, "local"},
}};

constexpr word_table<post_class, 4> post_classes{{
    {post_class::promotional, "promotional"},
    {post_class::essential, "essential"},
    {post_class::neutral, "neutral"},
    {post_class::unknown, "unknown"},
}};

constexpr word_table<rung, 6> rungs{{
    {rung::native, "native"},
    {rung::draft, "draft"},
    {rung::postpone, "postpone"},
    {rung::takeout, "takeout"},
    {rung::channel_off, "channel_off"},
    {rung::manual, "manual"},
}};

constexpr word_table<severity, 3> severities{{
    {severity::minor, "minor"},
    {severity::major, "major"},
    {severity::critical, "critical"},
}};

constexpr word_table<phase, 2> phases{{{phase::raised, "raised"}, {phase::lowered, "lowered"}}};

constexpr word_table<hold_state, 13> hold_state_words{{
    {hold_state::planned, "planned"},
    {hold_state::saving, "saving"},
    {hold_state::stopping, "stopping"},
    {hold_state::unconfirmed, "unconfirmed"},
    {hold_state::held, "held"},
    {hold_state::escaped, "escaped"},
    {hold_state::gone, "gone"},
    {hold_state::failed, "failed"},
    {hold_state::manual, "manual"},
    {hold_state::releasing, "releasing"},
    {hold_state::released, "released"},
    {hold_state::rescheduled, "rescheduled"},
    {hold_state::kept, "kept"},
}};

constexpr word_table<summary_state, 9> summary_states{{
    {summary_state::waiting, "waiting"},
    {summary_state::publishing, "publishing"},
    {summary_state::published, "published"},
    {summary_state::pinned, "pinned"},
    {summary_state::unpinning, "unpinning"},
    {summary_state::unpinned, "unpinned"},
    {summary_state::manual, "manual"},
    {summary_state::failed, "failed"},
    {summary_state::withdrawn, "withdrawn"},
}};

constexpr word_table<edition_kind, 4> edition_kinds{{
    {edition_kind::summary, "summary"},
    {edition_kind::update, "update"},
    {edition_kind::correction, "correction"},
    {edition_kind::all_clear, "all_clear"},
}};

constexpr word_table<pin_policy, 2> pin_policies{{
    {pin_policy::repair, "repair"},
    {pin_policy::report, "report"},
}};

constexpr word_table<reply_state, 6> reply_states{{
    {reply_state::waiting, "waiting"},
    {reply_state::publishing, "publishing"},
    {reply_state::published, "published"},
    {reply_state::failed, "failed"},
    {reply_state::manual, "manual"},
    {reply_state::dropped, "dropped"},
}};

constexpr word_table<task_kind, 6> task_kinds{{
    {task_kind::publish, "publish"},
    {task_kind::edit, "edit"},
    {task_kind::pin, "pin"},
    {task_kind::unpin, "unpin"},
    {task_kind::reply, "reply"},
    {task_kind::stop_post, "stop_post"},
}};

constexpr word_table<task_state, 4> task_states{{
    {task_state::open, "open"},
    {task_state::done, "done"},
    {task_state::confirmed, "confirmed"},
    {task_state::dropped, "dropped"},
}};

constexpr word_table<ability, 6> abilities{{
    {ability::credential, "credential"},
    {ability::list, "list"},
    {ability::hold, "hold"},
    {ability::publish, "publish"},
    {ability::pin, "pin"},
    {ability::read_feed, "read_feed"},
}};

constexpr word_table<standing, 4> standings{{
    {standing::unknown, "unknown"},
    {standing::ready, "ready"},
    {standing::lost, "lost"},
    {standing::by_person, "by_person"},
}};

constexpr word_table<page_verb, 3> page_verbs{{
    {page_verb::trigger, "trigger"},
    {page_verb::acknowledge, "acknowledge"},
    {page_verb::resolve, "resolve"},
}};

constexpr word_table<whereabouts, 4> places{{
    {whereabouts::queued, "queued"},
    {whereabouts::parked, "parked"},
    {whereabouts::published, "published"},
    {whereabouts::absent, "absent"},
}};

constexpr word_table<signal_wish, 2> signal_wishes{{{signal_wish::propose, "propose"}, {signal_wish::raise, "raise"}}};

constexpr word_table<proposal_state, 4> proposal_states{{
    {proposal_state::open, "open"},
    {proposal_state::accepted, "accepted"},
    {proposal_state::dismissed, "dismissed"},
    {proposal_state::expired, "expired"},
}};

constexpr word_table<ask_kind, 2> ask_kinds{{{ask_kind::release, "release"}, {ask_kind::lower, "lower"}}};

constexpr auto record_kinds = std::to_array<std::pair<record_kind, std::string_view>>({
    {record_kind::daemon_started, "daemon_started"},
    {record_kind::daemon_stopping, "daemon_stopping"},
    {record_kind::crisis_raised, "crisis_raised"},
    {record_kind::crisis_lowered, "crisis_lowered"},
    {record_kind::hold_planned, "hold_planned"},
    {record_kind::hold_covered, "hold_covered"},
    {record_kind::hold_started, "hold_started"},
    {record_kind::hold_saved, "hold_saved"},
    {record_kind::hold_answered, "hold_answered"},
    {record_kind::hold_confirmed, "hold_confirmed"},
    {record_kind::hold_retried, "hold_retried"},
    {record_kind::hold_escaped, "hold_escaped"},
    {record_kind::hold_gone, "hold_gone"},
    {record_kind::hold_failed, "hold_failed"},
    {record_kind::hold_manual, "hold_manual"},
    {record_kind::hold_drifted, "hold_drifted"},
    {record_kind::hold_let_go, "hold_let_go"},
    {record_kind::silence_proved, "silence_proved"},
    {record_kind::release_asked, "release_asked"},
    {record_kind::release_started, "release_started"},
    {record_kind::release_answered, "release_answered"},
    {record_kind::release_confirmed, "release_confirmed"},
    {record_kind::release_failed, "release_failed"},
    {record_kind::post_kept, "post_kept"},
    {record_kind::judged_by_hand, "judged_by_hand"},
    {record_kind::post_noted, "post_noted"},
    {record_kind::source_changed, "source_changed"},
    {record_kind::second_asked, "second_asked"},
    {record_kind::second_given, "second_given"},
    {record_kind::ask_dropped, "ask_dropped"},
    {record_kind::glass_broken, "glass_broken"},
    {record_kind::summary_planned, "summary_planned"},
    {record_kind::summary_approved, "summary_approved"},
    {record_kind::summary_started, "summary_started"},
    {record_kind::summary_published, "summary_published"},
    {record_kind::summary_failed, "summary_failed"},
    {record_kind::summary_manual, "summary_manual"},
    {record_kind::summary_withdrawn, "summary_withdrawn"},
    {record_kind::pins_remembered, "pins_remembered"},
    {record_kind::pin_started, "pin_started"},
    {record_kind::pin_confirmed, "pin_confirmed"},
    {record_kind::unpin_started, "unpin_started"},
    {record_kind::pins_restored, "pins_restored"},
    {record_kind::pin_lost, "pin_lost"},
    {record_kind::statement_asked, "statement_asked"},
    {record_kind::statement_undone, "statement_undone"},
    {record_kind::statement_skipped, "statement_skipped"},
    {record_kind::edit_started, "edit_started"},
    {record_kind::summary_edited, "summary_edited"},
    {record_kind::promise_kept, "promise_kept"},
    {record_kind::promise_missed, "promise_missed"},
    {record_kind::owner_changed, "owner_changed"},
    {record_kind::reply_asked, "reply_asked"},
    {record_kind::reply_approved, "reply_approved"},
    {record_kind::reply_started, "reply_started"},
    {record_kind::reply_published, "reply_published"},
    {record_kind::reply_failed, "reply_failed"},
    {record_kind::reply_dropped, "reply_dropped"},
    {record_kind::task_opened, "task_opened"},
    {record_kind::task_done, "task_done"},
    {record_kind::task_confirmed, "task_confirmed"},
    {record_kind::task_dropped, "task_dropped"},
    {record_kind::account_unreachable, "account_unreachable"},
    {record_kind::account_reachable, "account_reachable"},
    {record_kind::readiness_lost, "readiness_lost"},
    {record_kind::readiness_back, "readiness_back"},
    {record_kind::readiness_unanswered, "readiness_unanswered"},
    {record_kind::readiness_answered, "readiness_answered"},
    {record_kind::credential_ends, "credential_ends"},
    {record_kind::credential_renewed, "credential_renewed"},
    {record_kind::page_opened, "page_opened"},
    {record_kind::page_sent, "page_sent"},
    {record_kind::page_delivered, "page_delivered"},
    {record_kind::page_failed, "page_failed"},
    {record_kind::page_acknowledged, "page_acknowledged"},
    {record_kind::page_escalated, "page_escalated"},
    {record_kind::page_resolved, "page_resolved"},
    {record_kind::page_closed, "page_closed"},
    {record_kind::proposal_made, "proposal_made"},
    {record_kind::proposal_grown, "proposal_grown"},
    {record_kind::proposal_accepted, "proposal_accepted"},
    {record_kind::proposal_dismissed, "proposal_dismissed"},
    {record_kind::proposal_expired, "proposal_expired"},
    {record_kind::access_signed_in, "access_signed_in"},
    {record_kind::access_refused, "access_refused"},
    {record_kind::access_token_made, "access_token_made"},
    {record_kind::access_token_revoked, "access_token_revoked"},
    {record_kind::access_link_made, "access_link_made"},
    {record_kind::access_session_ended, "access_session_ended"},
    {record_kind::request_refused, "request_refused"},
});

}  // namespace

std::string_view to_string(failure kind) { return word_of(failures, kind); }
std::string_view to_string(post_class kind) { return word_of(post_classes, kind); }
std::string_view to_string(rung kind) { return word_of(rungs, kind); }
std::string_view to_string(severity level) { return word_of(severities, level); }
std::string_view to_string(phase value) { return word_of(phases, value); }
std::string_view to_string(hold_state value) { return word_of(hold_state_words, value); }
std::string_view to_string(summary_state value) { return word_of(summary_states, value); }
std::string_view to_string(edition_kind kind) { return word_of(edition_kinds, kind); }
std::string_view to_string(pin_policy value) { return word_of(pin_policies, value); }
std::string_view to_string(reply_state value) { return word_of(reply_states, value); }
std::string_view to_string(task_kind kind) { return word_of(task_kinds, kind); }
std::string_view to_string(task_state value) { return word_of(task_states, value); }
std::string_view to_string(page_verb verb) { return word_of(page_verbs, verb); }
std::string_view to_string(whereabouts where) { return word_of(places, where); }
std::string_view to_string(ask_kind kind) { return word_of(ask_kinds, kind); }
std::string_view to_string(record_kind kind) { return word_of(record_kinds, kind); }
std::string_view to_string(ability of) { return word_of(abilities, of); }
std::string_view to_string(standing value) { return word_of(standings, value); }
std::string_view to_string(signal_wish wish) { return word_of(signal_wishes, wish); }
std::string_view to_string(proposal_state value) { return word_of(proposal_states, value); }

std::optional<post_class> parse_post_class(std::string_view text) { return find_word(post_classes, text); }
std::optional<rung> parse_rung(std::string_view text) { return find_word(rungs, text); }
std::optional<severity> parse_severity(std::string_view text) { return find_word(severities, text); }
std::optional<hold_state> parse_hold_state(std::string_view text) { return find_word(hold_state_words, text); }
std::optional<summary_state> parse_summary_state(std::string_view text) { return find_word(summary_states, text); }
std::optional<edition_kind> parse_edition_kind(std::string_view text) { return find_word(edition_kinds, text); }
std::optional<pin_policy> parse_pin_policy(std::string_view text) { return find_word(pin_policies, text); }
std::optional<reply_state> parse_reply_state(std::string_view text) { return find_word(reply_states, text); }
std::optional<task_kind> parse_task_kind(std::string_view text) { return find_word(task_kinds, text); }
std::optional<task_state> parse_task_state(std::string_view text) { return find_word(task_states, text); }
std::optional<page_verb> parse_page_verb(std::string_view text) { return find_word(page_verbs, text); }
std::optional<ask_kind> parse_ask_kind(std::string_view text) { return find_word(ask_kinds, text); }
std::optional<record_kind> parse_record_kind(std::string_view text) { return find_word(record_kinds, text); }
std::optional<signal_wish> parse_signal_wish(std::string_view text) { return find_word(signal_wishes, text); }
std::optional<proposal_state> parse_proposal_state(std::string_view text) { return find_word(proposal_states, text); }
std::optional<ability> parse_ability(std::string_view text) { return find_word(abilities, text); }

bool is_final(hold_state value)
{
    switch (value) {
    case hold_state::escaped:
    case hold_state::gone:
    case hold_state::released:
    case hold_state::rescheduled:
    case hold_state::kept: return true;
    default: return false;
    }
}

bool matches(const scope& wanted, const account& candidate)
{
    return std::ranges::all_of(wanted, [&](const auto& matcher) {
        const auto& [name, value] = matcher;
        if (name == "account")
            return candidate.id.value == value;
        if (name == "connector")
            return candidate.connector == value;
        auto label = candidate.labels.find(name);
        return label != candidate.labels.end() && label->second == value;
    });
}

bool covers(const scope& over, bool drill, const account& candidate)
{
    return candidate.practice == drill && matches(over, candidate);
}

bool covers(const crisis& flag, const account& candidate) { return covers(flag.over, flag.drill, candidate); }

bool fits(const account& where, const statement& words)
{
    auto length = words.length != 0
                      ? std::size_t{words.length}
                      : static_cast<std::size_t>(std::ranges::count_if(words.text, [](char c) { return (c & 0xc0) != 0x80; }));
    return (where.text_limit <= 0 || length <= static_cast<std::size_t>(where.text_limit))
           && (where.byte_limit <= 0 || words.text.size() <= static_cast<std::size_t>(where.byte_limit));
}

std::string to_string(const scope& value)
{
    std::string text;
    for (const auto& [name, wanted] : value) {
        if (!text.empty())
            text += ',';
        text += name + '=' + wanted;
    }
    return text;
}

}  // namespace halfmast
