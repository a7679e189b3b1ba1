// halfmast queue note, judge, second, asks: what people say of posts, and the second person's word.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/ids.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/queue.hpp"

namespace halfmast::ctl {

namespace {

struct review_options {
    std::vector<std::string> ids;
    std::string text;
    std::string kind;
    std::string reason;
    std::string etag;
};

// The same request for each post; one that is refused does not stop the others.
int for_each(const session& all, const review_options& given, const char* route, const document& body, const std::string& done,
             const char* schema)
{
    auto ids = read_ids(given.ids);
    client daemon{socket_path(all)};
    daemon.if_match(given.etag);
    auto list = document::array();
    int code = exit_code::done;
    std::size_t well = 0;
    for (const auto& id : ids) {
        document entry{{"id", id}, {"ok", true}, {"detail", ""}};
        try {
            daemon.post(post_path(id) + "/" + route, body);
            ++well;
            if (!all.json())
                std::cout << id << ": " << done << '\n';
        } catch (const daemon_down&) {
            throw;
        } catch (const command_error& error) {
            if (ids.size() == 1)
                throw;
            code = error.code();
            entry["ok"] = false;
            entry["detail"] = error.detail();
            entry["exit_code"] = error.code();
            if (!all.json())
                std::cout << paint{all, STDOUT_FILENO}.bad(id + ": NOT " + done + ": " + safe(error.detail())) << '\n';
        }
        list.push_back(std::move(entry));
    }
    if (code != exit_code::done && well > 0)
        code = exit_code::partly;
    if (all.json()) {
        document message;
        message["schema"] = schema;
        message["results"] = std::move(list);
        message["exit_code"] = code;
        print_json(message);
    }
    return code;
}

int run_note(const session& all, const review_options& given)
{
    return for_each(all, given, "note", document{{"text", given.text}}, "noted", "halfmast.queue-note/1");
}

int run_judge(const session& all, const review_options& given)
{
    document body{{"class", given.kind}};
    if (!given.reason.empty())
        body["reason"] = given.reason;
    return for_each(all, given, "judge", body, "judged " + given.kind, "halfmast.queue-judge/1");
}

// What people type, as the name of what waits: "a-1", a post, or a flag.
std::string ask_of(client& daemon, const std::string& word)
{
    if (word.find('/') != std::string::npos) {
        auto answer = daemon.get(post_path(word) + "?brief=1").body();
        auto name = text_of(member_of(member_of(answer, "post"), "waits_for_second"), "ask");
        if (name.empty())
            throw command_error{exit_code::failed, "unknown-target",
                                word + " does not wait for a second person; 'halfmast queue asks' shows what does"};
        return name;
    }
    if (!word.starts_with("c-"))
        return word;
    auto waiting = daemon.get("/asks").body();
    for (const auto& one : member_of(waiting, "asks"))
        if (text_of(one, "crisis") == word && text_of(one, "kind") == "lower")
            return text_of(one, "id");
    throw command_error{exit_code::failed, "unknown-target",
                        "lowering " + word + " does not wait for a second person; 'halfmast queue asks' shows what does"};
}

int run_second(const session& all, const review_options& given)
{
    client daemon{socket_path(all)};
    auto list = document::array();
    auto body = document::object();
    if (!given.reason.empty())
        body["reason"] = given.reason;
    for (const auto& word : given.ids) {
        auto answer = daemon.post("/asks/" + percent_encode(ask_of(daemon, word)) + "/second", body).body();
        const auto& post = member_of(answer, "post");
        if (!all.json() && post.is_object())
            std::cout << text_of(post, "id") << ": agreed; it is " << text_of(post, "state") << ", goes out "
                      << clock_of(member_of(member_of(post, "order"), "at"), now()) << '\n';
        else if (!all.json())
            std::cout << text_of(member_of(answer, "crisis"), "id") << ": agreed; it is "
                      << text_of(member_of(answer, "crisis"), "phase") << '\n';
        list.push_back(std::move(answer));
    }
    if (all.json()) {
        document message;
        message["schema"] = "halfmast.queue-second/1";
        message["results"] = std::move(list);
        message["exit_code"] = exit_code::done;
        print_json(message);
    }
    return exit_code::done;
}

int run_asks(const session& all)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get("/asks");
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto body = answer.body();
    auto at = now();
    table rows;
    for (const auto& one : member_of(body, "asks")) {
        auto what = text_of(one, "kind") + " " + (text_of(one, "kind") == "lower" ? text_of(one, "crisis") : text_of(one, "post"));
        rows.row({text_of(one, "id"), what, text_of(one, "by"), moment_of(member_of(one, "at"), at), text_of(one, "reason")});
    }
    rows.print(std::cout, terminal_columns());
    std::cout.flush();
    if (rows.empty())
        std::cerr << "Nothing waits for a second person.\n";
    return exit_code::done;
}

CLI::App* add_command(CLI::App& queue, const char* name, const char* description, review_options& given, const char* ids,
                      const char* footer)
{
    auto* command = queue.add_subcommand(name, description);
    command->add_option("ID", given.ids, ids)->type_name("")->required();
    command->footer(footer);
    return command;
}

constexpr const char* post_ids = "ACCOUNT/POST; - reads ids from standard input";
constexpr const char* etag_help = "Only as 'queue show -o json' showed it: its etag";

}  // namespace

void add_queue_review(CLI::App& queue, session& all)
{
    auto note = std::make_shared<review_options>();
    auto* command = add_command(queue, "note", "Write something to a post, for whoever decides on it", *note, post_ids, R"(Examples:
  halfmast queue note acme-blog/123 --text "ask legal first")");
    command->add_option("--text", note->text, "What to write")->type_name("TEXT")->required();
    command->add_option("--etag", note->etag, etag_help)->type_name("ETAG");
    command->callback([&all, note] { all.command = [&all, note] { return run_note(all, *note); }; });

    auto judge = std::make_shared<review_options>();
    command = add_command(queue, "judge", "Say what a post is; the rules are not asked about it any more", *judge, post_ids,
                          R"(What no flag wants held any more stays held until a person releases it.

Examples:
  halfmast queue judge acme-blog/123 --class neutral --reason "the address of the shop")");
    command->add_option("--class", judge->kind, "promotional, essential or neutral")->type_name("CLASS")->required();
    command->add_option("--reason", judge->reason, "Why; goes into the ledger")->type_name("TEXT");
    command->add_option("--etag", judge->etag, etag_help)->type_name("ETAG");
    command->callback([&all, judge] { all.command = [&all, judge] { return run_judge(all, *judge); }; });

    auto second = std::make_shared<review_options>();
    command = add_command(queue, "second", "Agree to what waits for a second person: it is done then", *second,
                          "a-1, ACCOUNT/POST or CRISIS, as 'queue asks' shows them",
                          R"(Whoever asked for it cannot agree to it. The same request by another person does the same.

Examples:
  halfmast queue second acme-blog/123
  halfmast queue second a-1 --reason "read it, it is fine")");
    command->add_option("--reason", second->reason, "Why; goes into the ledger")->type_name("TEXT");
    command->callback([&all, second] { all.command = [&all, second] { return run_second(all, *second); }; });

    auto* asks = queue.add_subcommand("asks", "What waits for a second person");
    asks->footer("Examples:\n  halfmast queue asks");
    asks->callback([&all] { all.command = [&all] { return run_asks(all); }; });
}

}  // namespace halfmast::ctl
