// halfmast pages list, ack; and doctor --pages.
#include "daemon/ctl/pages.hpp"

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

constexpr milliseconds test_patience{90'000};  // the slowest receiver's own time-out, and some more

struct ack_options {
    std::vector<std::string> keys;
    std::string reason;
    bool all = false;
};

std::string receivers_of(const document& page)
{
    std::string text;
    for (const auto& one : member_of(page, "receivers")) {
        auto trouble = text_of(one, "trouble");
        text += (text.empty() ? "" : ", ") + text_of(one, "receiver") + " " + text_of(one, "state")
                + (trouble.empty() ? "" : " (" + trouble + ")");
    }
    return text.empty() ? "nobody" : text;
}

void print_page(const document& page, const paint& color, time_point at)
{
    auto by = text_of(page, "acknowledged_by");
    auto head = (flag_of(page, "drill") ? "DRILL " : "") + text_of(page, "severity") + "  " + text_of(page, "key");
    std::cout << (by.empty() ? color.bad(head) : color.strong(head)) << "  since " << moment_of(member_of(page, "since"), at)
              << (by.empty() ? ", nobody has it in hand" : ", in hand: " + by) << '\n';
    std::cout << "  " << text_of(page, "what") << '\n';
    const auto& causes = member_of(page, "causes");
    for (const auto& cause : causes)
        if (auto what = text_of(cause, "what"); causes.size() > 1 && what != text_of(page, "what"))
            std::cout << "  - " << what << '\n';
    for (const auto& [name, words] : {std::pair{"todo", "to do: "}, std::pair{"link", "look: "}})
        if (auto value = text_of(page, name); !value.empty())
            std::cout << "  " << words << value << '\n';
    std::cout << "  told: " << receivers_of(page) << '\n';
}

}  // namespace

void print_duty(const document& message, const paint& color, time_point at)
{
    for (const auto& one : member_of(message, "duty")) {
        std::string told;
        for (const auto& name : member_of(one, "told"))
            if (name.is_string())
                told += (told.empty() ? "" : ", ") + safe(name.get_ref<const std::string&>());
        auto line = "rota " + text_of(one, "rota") + ": "
                    + (flag_of(one, "stands_in") ? "nobody has the duty now; told instead: " : "on duty now: ") + told;
        if (const auto& gap = member_of(one, "next_gap"); gap.is_object() && member_of(one, "read_at").is_string())
            line += (flag_of(gap, "unknown") ? "; nobody is missing until " : "; the next gap begins ")
                    + clock_of(member_of(gap, "from"), at);
        std::cout << (text_of(one, "trouble").empty() ? line : color.bad(line)) << '\n';
    }
}

