// Proposals: made by signals, decided by people, or by themselves as far as the operator allowed; and the fold of their records.
#include "daemon/core/signals.hpp"

#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::size_t most_text = 300;  // bytes of what a signal says, of one line of evidence, and of a key
constexpr std::size_t most_lines = 12;
constexpr std::size_t first_lines = 3;     // how it began is never pushed out
constexpr std::size_t decided_kept = 200;  // for `halfmast proposals list --all`; the ledger has them all
constexpr std::chrono::seconds counted_again_after{60};

// Cut at a character, not in the middle of one.
void shorten_said(std::string& text, std::size_t most)
{
    if (text.size() <= most)
        return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0u) == 0x80u)
        --most;
    text.resize(most);
    text += "...";
}

void add_evidence(std::vector<std::string>& lines, const std::vector<std::string>& more)
{
    for (auto line : more) {
        shorten_said(line, most_text);
        if (std::ranges::find(lines, line) != lines.end())
            continue;
        if (lines.size() >= most_lines)
            lines.erase(lines.begin() + first_lines);
        lines.push_back(std::move(line));
    }
}

std::string proposal_name(std::uint64_t number) { return "p-" + std::to_string(number); }

std::optional<std::uint64_t> proposal_number(std::string_view id)
{
    if (!id.starts_with("p-") || id.size() < 3 || id.size() > 18)
        return std::nullopt;
    std::uint64_t number = 0;
    for (char c : id.substr(2)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return number;
}

std::string signal_key(const heard_signal& said)
{
    return said.key.empty() ? said.playbook + (said.over.empty() ? "" : "/" + to_string(said.over)) : said.key;
}

// The newest proposal of a key; null when there is none.
template <class Book>
auto* last_of(Book& book, const std::string& key)
{
    auto last = book.last.find(key);
    auto found = last == book.last.end() ? book.all.end() : book.all.find(last->second);
    return found == book.all.end() ? nullptr : &found->second;
}

bool is_flag_up(const state& known, const crisis_id& id)
{
    auto flag = known.crises.find(id);
    return flag != known.crises.end() && flag->second.now == phase::raised;
}

// An open flag of that playbook that covers at least what the signal is about; null when there is none. A drill covers none of it.
const crisis* already_up(const state& known, const heard_signal& said)
{
    for (const auto& [id, flag] : known.crises)
        if (flag.now == phase::raised && !flag.drill && flag.playbook == said.playbook
            && std::ranges::all_of(flag.over, [&](const auto& matcher) {
                   auto same = said.over.find(matcher.first);
                   return same != said.over.end() && same->second == matcher.second;
               }))
            return &flag;
    return nullptr;
}

// It is the same thing, said again: no new proposal.
bool is_same_again(const state& known, const signal_rules& rules, const proposal& before, severity level, time_point now)
{
    switch (before.now) {
    case proposal_state::open: return true;
    case proposal_state::accepted: return is_flag_up(known, before.crisis);
    case proposal_state::dismissed: return level <= before.level && now < before.decided_at + rules.hush;
    case proposal_state::expired: return false;
    }
    return false;
}

// A person has decided the other way, just now or while it was being said all the time.
bool is_hushed(const state& known, const signal_rules& rules, const heard_signal& said, time_point now)
{
    const auto* before = last_of(known.proposals, signal_key(said));
    bool dismissed = before != nullptr && before->now == proposal_state::dismissed;
    bool lowered = before != nullptr && before->now == proposal_state::accepted && !is_flag_up(known, before->crisis);
    if (dismissed && now < before->decided_at + rules.hush)
        return true;
    if ((dismissed || lowered) && before->sources.contains(said.source) && now < before->heard_at + rules.expire)
        return true;
    return std::ranges::any_of(known.crises, [&](const auto& entry) {
        const auto& flag = entry.second;
        return flag.now == phase::lowered && !flag.drill && flag.playbook == said.playbook && flag.over == said.over
               && now < flag.lowered_at + rules.hush;
    });
}

// The record of a proposal as it is now.
audit_record about_proposal(record_kind kind, const step& now, const proposal& one)
{
    audit_record record{kind, now.now};
    record.proposed = one;
    record.crisis = one.crisis;
    return record;
}

// The record of a decision: everything else is on record already.
audit_record about_decision(record_kind kind, const step& now, const proposal& one, const actor_id& by, const std::string& why)
{
    audit_record record{kind, now.now, by};
    record.proposed.emplace();
    record.proposed->id = one.id;
    record.crisis = one.crisis;
    record.outcome = "done";
    record.why = why;
    return record;
}

void say_proposed(const step& now, const proposal& one)
{
    page said;
    said.key = "proposal/" + one.id;
    said.level = one.level;
    said.what = one.id + ": " + one.what + (one.sources.empty() ? "" : " (" + *one.sources.begin() + ")") + "; shall '"
                + one.playbook + "' be raised" + (one.over.empty() ? "" : " over " + to_string(one.over)) + "?";
    said.todo = "halfmast proposals list; then halfmast proposals accept " + one.id + ", or dismiss it";
    said.link = one.link;
    open_page(now, std::move(said));
}

void accept_now(const step& now, std::uint64_t number, const actor_id& by, const std::string& why, crisis_raised flag)
{
    const auto& one = now.known().proposals.all.at(number);
    flag.by = by;
    flag.playbook = one.playbook;
    flag.over = one.over;
    flag.drill = false;
    if (!flag.level)
        flag.level = one.level;
    if (flag.why.empty())
        flag.why = one.what;
    raise_flag(now, flag);
    if (now.made.refused)
        return;
    auto record = about_decision(record_kind::proposal_accepted, now, one, by, why);
    record.crisis = now.made.crisis;
    auto page_key = "proposal/" + one.id;
    now.note(std::move(record));
    resolve_page(now, page_key, "it is " + now.made.crisis.value + " now");
}

// Said again. What changes for a person is on record at once, the rest once a minute.
void grow_proposal(const step& now, proposal& one, const heard_signal& said, severity level)
{
    ++one.unnoted;
    one.heard_at = now.now;
    bool worse = level > one.level;
    bool another = !one.sources.contains(said.source);
    if (!worse && !another && one.unnoted < one.count && now.now < one.noted_at + counted_again_after)
        return;
    auto grown = one;
    grown.count += grown.unnoted;
    grown.level = std::max(grown.level, level);
    grown.sources.insert(said.source);
    if (worse)
        grown.what = said.what;
    add_evidence(grown.evidence, said.evidence);
    now.note(about_proposal(record_kind::proposal_grown, now, grown));
    if (worse && one.now == proposal_state::open)
        say_proposed(now, one);
}

std::uint64_t make_proposal(const step& now, const heard_signal& said, severity level, std::string outcome)
{
    auto& book = now.known().proposals;
    auto number = book.next;
    proposal made;
    made.id = proposal_name(number);
    made.key = signal_key(said);
    made.what = said.what;
    made.playbook = said.playbook;
    made.level = level;
    made.over = said.over;
    made.sources.insert(said.source);
    made.link = said.link;
    made.count = 1;
    add_evidence(made.evidence, said.evidence);
    auto record = about_proposal(record_kind::proposal_made, now, made);
    record.actor = actor_id{said.source};
    record.outcome = std::move(outcome);
    now.note(std::move(record));
    return number;
}

void end_proposal(const step& now, const proposal& one, std::string outcome, const std::string& why)
{
    auto record = about_decision(record_kind::proposal_expired, now, one, actor_id{"halfmast"}, why);
    record.outcome = std::move(outcome);
    auto page_key = "proposal/" + one.id;
    now.note(std::move(record));
    resolve_page(now, page_key, why);
}

// A source says that it is over. A proposal that nobody says any more ends; a flag does not: lowering is a person's word.
void heard_the_end(const step& now, const heard_signal& said)
{
    auto* one = last_of(now.known().proposals, signal_key(said));
    if (one == nullptr || !one->sources.contains(said.source) || one->now == proposal_state::expired)
        return;
    auto grown = *one;
    grown.count += grown.unnoted;
    grown.sources.erase(said.source);
    add_evidence(grown.evidence, said.evidence);
    auto record = about_proposal(record_kind::proposal_grown, now, grown);
    record.outcome = "over";
    record.why = said.source + " says that it is over";
    now.note(std::move(record));
    if (!one->sources.empty())
        return;
    if (one->now == proposal_state::open)
        return end_proposal(now, *one, "over", "its sources say that it is over");
    if (one->now != proposal_state::accepted || !is_flag_up(now.known(), one->crisis))
        return;
    page over;
    over.key = "signal-over/" + one->id;
    over.level = page_level::minor;
    over.crisis = one->crisis;
    over.what = "what raised " + one->crisis.value + " says that it is over: " + one->what;
    over.todo = "halfmast status; when it is over: halfmast lower " + one->crisis.value;
    open_page(now, std::move(over));
}

// So many different ones at once are one storm.
void join_storm(const step& now, heard_signal& said)
{
    const auto& book = now.known().proposals;
    if (last_of(book, signal_key(said)) != nullptr)
        return;
    auto open = std::ranges::count_if(book.all, [](const auto& entry) { return entry.second.now == proposal_state::open; });
    if (static_cast<std::size_t>(open) < now.rules.signals.most_open)
        return;
    said.key = "storm/" + said.source;
    said.evidence.insert(said.evidence.begin(), said.what);
    said.what = "many different signals of " + said.source + " at once; the first of them: " + said.what;
}

}  // namespace

