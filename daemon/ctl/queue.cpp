// halfmast queue list, show, why: looking at posts changes nothing.
#include "daemon/ctl/queue.hpp"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/ids.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

struct list_options {
    std::string state;
    std::string account;
    std::string kind;
    std::string crisis;
    std::string words;
    std::string rung;
    std::string sort;
    std::string limit;
    std::string cursor;
    bool all = false;
};

std::string painted_state(const paint& color, const std::string& state)
{
    if (state == "held" || state == "released" || state == "rescheduled")
        return color.good(state);
    if (state == "escaped" || state == "manual" || state == "failed")
        return color.bad(state);
    return state;
}

int run_list(const session& all, const list_options& given)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get("/posts"
                             + query_string({{"state", given.state},
                                             {"account", given.account},
                                             {"class", given.kind},
                                             {"crisis", given.crisis},
                                             {"q", given.words},
                                             {"rung", given.rung},
                                             {"sort", given.sort},
                                             {"limit", given.limit},
                                             {"cursor", given.cursor},
                                             {"all", given.all ? "1" : ""}}));
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto list = answer.body();
    paint color{all, STDOUT_FILENO};
    auto at = now();
    table rows;
    for (const auto& post : member_of(list, "posts"))
        rows.row({text_of(post, "id"), clock_of(member_of(post, "due"), at), text_of(post, "class"),
                  painted_state(color, text_of(post, "state")), text_of(post, "rung"), text_of(post, "text")});
    rows.print(std::cout, terminal_columns());
    std::cout.flush();
    if (rows.empty())
        std::cerr << "No post like that.\n";
    if (auto next = text_of(list, "next"); !next.empty())
        std::cerr << "There are more: --cursor '" << next << "'\n";
    return exit_code::done;
}

void print_why(const document& judged)
{
    for (const auto& reason : member_of(judged, "why")) {
        auto match = text_of(reason, "match");
        std::cout << "    " << text_of(reason, "rule") << (match.empty() ? "" : ": '" + match + "'") << '\n';
    }
}

void print_history(const document& post, time_point at)
{
    table rows;
    for (const auto& entry : member_of(post, "history"))
        rows.row({clock_of(member_of(entry, "at"), at), text_of(entry, "action"), text_of(entry, "outcome"),
                  text_of(entry, "actor"), text_of(entry, "why")});
    if (rows.empty())
        return;
    std::cout << "  history:\n";
    rows.print(std::cout, terminal_columns(), "    ");
}

void print_post(const document& post, const paint& color, time_point at)
{
    std::cout << color.strong(text_of(post, "id")) << "  " << painted_state(color, text_of(post, "state"));
    if (auto rung = text_of(post, "rung"); !rung.empty())
        std::cout << " by " << rung;
    if (auto detail = text_of(post, "detail"); !detail.empty())
        std::cout << " (" << detail << ")";
    std::cout << "\n  due " << moment_of(member_of(post, "due"), at) << ", class " << text_of(post, "class") << '\n';
    print_why(post);
    for (const char* name : {"remote_id", "url", "author", "language", "escaped_as"})
        if (auto value = text_of(post, name); !value.empty())
            std::cout << "  " << name << ": " << value << '\n';
    if (const auto& waits = member_of(post, "waits_for_second"); waits.is_object())
        std::cout << color.warn("  waits for a second person: asked for by " + text_of(waits, "by") + "; 'halfmast queue second "
                                + text_of(waits, "ask") + "'")
                  << '\n';
    if (const auto& change = member_of(post, "source_change"); change.is_object())
        std::cout << color.warn("  changed at its source " + moment_of(member_of(change, "at"), at))
                  << "\n    held:  " << text_of(change, "before") << "\n    there: " << text_of(change, "after") << '\n';
    for (const auto& said : member_of(post, "notes"))
        std::cout << "  note of " << text_of(said, "by") << ", " << moment_of(member_of(said, "at"), at) << ": "
                  << text_of(said, "text") << '\n';
    if (const auto& until = member_of(post, "parked_until"); until.is_string())
        std::cout << "  parked until " << moment_of(until, at) << '\n';
    if (flag_of(post, "silence_proved"))
        std::cout << "  its old time has passed and it is not public: proved by reading the feed\n";
    std::cout << "  text: " << text_of(post, "text") << '\n';
    print_history(post, at);
}

