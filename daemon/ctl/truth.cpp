#include "daemon/ctl/truth.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

constexpr std::size_t most_named = 5;
constexpr std::array not_confirmed_states{"planned", "saving", "stopping", "unconfirmed", "failed", "manual", "escaped"};

void join(std::string& text, const std::string& part)
{
    if (!part.empty())
        text += (text.empty() ? "" : "; ") + part;
}

std::string attention_line(const document& entry)
{
    auto line = text_of(entry, "id") + " (" + text_of(entry, "state");
    if (auto detail = text_of(entry, "detail"); !detail.empty())
        line += ": " + detail;
    if (auto escaped = text_of(entry, "escaped_as"); !escaped.empty())
        line += "; public as " + escaped;
    return line + ")";
}

std::string named(const document& list, std::uint64_t total)
{
    std::string text;
    std::size_t shown = 0;
    for (const auto& entry : list) {
        if (shown == most_named)
            break;
        text += (shown++ == 0 ? ": " : ", ") + attention_line(entry);
    }
    if (total > shown && shown != 0)
        text += " and " + std::to_string(total - shown) + " more";
    return text;
}

std::string tell_holds(const document& message, truth& told)
{
    const auto& holds = member_of(member_of(message, "crisis"), "holds");
    auto open = not_confirmed(holds);
    std::string text = std::to_string(number_of(holds, "held")) + " held and confirmed";
    if (auto gone = number_of(holds, "gone"); gone != 0)
        text += ", " + std::to_string(gone) + " gone (removed by somebody else)";
    auto decided =
        number_of(holds, "released") + number_of(holds, "rescheduled") + number_of(holds, "releasing") + number_of(holds, "kept");
    if (decided != 0)
        text += ", " + std::to_string(decided) + " decided by a person";
    if (open == 0)
        return text;
    told.code = exit_code::partly;
    const auto& attention = member_of(message, "attention");
    for (const auto& entry : attention) {
        auto line = attention_line(entry);
        if (auto url = text_of(entry, "url"); !url.empty())
            line += "  " + url;
        told.details.push_back(std::move(line));
    }
    return text + ", " + std::to_string(open) + " NOT confirmed" + named(attention, open);
}

// An account whose queue nobody could read may hold anything.
std::string tell_unread(const document& message, truth& told)
{
    std::string names;
    for (const auto& account : member_of(message, "accounts")) {
        if (flag_of(account, "reachable"))
            continue;
        auto why = text_of(account, "trouble");
        auto one = text_of(account, "id") + (why.empty() ? std::string{} : " (" + why + ")");
        names += (names.empty() ? "" : ", ") + one;
        told.details.push_back(text_of(account, "id") + " could not be read" + (why.empty() ? std::string{} : ": " + why));
    }
    if (names.empty())
        return {};
    told.code = exit_code::partly;
    return "NOT read: " + names;
}

enum class standing { none, pinned, by_hand, waiting };

// Not the newest words that are meant for it.
bool is_behind(const document& account) { return number_of(account, "edition") < number_of(account, "wanted_edition"); }

standing standing_of(const document& account)
{
    auto state = text_of(account, "summary");
    if (state.empty())
        return standing::none;
    if (is_behind(account))
        return standing::waiting;
    if (state == "pinned")
        return standing::pinned;
    bool out = state == "published"
               || (state == "manual" && (number_of(account, "edition") != 0 || !text_of(account, "summary_url").empty()));
    if (out && !flag_of(account, "can_pin"))
        return standing::by_hand;
    return standing::waiting;
}

// The newest edition that waits for a person's word; null when none does.
const document* waiting_edition(const document& flag)
{
    const auto& editions = member_of(flag, "editions");
    for (auto one = editions.rbegin(); one != editions.rend(); ++one)
        if (text_of(*one, "state") == "waits-for-approval")
            return &*one;
    return nullptr;
}

// It asks for something that nobody gave.
std::string tell_hole(const document& edition, const document& flag)
{
    auto hole = text_of(edition, "hole");
    if (hole.empty())
        return {};
    auto kind = text_of(edition, "kind");
    std::string option = kind == "correction"  ? "correct"
                         : kind == "summary"   ? "publish --summary"
                         : kind == "all_clear" ? "publish --all-clear"
                                               : "publish";
    bool typed = hole == "reason" || hole == "about";
    return "nothing is given for {{" + hole + "}}: '" + approval_of(flag, edition) + "' sends the words without it"
           + (typed ? ", 'halfmast say " + option + " " + text_of(flag, "id") + " --" + hole + " TEXT' says them whole"
                    : std::string{});
}

