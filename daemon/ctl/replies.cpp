#include "daemon/ctl/replies.hpp"

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/statements.hpp"
#include "daemon/ctl/times.hpp"

namespace halfmast::ctl {

namespace {

struct reply_options {
    std::string account;
    std::string post;
    std::string text;
    std::string language;
    std::string crisis;
    std::string wait = "0";
};

std::string path_of(const std::string& id, const char* verb) { return "/replies/" + percent_encode(id) + "/" + verb; }

// The same reply as it is now; what was known when it cannot be found.
document look_at(client& daemon, const document& reply)
{
    auto all = daemon.get(crisis_path(text_of(reply, "crisis")) + "/replies").body();
    for (const auto& one : member_of(all, "replies"))
        if (text_of(one, "id") == text_of(reply, "id"))
            return one;
    return reply;
}

bool is_final(const document& reply)
{
    auto state = text_of(reply, "state");
    return state == "published" || state == "dropped" || state == "manual";
}

// Until it is out, or will not go out by itself, or time is over.
document follow_reply(client& daemon, document reply, milliseconds wait)
{
    using steady = std::chrono::steady_clock;
    auto until = steady::now() + wait;
    watch_interrupt();
    while (!is_final(reply) && flag_of(reply, "approved") && steady::now() < until && wait_for(look_every))
        reply = look_at(daemon, reply);
    return reply;
}

std::string tell_reply(const document& reply)
{
    auto id = text_of(reply, "id");
    auto state = text_of(reply, "state");
    auto detail = text_of(reply, "detail");
    if (state == "published")
        return id + " is out" + (text_of(reply, "url").empty() ? "" : ": " + text_of(reply, "url"));
    if (state == "dropped")
        return id + " is dropped and does not go out";
    if (!flag_of(reply, "approved"))
        return id + " waits for a second person: 'halfmast say approve " + id + "'; not before "
               + moment_of(member_of(reply, "not_before"), now());
    auto text = id + " is approved and goes out " + moment_of(member_of(reply, "not_before"), now());
    return state == "waiting" && detail.empty() ? text : text + " (" + state + (detail.empty() ? "" : ": " + detail) + ")";
}

int say_reply(const session& all, const document& reply, const char* schema)
{
    auto sentence = tell_reply(reply);
    auto state = text_of(reply, "state");
    int code = was_interrupted() ? exit_code::interrupted : state == "published" ? exit_code::done : exit_code::partly;
    if (all.json()) {
        document message;
        message["schema"] = schema;
        message["reply"] = reply;
        message["sentence"] = sentence;
        message["exit_code"] = code;
        print_json(message);
        return code;
    }
    paint color{all, 1};
    std::cout << (code == exit_code::done ? color.good(sentence) : color.warn(sentence)) << std::endl;
    return code;
}

void print_reply(const document& reply)
{
    std::cout << "on " << text_of(reply, "account") << ", to " << text_of(reply, "to") << ":\n";
    print_text(reply);
}

int run_reply(const session& all, const reply_options& given)
{
    std::signal(SIGPIPE, SIG_IGN);
    auto wait = read_duration(given.wait, "--wait");
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, "halfmast say reply ... --crisis") : given.crisis;
    auto body = document::object();
    body["account"] = given.account;
    body["to"] = given.post;
    body["text"] = given.text;
    if (!given.language.empty())
        body["language"] = given.language;
    auto message = daemon.post(crisis_path(id) + "/replies", body).body();
    auto reply = follow_reply(daemon, member_of(message, "reply"), wait);
    if (!all.json())
        print_reply(reply);
    return say_reply(all, reply, "halfmast.say-reply/1");
}

int run_replies(const session& all, const std::string& crisis)
{
    client daemon{socket_path(all)};
    auto id = crisis.empty() ? only_open_crisis(daemon, "halfmast say replies") : crisis;
    auto answer = daemon.get(crisis_path(id) + "/replies");
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto message = answer.body();
    std::size_t open = 0;
    for (const auto& reply : member_of(message, "replies")) {
        open += !is_final(reply);
        std::cout << text_of(reply, "id") << "  on " << text_of(reply, "account") << ", to " << text_of(reply, "to") << ", by "
                  << text_of(reply, "by") << ", " << text_of(reply, "state") << "\n  " << text_of(reply, "text") << "\n  "
                  << tell_reply(reply) << '\n';
    }
    std::cout << (open == 0 ? std::string{"No reply waits."} : count(open, "reply waits", "replies wait") + ".") << '\n';
    return exit_code::done;
}

int run_drop(const session& all, const std::string& id, const std::string& reason)
{
    client daemon{socket_path(all)};
    auto body = document::object();
    if (!reason.empty())
        body["reason"] = reason;
    auto reply = member_of(daemon.post(path_of(id, "drop"), body).body(), "reply");
    if (all.json()) {
        document message;
        message["schema"] = "halfmast.say-drop/1";
        message["reply"] = reply;
        message["exit_code"] = exit_code::done;
        print_json(message);
    } else {
        std::cout << tell_reply(reply) << '\n';
    }
    return exit_code::done;
}

void add_reply(CLI::App& say, session& all)
{
    auto given = std::make_shared<reply_options>();
    auto* reply = say.add_subcommand("reply", "Answer one person, with a second person's word");
    reply->add_option("ACCOUNT", given->account, "Which account answers")->type_name("")->required();
    reply->add_option("POST", given->post, "The post to answer: the platform's id of it")->type_name("")->required();
    reply->add_option("--text", given->text, "What to say. {{contact}} is how people reach you; it is added when it is not there")
        ->type_name("TEXT")
        ->required();
    reply->add_option("--language", given->language, "Of the text; the account's when left out")->type_name("TAG");
    reply->add_option("--crisis", given->crisis, "Which one; the only one that is up when left out")->type_name("CRISIS");
    reply->add_option("--wait", given->wait, "How long to wait until it is out (0)")->type_name("DURATION");
    reply->footer(R"(It waits for the playbook's reply_wait and, unless reply_second_person = false, for another person's
'halfmast say approve'. 'halfmast say drop' ends it. Exit code 8: it is not out yet.

Examples:
  halfmast say reply acme-social 113 --text "We are sorry. Your order is safe. {{contact}}"
  halfmast say reply acme-hu 114 --language hu --text "Sajnáljuk. A rendelése megvan.")");
    reply->callback([&all, given] { all.command = [&all, given] { return run_reply(all, *given); }; });
}

}  // namespace

