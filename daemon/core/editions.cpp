// What people ask to be said: editions are asked for, approved and taken back, and a crisis changes hands.
#include <algorithm>
#include <ranges>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

bool promises(edition_kind kind) { return kind != edition_kind::all_clear; }

const crisis* find_flag(const step& now, const crisis_id& id)
{
    auto found = now.known().crises.find(id);
    return found == now.known().crises.end() ? nullptr : &found->second;
}

std::string no_such(const std::string& verb, const crisis_id& id)
{
    return verb + ": there is no crisis '" + id.value + "'; 'halfmast status --all' lists them";
}

// Something of it left for a platform, or a person posted it.
bool was_started(const state& known, const crisis_id& crisis, std::uint32_t number)
{
    return std::ranges::any_of(known.accounts, [&](const auto& entry) {
        auto one = entry.second.summaries.find(crisis);
        return one != entry.second.summaries.end() && (one->second.sending == number || one->second.edition >= number);
    });
}

// The summary that waits for a word, and that a summary in other words takes the place of: all that was said so far, and nobody saw it.
const edition* replaced_by(const step& now, const crisis& flag, edition_kind kind)
{
    const edition* found = nullptr;
    for (const auto& said : flag.editions) {
        if (said.undone)
            continue;
        if (found != nullptr || said.kind != edition_kind::summary || said.approved
            || was_started(now.known(), flag.id, said.number))
            return nullptr;
        found = &said;
    }
    return kind == edition_kind::summary ? found : nullptr;
}

void take_its_place(const step& now, const crisis& flag, const edition& before, const actor_id& by)
{
    audit_record record{record_kind::statement_undone, now.now, by};
    record.crisis = flag.id;
    record.number = before.number;
    record.why = "it waited, and is asked for in other words now";
    record.outcome = "done";
    now.note(std::move(record));
}

// Why this cannot be said; nothing when it can.
std::optional<std::pair<refusal::cause, std::string>> trouble_of(const step& now, const crisis& flag, const statement_asked& what)
{
    using cause = refusal::cause;
    auto verb = "say " + std::string{to_string(what.kind)} + " " + flag.id.value + ": ";
    if (flag.now == phase::lowered)
        return {{cause::wrong_state, verb + "it was lowered; what is said of it is complete"}};
    bool any = std::ranges::any_of(flag.editions, [](const auto& said) { return !said.undone; });
    if (what.kind == edition_kind::summary && any && replaced_by(now, flag, what.kind) == nullptr)
        return {{cause::wrong_state, verb + "there is a summary already; say an update"}};
    if (what.kind == edition_kind::correction && !any)
        return {{cause::wrong_state, verb + "nothing was said yet that could be wrong; say an update"}};
    if (what.kind == edition_kind::correction && what.about.empty())
        return {{cause::not_possible, verb + "a correction names what was wrong; give it with --about"}};
    if (promises(what.kind) && what.next_update_by <= now.now)
        return {{cause::past_time,
                 verb + "every statement says when the next word comes, and that lies ahead; give it with --next-update"}};
    if (what.words.empty())
        return {{cause::not_possible, verb + "there are no words for any account in its scope; the playbook has them"}};
    for (const auto& [id, words] : what.words)
        if (words.text.empty() || words.text.find("{{") != std::string::npos)
            return {{cause::not_possible,
                     verb + "a placeholder is left in the words for " + id.value + "; 'halfmast check-config' names it"}};
    return std::nullopt;
}

using refused_for = std::optional<std::pair<refusal::cause, std::string>>;

// Why somebody's word for it would lead to nothing.
refused_for too_late(const step& now, const crisis& flag, const edition& said)
{
    using cause = refusal::cause;
    auto name =
        "approve " + flag.id.value + ": edition " + std::to_string(said.number) + " (" + std::string{to_string(said.kind)} + ")";
    // A correction has to go out all the same: nothing goes past it.
    bool may_be_said_anew = flag.now == phase::raised && said.kind != edition_kind::correction;
    if (may_be_said_anew && said.next_update_by != time_point{} && said.next_update_by <= now.now)
        return {{cause::past_time, name + " promises the next word by " + format_utc(said.next_update_by)
                                       + ", which has passed while it waited; say it again, with a time that lies ahead"}};
    bool any = false;
    for (const auto& [id, where] : now.known().accounts) {
        auto one = where.summaries.find(flag.id);
        if (one == where.summaries.end() || !said.words.contains(id))
            continue;
        any = true;
        if (one->second.dealt < said.number)
            return std::nullopt;
    }
    if (any)
        return {{cause::wrong_state,
                 name + " was passed over: something newer is out on every account; what it says has to be said again"}};
    return std::nullopt;
}