std::string why_waiting(const document& account, const document& flag)
{
    auto state = text_of(account, "summary");
    auto detail = text_of(account, "summary_detail");
    const auto* waits = state == "waiting" ? waiting_edition(flag) : nullptr;
    if (waits != nullptr)
        return "waits for '" + approval_of(flag, *waits) + "'";
    if (state == "waiting" && text_of(flag, "publish") == "after-approval")
        return "waits for 'halfmast say approve " + text_of(flag, "id") + "'";
    if (auto shown = number_of(account, "edition"); shown != 0 && is_behind(account))
        state = "still shows edition " + std::to_string(shown);
    else if (state == "published")
        state = "published, not pinned";
    return state + (detail.empty() ? std::string{} : ": " + detail);
}

std::string tell_statements(const document& message, truth& told)
{
    std::size_t all = 0, pinned = 0, by_hand = 0;
    std::string waiting;
    for (const auto& account : member_of(message, "accounts")) {
        auto stands = standing_of(account);
        if (stands == standing::none)
            continue;
        ++all;
        pinned += stands == standing::pinned;
        by_hand += stands == standing::by_hand;
        if (stands != standing::waiting)
            continue;
        auto why = why_waiting(account, member_of(message, "crisis"));
        waiting += (waiting.empty() ? "" : ", ") + text_of(account, "id") + " (" + why + ")";
        told.details.push_back("summary on " + text_of(account, "id") + ": " + why);
    }
    if (all == 0)
        return {};
    std::string text = "summary pinned on " + std::to_string(pinned) + " of " + count(all, "account");
    if (by_hand != 0)
        text += ", published on " + std::to_string(by_hand) + " where only a person can pin";
    if (!waiting.empty()) {
        told.code = exit_code::partly;
        text += ", summary NOT out on " + waiting;
    }
    if (const auto* edition = waiting_edition(member_of(message, "crisis")); edition != nullptr && !waiting.empty())
        join(text, tell_hole(*edition, member_of(message, "crisis")));
    return text;
}

// What only a person can do is not done before somebody says so.
std::string tell_tasks(const document& message, truth& told)
{
    auto open = number_of(member_of(message, "crisis"), "tasks");
    if (open == 0)
        return {};
    if (told.code == exit_code::done)
        told.code = exit_code::partly;
    return count(open, "task is open", "tasks are open") + " ('halfmast tasks list')";
}

// Where an edition stands on the accounts that have words of it.
std::string tell_shown(const document& message, std::uint64_t number, truth& told)
{
    std::size_t all = 0, shown = 0, pinned = 0, by_hand = 0;
    std::string waiting;
    for (const auto& account : member_of(message, "accounts")) {
        if (number_of(account, "wanted_edition") < number && number_of(account, "edition") < number)
            continue;  // nothing of it is meant for this account
        ++all;
        auto stands = standing_of(account);
        shown += number_of(account, "edition") >= number;
        pinned += stands == standing::pinned;
        by_hand += stands == standing::by_hand;
        if (stands == standing::pinned || stands == standing::by_hand)
            continue;
        auto one = text_of(account, "id") + " (" + why_waiting(account, member_of(message, "crisis")) + ")";
        waiting += (waiting.empty() ? "" : ", ") + one;
        told.details.push_back(one);
    }
    auto text = "is out on " + std::to_string(shown) + " of " + count(all, "account") + ", pinned on " + std::to_string(pinned);
    if (by_hand != 0)
        text += ", on " + std::to_string(by_hand) + " only a person can pin";
    if (!waiting.empty()) {
        told.code = exit_code::partly;
        text += "; NOT done on " + waiting;
    }
    return text;
}

bool is_down(const document& account)
{
    auto state = text_of(account, "summary");
    return state.empty() || state == "unpinned" || state == "withdrawn" || state == "manual";
}

}  // namespace

std::uint64_t not_confirmed(const document& holds)
{
    std::uint64_t sum = 0;
    for (const auto* state : not_confirmed_states)
        sum += number_of(holds, state);
    return sum;
}

bool is_drill(const document& flag) { return flag_of(flag, "drill"); }

bool is_settled(const document& message) { return flag_of(member_of(message, "crisis"), "settled"); }

truth tell_raise(const document& message)
{
    truth told;
    if (member_of(message, "accounts").empty()) {
        told.code = exit_code::partly;
        told.sentence = "the flag is up, but no account is in its scope: NOTHING is held";
        told.details.push_back("no account is in scope; 'halfmast status' lists the accounts");
        return told;
    }
    join(told.sentence, tell_holds(message, told));
    join(told.sentence, tell_unread(message, told));
    join(told.sentence, tell_statements(message, told));
    join(told.sentence, tell_tasks(message, told));
    if (!is_settled(message)) {
        told.code = exit_code::partly;
        join(told.sentence, "still under way");
    }
    return told;
}

