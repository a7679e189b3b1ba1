// Review: spacing and the cap of an hour, what people say of posts, what a post says at its source now, and the second person.
#include "daemon/core/review.hpp"

#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::hours cap_window{1};

// `at`, or the first moment behind another one's spacing.
time_point after_neighbour(const std::set<by_due>& let_out, milliseconds spacing, time_point at, const post_id& post)
{
    for (auto near = let_out.lower_bound({at + spacing, {}}); near != let_out.begin();) {
        --near;
        if (near->due <= at - spacing)
            break;
        if (near->post != post)
            return near->due + spacing;
    }
    return at;
}

// `at`, or the first moment behind an hour that is full.
time_point after_full_hour(const std::set<by_due>& let_out, std::size_t most, time_point at, const post_id& post)
{
    std::vector<time_point> near;  // less than an hour from it
    for (auto one = let_out.lower_bound({at - cap_window + milliseconds{1}, {}});
         one != let_out.end() && one->due < at + cap_window; ++one)
        if (one->post != post)
            near.push_back(one->due);
    for (std::size_t first = 0; first + most <= near.size(); ++first)
        if (std::max(near[first + most - 1], at) - std::min(near[first], at) < cap_window)
            return near[first] + cap_window;
    return at;
}

account_state* find_account(const step& now, const account_id& id)
{
    auto found = now.known().accounts.find(id);
    return found == now.known().accounts.end() ? nullptr : &found->second;
}

// A post that people can talk about: in a hold, or in the queue as last seen.
struct named_post {
    post_id id;  // the one people use
    const hold* held = nullptr;
    const seen_post* seen = nullptr;
};

std::optional<named_post> find_named(const step& now, const account_id& account, const post_id& post)
{
    const auto* where = find_account(now, account);
    if (where == nullptr)
        return std::nullopt;
    named_post named;
    named.held = find_hold(*where, post);
    named.id = named.held != nullptr ? named.held->id : post;
    auto seen = where->queue.find(named.held != nullptr && !named.held->remote.empty() ? named.held->remote : post);
    if (seen != where->queue.end())
        named.seen = &seen->second;
    if (named.held == nullptr && named.seen == nullptr)
        return std::nullopt;
    return named;
}

void refuse_unknown(const step& now, const char* verb, audit_record about)
{
    auto name = display_id(about.account, about.post);
    now.refuse(refusal::cause::unknown_target,
               std::string{verb} + " " + name
                   + ": no such post in a hold or in the queue as last seen; 'halfmast queue list' shows what is there",
               std::move(about));
}

const ask* find_ask(const step& now, const std::string& id)
{
    auto found = now.known().asks.find(id);
    return found == now.known().asks.end() ? nullptr : &found->second;
}

audit_record about_ask(record_kind kind, const ask& one, const actor_id& by)
{
    audit_record record{kind, {}, by};
    record.crisis = one.crisis;
    record.account = one.account;
    record.post = one.post;
    record.outcome = "done";
    return record;
}

void drop_ask(const step& now, const ask& one, const actor_id& by, const std::string& why)
{
    auto record = about_ask(record_kind::ask_dropped, one, by);
    record.why = why;
    record.asked = ask{};
    record.asked->id = one.id;
    record.asked->kind = one.kind;
    now.note(std::move(record));
}

void note_second(const step& now, const ask& one, const actor_id& by)
{
    auto record = about_ask(record_kind::second_given, one, by);
    record.why = "asked for by " + one.by.value;
    record.asked = ask{};
    record.asked->id = one.id;
    record.asked->kind = one.kind;
    now.note(std::move(record));
}

void note_broken_glass(const step& now, const crisis& flag, const ask& what, const std::string& why)
{
    auto record = about_ask(record_kind::glass_broken, what, what.by);
    record.crisis = flag.id;
    record.why = why;
    record.outcome = std::string{to_string(what.kind)};
    now.note(std::move(record));
}

