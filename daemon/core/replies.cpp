// Replies with a cool head: a wait, a second person, and a place in the hour before an answer to somebody becomes public.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

audit_record about_reply(record_kind kind, const step& now, const reply& one, const actor_id& by = actor_id{"halfmast"})
{
    audit_record record{kind, now.now, by};
    record.crisis = one.crisis;
    record.account = one.account;
    record.reply.emplace();
    record.reply->id = one.id;
    return record;
}

reply* find_reply(const step& now, const std::string& id)
{
    auto found = now.known().replies.find(id);
    return found == now.known().replies.end() ? nullptr : &found->second;
}

const crisis* flag_of(const step& now, const reply& one)
{
    auto found = now.known().crises.find(one.crisis);
    return found == now.known().crises.end() ? nullptr : &found->second;
}

void drop(const step& now, const reply& one, const std::string& why)
{
    auto record = about_reply(record_kind::reply_dropped, now, one);
    record.outcome = "done";
    record.why = why;
    now.note(std::move(record));
}

void answer_by_hand(const step& now, const reply& one, const std::string& why)
{
    task wanted;
    wanted.kind = task_kind::reply;
    wanted.crisis = one.crisis;
    wanted.account = one.account;
    wanted.post = one.to;
    wanted.reply = one.id;
    wanted.text = one.words.text;
    wanted.link = one.to_url;
    wanted.what = "answer " + (one.to_url.empty() ? one.to.value : one.to_url) + " at " + one.account.value + ": " + why;
    open_task(now, std::move(wanted));
}

// From when on it has a place in the hour, as far as the clock alone decides.
void wait_for_place(const step& now, reply& one, const crisis& flag)
{
    auto place = place_in_hour(now, now.at(one.account), flag, false, one.id);
    one.wakes_at = place > now.now ? place : time_point{};
    if (place > now.now)
        one.detail = "it waits until " + format_utc(place) + ": the public acts of this hour are used";
}

std::string no_reply(const std::string& verb, const std::string& id)
{
    return verb + ": there is no reply '" + id + "'; 'halfmast status' names those that wait";
}

}  // namespace

void ask_reply(const step& now, const reply_asked& what)
{
    audit_record record{record_kind::reply_asked, now.now, what.by};
    record.crisis = what.crisis;
    record.account = what.account;
    record.url = what.url;
    auto verb = "reply at " + what.account.value + ": ";
    auto found = now.known().crises.find(what.crisis);
    const auto* declared = now.declared(what.account);
    if (found == now.known().crises.end() || declared == nullptr || !covers(found->second, *declared))
        return now.refuse(refusal::cause::unknown_target,
                          verb + "there is no crisis '" + what.crisis.value + "' over such an account", record);
    const auto& flag = found->second;
    if (flag.now == phase::lowered)
        return now.refuse(refusal::cause::wrong_state, verb + flag.id.value + " was lowered; answer at the platform", record);
    if (!declared->speaks)
        return now.refuse(refusal::cause::not_possible, verb + "nothing is said in public there: its settings have speaks = false",
                          record);
    if (what.to.empty() || what.words.text.empty() || what.words.text.find("{{") != std::string::npos)
        return now.refuse(refusal::cause::not_possible, verb + "name the post, and give words without placeholders", record);
    if (!fits(*declared, what.words))
        return now.refuse(refusal::cause::not_possible,
                          verb + "the words are longer than " + declared->connector + " takes ("
                              + std::to_string(declared->text_limit) + "); say less",
                          record);
    auto book = now.rules.playbooks.find(flag.playbook);
    playbook usual;
    const auto& rules = book == now.rules.playbooks.end() ? usual : book->second;
    reply made;
    made.id = "r-" + std::to_string(now.known().next_reply);
    made.crisis = flag.id;
    made.account = what.account;
    made.to = what.to;
    made.to_url = what.url;
    made.by = what.by;
    made.at = now.now;
    made.wait_until = now.now + rules.reply_wait;
    made.words = what.words;
    made.approved = !rules.reply_second_person && !flag.two_person;
    record.outcome = "done";
    record.until = made.wait_until;
    now.made.crisis = flag.id;
    now.made.made = made.id;
    record.reply = std::move(made);
    now.note(std::move(record));
}

void approve_reply(const step& now, const reply_approved& what)
{
    const auto* one = find_reply(now, what.reply);
    audit_record record{record_kind::reply_approved, now.now, what.by};
    if (one == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_reply("approve", what.reply), record);
    record = about_reply(record_kind::reply_approved, now, *one, what.by);
    record.outcome = "done";
    now.made.crisis = one->crisis;
    now.made.made = one->id;
    if (one->approved) {
        now.made.repeated = true;
        return;
    }
    if (one->state == reply_state::dropped)
        return now.refuse(refusal::cause::wrong_state, "approve " + one->id + ": it was dropped", record);
    if (one->by == what.by)
        return now.refuse(refusal::cause::same_person,
                          "approve " + one->id + ": " + what.by.value + " wrote it, so somebody else has to agree", record);
    now.note(std::move(record));
}

bool reply_can_start(const state& known, const reply& one, time_point now)
{
    auto flag = known.crises.find(one.crisis);
    bool open = one.state == reply_state::waiting || one.state == reply_state::publishing || one.state == reply_state::failed;
    if (!open || one.busy || one.not_before > now || flag == known.crises.end())
        return false;
    if (one.recalled)
        return true;  // whether it is out has to be known, whatever became of the flag
    return one.approved && one.wait_until <= now && one.wakes_at <= now && flag->second.now == phase::raised;
}

