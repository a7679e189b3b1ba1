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
    if (found == now.known().crises.end() || declared == nullptr || !covers(found->second.over, *declared))
        return now.refuse(refusal::cause::unknown_target, verb + "there is no crisis '" + what.crisis.value + "' over such an account", record);
    const auto& flag = found->second;
    if (flag.now == phase::lowered)
        return now.refuse(refusal::cause::wrong_state, verb + flag.id.value + " was lowered; answer at the platform", record);
    if (what.to.empty() || what.words.text.empty() || what.words.text.find("{{") != std::string::npos)
        return now.refuse(refusal::cause::not_possible, verb + "name the post, and give words without placeholders", record);
    if (!fits(*declared, what.words))
        return now.refuse(refusal::cause::not_possible, verb + "the words are longer than " + declared->connector + " takes ("
                                                            + std::to_string(declared->text_limit) + "); say less", record);
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
                          "drop " + one->id + ": it is on its way or public, and what is public is never deleted; answer again", record);
    now.note(std::move(record));
}

}  // namespace halfmast