// It waits from now on; an older wish for the same target is over.
void wait_for_second(const step& now, ask wish, const std::string& older)
{
    if (const auto* before = find_ask(now, older); before != nullptr)
        drop_ask(now, *before, wish.by, "it is asked for differently now");
    wish.id = "a-" + std::to_string(now.known().next_ask);
    wish.at = now.now;
    auto record = about_ask(record_kind::second_asked, wish, wish.by);
    record.outcome = "intent";
    record.why = wish.why;
    record.due = wish.due;
    now.made.waits = wish.id;
    record.asked = std::move(wish);
    now.note(std::move(record));
}

bool same_wish(const ask& a, const ask& b)
{
    return a.kind == b.kind && a.crisis == b.crisis && a.wanted == b.wanted && a.shift == b.shift && a.text == b.text
           && a.during_crisis == b.during_crisis && a.now == b.now && a.words.empty() == b.words.empty();
}

// The common part of both kinds. `second` is set when somebody agreed through the ask itself.
consent consent_to(const step& now, const crisis& flag, ask wish, const std::string& open, const actor_id& second,
                   const std::string& break_glass)
{
    const auto* before = find_ask(now, open);
    consent given{false, wish.by, second};
    if (!second.empty()) {
        if (before != nullptr)
            note_second(now, ask{*before}, second);
        return given;
    }
    if (!break_glass.empty()) {
        note_broken_glass(now, flag, wish, break_glass);
        return given;
    }
    bool same = before != nullptr && same_wish(*before, wish);
    if (same && before->by != wish.by) {
        given = {false, before->by, wish.by};
        note_second(now, ask{*before}, wish.by);
        return given;
    }
    given.waits = true;
    if (same)
        now.made.waits = before->id;  // it is being waited for already
    else
        wait_for_second(now, std::move(wish), open);
    return given;
}

std::uint64_t number_in(const std::string& id)
{
    std::uint64_t number = 0;
    for (char c : id)
        if (c >= '0' && c <= '9')
            number = number * 10 + static_cast<std::uint64_t>(c - '0');
    return number;
}

// The place where what waits is named beside the list; null when its target is gone.
std::string* marker_of(state& known, const ask& one)
{
    if (one.kind == ask_kind::lower) {
        auto flag = known.crises.find(one.crisis);
        return flag == known.crises.end() ? nullptr : &flag->second.ask;
    }
    auto where = known.accounts.find(one.account);
    if (where == known.accounts.end())
        return nullptr;
    auto* held = find_hold(where->second, one.post);
    return held == nullptr ? nullptr : &held->ask;
}

void take_ask_away(state& known, const std::string& id)
{
    auto found = known.asks.find(id);
    if (found == known.asks.end())
        return;
    if (auto* marker = marker_of(known, found->second); marker != nullptr && *marker == id)
        marker->clear();
    known.asks.erase(found);
}

// What a person says the post is: flags that do not want such posts do not cover it any more. It stays held: a person lets it go.
void apply_judgement(state& known, account_state& where, const audit_record& record)
{
    auto kind = record.judged.value_or(post_class::unknown);
    auto& remarks = where.remarks[record.post];
    remarks.judged = kind;
    remarks.judged_by = record.actor;
    remarks.judged_at = record.at;
    auto held = where.holds.find(record.post);
    if (held == where.holds.end())
        return;
    auto& one = held->second;
    one.judged = as_judged(where, one.id, {});
    one.covered_by.erase_if([&](const auto& id) {
        auto flag = known.crises.find(id);
        return flag != known.crises.end() && !flag->second.hold.contains(kind);
    });
}

}  // namespace

time_point next_free(const std::set<by_due>& let_out, const review_rules& rules, time_point wanted, const post_id& post)
{
    for (auto at = wanted;;) {
        auto later = rules.spacing.count() > 0 ? after_neighbour(let_out, rules.spacing, at, post) : at;
        if (rules.most_an_hour > 0)
            later = after_full_hour(let_out, static_cast<std::size_t>(rules.most_an_hour), later, post);
        if (later == at)
            return at;
        at = later;
    }
}