const proposal* find_proposal(const proposal_book& book, std::string_view id)
{
    auto number = proposal_number(id);
    auto found = number ? book.all.find(*number) : book.all.end();
    return found == book.all.end() ? nullptr : &found->second;
}

bool may_raise_by_itself(const state& known, const signal_rules& rules, const heard_signal& said, severity level, time_point now)
{
    return said.wish == signal_wish::raise && !said.ended && rules.raise_at_most && level <= *rules.raise_at_most
           && level > severity::minor && already_up(known, said) == nullptr && !is_hushed(known, rules, said, now);
}

void hear_signal(const step& now, const signal_received& what)
{
    auto said = what.what;
    shorten_said(said.what, most_text);
    shorten_said(said.key, most_text);
    if (said.ended)
        return heard_the_end(now, said);
    join_storm(now, said);
    auto book = now.rules.playbooks.find(said.playbook);
    auto level = said.level.value_or(book == now.rules.playbooks.end() ? severity::major : book->second.level);
    bool by_itself = book != now.rules.playbooks.end() && may_raise_by_itself(now.known(), now.rules.signals, said, level, now.now);
    auto* before = last_of(now.known().proposals, signal_key(said));
    if (before != nullptr && is_same_again(now.known(), now.rules.signals, *before, level, now.now)) {
        // What waits for a person goes on waiting when the same one says the same again.
        bool news = level > before->level || !before->sources.contains(said.source);
        grow_proposal(now, *before, said, level);
        if (before->now == proposal_state::open && by_itself && news)
            accept_now(now, *proposal_number(before->id), actor_id{said.source}, "by itself, as the settings allow", what.flag);
        return;
    }
    const auto* up = already_up(now.known(), said);
    auto number = make_proposal(now, said, level, up != nullptr ? "joined" : by_itself ? "raised" : "proposed");
    const auto& made = now.known().proposals.all.at(number);
    if (up != nullptr) {
        auto record =
            about_decision(record_kind::proposal_accepted, now, made, actor_id{said.source}, up->id.value + " is up already");
        record.crisis = up->id;
        return now.note(std::move(record));
    }
    if (by_itself)
        accept_now(now, number, actor_id{said.source}, "by itself, as the settings allow", what.flag);
    if (made.now == proposal_state::open)
        say_proposed(now, made);
}