truth tell_summary(const document& message)
{
    truth told;
    told.sentence = tell_statements(message, told);
    if (told.sentence.empty())
        told.sentence = "this flag has no summary to publish";
    join(told.sentence, tell_tasks(message, told));
    return told;
}

const document& edition_of(const document& message, std::uint64_t number)
{
    static const document nothing;
    const auto& editions = member_of(member_of(message, "crisis"), "editions");
    for (auto one = editions.rbegin(); one != editions.rend(); ++one)
        if (number == 0 || number_of(*one, "number") == number)
            return *one;
    return nothing;
}

std::string name_of_edition(const document& edition)
{
    auto kind = text_of(edition, "kind");
    std::ranges::replace(kind, '_', '-');
    return "edition " + std::to_string(number_of(edition, "number")) + " (" + kind + ")";
}

std::string approval_of(const document& flag, const document& edition)
{
    return "halfmast say approve " + text_of(flag, "id") + " --edition " + std::to_string(number_of(edition, "number"));
}

bool is_said(const document& message, std::uint64_t number)
{
    const auto& edition = edition_of(message, number);
    auto state = text_of(edition, "state");
    if (state == "undone" || state == "skipped" || state == "withdrawn" || state == "waits-for-approval")
        return true;
    return std::ranges::all_of(member_of(message, "accounts"), [&](const document& account) {
        bool meant = number_of(account, "wanted_edition") >= number;
        auto stands = standing_of(account);
        return !meant || stands == standing::pinned || stands == standing::by_hand || text_of(account, "summary") == "manual";
    });
}

truth tell_edition(const document& message, std::uint64_t number)
{
    truth told;
    const auto& edition = edition_of(message, number);
    auto state = text_of(edition, "state");
    told.sentence = name_of_edition(edition) + " ";
    if (state == "undone") {
        told.code = exit_code::conflict;
        told.sentence += "was taken back by somebody: nothing of it became public";
    } else if (state == "skipped") {
        told.code = exit_code::conflict;
        told.sentence += "was overtaken: a later one stands in its place";
    } else if (state == "withdrawn") {
        told.code = exit_code::conflict;
        told.sentence += "did not go out: the flag was lowered before";
    } else if (state == "waits-for-approval") {
        told.code = exit_code::partly;
        told.sentence += "waits for '" + approval_of(member_of(message, "crisis"), edition) + "'";
        join(told.sentence, tell_hole(edition, member_of(message, "crisis")));
    } else {
        told.sentence += tell_shown(message, number, told);
    }
    join(told.sentence, tell_tasks(message, told));
    return told;
}

truth tell_lower(const document& message)
{
    truth told;
    std::size_t all = 0, restored = 0, withdrawn = 0;
    std::string by_hand, waiting;
    for (const auto& account : member_of(message, "accounts")) {
        auto state = text_of(account, "summary");
        if (state.empty())
            continue;
        ++all;
        restored += state == "unpinned";
        withdrawn += state == "withdrawn";
        auto id = text_of(account, "id");
        if (state == "manual")
            by_hand += (by_hand.empty() ? "" : ", ") + id;
        if (is_down(account))
            continue;
        auto detail = text_of(account, "summary_detail");
        auto one = id + " (" + state + (detail.empty() ? std::string{} : ": " + detail) + ")";
        waiting += (waiting.empty() ? "" : ", ") + one;
        told.details.push_back("pins of " + one);
    }
    auto held = number_of(member_of(member_of(message, "crisis"), "holds"), "held");
    join(told.sentence, "nothing was released, " + count(held, "post waits", "posts wait") + " for review");
    if (all != 0)
        join(told.sentence, "former pins restored on " + std::to_string(restored) + " of " + count(all, "account"));
    if (withdrawn != 0)
        join(told.sentence, "summary withdrawn before it went out on " + std::to_string(withdrawn));
    if (!by_hand.empty())
        join(told.sentence, "to be unpinned by hand, if somebody pinned it: " + by_hand);
    if (!waiting.empty()) {
        told.code = exit_code::partly;
        join(told.sentence, "NOT restored yet: " + waiting);
    }
    join(told.sentence, tell_tasks(message, told));
    return told;
}

bool is_unpinned(const document& message)
{
    const auto& accounts = member_of(message, "accounts");
    return std::ranges::all_of(accounts, is_down);
}

}  // namespace halfmast::ctl