bool start_reply(const step& now, const account_id& id)
{
    const auto ids = now.at(id).replies;  // a copy: what is noted about one may take it out
    for (const auto& name : ids) {
        auto* one = find_reply(now, name);
        if (one == nullptr || !reply_can_start(now.known(), *one, now.now))
            continue;
        const auto& flag = *flag_of(now, *one);
        const auto* declared = now.declared(id);
        bool may = may_speak(now, flag, id) && declared->can_reply;
        bool wanted = may && fits(*declared, one->words) && flag.now == phase::raised;
        if (wanted) {
            wait_for_place(now, *one, flag);
            wanted = one->wakes_at <= now.now;
        }
        bool gone = flag.now == phase::lowered || !may;
        if (!wanted && !(one->recalled && gone))
            continue;  // for a place in the hour
        publish_summary call{one->crisis, one->words, "halfmast-" + flag.id.value + "-" + id.value, one->recalled, !wanted};
        call.key += "-" + std::to_string(flag.raised_at.time_since_epoch().count() / 1000) + "-" + one->id;
        call.in_reply_to = one->to;
        call.reply = one->id;
        auto record = about_reply(record_kind::reply_started, now, *one);
        record.outcome = "intent";
        record.words = one->words;
        record.flagged = one->recalled;
        now.note(std::move(record));
        now.ask(id, std::move(call));
        return true;
    }
    return false;
}

void after_reply(const step& now, const action_finished& done)
{
    const auto& call = std::get<publish_summary>(done.what);
    auto* one = find_reply(now, call.reply);
    if (one == nullptr || one->state != reply_state::publishing)
        return;
    one->busy = false;
    if (!done.result.trouble) {
        now.at(done.account).failures = 0;
        now.at(done.account).feed_known.insert(done.result.remote);
        auto record = about_reply(record_kind::reply_published, now, *one);
        record.outcome = "done";
        record.remote = done.result.remote;
        record.url = done.result.url;
        return now.note(std::move(record));
    }
    const auto& trouble = *done.result.trouble;
    if (call.look_only && trouble.kind == failure::not_found)
        return drop(now, *one, "nothing is left of the call whose outcome was not known, and it is not wanted any more");
    if (trouble.kind == failure::not_found && !call.look_first)
        return drop(now, *one, "what it answers is not there any more");
    if (nothing_happened(trouble.kind))
        pause_account(now, now.at(done.account), trouble);
    bool perhaps =
        trouble.kind == failure::unknown_outcome || trouble.kind == failure::bad_reply || trouble.kind == failure::conflict;
    auto record = about_reply(record_kind::reply_failed, now, *one);
    record.outcome = to_string(trouble.kind);
    record.why = trouble.detail;
    record.flagged = perhaps || one->recalled_before;
    record.until = now.now + now.back_off(one->attempts);
    now.note(std::move(record));
    if (one->recalled)
        return;
    const auto* flag = flag_of(now, *one);
    if (flag == nullptr || flag->now == phase::lowered)
        drop(now, *one, "the flag was lowered before it went out");
    else if (trouble.kind == failure::unsupported)
        answer_by_hand(now, *one, trouble.detail);
}

void drop_replies(const step& now, const crisis_id& crisis)
{
    std::vector<std::string> ids;
    for (const auto& [id, one] : now.known().replies)
        if (one.crisis == crisis && !one.busy && !one.recalled
            && (one.state == reply_state::waiting || one.state == reply_state::failed || one.state == reply_state::publishing))
            ids.push_back(id);
    for (const auto& id : ids)
        drop(now, now.known().replies.at(id), "the flag was lowered before it went out");
}

void look_at_replies(const step& now)
{
    for (auto& [id, where] : now.known().accounts) {
        const auto ids = where.replies;
        const auto* declared = now.declared(id);
        for (const auto& name : ids) {
            auto* one = find_reply(now, name);
            const auto* flag = one == nullptr ? nullptr : flag_of(now, *one);
            if (flag == nullptr || one->busy || one->recalled || !one->approved || one->wait_until > now.now)
                continue;
            if (!may_speak(now, *flag, id))
                one->wakes_at = time_point::max();
            else if (!declared->can_reply)
                answer_by_hand(now, *one, declared->connector + " has no call that answers");
            else
                wait_for_place(now, *one, *flag);
        }
    }
}

void drop_reply(const step& now, const reply_dropped& what)
{
    const auto* one = find_reply(now, what.reply);
    audit_record record{record_kind::reply_dropped, now.now, what.by};
    if (one == nullptr)
        return now.refuse(refusal::cause::unknown_target, no_reply("drop", what.reply), record);
    record = about_reply(record_kind::reply_dropped, now, *one, what.by);
    record.outcome = "done";
    record.why = what.why;
    now.made.crisis = one->crisis;
    now.made.made = one->id;
    if (one->state == reply_state::dropped) {
        now.made.repeated = true;
        return;
    }
    if (one->state == reply_state::published || one->recalled)
        return now.refuse(refusal::cause::wrong_state,
                          "drop " + one->id + ": it is on its way or public, and what is public is never deleted; answer again",
                          record);
    now.note(std::move(record));
    drop_task(now, one->account, "reply/" + one->id, "the reply was dropped");
}

}  // namespace halfmast
