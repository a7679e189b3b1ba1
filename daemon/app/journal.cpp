#include "daemon/app/journal.hpp"

#include "daemon/log/logger.hpp"

namespace halfmast::app::journal {

namespace {

using log::message;
using log::say;

// What every line about a post has in common.
void about_post(message what, const audit_record& record)
{
    say(what, {{"crisis", record.crisis.value},
               {"post", record.post.empty() ? "" : display_id(record.account, record.post)},
               {"due", record.due ? format_utc(*record.due) : ""},
               {"by", record.by ? std::string{to_string(*record.by)} : ""},
               {"actor", record.actor.value},
               {"outcome", record.outcome},
               {"why", record.why},
               {"url", record.url}});
}

// Of a post, or of a flag.
void about_ask(message what, const audit_record& record)
{
    say(what, {{"ask", record.asked ? record.asked->id : ""},
               {"crisis", record.crisis.value},
               {"post", record.post.empty() ? "" : display_id(record.account, record.post)},
               {"actor", record.actor.value},
               {"why", record.why}});
}

void about_account(message what, const audit_record& record)
{
    say(what, {{"account", record.account.value},
               {"crisis", record.crisis.value},
               {"outcome", record.outcome},
               {"why", record.why},
               {"url", record.url}});
}

void about_crisis(message what, const audit_record& record)
{
    const auto* flag = record.flag ? &*record.flag : nullptr;
    say(what, {{"crisis", record.crisis.value},
               {"playbook", flag ? flag->playbook : ""},
               {"severity", flag ? std::string{to_string(flag->level)} : ""},
               {"scope", flag ? to_string(flag->over) : ""},
               {"next_update_by", flag ? format_utc(flag->next_update_by) : ""},
               {"actor", record.actor.value},
               {"why", record.why}});
}

void about_statement(message what, const audit_record& record)
{
    say(what, {{"crisis", record.crisis.value},
               {"kind", record.edition ? std::string{to_string(record.edition->kind)} : ""},
               {"owner", record.owner.value},
               {"due", record.due ? format_utc(*record.due) : ""},
               {"actor", record.actor.value},
               {"why", record.why}});
}

void about_task(const audit_record& record)
{
    if (!record.task || record.task->kind == task_kind::stop_post)
        return;  // hold_manual says it already
    say(message::task_opened, {{"task", record.task->id},
                               {"crisis", record.crisis.value},
                               {"account", record.account.value},
                               {"what", record.task->what},
                               {"due", record.due ? format_utc(*record.due) : ""},
                               {"url", record.url}});
}

void about_readiness(message what, const audit_record& record)
{
    say(what, {{"account", record.account.value},
               {"ability", record.of ? std::string{to_string(*record.of)} : ""},
               {"by", record.by ? std::string{to_string(*record.by)} : ""},
               {"ends", record.until ? format_utc(*record.until) : ""},
               {"outcome", record.outcome},
               {"why", record.why}});
}

void about_page(message what, const audit_record& record)
{
    const auto& paged = record.paged ? *record.paged : page_note{};
    say(what, {{"page", paged.key.empty() ? paged.group : paged.key},
               {"receiver", paged.receiver},
               {"what", paged.what},
               {"todo", paged.todo},
               {"actor", record.actor.value},
               {"outcome", record.outcome},
               {"why", record.why}});
}

void about_proposal(message what, const audit_record& record)
{
    const auto& said = record.proposed ? *record.proposed : proposal{};
    say(what, {{"proposal", said.id},
               {"crisis", record.crisis.value},
               {"playbook", said.playbook},
               {"severity", said.playbook.empty() ? "" : std::string{to_string(said.level)}},
               {"scope", to_string(said.over)},
               {"what", said.what},
               {"actor", record.actor.value},
               {"why", record.why}});
}

void about_access(message what, const audit_record& record) { say(what, {{"actor", record.actor.value}, {"why", record.why}}); }

void about_request(const audit_record& record)
{
    say(message::request_refused, {{"actor", record.actor.value},
                                   {"crisis", record.crisis.value},
                                   {"account", record.account.value},
                                   {"post", record.post.empty() ? "" : display_id(record.account, record.post)},
                                   {"outcome", record.outcome},
                                   {"why", record.why}});
}

}  // namespace

void started(const std::string& state_dir, const std::string& socket, std::size_t accounts)
{
    say(accounts == 0 ? message::started_without_accounts : message::started,
        {{"version", HALFMAST_VERSION}, {"state_dir", state_dir}, {"socket", socket}, {"accounts", std::to_string(accounts)}});
}

void stopping() { say(message::stopping); }

void stopped() { say(message::stopped); }

// Every kind is named: a new one does not compile without a decision whether people have to know it.
void recorded(const audit_record& record)
{
    switch (record.kind) {
    case record_kind::crisis_raised: return about_crisis(message::crisis_raised, record);
    case record_kind::crisis_lowered: return about_crisis(message::crisis_lowered, record);
    case record_kind::hold_escaped: return about_post(message::hold_escaped, record);
    case record_kind::hold_manual: return about_post(message::hold_manual, record);
    case record_kind::hold_failed: return about_post(message::hold_failed, record);
    case record_kind::hold_drifted: return about_post(message::hold_drifted, record);
    case record_kind::hold_gone: return about_post(message::hold_gone, record);
    case record_kind::release_asked: return about_post(message::release_asked, record);
    case record_kind::release_failed: return about_post(message::release_failed, record);
    case record_kind::post_kept: return about_post(message::post_kept, record);
    case record_kind::judged_by_hand: return about_post(message::judged_by_hand, record);
    case record_kind::source_changed: return about_post(message::source_changed, record);
    case record_kind::second_asked: return about_ask(message::second_asked, record);
    case record_kind::second_given: return about_ask(message::second_given, record);
    case record_kind::glass_broken: return about_ask(message::glass_broken, record);
    case record_kind::summary_published: return about_account(message::summary_published, record);
    case record_kind::summary_edited: return about_account(message::summary_edited, record);
    case record_kind::pin_lost: return about_account(message::pin_lost, record);
    case record_kind::reply_published: return about_account(message::reply_published, record);
    case record_kind::statement_asked: return about_statement(message::statement_asked, record);
    case record_kind::statement_undone: return about_statement(message::statement_undone, record);
    case record_kind::owner_changed: return about_statement(message::owner_changed, record);
    case record_kind::promise_missed: return about_statement(message::promise_missed, record);
    case record_kind::task_opened: return about_task(record);
    case record_kind::summary_failed: return about_account(message::summary_failed, record);
    case record_kind::summary_manual: return about_account(message::summary_manual, record);
    case record_kind::account_unreachable:
        return about_account(record.flagged ? message::account_refused : message::account_unreachable, record);
    case record_kind::account_reachable: return about_account(message::account_reachable, record);
    case record_kind::readiness_lost: return about_readiness(message::readiness_lost, record);
    case record_kind::readiness_back: return about_readiness(message::readiness_back, record);
    case record_kind::readiness_unanswered: return about_readiness(message::readiness_unanswered, record);
    case record_kind::readiness_answered: return about_readiness(message::readiness_answered, record);
    case record_kind::credential_ends: return about_readiness(message::credential_ends, record);
    case record_kind::credential_renewed: return about_readiness(message::credential_renewed, record);
    case record_kind::page_opened: return about_page(message::page_opened, record);
    case record_kind::page_failed: return about_page(message::page_failed, record);
    case record_kind::page_acknowledged: return about_page(message::page_acknowledged, record);
    case record_kind::page_escalated: return about_page(message::page_escalated, record);
    case record_kind::page_resolved: return about_page(message::page_resolved, record);
    case record_kind::proposal_made: return about_proposal(message::proposal_made, record);
    case record_kind::proposal_accepted: return about_proposal(message::proposal_accepted, record);
    case record_kind::proposal_dismissed: return about_proposal(message::proposal_dismissed, record);
    case record_kind::proposal_expired: return about_proposal(message::proposal_expired, record);
    case record_kind::access_signed_in: return about_access(message::access_signed_in, record);
    case record_kind::access_refused: return about_access(message::access_refused, record);
    case record_kind::access_token_made: return about_access(message::access_token_made, record);
    case record_kind::access_token_revoked: return about_access(message::access_token_revoked, record);
    case record_kind::access_link_made: return about_access(message::access_link_made, record);
    case record_kind::access_session_ended: return about_access(message::access_session_ended, record);
    case record_kind::request_refused: return about_request(record);
    // The daemon's own life has messages of its own; the rest is the ledger's business, and there may be thousands of them.
    case record_kind::daemon_started:
    case record_kind::daemon_stopping:
    case record_kind::hold_planned:
    case record_kind::hold_covered:
    case record_kind::hold_started:
    case record_kind::hold_saved:
    case record_kind::hold_answered:
    case record_kind::hold_confirmed:
    case record_kind::hold_retried:
    case record_kind::hold_let_go:
    case record_kind::silence_proved:
    case record_kind::post_noted:
    case record_kind::ask_dropped:
    case record_kind::release_started:
    case record_kind::release_answered:
    case record_kind::release_confirmed:
    case record_kind::summary_planned:
    case record_kind::summary_approved:
    case record_kind::summary_started:
    case record_kind::summary_withdrawn:
    case record_kind::statement_skipped:
    case record_kind::edit_started:
    case record_kind::promise_kept:
    case record_kind::reply_asked:
    case record_kind::reply_approved:
    case record_kind::reply_started:
    case record_kind::reply_failed:
    case record_kind::reply_dropped:
    case record_kind::task_done:
    case record_kind::task_confirmed:
    case record_kind::task_dropped:
    case record_kind::pins_remembered:
    case record_kind::pin_started:
    case record_kind::pin_confirmed:
    case record_kind::unpin_started:
    case record_kind::pins_restored:
    case record_kind::page_sent:
    case record_kind::page_delivered:
    case record_kind::page_closed:
    case record_kind::proposal_grown: return;
    }
}

void hook_refused(const std::string& hook, const std::string& why, std::uint64_t times)
{
    say(message::hook_refused, {{"hook", hook}, {"why", why}, {"times", std::to_string(times)}});
}

void access_settings(const std::string& why) { say(message::access_settings, {{"why", why}}); }

void ledger(const std::string& refused_why)
{
    if (refused_why.empty())
        say(message::ledger_works);
    else
        say(message::ledger_refused, {{"why", refused_why}});
}

void proof(const std::string& unsound_why)
{
    if (unsound_why.empty())
        say(message::ledger_sound);
    else
        say(message::ledger_unsound, {{"why", unsound_why}});
}

void spool_obeyed(const std::string& path, const std::string& crisis)
{
    say(message::spool_obeyed, {{"crisis", crisis}, {"file", path}});
}

void program_said(const std::string& account, const std::string& line)
{
    say(message::program_said, {{"account", account}, {"says", line}});
}

void mistake(const std::string& what) { say(message::mistake, {{"what", what}}); }

void internal_error(const std::string& what) { say(message::internal_error, {{"what", what}}); }

}  // namespace halfmast::app::journal