void decide_proposal(const step& now, const proposal_decided& what)
{
    bool accept = what.verdict == proposal_verdict::accept;
    auto asked = std::string{accept ? "accept " : "dismiss "} + what.proposal;
    audit_record record{accept ? record_kind::proposal_accepted : record_kind::proposal_dismissed, now.now, what.by};
    record.proposed.emplace();
    record.proposed->id = what.proposal;
    record.why = what.why;
    const auto* one = find_proposal(now.known().proposals, what.proposal);
    if (one == nullptr)
        return now.refuse(refusal::cause::unknown_target,
                          asked + ": there is no such proposal; 'halfmast proposals list' shows those that are open", record);
    now.made.crisis = one->crisis;
    if (one->now == (accept ? proposal_state::accepted : proposal_state::dismissed)) {
        now.made.repeated = true;
        return;
    }
    if (one->now == proposal_state::accepted)
        return now.refuse(refusal::cause::wrong_state,
                          asked + ": it is " + one->crisis.value + " since " + format_utc(one->decided_at) + "; 'halfmast lower "
                              + one->crisis.value + "' lowers that",
                          record);
    if (one->now != proposal_state::open)
        return now.refuse(refusal::cause::wrong_state,
                          asked + ": it is " + std::string{to_string(one->now)} + " since " + format_utc(one->decided_at)
                              + (one->why.empty() ? "" : " (" + one->why + ")") + "; 'halfmast raise " + one->playbook
                              + "' raises a flag without it",
                          record);
    if (accept)
        return accept_now(now, *proposal_number(what.proposal), what.by, what.why, what.flag);
    auto page_key = "proposal/" + one->id;
    now.note(about_decision(record_kind::proposal_dismissed, now, *one, what.by, what.why));
    resolve_page(now, page_key, "dismissed by " + what.by.value);
}