bool is_reply(const std::string& id) { return id.starts_with("r-"); }

int approve_reply(const session& all, const std::string& id, const std::string& reason, milliseconds wait)
{
    client daemon{socket_path(all)};
    auto body = document::object();
    if (!reason.empty())
        body["reason"] = reason;
    auto reply = member_of(daemon.post(path_of(id, "approve"), body).body(), "reply");
    if (!all.json())
        print_reply(reply);
    return say_reply(all, follow_reply(daemon, reply, wait), "halfmast.say-approve/1");
}

void add_replies(CLI::App& say, session& all)
{
    add_reply(say, all);

    auto crisis = std::make_shared<std::string>();
    auto* list = say.add_subcommand("replies", "Answers to single people, and what they wait for");
    list->add_option("CRISIS", *crisis, "Which one; the only one that is up when left out")->type_name("");
    list->footer("Examples:\n  halfmast say replies");
    list->callback([&all, crisis] { all.command = [&all, crisis] { return run_replies(all, *crisis); }; });

    auto id = std::make_shared<std::string>();
    auto reason = std::make_shared<std::string>();
    auto* drop = say.add_subcommand("drop", "A reply that waits does not go out");
    drop->add_option("REPLY", *id, "Which one: 'halfmast say replies' lists them")->type_name("")->required();
    drop->add_option("--reason", *reason, "Why; goes into the ledger")->type_name("TEXT");
    drop->footer("Examples:\n  halfmast say drop r-1 --reason \"said in the summary already\"");
    drop->callback([&all, id, reason] { all.command = [&all, id, reason] { return run_drop(all, *id, *reason); }; });
}

}  // namespace halfmast::ctl
