// Letting go: a person's word for each post, a time that lies ahead, and a read-back. Lowering a flag comes through none of this.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr milliseconds due_slack{60'000};  // platforms round to minutes

void fail_release(const step& now, const account_id& id, hold& one, const std::string& why)
{
    auto record = about(record_kind::release_failed, id, one);
    record.outcome = "failed";
    record.why = why;
    now.note(std::move(record));
}

// False when it was tried often enough: then it stays held.
bool try_again(const step& now, const account_id& id, hold& one, const std::string& why)
{
    if (one.attempts >= now.rules.attempts_per_rung) {
        fail_release(now, id, one, why);
        return false;
    }
    auto record = about(record_kind::release_answered, id, one);
    record.outcome = "failed";
    record.why = why;
    record.until = now.now + now.back_off(one.attempts);
    now.note(std::move(record));
    return true;
}

// A flag that came after the order, and that nobody excepted the post from.
const crisis_id* newly_covered(const hold& one)
{
    auto found = std::ranges::find_if(one.covered_by, [&](const auto& id) { return !one.exempt.contains(id); });
    return found == one.covered_by.end() ? nullptr : &*found;
}

// Without blanks and line ends, which are the platform's.
std::string letters_of(std::string_view text)
{
    std::string kept;
    for (std::size_t at = 0; at < text.size(); ++at) {
        bool no_break = text.substr(at, 2) == "\xC2\xA0";
        if (!no_break && static_cast<unsigned char>(text[at]) > ' ')
            kept.push_back(text[at]);
        at += no_break ? 1 : 0;
    }
    return kept;
}

// It says what was asked for; perhaps with a content warning or a poll around it that nobody asked to change.
bool says_new_text(const hold& one, const std::string& seen)
{
    auto wanted = letters_of(*one.order->text);
    auto there = letters_of(seen);
    return there == wanted || (there.find(wanted) != std::string::npos && one.post && there != letters_of(one.post->text));
}

// Queued with other words than were asked for: it must not go out so, and asking again would change nothing.
void take_back(const step& now, const account_id& id, hold& one, const post_reading& seen)
{
    const std::string why = "read back: it is queued with another text than was asked for";
    fail_release(now, id, one, why);
    auto wrong = one.post ? std::make_shared<scheduled_post>(*one.post) : std::make_shared<scheduled_post>();
    wrong->id = one.remote;
    wrong->due = seen.due;
    wrong->text = *seen.text;
    wrong->folded.clear();
    drifted(now, id, one, wrong, why + "; held again");
}

void confirm_release(const step& now, const account_id& id, hold& one, const post_reading& seen)
{
    auto covering = newly_covered(one) == nullptr ? crisis_id{} : *newly_covered(one);
    auto record = about(record_kind::release_confirmed, id, one);
    record.outcome = "done";
    record.due = one.order->at;
    record.why =
        seen.where == whereabouts::queued ? "read back: queued for " + format_utc(seen.due) : "read back: it went out at its time";
    if (one.order->text)
        record.why += !seen.text                       ? "; what it says there cannot be read"
                      : says_new_text(one, *seen.text) ? ", with the new text"
                                                       : ", with another text than was asked for";
    now.note(std::move(record));
    if (seen.where == whereabouts::queued && !covering.empty())
        drifted(now, id, one, nullptr, covering.value + " was raised while it was being released; held again");
}

std::size_t code_points(const std::string& text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

// Why this post cannot go out with the text asked for; nothing when it can, or when none was.
std::optional<std::string> text_trouble(const account& declared, const hold& one, const release_requested& asked)
{
    if (!asked.text)
        return std::nullopt;
    auto offer = std::ranges::find(declared.rungs, one.by, &rung_offer::kind);
    if (offer == declared.rungs.end() || !offer->edits)
        return "what is held by " + std::string{to_string(one.by)} + " at " + declared.connector
               + " goes out with the text it has there; change it at its source, then release it";
    if (asked.text->find_first_not_of(" \t\r\n") == std::string::npos)
        return std::string{"the new text is empty; keep the post if it shall not go out"};
    // Where readers' characters are counted, the platform has the last word.
    if (declared.text_limit > 0 && declared.counting == text_counting::code_points
        && code_points(*asked.text) > static_cast<std::size_t>(declared.text_limit))
        return "the new text has " + std::to_string(code_points(*asked.text)) + " characters, and " + declared.connector + " takes "
               + std::to_string(declared.text_limit);
    return std::nullopt;
}

std::string in_words(const review_rules& rules)
{
    auto text = rules.spacing.count() > 0 ? format_duration(rules.spacing) + " apart" : std::string{};
    if (rules.most_an_hour > 0)
        text += (text.empty() ? "" : ", ") + std::string{"at most "} + std::to_string(rules.most_an_hour) + " an hour";
    return text;
}

refusal no(refusal::cause cause, const account_id& account, const post_id& post, const std::string& why)
{
    return {cause, "release " + display_id(account, post) + ": " + why};
}

std::optional<refusal> refuse_state(const hold& one, const release_requested& asked)
{
    auto refuse = [&](refusal::cause cause, const std::string& why) { return no(cause, asked.account, asked.post, why); };
    if (one.state != hold_state::held && one.state != hold_state::kept)
        return refuse(refusal::cause::wrong_state,
                      "it is " + std::string{to_string(one.state)} + ", and only what is held or kept can be released");
    if (!one.covered_by.empty() && !asked.during_crisis)
        return refuse(
            refusal::cause::covered,
            one.covered_by.begin()->value
                + " is up and covers it; lower it first, or say --during-crisis with a --reason if this post must go out now");
    if (one.source_text && asked.saw_text != one.source_text) {
        auto changed = refuse(refusal::cause::changed,
                              "it was changed at its source after it was held; look at the difference ('halfmast queue show "
                                  + display_id(asked.account, asked.post) + "'), and say that you have seen it with --seen");
        changed.before = one.post ? one.post->text : "";
        changed.after = *one.source_text;
        return changed;
    }
    return std::nullopt;
}

std::optional<refusal> refuse_time(const account& declared, const release_requested& asked, time_point at, time_point now)
{
    if (at >= now + declared.release_margin)
        return std::nullopt;
    return no(refusal::cause::past_time, asked.account, asked.post,
              (asked.at ? "the time asked for, " : "its old time, ") + format_utc(at)
                  + (at <= now ? ", has passed" : ", is too near") + "; " + declared.connector + " needs at least "
                  + format_duration(declared.release_margin) + " ahead; give a new time with --at"
                  + (asked.at ? "" : ", or say --shift to take the next free one"));
}

}  // namespace