// On record, for each of them.
void agree(const step& now, const crisis_id& crisis, const actor_id& by, const std::vector<std::uint32_t>& numbers)
{
    audit_record record{record_kind::summary_approved, now.now, by};
    record.crisis = crisis;
    record.outcome = "done";
    for (auto number : numbers) {
        record.number = number;
        now.note(record);
    }
}

// Why it cannot be taken back any more; empty: it can.
std::string trouble_of_undoing(const step& now, const crisis& flag, const edition& said)
{
    auto name = "undo " + flag.id.value + ": the " + std::string{to_string(said.kind)};
    constexpr auto instead = "; what is public is never deleted: say correct";
    if (!said.approved)
        return {};  // without a word nothing of it left
    if (was_started(now.known(), flag.id, said.number))
        return name + " is on its way or public" + instead;
    if (said.undo_until <= now.now)
        return name + " could be taken back until " + format_utc(said.undo_until) + instead;
    return {};
}

bool is_same_wish(const edition& said, const statement_asked& what)
{
    return said.kind == what.kind && said.about == what.about && said.about_in == what.about_in && said.reason == what.reason
           && said.reason_in == what.reason_in;
}

// Waiting for a word, the oldest first.
std::vector<const edition*> waiting(const crisis& flag)
{
    std::vector<const edition*> all;
    for (const auto& said : flag.editions)
        if (!said.approved && !said.undone)
            all.push_back(&said);
    return all;
}

// Why a word for exactly this edition is about nothing that could go out: whoever gave it read something else.
refused_for not_to_be_approved(const crisis& flag, std::uint32_t number)
{
    using cause = refusal::cause;
    auto found = std::ranges::find(flag.editions, number, &edition::number);
    auto name = "approve " + flag.id.value + ": ";
    if (found == flag.editions.end())
        return {{cause::unknown_target,
                 name + "there is no edition " + std::to_string(number)
                     + (flag.editions.empty() ? "; nothing was asked for yet"
                                              : "; the newest is " + std::to_string(flag.editions.back().number))}};
    if (!found->undone)
        return std::nullopt;
    name += "edition " + std::to_string(number) + " (" + std::string{to_string(found->kind)} + ") was taken back";
    auto left = waiting(flag);
    return {{cause::wrong_state, name
                                     + (left.empty() ? "; nothing else waits"
                                                     : "; edition " + std::to_string(left.back()->number) + " ("
                                                           + std::string{to_string(left.back()->kind)}
                                                           + ") waits now: read it before you approve it")}};
}

}  // namespace

std::string text_for_all(const by_language& texts)
{
    if (auto open = texts.find("und"); open != texts.end())
        return open->second;
    return texts.empty() ? std::string{} : texts.begin()->second;
}

std::string hole_in(const std::map<account_id, statement>& words)
{
    for (const auto& [id, one] : words)
        if (!one.hole.empty())
            return one.hole;
    return {};
}

reason_said reason_of(const crisis& flag)
{
    for (auto said = flag.editions.rbegin(); said != flag.editions.rend(); ++said)
        if (!said->undone && !said->reason.empty())
            return {said->reason, said->reason_in};
    return {flag.why, flag.why_in};
}

edition make_edition(const step& now, const crisis& flag, edition_kind kind, const actor_id& by,
                     const std::map<account_id, statement>& words, bool at_once)
{
    auto book = now.rules.playbooks.find(flag.playbook);
    edition made;
    made.number = static_cast<std::uint32_t>(flag.editions.size()) + 1;
    made.kind = kind;
    made.by = by;
    made.at = now.now;
    made.undo_until = at_once || book == now.rules.playbooks.end() ? now.now : now.now + book->second.undo;
    made.words = words;
    // The summary is made of prepared words: the playbook says whether it waits. What people add is another matter. And whatever is not
    // whole waits: somebody has to say that it is meant so.
    made.approved =
        flag.publish == publish_mode::at_once && (!flag.two_person || kind == edition_kind::summary) && hole_in(words).empty();
    return made;
}

void ask_statement(const step& now, const statement_asked& what)
{
    audit_record record{record_kind::statement_asked, now.now, what.by};
    record.crisis = what.crisis;
    record.why = what.about;
    record.outcome = "done";
    const auto* flag = find_flag(now, what.crisis);
    if (flag == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_such("say", what.crisis), record);
    if (auto no = trouble_of(now, *flag, what))
        return now.refuse(no->first, no->second, record);
    now.made.crisis = flag->id;
    // The same, asked for by somebody else while it waits: that is the approval.
    for (const auto* other : waiting(*flag))
        if (is_same_wish(*other, what) && other->by != what.by && !too_late(now, *flag, *other)) {
            now.made.repeated = true;
            now.made.made = std::to_string(other->number);
            return agree(now, flag->id, what.by, {other->number});
        }
    if (const auto* before = replaced_by(now, *flag, what.kind))
        take_its_place(now, *flag, *before, what.by);
    auto made = make_edition(now, *flag, what.kind, what.by, what.words, what.now);
    made.about = what.about;
    made.about_in = what.about_in;
    made.reason = what.reason;
    made.reason_in = what.reason_in;
    made.next_update_by = promises(what.kind) ? what.next_update_by : time_point{};
    bool alone = flag->two_person && !made.approved && !what.break_glass.empty();
    if (alone)
        break_the_glass(now, *flag, what.by, "say " + std::string{to_string(what.kind)}, what.break_glass);
    if (alone && hole_in(what.words).empty()) {
        made.approved = true;
        made.approved_by = what.by;
    }
    record.number = made.number;
    record.until = made.undo_until;
    record.edition = std::move(made);
    now.made.made = std::to_string(record.number);
    now.note(std::move(record));
}