void look_at_proposals(const step& now)
{
    std::vector<std::uint64_t> over;
    std::vector<proposal> grown;
    for (const auto& [number, one] : now.known().proposals.all) {
        if (one.now == proposal_state::open && now.now >= one.heard_at + now.rules.signals.expire)
            over.push_back(number);
        else if (one.unnoted > 0 && now.now >= one.noted_at + counted_again_after)
            grown.push_back(one);
    }
    for (auto& one : grown) {
        one.count += one.unnoted;
        now.note(about_proposal(record_kind::proposal_grown, now, one));
    }
    for (auto number : over)
        end_proposal(now, now.known().proposals.all.at(number), "expired",
                     "nobody decided, and it was not heard of for " + format_duration(now.rules.signals.expire));
}

namespace {

void forget_old_proposals(proposal_book& book)
{
    auto decided = std::ranges::count_if(book.all, [](const auto& entry) { return entry.second.now != proposal_state::open; });
    for (auto at = book.all.begin(); at != book.all.end() && static_cast<std::size_t>(decided) > decided_kept;) {
        if (at->second.now == proposal_state::open) {
            ++at;
            continue;
        }
        if (auto last = book.last.find(at->second.key); last != book.last.end() && last->second == at->first)
            book.last.erase(last);
        at = book.all.erase(at);
        --decided;
    }
}

void fold_proposal_made(proposal_book& book, std::uint64_t number, const audit_record& record)
{
    auto& one = book.all[number];
    one = *record.proposed;
    one.now = proposal_state::open;
    one.made_at = one.noted_at = one.heard_at = record.at;
    one.unnoted = 0;
    book.last[one.key] = number;
    book.next = std::max(book.next, number + 1);
    forget_old_proposals(book);
}

}  // namespace

void apply_proposal(state& known, const audit_record& record)
{
    auto number = record.proposed ? proposal_number(record.proposed->id) : std::nullopt;
    if (!number)
        return;
    auto& book = known.proposals;
    if (record.kind == record_kind::proposal_made)
        return fold_proposal_made(book, *number, record);
    auto found = book.all.find(*number);
    if (found == book.all.end())
        return;
    auto& one = found->second;
    if (record.kind == record_kind::proposal_grown) {
        one.what = record.proposed->what;
        one.level = record.proposed->level;
        one.sources = record.proposed->sources;
        one.evidence = record.proposed->evidence;
        one.count = record.proposed->count;
        one.unnoted = 0;
        one.noted_at = record.at;
        if (record.outcome != "over")
            one.heard_at = std::max(one.heard_at, record.at);
        return;
    }
    one.now = record.kind == record_kind::proposal_accepted    ? proposal_state::accepted
              : record.kind == record_kind::proposal_dismissed ? proposal_state::dismissed
                                                               : proposal_state::expired;
    one.decided_at = record.at;
    one.by = record.actor;
    one.why = record.why;
    one.crisis = record.crisis;
}

}  // namespace halfmast