release_view weigh_release(const policy& rules, const state& known, const std::set<by_due>& let_out, const release_requested& asked,
                           time_point now)
{
    auto where = known.accounts.find(asked.account);
    auto declared = rules.accounts.find(asked.account);
    const auto* one = where == known.accounts.end() ? nullptr : find_hold(where->second, asked.post);
    release_view view;
    if (one == nullptr || declared == rules.accounts.end()) {
        view.refused =
            no(refusal::cause::unknown_target, asked.account, asked.post, "it is not held; 'halfmast queue list' shows what is");
        return view;
    }
    view.refused = refuse_state(*one, asked);
    if (view.refused)
        return view;
    if (auto cannot = text_trouble(declared->second, *one, asked)) {
        view.refused = no(refusal::cause::not_possible, asked.account, asked.post, *cannot);
        return view;
    }
    view.at = asked.at.value_or(one->due);
    if (asked.shift && !asked.at)  // what is past due goes out anew, not late
        view.at = std::max(view.at, time_point{std::chrono::ceil<std::chrono::minutes>(now + declared->second.release_margin)});
    view.refused = refuse_time(declared->second, asked, view.at, now);
    if (view.refused)
        return view;
    auto free = next_free(let_out, rules.review, view.at, one->id);
    if (free != view.at && !asked.shift) {
        view.refused = no(refusal::cause::too_near, asked.account, asked.post,
                          format_utc(view.at) + " is too near other posts of " + asked.account.value + " that were let go ("
                              + in_words(rules.review) + "); the next free time is " + format_utc(free)
                              + ": give it with --at, or say --shift to take it");
        view.refused->free_at = free;
        return view;
    }
    view.at = free;
    view.second = needs_second(known, declared->second, *one) != nullptr;
    return view;
}

void release(const step& now, const release_requested& asked)
{
    auto& where = now.at(asked.account);
    auto* one = find_hold(where, asked.post);
    audit_record record{record_kind::release_asked, now.now, asked.by};
    record.account = asked.account;
    record.post = one != nullptr ? one->id : asked.post;
    record.why = asked.why;
    record.outcome = "intent";
    auto view = weigh_release(now.rules, now.known(), where.let_out, asked, now.now);
    if (view.at != time_point{})
        record.due = view.at;
    if (view.refused) {
        auto refused = *view.refused;
        now.refuse(refused.kind, refused.text, record);
        now.made.refused = std::move(refused);
        return;
    }
    auto given = ask_second(now, asked, asked.account, *one, view.at);
    if (given.waits)
        return;
    record.actor = given.by;
    record.second = given.second;
    record.flagged = view.at != one->due;
    record.text = asked.text;
    if (one->source_text && one->post) {
        auto there = std::make_shared<scheduled_post>(*one->post);
        there->text = *one->source_text;
        there->folded.clear();
        record.snapshot = std::move(there);
    }
    if (!one->covered_by.empty()) {
        record.crisis = *one->covered_by.begin();
        record.why = "during the crisis: " + (asked.why.empty() ? std::string{"no reason given"} : asked.why);
    }
    now.note(std::move(record));
}