void undo_statement(const step& now, const statement_undone& what)
{
    audit_record record{record_kind::statement_undone, now.now, what.by};
    record.crisis = what.crisis;
    record.why = what.why;
    record.outcome = "done";
    const auto* flag = find_flag(now, what.crisis);
    if (flag == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_such("undo", what.crisis), record);
    now.made.crisis = flag->id;
    std::string no;  // of the newest one
    for (const auto& said : std::views::reverse(flag->editions)) {
        bool meant = what.edition == 0 ? no.empty() || !said.approved : said.number == what.edition;
        if (said.undone || !meant)
            continue;
        auto trouble = trouble_of_undoing(now, *flag, said);
        if (trouble.empty()) {
            record.number = said.number;
            now.made.made = std::to_string(said.number);
            return now.note(std::move(record));
        }
        if (no.empty()) {
            no = std::move(trouble);
            record.number = said.number;
        }
    }
    if (no.empty())
        no = "undo " + flag->id.value + ": "
             + (what.edition == 0 ? "nothing was said yet"
                                  : "there is no edition " + std::to_string(what.edition) + " to take back");
    now.refuse(refusal::cause::wrong_state, no, record);
}

void approve_statements(const step& now, const summary_approved& what)
{
    audit_record record{record_kind::summary_approved, now.now, what.by};
    record.crisis = what.crisis;
    record.number = what.edition;
    record.outcome = "done";
    const auto* flag = find_flag(now, what.crisis);
    if (flag == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_such("approve", what.crisis), record);
    if (auto no = what.edition == 0 ? std::nullopt : not_to_be_approved(*flag, what.edition))
        return now.refuse(no->first, no->second, record);
    now.made.crisis = what.crisis;
    std::vector<std::uint32_t> agreed;
    const edition* mine = nullptr;  // that somebody else has to agree to
    refused_for late;
    for (const auto* said : waiting(*flag)) {
        if (what.edition != 0 && said->number != what.edition)
            continue;
        if (flag->now == phase::lowered && !outlives_flag(said->kind))
            continue;
        if (auto no = too_late(now, *flag, *said)) {
            late = std::move(no);
            continue;
        }
        bool own = flag->two_person && said->by == what.by;
        if (own)
            mine = said;
        if (!own || !what.break_glass.empty())
            agreed.push_back(said->number);
    }
    if (mine != nullptr && !what.break_glass.empty())
        break_the_glass(now, *flag, what.by, "approve " + std::string{to_string(mine->kind)}, what.break_glass);
    if (agreed.empty() && mine != nullptr)
        return now.refuse(refusal::cause::same_person,
                          "approve " + flag->id.value + ": " + what.by.value + " asked for it, so somebody else has to agree",
                          record);
    if (agreed.empty() && late)
        return now.refuse(late->first, late->second, record);
    if (agreed.empty() && flag->now == phase::lowered)
        return now.refuse(refusal::cause::wrong_state,
                          "approve: " + what.crisis.value + " was lowered; its summary stays unpublished", record);
    if (agreed.empty())
        now.made.repeated = true;
    agree(now, what.crisis, what.by, agreed);
}

void change_owner(const step& now, const owner_changed& what)
{
    audit_record record{record_kind::owner_changed, now.now, what.by};
    record.crisis = what.crisis;
    record.owner = what.owner;
    record.why = what.why;
    record.outcome = "done";
    const auto* flag = find_flag(now, what.crisis);
    if (flag == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_such("owner", what.crisis), record);
    if (flag->now == phase::lowered)
        return now.refuse(refusal::cause::wrong_state,
                          "owner: " + what.crisis.value + " was lowered; nobody has to own it any more", record);
    if (what.owner.empty())
        return now.refuse(refusal::cause::not_possible, "owner: a crisis has one owner; name somebody", record);
    now.made.crisis = what.crisis;
    if (flag->owner == what.owner) {
        now.made.repeated = true;
        return;
    }
    now.note(std::move(record));
}

}  // namespace halfmast
