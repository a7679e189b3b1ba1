// halfmast say: what is made public, by a person's word.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/approve.hpp"
#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/publish.hpp"
#include "daemon/ctl/replies.hpp"
#include "daemon/ctl/statements.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

struct draft_options {
    std::string crisis;
    statement_words words;
    bool summary = false;
    bool update = false;
    bool correct = false;
    bool all_clear = false;
};

struct owner_options {
    std::string name;
    std::string crisis;
    std::string reason;
};

struct undo_options {
    std::string crisis;
    std::string reason;
};

// A change that is done once it was answered: one sentence, the newest crisis document.
int say_changed(const session& all, document message, const char* schema, const std::string& sentence)
{
    if (all.json()) {
        message["schema"] = schema;
        message["sentence"] = sentence;
        message["exit_code"] = exit_code::done;
        print_json(message);
    } else {
        std::cout << paint{all, STDOUT_FILENO}.good(sentence) << std::endl;
    }
    return exit_code::done;
}

int run_draft(const session& all, const draft_options& given)
{
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast say draft") : given.crisis;
    const char* kind = given.correct ? "correction" : given.all_clear ? "all_clear" : given.summary ? "summary" : "update";
    auto answer = daemon.post(crisis_path(id) + "/statements/preview", statement_request(kind, given.words));
    auto message = answer.body();
    const auto& list = member_of(message, "statements");
    statement_faults faults;
    paint color{all, STDOUT_FILENO};
    if (!all.json())
        faults = print_statements(list, color);
    for (const auto& said : all.json() ? list : document::array()) {
        faults.troubled += !text_of(said, "trouble").empty();
        for (const auto& link : member_of(said, "links"))
            faults.dead_links += !flag_of(link, "ok");
    }
    bool good = faults.troubled == 0 && faults.dead_links == 0 && !list.empty();
    int code = good ? exit_code::done : exit_code::partly;
    if (all.json()) {
        message["schema"] = "halfmast.say-draft/1";
        message["exit_code"] = code;
        print_json(message);
        return code;
    }
    auto sentence = "Nothing was published. It would go out on " + count(list.size(), "account");
    if (faults.troubled != 0)
        sentence += ", on " + std::to_string(faults.troubled) + " NOT as it is";
    if (faults.dead_links != 0)
        sentence += ", with " + count(faults.dead_links, "DEAD link");
    std::cout << (good ? color.strong(sentence) : color.bad(sentence)) << std::endl;
    return code;
}

int run_undo(const session& all, const undo_options& given)
{
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast say undo") : given.crisis;
    auto message = take_back(daemon, id, 0, given.reason);
    auto name = name_of_edition(edition_of(message, number_of(message, "edition")));
    return say_changed(all, std::move(message), "halfmast.say-undo/1",
                       name + " of " + id + " is taken back: nothing of it became public");
}

int run_owner(const session& all, const owner_options& given)
{
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast say owner NAME") : given.crisis;
    auto body = document::object();
    body["owner"] = given.name;
    if (!given.reason.empty())
        body["reason"] = given.reason;
    auto message = daemon.post(crisis_path(id) + "/owner", body).body();
    auto owner = text_of(member_of(message, "crisis"), "owner");
    return say_changed(all, std::move(message), "halfmast.say-owner/1",
                       owner + " leads " + id + " from now on and is paged before the next update is due");
}

void add_draft(CLI::App& say, session& all)
{
    auto given = std::make_shared<draft_options>();
    auto* draft = say.add_subcommand("draft", "Show the next statement on every account; publish nothing");
    draft->add_option("CRISIS", given->crisis, "Which one; the only one that is up when left out")->type_name("");
    auto* update = draft->add_flag("--update", given->update, "An update; so without any of the three");
    auto* correct = draft->add_flag("--correct", given->correct, "A correction")->excludes(update);
    auto* all_clear = draft->add_flag("--all-clear", given->all_clear, "The all-clear")->excludes(update)->excludes(correct);
    draft->add_flag("--summary", given->summary, "The summary")->excludes(update)->excludes(correct)->excludes(all_clear);
    add_typed(*draft, given->words.about, "about", "What is new, or what was wrong");
    add_statement_words(*draft, given->words);
    draft->footer(R"(Links in it are asked whether they answer. Exit code 8: some of it cannot go out as it is, or a link is dead.
Before a flag is up: 'halfmast raise -n'.

Examples:
  halfmast say draft --about "Payments by card work again."
  halfmast say draft --correct --about "It is Mill Lane, not Mill Road."
  halfmast say draft --all-clear -o json | jq -r '.statements[].text')");
    draft->callback([&all, given] { all.command = [&all, given] { return run_draft(all, *given); }; });
}

void add_undo(CLI::App& say, session& all)
{
    auto given = std::make_shared<undo_options>();
    auto* undo = say.add_subcommand("undo", "Take the newest statement back before it is public");
    undo->add_option("CRISIS", given->crisis, "Which one; the only one that is up when left out")->type_name("");
    undo->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    undo->footer(
        R"(Only within the playbook's undo window, or while it waits for approval. What is public stays: 'halfmast say correct'.

Examples:
  halfmast say undo
  halfmast say undo c-1 --reason "the name is wrong")");
    undo->callback([&all, given] { all.command = [&all, given] { return run_undo(all, *given); }; });
}

void add_owner(CLI::App& say, session& all)
{
    auto given = std::make_shared<owner_options>();
    auto* owner = say.add_subcommand("owner", "Hand the flag over: one person leads it, and is paged before a promise is due");
    owner->add_option("NAME", given->name, "Who leads it from now on")->type_name("")->required();
    owner->add_option("CRISIS", given->crisis, "Which one; the only one that is up when left out")->type_name("");
    owner->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    owner->footer(R"(Examples:
  halfmast say owner dana
  halfmast say owner dana c-1 --reason "night shift")");
    owner->callback([&all, given] { all.command = [&all, given] { return run_owner(all, *given); }; });
}

}  // namespace

void add_say(CLI::App& app, session& all)
{
    auto* command = app.add_subcommand("say", "What is made public: draft, publish, correct, undo, approve, owner, reply");
    command->require_subcommand(1);
    add_draft(*command, all);
    add_publish(*command, all);
    add_undo(*command, all);
    add_approve(*command, all);
    add_owner(*command, all);
    add_replies(*command, all);
}

}  // namespace halfmast::ctl
