// halfmast tasks list, done: what a platform gives no call for, with everything a person needs to do it.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

struct done_options {
    std::vector<std::string> ids;
    std::string reason;
};

// To paste, so nothing of it may be cut or joined; only what would steer the terminal is taken out.
void print_pasteable(const document& task)
{
    const auto& value = member_of(task, "text");
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
        return;
    std::string_view text = value.get_ref<const std::string&>();
    std::cout << "  the text:\n";
    for (;;) {
        auto line_end = text.find('\n');
        std::cout << "    " << safe(text.substr(0, line_end)) << '\n';
        if (line_end == std::string_view::npos)
            return;
        text.remove_prefix(line_end + 1);
    }
}

void print_task(const document& task, const paint& color, time_point at)
{
    bool open = text_of(task, "state") == "open";
    const auto& due = member_of(task, "due");
    auto when = due.is_string() ? parse_rfc3339(due.get_ref<const std::string&>()) : std::nullopt;
    auto head = text_of(task, "id") + "  " + text_of(task, "kind") + " on " + text_of(task, "account");
    if (open)
        head += ", due " + moment_of(due, at) + ", for " + text_of(task, "owner");
    else
        head += ", " + text_of(task, "state") + " " + moment_of(member_of(task, "done_at"), at)
                + (text_of(task, "by").empty() ? std::string{} : " by " + text_of(task, "by"));
    std::cout << (open && when && *when < at ? color.bad("OVERDUE: " + head) : open ? color.strong(head) : head) << '\n';
    std::cout << "  " << text_of(task, "what") << '\n';
    if (auto link = text_of(task, "link"); !link.empty())
        std::cout << "  where: " << link << '\n';
    if (open) {
        print_pasteable(task);
        std::cout << "  then: halfmast tasks done " << text_of(task, "id") << '\n';
    }
}

int run_list(const session& all, bool closed_too)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get(closed_too ? "/tasks?all=1" : "/tasks");
    auto message = answer.body();
    std::size_t open = 0;
    for (const auto& task : member_of(message, "tasks"))
        open += text_of(task, "state") == "open";
    int code = open == 0 ? exit_code::done : exit_code::partly;
    if (all.json()) {
        print_json_text(answer.text);
        return code;
    }
    paint color{all, STDOUT_FILENO};
    auto at = now();
    for (const auto& task : member_of(message, "tasks"))
        print_task(task, color, at);
    std::cout << (open == 0 ? color.good("No task is open.") : color.bad(count(open, "task is open", "tasks are open") + "."))
              << '\n';
    return code;
}

// What stands behind a word for one task.
std::string tell_task(const document& task)
{
    auto id = text_of(task, "id");
    auto state = text_of(task, "state");
    if (state == "confirmed")
        return id + ": done, and read back";
    if (state == "done")
        return id + ": done, as you say";
    return id + ": " + state;
}

int run_done(const session& all, const done_options& given)
{
    client daemon{socket_path(all)};
    auto results = document::array();
    int code = exit_code::done;
    for (const auto& id : given.ids) {
        auto body = document::object();
        if (!given.reason.empty())
            body["reason"] = given.reason;
        try {
            auto task = member_of(daemon.post("/tasks/" + percent_encode(id) + "/done", body).body(), "task");
            results.push_back(
                {{"id", id}, {"ok", true}, {"state", text_of(task, "state")}, {"exit_code", exit_code::done}, {"task", task}});
            if (!all.json())
                std::cout << tell_task(task) << '\n';
        } catch (const daemon_down&) {
            throw;
        } catch (const no_answer&) {
            throw;
        } catch (const command_error& error) {
            results.push_back(
                {{"id", id}, {"ok", false}, {"detail", error.detail()}, {"exit_code", error.code()}, {"type", error.type()}});
            code = error.code();
            if (!all.json())
                std::cerr << "halfmast: " << safe(error.detail()) << '\n';
        }
    }
    // The code they share, else 8.
    for (const auto& one : results)
        if (one["exit_code"] != code)
            code = exit_code::partly;
    if (all.json()) {
        document message;
        message["schema"] = "halfmast.tasks-done/1";
        message["results"] = std::move(results);
        message["exit_code"] = code;
        print_json(message);
    }
    return code;
}

}  // namespace

void add_tasks(CLI::App& app, session& all)
{
    auto* tasks = app.add_subcommand("tasks", "What only a person can do on a platform");
    tasks->require_subcommand(1);
    auto closed_too = std::make_shared<bool>(false);
    auto* list = tasks->add_subcommand("list", "Open tasks, with the text to paste, the place, and until when");
    list->add_flag("--all", *closed_too, "Those that are done too");
    list->footer(R"(Exit code 8: one is open.

Examples:
  halfmast tasks list
  halfmast tasks list -o json | jq -r '.tasks[] | select(.kind == "publish") | .text')");
    list->callback([&all, closed_too] { all.command = [&all, closed_too] { return run_list(all, *closed_too); }; });

    auto given = std::make_shared<done_options>();
    auto* done = tasks->add_subcommand("done", "I have done it");
    done->add_option("ID", given->ids, "Which ones, like t-1")->type_name("")->required();
    done->add_option("--reason", given->reason, "A word for the others; goes into the ledger")->type_name("TEXT");
    done->footer(R"(Where the platform can be read, the next look confirms it. Several: the exit code they share, else 8.

Examples:
  halfmast tasks done t-1
  halfmast tasks done t-1 t-2 --reason "pinned by hand")");
    done->callback([&all, given] { all.command = [&all, given] { return run_done(all, *given); }; });
}

}  // namespace halfmast::ctl