void keep(const step& now, const keep_requested& asked)
{
    auto name = display_id(asked.account, asked.post);
    auto& where = now.at(asked.account);
    auto* one = find_hold(where, asked.post);
    audit_record record{record_kind::post_kept, now.now, asked.by};
    record.account = asked.account;
    record.post = one != nullptr ? one->id : asked.post;
    record.why = asked.why;
    record.outcome = "done";
    if (one == nullptr)
        return now.refuse(refusal::cause::unknown_target, "keep " + name + ": it is not held; 'halfmast queue list' shows what is",
                          record);
    if (one->state == hold_state::kept)
        return;
    if (asked.as && *asked.as != one->by)
        return now.refuse(refusal::cause::not_possible,
                          "keep " + name + " as " + std::string{to_string(*asked.as)} + ": it is held by "
                              + std::string{to_string(one->by)} + ", and stays as that when it is kept",
                          record);
    if (one->state != hold_state::held)
        return now.refuse(refusal::cause::wrong_state,
                          "keep " + name + ": it is " + std::string{to_string(one->state)} + ", and only what is held can be kept",
                          record);
    now.note(std::move(record));
}

bool start_release(const step& now, const account_id& id)
{
    const auto* declared = now.declared(id);
    auto& where = now.at(id);
    while (!where.releasing.empty()) {
        auto& one = where.holds.at(where.releasing.begin()->post);
        if (!one.order) {
            fail_release(now, id, one, "nobody asked for its release");
            continue;
        }
        if (const auto* flag = newly_covered(one); flag != nullptr) {
            fail_release(now, id, one, flag->value + " was raised before it left, and covers it");
            continue;
        }
        // It may have waited: the promise that no late time leaves is kept here, at the last moment.
        if (declared == nullptr || one.order->at < now.now + declared->release_margin) {
            fail_release(now, id, one,
                         "its time, " + format_utc(one.order->at) + ", came too near before it could be released; give a new time");
            continue;
        }
        release_post call{one.id, one.remote, one.post, one.by, one.order->at, one.saved, one.attempts > 0, one.order->text};
        auto record = about(record_kind::release_started, id, one);
        record.outcome = "intent";
        record.due = one.order->at;
        record.by = one.by;
        now.note(std::move(record));
        now.ask(id, std::move(call));
        return true;
    }
    return false;
}

void after_release(const step& now, const action_finished& done)
{
    auto& where = now.at(done.account);
    const auto& call = std::get<release_post>(done.what);
    auto found = where.holds.find(call.post);
    if (found == where.holds.end() || found->second.state != hold_state::releasing)
        return;
    auto& one = found->second;
    if (!done.result.trouble) {
        where.failures = 0;
        auto record = about(record_kind::release_answered, done.account, one);
        record.outcome = "done";
        record.remote = done.result.remote;
        record.url = done.result.url;
        return now.note(std::move(record));
    }
    const auto& trouble = *done.result.trouble;
    switch (trouble.kind) {
    case failure::rate_limited:
    case failure::unreachable:
    case failure::local:
        pause_account(now, where, trouble);
        try_again(now, done.account, one, trouble.detail);
        return;
    case failure::unknown_outcome:
    case failure::conflict:
    case failure::bad_reply: {
        auto record = about(record_kind::release_answered, done.account, one);
        record.outcome = "unknown";
        record.why = trouble.detail;
        record.until = now.now + now.back_off(one.attempts);
        return now.note(std::move(record));
    }
    case failure::not_found:
        fail_release(now, done.account, one, trouble.detail);
        if (one.by != rung::takeout)  // it was there, and is not any more: the public posts have to tell why
            note_missing(now, done.account, one, trouble.detail);
        return;
    case failure::auth_expired:
    case failure::forbidden:
    case failure::rejected:
    case failure::unsupported: return fail_release(now, done.account, one, trouble.detail);
    }
}

void read_released(const step& now, const account_id& id, hold& one, const post_reading& seen)
{
    if (!one.order)
        return fail_release(now, id, one, "nobody asked for its release");
    auto difference = seen.due > one.order->at ? seen.due - one.order->at : one.order->at - seen.due;
    bool queued = seen.where == whereabouts::queued && difference <= due_slack;
    bool went_out = seen.where == whereabouts::published && now.now >= one.order->at;
    if (queued && one.order->text && seen.text && !says_new_text(one, *seen.text))
        return take_back(now, id, one, seen);
    if (queued || went_out)
        return confirm_release(now, id, one, seen);
    if (seen.where == whereabouts::published) {
        auto record = about(record_kind::hold_escaped, id, one);
        record.outcome = "published";
        record.remote = one.remote;
        record.url = seen.url;
        record.why = "released for " + format_utc(one.order->at) + ", but the platform published it at once";
        return now.note(std::move(record));
    }
    auto why = "read back: it is " + std::string{to_string(seen.where)} + ", not queued for " + format_utc(one.order->at);
    if (try_again(now, id, one, why))
        return;
    if (seen.where == whereabouts::queued) {
        auto wrong = one.post ? std::make_shared<scheduled_post>(*one.post) : std::make_shared<scheduled_post>();
        wrong->id = one.remote;
        wrong->due = seen.due;
        drifted(now, id, one, wrong, "the platform queued it for " + format_utc(seen.due) + ", which nobody asked for; held again");
    } else if (seen.where == whereabouts::absent && one.by != rung::takeout) {
        note_missing(now, id, one, why);
    }
}

}  // namespace halfmast
