// halfmast audit: reading the ledger through the daemon, and judging it without one.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/programs.hpp"

namespace halfmast::ctl {

namespace {

struct audit_options {
    std::string target;
    std::string before;
    std::string limit;
    std::string checkpoint;
    std::string crisis;
    std::string format = "jsonl";
};

std::string state_dir_of(const session& all)
{
    if (auto found = find_state_dir(all))
        return *found;
    throw command_error{exit_code::usage, "usage",
                        "which ledger? Give --state-dir DIR, or --config FILE with the settings that name it"};
}

// ---- list ----

// What a record is about: a post, an account, a crisis, or the daemon itself.
std::string target_of(const document& record)
{
    auto account = text_of(record, "account");
    auto post = text_of(record, "post");
    if (!post.empty())
        return account + "/" + post;
    return account.empty() ? text_of(record, "crisis") : account;
}

// What came of it; of readiness, which ability it was about.
std::string outcome_of(const document& record)
{
    auto ability = text_of(record, "ability");
    auto rung = text_of(record, "rung");
    return ability.empty() ? text_of(record, "outcome") : ability + (rung.empty() ? "" : " by " + rung);
}

int run_list(const session& all, const audit_options& given)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get("/audit" + query_string({{"target", given.target}, {"before", given.before}, {"limit", given.limit}}));
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto list = answer.body();
    auto at = now();
    table rows;
    for (const auto& record : member_of(list, "records"))
        rows.row({std::to_string(number_of(record, "seq")), clock_of(member_of(record, "at"), at), text_of(record, "kind"),
                  outcome_of(record), text_of(record, "actor"), target_of(record), text_of(record, "why")});
    rows.print(std::cout, terminal_columns());
    std::cout.flush();
    if (rows.empty())
        std::cerr << "No record like that.\n";
    if (auto next = number_of(list, "next"); next != 0)
        std::cerr << "There are older ones: --before " << next << '\n';
    return exit_code::done;
}

// ---- silence ----

// One line of the proof: when it would have gone out, and when the public posts were last read without it.
document proof_of(const document& post)
{
    auto escaped = text_of(post, "state") == "escaped";
    document one;
    for (const auto* name : {"id", "state", "old_due", "unseen_at", "silence_proved", "escaped_as", "detail"})
        one[name] = member_of(post, name);
    one["verdict"] = escaped ? "escaped" : flag_of(post, "silence_proved") ? "silent" : "open";
    return one;
}

void print_proof(const document& message, const session& all)
{
    paint color{all, STDOUT_FILENO};
    auto at = now();
    table rows;
    for (const auto& one : message["posts"]) {
        auto verdict = text_of(one, "verdict");
        auto unseen = member_of(one, "unseen_at");
        auto seen = verdict == "escaped" ? "went out as " + text_of(one, "escaped_as")
                    : unseen.is_null()   ? std::string{"feed not read yet"}
                                         : "not in the feed at " + clock_of(unseen, at);
        rows.row({text_of(one, "id"), verdict == "escaped" ? color.bad(verdict) : verdict,
                  "due " + clock_of(member_of(one, "old_due"), at), seen, text_of(one, "state")});
    }
    rows.print(std::cout, terminal_columns());
}

// Did anything get out that was to be held? Only a feed that was read after the old time proves that it did not.
int run_silence(const session& all, const audit_options& given)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get("/posts" + query_string({{"crisis", given.crisis}, {"all", "1"}})).body();
    document message;
    message["schema"] = "halfmast.audit-silence/1";
    message["crisis"] = given.crisis;
    auto posts = document::array();
    auto escapes = document::array();
    std::uint64_t proved = 0;
    for (const auto& post : member_of(answer, "posts")) {
        posts.push_back(proof_of(post));
        proved += flag_of(post, "silence_proved");
        if (text_of(post, "state") == "escaped")
            escapes.push_back({{"id", member_of(post, "id")},
                               {"escaped_as", member_of(post, "escaped_as")},
                               {"due", member_of(post, "due")},
                               {"detail", member_of(post, "detail")}});
    }
    auto holds = posts.size();
    auto escaped = escapes.size();
    int code = escaped == 0 ? exit_code::done : exit_code::failed;
    message["holds"] = holds;
    message["proved"] = proved;
    message["escaped"] = std::move(escapes);
    message["posts"] = std::move(posts);
    message["exit_code"] = code;
    if (all.json()) {
        print_json(message);
        return code;
    }
    print_proof(message, all);
    paint color{all, STDOUT_FILENO};
    auto text = count(holds, "hold") + " of " + safe(given.crisis) + ": " + std::to_string(escaped)
                + " escaped, silence is proved for " + std::to_string(proved);
    if (proved + escaped < holds)
        text += "; the others' old times have not passed yet, or their feeds were not read since";
    std::cout << (code == exit_code::done ? text : color.bad(text)) << '\n';
    return code;
}

// ---- without a daemon ----

int run_verify(const session& all, const audit_options& given)
{
    if (all.files == nullptr)
        become_audit_program(all);
    return all.files->verify(all, state_dir_of(all), given.checkpoint);
}

int run_export(const session& all)
{
    if (all.files == nullptr)
        become_audit_program(all);
    return all.files->hand_on(state_dir_of(all));
}

void add_reads(CLI::App& audit, session& all, const std::shared_ptr<audit_options>& given)
{
    auto* list = audit.add_subcommand("list", "Records of the ledger, newest first");
    list->add_option("--target", given->target, "Only about this post, account or crisis")->type_name("ID");
    list->add_option("--limit", given->limit, "At most so many (100)")->type_name("N");
    list->add_option("--before", given->before, "Only records before this number")->type_name("SEQ");
    list->footer(R"(Examples:
  halfmast audit list
  halfmast audit list --target acme-blog/123)");
    list->callback([&all, given] { all.command = [&all, given] { return run_list(all, *given); }; });

    auto* silence = audit.add_subcommand("silence", "What got out although a flag covered it");
    silence->add_option("CRISIS", given->crisis, "Which flag")->type_name("")->required();
    silence->footer(R"(Exit code 1 when anything escaped; each is named with its public id.

Examples:
  halfmast audit silence c-1)");
    silence->callback([&all, given] { all.command = [&all, given] { return run_silence(all, *given); }; });
}

}  // namespace

void add_audit(CLI::App& app, session& all)
{
    auto given = std::make_shared<audit_options>();
    auto* audit = app.add_subcommand("audit", "The ledger: read it, check it, hand it on");
    audit->require_subcommand(1);
    add_reads(*audit, all, given);

    auto* verify = audit->add_subcommand("verify", "Check every record, hash and signature; needs no daemon");
    verify->add_option("--checkpoint", given->checkpoint, "A signed head that was kept elsewhere")->type_name("FILE");
    verify->footer(R"(Exit code 0: clean. 1: not clean, each fault is listed, or the ledger cannot be read.

Examples:
  halfmast audit verify
  halfmast audit verify --state-dir /var/lib/halfmast --checkpoint /media/usb/checkpoint.json)");
    verify->callback([&all, given] { all.command = [&all, given] { return run_verify(all, *given); }; });

    auto* hand_on = audit->add_subcommand("export", "The ledger as JSON lines on standard output; needs no daemon");
    hand_on->add_option("--format", given->format, "jsonl")->type_name("FORMAT")->check(CLI::IsMember({"jsonl"}));
    hand_on->footer(R"(Examples:
  halfmast audit export --state-dir /var/lib/halfmast > evidence.jsonl)");
    hand_on->callback([&all] { all.command = [&all] { return run_export(all); }; });
}

}  // namespace halfmast::ctl