namespace {

int run_list(const session& all)
{
    client daemon{socket_path(all)};
    auto answer = daemon.get("/pages");
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    paint color{all, STDOUT_FILENO};
    auto at = now();
    auto message = answer.body();
    std::size_t open = 0, unanswered = 0;
    for (const auto& page : member_of(message, "pages")) {
        print_page(page, color, at);
        ++open;
        unanswered += text_of(page, "acknowledged_by").empty();
    }
    if (open == 0)
        std::cout << color.good("No page is open.") << '\n';
    else
        std::cout << (unanswered == 0
                          ? color.good("Every open page is in hand.")
                          : color.bad(count(unanswered, "page waits", "pages wait") + " for somebody: halfmast pages ack KEY"))
                  << '\n';
    print_duty(message, color, at);
    return exit_code::done;
}

// The keys to acknowledge: those that were typed; all that nobody has in hand; or the only one.
std::vector<std::string> keys_of(client& daemon, const ack_options& given)
{
    if (!given.keys.empty())
        return given.keys;
    auto message = daemon.get("/pages").body();
    std::vector<std::string> open;
    for (const auto& page : member_of(message, "pages"))
        if (const auto& key = member_of(page, "key"); key.is_string() && text_of(page, "acknowledged_by").empty())
            open.push_back(key.get<std::string>());
    if (given.all || open.size() == 1)
        return open;
    if (open.empty())
        throw command_error{exit_code::failed, "unknown-target", "no page waits for anybody"};
    std::string list;
    for (const auto& key : open)
        list += "\n  halfmast pages ack " + safe(key);
    throw command_error{exit_code::usage, "usage",
                        "which one? " + std::to_string(open.size()) + " pages wait:" + list + "\n  or --all"};
}

int run_ack(const session& all, const ack_options& given)
{
    client daemon{socket_path(all)};
    auto acknowledged = document::array();
    auto failed = document::array();
    for (const auto& key : keys_of(daemon, given)) {
        auto body = document::object();
        body["page"] = key;
        if (!given.reason.empty())
            body["reason"] = given.reason;
        try {
            auto answer = daemon.post("/pages/acknowledge", body).body();
            acknowledged.push_back(key);
            if (!all.json())
                std::cout << safe(key)
                          << (flag_of(answer, "created") ? ": it is in your hand now; nobody else is called for it\n"
                                                         : ": somebody has it in hand already\n");
            if (auto degraded = text_of(answer, "degraded"); !degraded.empty())
                std::cerr << "halfmast: degraded: " << safe(degraded) << '\n';
        } catch (const daemon_down&) {
            throw;
        } catch (const no_answer&) {
            throw;
        } catch (const command_error& error) {
            failed.push_back({{"key", key}, {"detail", error.detail()}});
            if (!all.json())
                std::cerr << "halfmast: " << safe(error.detail()) << '\n';
        }
    }
    int code = failed.empty() ? exit_code::done : acknowledged.empty() ? exit_code::failed : exit_code::partly;
    if (all.json()) {
        document message;
        message["schema"] = "halfmast.pages-ack/1";
        message["acknowledged"] = std::move(acknowledged);
        message["failed"] = std::move(failed);
        message["exit_code"] = code;
        print_json(message);
    }
    return code;
}

}  // namespace

int test_pages(const session& all)
{
    client daemon{socket_path(all)};
    daemon.answer_within(test_patience);
    auto answer = daemon.post("/pages/test", document::object());
    auto message = answer.body();
    bool ok = flag_of(message, "ok");
    int code = ok ? exit_code::done : exit_code::partly;
    if (all.json()) {
        print_json_text(answer.text);
        return code;
    }
    paint color{all, STDOUT_FILENO};
    std::uint64_t wrong = 0, number = 0;
    for (const auto& one : member_of(message, "receivers")) {
        bool well = flag_of(one, "ok");
        ++number;
        wrong += !well;
        auto line = text_of(one, "name") + " (" + text_of(one, "kind") + "): " + text_of(one, "said");
        std::cout << (well ? "ok   " + line : color.bad("NOT  " + line)) << '\n';
    }
    if (number == 0)
        std::cout << color.warn("The settings name no receiver: nobody is told of a page. See [[receiver]].") << '\n';
    else
        std::cout << (ok ? color.good("Each took the test: " + count(number, "receiver"))
                         : color.bad(std::to_string(wrong) + " did NOT take it, see above"))
                  << '\n';
    return code;
}

void add_pages(CLI::App& app, session& all)
{
    auto* pages = app.add_subcommand("pages", "Pages: what somebody has to know, and who has it in hand");
    pages->require_subcommand(1);
    auto* list = pages->add_subcommand("list", "Open pages, the worst first");
    list->footer(R"(Examples:
  halfmast pages list
  halfmast pages list -o json | jq -r '.pages[] | select(.acknowledged_by == null) | .key')");
    list->callback([&all] { all.command = [&all] { return run_list(all); }; });

    auto given = std::make_shared<ack_options>();
    auto* ack = pages->add_subcommand("ack", "I have it in hand: nobody else is called for it");
    ack->add_option("KEY", given->keys, "Which ones; the only one when left out")->type_name("");
    ack->add_option("--reason", given->reason, "A word for the others; goes into the ledger")->type_name("TEXT");
    ack->add_flag("--all", given->all, "Every page that nobody has in hand");
    ack->footer(R"(Exit code 0: all are in hand. 1: none. 8: some, the others are named.

Examples:
  halfmast pages ack
  halfmast pages ack hold-manual/c-1 --reason "stopping them by hand")");
    ack->callback([&all, given] { all.command = [&all, given] { return run_ack(all, *given); }; });
}

}  // namespace halfmast::ctl