const crisis* needs_second(const state& known, const account& where, const hold& one)
{
    for (const auto* flag : open_over(known, where))
        if (flag->two_person)
            return flag;
    for (const auto& id : one.seen_in)
        if (auto flag = known.crises.find(id); flag != known.crises.end() && flag->second.two_person)
            return &flag->second;
    return nullptr;
}

verdict as_judged(const account_state& where, const post_id& remote, verdict by_rules)
{
    if (where.remarks.empty())
        return by_rules;
    auto alias = where.came_from.find(remote);
    auto said = where.remarks.find(alias == where.came_from.end() ? remote : alias->second);
    if (said == where.remarks.end() || !said->second.judged)
        return by_rules;
    return {*said->second.judged, {{"by-hand", said->second.judged_by.value}}};
}

void apply_review(state& known, const audit_record& record)
{
    switch (record.kind) {
    case record_kind::judged_by_hand: return apply_judgement(known, known.accounts[record.account], record);
    case record_kind::post_noted:
        known.accounts[record.account].remarks[record.post].notes.push_back({record.actor, record.at, record.text.value_or("")});
        return;
    case record_kind::second_asked:
        if (record.asked) {
            known.next_ask = std::max(known.next_ask, number_in(record.asked->id) + 1);
            auto& made = known.asks[record.asked->id] = *record.asked;
            if (auto* marker = marker_of(known, made))
                *marker = made.id;
        }
        return;
    case record_kind::second_given:
    case record_kind::ask_dropped:
        if (record.asked)
            take_ask_away(known, record.asked->id);
        return;
    default: return;
    }
}

void forget_ask(state& known, hold& one)
{
    if (one.ask.empty())
        return;
    known.asks.erase(one.ask);
    one.ask.clear();
}

void judge_by_hand(const step& now, const post_judged& asked)
{
    audit_record record{record_kind::judged_by_hand, now.now, asked.by};
    record.account = asked.account;
    record.post = asked.post;
    record.why = asked.why;
    record.judged = asked.kind;
    record.outcome = "done";
    auto named = find_named(now, asked.account, asked.post);
    if (!named)
        return refuse_unknown(now, "judge", std::move(record));
    auto& where = now.at(asked.account);
    record.post = named->id;
    const auto& before = named->held != nullptr ? named->held->judged : named->seen->judged;
    if (before.kind == asked.kind && where.remarks.contains(named->id) && where.remarks.at(named->id).judged)
        return;
    record.reasons = before.why;  // what spoke before: the rules can learn from it
    now.note(std::move(record));
    if (named->seen != nullptr) {
        auto& seen = where.queue.at(named->seen->post->id);
        seen.judged = as_judged(where, seen.post->id, {});
        if (const auto* declared = now.declared(asked.account); declared != nullptr)
            want_if_uncovered(where, open_over(now.known(), *declared), seen);
    }
    if (named->held != nullptr && is_let_go(*named->held))
        let_go(now, asked.account, named->id);
}

void note_post(const step& now, const post_noted& asked)
{
    audit_record record{record_kind::post_noted, now.now, asked.by};
    record.account = asked.account;
    record.post = asked.post;
    record.text = asked.text;
    record.outcome = "done";
    auto named = find_named(now, asked.account, asked.post);
    if (!named)
        return refuse_unknown(now, "note", std::move(record));
    record.post = named->id;
    now.note(std::move(record));
}

void compare_source(const step& now, const account_id& id, const hold& one, const std::string& text)
{
    if (!one.post)
        return;
    bool differs = text != one.post->text;
    if (differs ? one.source_text == text : !one.source_text)
        return;
    auto record = about(record_kind::source_changed, id, one);
    record.outcome = "done";
    record.why = differs ? "it says something else at its source than what was held" : "it says at its source what was held again";
    if (differs)
        record.text = text;
    now.note(std::move(record));
}

