// halfmast queue hold, release, reschedule, keep: a person's word for each post, and what came of it by reading back.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/ids.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/queue.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/verdicts.hpp"

namespace halfmast::ctl {

namespace {

using steady = std::chrono::steady_clock;

struct decision_options {
    std::vector<std::string> ids;
    std::string at;
    std::string reason;
    std::string wait = "60s";
    bool during_crisis = false;
    bool shift = false;
    std::optional<std::string> text;
    std::string break_glass;
    std::string seen;
    std::string etag;
    std::string as;
};

document request_of(const decision_options& given)
{
    auto body = document::object();
    if (!given.at.empty())
        body["at"] = format_utc(read_time(given.at, now(), "--at"));
    if (!given.reason.empty())
        body["reason"] = given.reason;
    if (given.during_crisis)
        body["during_crisis"] = true;
    if (given.shift)
        body["shift"] = true;
    if (given.text)
        body["text"] = *given.text;
    if (!given.break_glass.empty())
        body["break_glass"] = given.break_glass;
    if (!given.seen.empty())
        body["seen"] = given.seen;
    if (!given.as.empty())
        body["as"] = given.as;
    return body;
}

void take_refusal(decided& one, const command_error& error)
{
    one.open = false;
    one.code = error.code();
    one.type = error.type();
    one.detail = error.detail();
}

void ask(client& daemon, const decision& kind, const document& body, decided& one, std::optional<command_error>& refused)
{
    try {
        auto answer = daemon.post(post_path(one.id) + "/" + kind.route, body).body();
        take_answer(kind, member_of(answer, "post"), one);
        if (flag_of(answer, "waits_for_second")) {  // not refused, and not done
            one.open = false;
            one.code = exit_code::partly;
            one.detail = "waits for a second person: 'halfmast queue second " + text_of(answer, "ask") + "'";
        }
    } catch (const daemon_down&) {
        throw;  // nobody will answer for the others either
    } catch (const command_error& error) {
        if (error.code() == exit_code::interrupted)
            throw;
        take_refusal(one, error);
        refused = error;
    }
}

void look(client& daemon, const decision& kind, decided& one)
{
    try {
        take_answer(kind, member_of(daemon.get(post_path(one.id) + "?brief=1").body(), "post"), one);
    } catch (const daemon_down& error) {
        one.detail = error.detail();  // it may be on its way back
    } catch (const no_answer& error) {
        one.detail = error.detail();
    } catch (const command_error& error) {
        if (error.code() != exit_code::interrupted)
            take_refusal(one, error);
    }
}

void wait_for_all(client& daemon, const decision& kind, std::vector<decided>& all, milliseconds wait)
{
    auto until = steady::now() + wait;
    daemon.answer_within(milliseconds{10'000});
    while (std::ranges::any_of(all, &decided::open) && steady::now() < until && !was_interrupted()) {
        wait_for(look_every);
        for (auto& one : all)
            if (one.open && steady::now() < until && !was_interrupted())
                look(daemon, kind, one);
    }
}

int report(const session& all, const decision& kind, const std::vector<decided>& results, int code)
{
    if (all.json()) {
        print_json(decisions_message(kind, results, code));
        return code;
    }
    paint color{all, STDOUT_FILENO};
    for (const auto& one : results) {
        auto line = sentence_of(kind, one);
        std::cout << (one.code == exit_code::done && !one.open ? line : color.bad(line)) << '\n';
    }
    if (results.size() > 1) {
        auto well = std::ranges::count_if(results, [](const decided& one) { return !one.open && one.code == exit_code::done; });
        auto text = std::to_string(well) + " of " + count(results.size(), "post") + " " + kind.done_word;
        std::cout << (code == exit_code::done ? color.good(text) : color.bad(text)) << '\n';
    }
    return code;
}

int run_decision(const session& all, const decision& kind, const decision_options& given)
{
    auto body = request_of(given);
    auto wait = read_duration(given.wait, "--wait");
    auto ids = read_ids(given.ids);
    std::signal(SIGPIPE, SIG_IGN);
    watch_interrupt();
    client daemon{socket_path(all)};
    daemon.if_match(given.etag);
    std::vector<decided> results;
    std::optional<command_error> refused;  // with what the daemon said beside it
    for (const auto& id : ids) {
        results.emplace_back().id = id;
        ask(daemon, kind, body, results.back(), refused);
    }
    // One post that was refused is an error like any other.
    if (results.size() == 1 && !results[0].type.empty())
        throw refused.value_or(command_error{results[0].code, results[0].type, results[0].detail});
    wait_for_all(daemon, kind, results, wait);
    return report(all, kind, results, was_interrupted() ? exit_code::interrupted : code_of(results));
}

constexpr const char* hold_examples = R"(Examples:
  halfmast queue hold acme-blog/123 --reason "wrong price")";

constexpr const char* release_examples =
    R"(A time that has passed is refused: nothing late is ever sent. So is one that is too near another post that was let go,
and a post that was changed at its source: the answer shows both, --shift and --seen go on.

Examples:
  halfmast queue release acme-blog/123
  halfmast queue release acme-blog/123 --at 2026-03-01T14:30:00+01:00
  halfmast queue list --state held -o json | jq -r '.posts[].id' | halfmast queue release --shift -
  halfmast queue release acme-toots/7 --text "We are open again."
  halfmast queue release acme-x/9 --during-crisis --reason "recall notice")";

constexpr const char* reschedule_examples = R"(Examples:
  halfmast queue reschedule acme-blog/123 --at +2h
  halfmast queue reschedule acme-blog/123 acme-x/9 --at 2026-03-02T09:00:00Z)";

constexpr const char* keep_examples = R"(It stays where it is and can still be released. Nothing is deleted.

Examples:
  halfmast queue keep acme-blog/123 --reason "the offer is over")";