void print_why_answer(const document& answer, const paint& color)
{
    std::cout << color.strong(text_of(answer, "id")) << "  " << text_of(answer, "sentence") << '\n';
    print_why(answer);
    if (auto held = text_of(answer, "hold"); !held.empty())
        std::cout << "  " << held << '\n';
}

// One id: the daemon's own document. Several: one document with all of them.
int look_at(const session& all, const std::vector<std::string>& ids, const std::string& below, const char* schema)
{
    client daemon{socket_path(all)};
    paint color{all, STDOUT_FILENO};
    auto list = document::array();
    for (const auto& id : ids) {
        auto answer = daemon.get(post_path(id) + below);
        if (all.json() && ids.size() == 1)
            print_json_text(answer.text);  // as it came: the platform's own numbers stay what they are
        else if (all.json())
            list.push_back(below.empty() ? member_of(answer.body(), "post") : answer.body());
        else if (below.empty())
            print_post(member_of(answer.body(), "post"), color, now());
        else
            print_why_answer(answer.body(), color);
    }
    if (all.json() && ids.size() > 1) {
        document message;
        message["schema"] = schema;
        message["posts"] = std::move(list);
        print_json(message);
    }
    return exit_code::done;
}

void add_list(CLI::App& queue, session& all)
{
    auto given = std::make_shared<list_options>();
    auto* list = queue.add_subcommand("list", "Posts in the queues and in holds, in the order of their times");
    list->add_option("--state", given->state, "queued, held, manual, escaped, ... (several with commas)")->type_name("STATE,...");
    list->add_option("--account", given->account, "Of these accounts")->type_name("ACCOUNT,...");
    list->add_option("--class", given->kind, "promotional, essential, neutral, unknown")->type_name("CLASS,...");
    list->add_option("--crisis", given->crisis, "Holds this flag ever covered")->type_name("CRISIS");
    list->add_option("--search", given->words, "Words that all stand in the text, the id, the author or a tag")->type_name("WORDS");
    list->add_option("--rung", given->rung, "Held by: native, draft, postpone, takeout, ...")->type_name("RUNG,...");
    list->add_option("--sort", given->sort, "due, changed; -due, -changed: the last first")->type_name("ORDER");
    list->add_option("--limit", given->limit, "At most so many")->type_name("N");
    list->add_option("--cursor", given->cursor, "Go on where a list with --limit ended")->type_name("CURSOR");
    list->add_flag("--all", given->all, "What was decided in old crises too");
    list->footer(R"(Examples:
  halfmast queue list --state held
  halfmast queue list --account acme-blog --limit 20
  halfmast queue list --state held -o json | jq -r '.posts[].id' | halfmast queue keep -)");
    list->callback([&all, given] { all.command = [&all, given] { return run_list(all, *given); }; });
}

void add_look(CLI::App& queue, session& all, const char* name, const char* description, const char* below, const char* schema,
              const char* examples)
{
    auto ids = std::make_shared<std::vector<std::string>>();
    auto* command = queue.add_subcommand(name, description);
    command->add_option("ID", *ids, "ACCOUNT/POST; - reads ids from standard input")->type_name("")->required();
    command->footer(examples);
    command->callback([&all, ids, below, schema] {
        all.command = [&all, ids, below, schema] { return look_at(all, read_ids(*ids), below, schema); };
    });
}

}  // namespace

void add_queue_looks(CLI::App& queue, session& all)
{
    add_list(queue, all);
    add_look(queue, all, "show", "One post with its history and the platform's own answer", "", "halfmast.queue-show/1",
             R"(Examples:
  halfmast queue show acme-blog/123
  halfmast queue show acme-blog/123 -o json | jq .post.original)");
    add_look(queue, all, "why", "Why a post is classed as it is", "/why", "halfmast.queue-why/1", R"(Examples:
  halfmast queue why acme-blog/123)");
}

void add_queue(CLI::App& app, session& all)
{
    auto* queue = app.add_subcommand("queue", "Posts: look at them, and decide what becomes of them");
    queue->require_subcommand(1);
    add_queue_looks(*queue, all);
    add_queue_decisions(*queue, all);
    add_queue_review(*queue, all);
}

}  // namespace halfmast::ctl