void look_at_source(const step& now, const source_seen& seen)
{
    auto* where = find_account(now, seen.account);
    if (where == nullptr)
        return;
    for (const auto& reading : seen.readings)
        if (const auto* one = find_hold(*where, reading.post);
            one != nullptr && reading.text && (one->state == hold_state::held || one->state == hold_state::kept))
            compare_source(now, seen.account, *one, *reading.text);
}

consent ask_second(const step& now, const release_requested& asked, const account_id& id, const hold& one, time_point at)
{
    const auto* declared = now.declared(id);
    const auto* flag = declared == nullptr ? nullptr : needs_second(now.known(), *declared, one);
    if (flag == nullptr)
        return {false, asked.by, {}};
    ask wish;
    wish.kind = ask_kind::release;
    wish.crisis = flag->id;
    wish.account = id;
    wish.post = one.id;
    wish.by = asked.by;
    wish.why = asked.why;
    wish.wanted = asked.at;
    wish.due = at;
    wish.shift = asked.shift;
    wish.text = asked.text;
    wish.during_crisis = asked.during_crisis;
    wish.saw_text = asked.saw_text;
    return consent_to(now, *flag, std::move(wish), std::string{one.ask}, asked.second, asked.break_glass);
}

consent ask_second(const step& now, const crisis_lowered& asked, const crisis& flag)
{
    if (!flag.two_person)
        return {false, asked.by, {}};
    ask wish;
    wish.kind = ask_kind::lower;
    wish.crisis = flag.id;
    wish.by = asked.by;
    wish.why = asked.why;
    wish.words = asked.all_clear;
    wish.about = asked.about;
    wish.about_in = asked.about_in;
    wish.now = asked.now;
    return consent_to(now, flag, std::move(wish), std::string{flag.ask}, asked.second, asked.break_glass);
}

void break_the_glass(const step& now, const crisis& flag, const actor_id& by, std::string what, const std::string& why)
{
    audit_record record{record_kind::glass_broken, now.now, by};
    record.crisis = flag.id;
    record.why = why;
    record.outcome = std::move(what);
    now.note(std::move(record));
}

std::optional<event> take_second(const step& now, const second_given& given)
{
    const auto* one = find_ask(now, given.ask);
    audit_record record{record_kind::second_given, now.now, given.by};
    record.why = given.why;
    if (one == nullptr) {
        now.refuse(
            refusal::cause::unknown_target,
            "second " + given.ask + ": nothing waits for a second person under that name; it was done, withdrawn or asked for anew",
            record);
        return std::nullopt;
    }
    record = about_ask(record_kind::second_given, *one, given.by);
    if (one->by == given.by) {
        now.refuse(refusal::cause::same_person,
                   "second " + one->id + ": " + one->by.value + " asked for it, so somebody else has to agree", record);
        return std::nullopt;
    }
    if (one->kind == ask_kind::lower) {
        crisis_lowered down;
        down.crisis = one->crisis;
        down.by = one->by;
        down.why = one->why;
        down.second = given.by;
        down.all_clear = one->words;
        down.about = one->about;
        down.about_in = one->about_in;
        down.now = one->now;
        return event{std::move(down)};
    }
    release_requested let;
    let.account = one->account;
    let.post = one->post;
    let.by = one->by;
    let.at = one->wanted;
    let.why = one->why;
    let.during_crisis = one->during_crisis;
    let.text = one->text;
    let.shift = one->shift;
    let.saw_text = one->saw_text;
    let.second = given.by;
    return event{std::move(let)};
}

void withdraw_ask(const step& now, const ask_withdrawn& asked)
{
    const auto* one = find_ask(now, asked.ask);
    if (one == nullptr) {
        audit_record record{record_kind::ask_dropped, now.now, asked.by};
        return now.refuse(refusal::cause::unknown_target,
                          "withdraw " + asked.ask + ": nothing waits for a second person under that name", std::move(record));
    }
    drop_ask(now, ask{*one}, asked.by, asked.why);
}

}  // namespace halfmast