struct texts {
    const char* description;
    const char* footer;
};

CLI::App* add_decision(CLI::App& queue, session& all, const decision& kind, std::shared_ptr<decision_options> given,
                       const texts& words)
{
    auto* command = queue.add_subcommand(kind.name, words.description);
    command->add_option("ID", given->ids, "ACCOUNT/POST; - reads ids from standard input")->type_name("")->required();
    command->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    command->add_option("--etag", given->etag, "Only as 'queue show -o json' showed it: its etag")->type_name("ETAG");
    command->add_option("--wait", given->wait, "How long to wait for the confirmation (60s); 0 returns at once")
        ->type_name("DURATION");
    command->footer(words.footer);
    command->callback([&all, &kind, given] { all.command = [&all, &kind, given] { return run_decision(all, kind, *given); }; });
    return command;
}

void add_crisis_flag(CLI::App& command, decision_options& given)
{
    command.add_flag("--during-crisis", given.during_crisis, "Although a flag that is up covers it");
    command.add_flag("--shift", given.shift, "Too near another one, or past due: take the next free time");
    command.add_option("--text", given.text, "Another text than the one it was held with, where that can be done")
        ->type_name("TEXT");
    command.add_option("--break-glass", given.break_glass, "Why one person is enough where two are needed; recorded and paged")
        ->type_name("TEXT");
    command.add_option("--seen", given.seen, "The difference to its source was seen: the etag that the refusal gave")
        ->type_name("ETAG");
}

}  // namespace

void add_queue_decisions(CLI::App& queue, session& all)
{
    auto hold = std::make_shared<decision_options>();
    add_decision(queue, all, hold_decision, hold, {"Stop a post, with or without a flag", hold_examples});

    auto release = std::make_shared<decision_options>();
    auto* command = add_decision(queue, all, release_decision, release,
                                 {"Let a held post go out, at its old time or at a new one", release_examples});
    command->add_option("--at", release->at, "A new time: RFC 3339 with a zone, or +20m from now")->type_name("TIME");
    add_crisis_flag(*command, *release);

    auto reschedule = std::make_shared<decision_options>();
    command =
        add_decision(queue, all, reschedule_decision, reschedule, {"Let a held post go out at a new time", reschedule_examples});
    command->add_option("--at", reschedule->at, "The new time: RFC 3339 with a zone, or +20m from now")
        ->type_name("TIME")
        ->required();
    add_crisis_flag(*command, *reschedule);

    auto keep = std::make_shared<decision_options>();
    command = add_decision(queue, all, keep_decision, keep, {"Decide that a held post does not go out", keep_examples});
    command->add_option("--as", keep->as, "Only when it stays as that: draft")->type_name("RUNG");
}

}  // namespace halfmast::ctl
