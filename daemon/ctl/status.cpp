// halfmast status: one screen. What is up, what is held, what is not, and which account cannot be read.
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/statements.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds watch_every{1'000};

struct status_options {
    bool watch = false;
    bool all = false;
};

// "412 held, 1 manual": only what is not zero.
std::string counts_of(const document& counts)
{
    std::string text;
    for (const auto& [state, number] : counts.items())
        if (number.is_number_unsigned() && number.get<std::uint64_t>() != 0)
            text += (text.empty() ? "" : ", ") + std::to_string(number.get<std::uint64_t>()) + " " + safe(state);
    return text.empty() ? "none" : text;
}

std::string scope_of(const document& flag)
{
    std::string text;
    for (const auto& [label, value] : member_of(flag, "scope").items())
        text += (text.empty() ? "" : ",") + safe(label) + "=" + text_of(member_of(flag, "scope"), label.c_str());
    return text.empty() ? "every account" : text;
}

void print_promise(std::ostream& out, const document& flag, const paint& color, time_point at)
{
    const auto& promised = member_of(flag, "next_update_by");
    auto by = promised.is_string() ? parse_rfc3339(promised.get_ref<const std::string&>()) : std::nullopt;
    const auto& promise = member_of(flag, "promise");
    auto kept = number_of(promise, "kept"), missed = number_of(promise, "missed");
    std::string so_far;
    if (kept + missed != 0)
        so_far = "; promises: " + std::to_string(kept) + " kept, " + std::to_string(missed) + " missed";
    if (!by) {
        out << "  no further update is promised" << so_far << '\n';
        return;
    }
    auto words = "next update by " + moment_of(promised, at);
    out << "  " << (*by < at || flag_of(promise, "late") ? color.bad("OVERDUE: " + words) : words) << so_far << '\n';
}

// "edition 2 (update) out on 3 of 4, edition 3 (correction) waits for approval": the newest that is out, and whatever is behind it.
void print_editions(std::ostream& out, const document& flag, const paint& color, time_point at)
{
    std::vector<const document*> shown;
    const auto& editions = member_of(flag, "editions");
    for (auto one = editions.rbegin(); one != editions.rend(); ++one) {
        auto state = text_of(*one, "state");
        if (state == "undone" || state == "skipped")
            continue;
        shown.push_back(&*one);
        if (state == "out")
            break;
    }
    for (auto one = shown.rbegin(); one != shown.rend(); ++one) {
        auto state = text_of(**one, "state");
        auto line = name_of_edition(**one) + " by " + text_of(**one, "by") + ": on " + std::to_string(number_of(**one, "out"))
                    + " of " + count(number_of(**one, "of"), "account");
        if (state == "undo-window")
            line += ", goes out " + moment_of(member_of(**one, "undo_until"), at) + " ('halfmast say undo' takes it back)";
        else if (state == "waits-for-approval")
            line =
                color.warn(line + ", waits for '" + approval_of(flag, **one) + "'"
                           + (text_of(**one, "hole").empty() ? "" : ": nothing is given for {{" + text_of(**one, "hole") + "}}"));
        out << "  " << line << '\n';
        for (const auto& said : member_of(**one, "texts"))
            out << "    in " << text_of(said, "language") << " on " << count(member_of(said, "accounts").size(), "account")
                << ": \"" << first_line(said) << "\"\n";
    }
}

void print_flag(std::ostream& out, const document& flag, const paint& color, time_point at)
{
    bool lowered = text_of(flag, "phase") == "lowered";
    auto head = text_of(flag, "id") + " " + text_of(flag, "playbook") + " (" + text_of(flag, "severity") + ")"
                + (lowered ? ", lowered" : "");
    auto reason = text_of(flag, "reason");
    out << color.strong(is_drill(flag) ? "DRILL " + head : head) << (reason.empty() ? "" : ": " + reason) << '\n';
    out << "  raised " << moment_of(member_of(flag, "raised_at"), at) << " by " << text_of(flag, "raised_by") << ", owner "
        << text_of(flag, "owner") << ", for " << scope_of(flag) << '\n';
    if (lowered)
        out << "  lowered " << moment_of(member_of(flag, "lowered_at"), at) << " by " << text_of(flag, "lowered_by") << '\n';
    else
        print_promise(out, flag, color, at);
    out << "  posts: " << counts_of(member_of(flag, "holds")) << '\n';
    out << "  summary: " << counts_of(member_of(flag, "summary")) << '\n';
    print_editions(out, flag, color, at);
    if (auto waiting = number_of(flag, "replies"); waiting != 0)
        out << "  " << count(waiting, "reply waits", "replies wait") << ": halfmast say replies\n";
}

// A drill stands in a frame of its own, in every line, so that nobody takes a part of it for the real thing.
void print_crisis(std::ostream& out, const document& flag, const paint& color, time_point at)
{
    if (!is_drill(flag))
        return print_flag(out, flag, color, at);
    std::ostringstream inside;
    print_flag(inside, flag, color, at);
    std::istringstream lines{inside.str()};
    out << "+-- DRILL: practice accounts only, nothing real is held --\n";
    for (std::string line; std::getline(lines, line);)
        out << "| " << line << '\n';
    auto how = text_of(flag, "phase") == "lowered" ? "the drill is over" : "it ends with: halfmast lower " + text_of(flag, "id");
    out << "+-- " << how << " --\n";
}

// How many public acts an account may have in an hour of this flag; 0: no limit.
std::uint64_t most_acts_of(const document& status, const std::string& crisis)
{
    for (const auto& flag : member_of(status, "crises"))
        if (text_of(flag, "id") == crisis)
            return number_of(flag, "most_public_acts");
    return 0;
}

// What each account shows of each flag, and how much became public there lately.
void print_shown(std::ostream& out, const document& status, const paint& color)
{
    for (const auto& account : member_of(status, "accounts"))
        for (const auto& said : member_of(account, "shows")) {
            auto edition = number_of(said, "edition"), wanted = number_of(said, "wanted_edition");
            auto ours = number_of(said, "public_acts"), others = number_of(said, "public_acts_of_others");
            auto line = text_of(account, "id") + " shows "
                        + (edition == 0 ? std::string{"nothing"} : "edition " + std::to_string(edition)) + " of "
                        + text_of(said, "crisis");
            if (edition < wanted)
                line += ", NOT edition " + std::to_string(wanted);
            auto most = most_acts_of(status, text_of(said, "crisis"));
            line += " (" + text_of(said, "summary") + "), " + std::to_string(ours)
                    + (most == 0 ? std::string{} : " of " + std::to_string(most)) + " public in the last hour";
            if (others != 0)
                line += ", and " + std::to_string(others) + " by others";
            out << (edition < wanted ? color.warn(line) : line) << '\n';
        }
}

// Each is in the way until somebody did it.
void print_tasks(std::ostream& out, const document& status, const paint& color, time_point at)
{
    for (const auto& task : member_of(status, "tasks")) {
        const auto& due = member_of(task, "due");
        auto when = due.is_string() ? parse_rfc3339(due.get_ref<const std::string&>()) : std::nullopt;
        auto line = "Task " + text_of(task, "id") + " for " + text_of(task, "owner") + ", due " + moment_of(due, at) + ": "
                    + text_of(task, "what");
        out << (when && *when < at ? color.bad("OVERDUE: " + line) : color.warn(line)) << '\n';
    }
}

void print_accounts(std::ostream& out, const document& status, const paint& color, time_point at)
{
    table rows;
    for (const auto& account : member_of(status, "accounts")) {
        auto read = flag_of(account, "reachable") ? "read " + moment_of(member_of(account, "last_poll"), at)
                    : member_of(account, "last_poll").is_null() && text_of(account, "trouble").empty()
                        ? color.warn("not read yet")
                        : color.bad("NOT READ: " + text_of(account, "trouble"));
        auto queued = member_of(account, "queued").is_null() ? std::string{"no queue there"}
                                                             : std::to_string(number_of(account, "queued")) + " queued";
        auto name = text_of(account, "id") + (flag_of(account, "practice") ? " (practice)" : "");
        rows.row({name, text_of(account, "connector"), queued, read});
    }
    if (rows.empty())
        return;
    out << "Accounts:\n";
    rows.print(out, terminal_columns(), "  ");
}

// "hold by draft, publish": what the account could not do.
std::string lost_of(const document& ready)
{
    std::string text;
    for (const auto& one : member_of(ready, "lost")) {
        auto rung = text_of(one, "rung");
        text += (text.empty() ? "" : ", ") + text_of(one, "ability") + (rung.empty() ? "" : " by " + rung);
    }
    return text;
}

// One line for each account that is not wholly ready; nothing of a daemon that does not tell.
void print_readiness(std::ostream& out, const document& status, const paint& color, time_point at)
{
    std::uint64_t number = 0, well = 0, untried = 0;
    for (const auto& account : member_of(status, "accounts")) {
        const auto& ready = member_of(account, "ready");
        if (ready.is_null())
            continue;
        ++number;
        const auto& ok = member_of(ready, "ok");
        well += flag_of(ready, "ok");
        untried += ok.is_null();
        if (ok.is_null() || flag_of(ready, "ok"))
            continue;
        auto id = text_of(account, "id");
        const auto& lost = member_of(ready, "lost");
        if (!lost.empty())
            out << color.bad("NOT READY: " + id + ": " + lost_of(ready) + ", since "
                             + moment_of(member_of(lost.front(), "since"), at) + ": " + text_of(lost.front(), "detail"))
                << '\n';
        else if (auto trouble = text_of(ready, "trouble"); !trouble.empty())
            out << color.warn("Not known to be ready: " + id + ": " + trouble) << '\n';
        else
            out << color.warn("Ends soon: the credential of " + id + ", " + clock_of(member_of(ready, "credential_ends"), at))
                << '\n';
    }
    if (number == 0)
        return;
    out << "Ready for a crisis: " << well << " of " << count(number, "account")
        << (untried == 0 ? std::string{} : ", " + std::to_string(untried) + " not tried yet") << '\n';
}

// Nobody has them in hand. Nothing of a daemon that does not tell.
void print_pages(std::ostream& out, const document& status, const paint& color, time_point at)
{
    for (const auto& page : member_of(status, "pages"))
        out << color.bad((flag_of(page, "drill") ? "DRILL page: " : "Page: ") + text_of(page, "what") + " ("
                         + text_of(page, "severity") + ", since " + clock_of(member_of(page, "since"), at)
                         + "): halfmast pages ack " + text_of(page, "key"))
            << '\n';
}

// Signals that wait for a person's word.
void print_proposals(std::ostream& out, const document& status, const paint& color)
{
    for (const auto& one : member_of(status, "proposals"))
        out << color.bad("Proposal " + text_of(one, "id") + ": " + text_of(one, "what") + " (" + text_of(one, "severity") + ", "
                         + text_of(one, "playbook") + "): halfmast proposals accept " + text_of(one, "id") + ", or dismiss it")
            << '\n';
}

std::string last_line(const document& status, const paint& color)
{
    std::size_t up = 0, drills = 0;
    std::uint64_t held = 0, open = 0;
    for (const auto& flag : member_of(status, "crises")) {
        if (text_of(flag, "phase") != "raised")
            continue;
        if (is_drill(flag)) {
            ++drills;
            continue;
        }
        ++up;
        held += number_of(member_of(flag, "holds"), "held");
        open += not_confirmed(member_of(flag, "holds"));
    }
    auto degraded = member_of(status, "degraded").size();
    auto tail = drills == 0 ? std::string{} : "; " + count(drills, "DRILL is", "DRILLS are") + " on";
    if (degraded != 0)
        tail += "; " + count(degraded, "thing is", "things are") + " NOT well";
    if (up == 0)
        return degraded == 0 ? color.good("No flag is up" + tail + ".") : color.warn("No flag is up" + tail + ".");
    auto text = count(up, "flag is", "flags are") + " up: " + std::to_string(held) + " held and confirmed"
                + (open == 0 ? std::string{} : ", " + std::to_string(open) + " NOT confirmed") + tail + ".";
    return open == 0 && degraded == 0 ? color.good(text) : color.bad(text);
}

std::string picture(const session& all, const document& status)
{
    std::ostringstream out;
    paint color{all, STDOUT_FILENO};
    auto at = now();
    for (const auto& flag : member_of(status, "crises"))
        print_crisis(out, flag, color, at);
    print_shown(out, status, color);
    print_tasks(out, status, color, at);
    print_accounts(out, status, color, at);
    print_readiness(out, status, color, at);
    print_pages(out, status, color, at);
    print_proposals(out, status, color);
    for (const auto& line : member_of(status, "degraded"))
        if (line.is_string())
            out << color.bad("Not well: " + safe(line.get_ref<const std::string&>())) << '\n';
    out << last_line(status, color) << '\n';
    return out.str();
}

// The newest answer as it is to be shown; a daemon that went away is waited for.
std::string look(const session& all, client& daemon, const std::string& path)
{
    try {
        auto answer = daemon.get(path);
        return all.json() ? answer.text + "\n" : picture(all, answer.body());
    } catch (const daemon_down& error) {
        if (all.json())
            throw;
        return "halfmast: " + error.detail() + "; looking again\n";
    } catch (const no_answer& error) {
        if (all.json())
            throw;
        return "halfmast: " + error.detail() + "; looking again\n";
    }
}

int watch(const session& all, client& daemon, const std::string& path)
{
    watch_interrupt();
    bool redraw = !all.json() && style_of(all) == progress_style::bars && isatty(STDOUT_FILENO) != 0;
    std::string last;
    daemon.get(path);  // wrong options and a daemon that is down are said at once
    while (!was_interrupted()) {
        auto shown = look(all, daemon, path);
        if (redraw)
            std::cout << "\x1b[H\x1b[2J" << shown << std::flush;
        else if (shown != last)
            std::cout << shown << (all.json() ? "" : "\n") << std::flush;
        if (!std::cout)
            return exit_code::done;  // whoever read it went away
        last = std::move(shown);
        wait_for(watch_every);
    }
    return exit_code::interrupted;
}

int run_status(const session& all, const status_options& given)
{
    client daemon{socket_path(all)};
    std::string path = given.all ? "/status?all=1" : "/status";
    if (given.watch)
        return watch(all, daemon, path);
    auto answer = daemon.get(path);
    if (all.json())
        print_json_text(answer.text);
    else
        std::cout << picture(all, answer.body());
    return exit_code::done;
}

}  // namespace

void add_status(CLI::App& app, session& all)
{
    auto given = std::make_shared<status_options>();
    auto* command = app.add_subcommand("status", "Which flags are up, what is held, what is not");
    command->add_flag("--watch", given->watch, "Go on looking until Ctrl-C");
    command->add_flag("--all", given->all, "Lowered flags too");
    command->footer(R"(Examples:
  halfmast status
  halfmast status --watch
  halfmast status --all -o json | jq '.crises[].id')");
    command->callback([&all, given] { all.command = [&all, given] { return run_status(all, *given); }; });
}

}  // namespace halfmast::ctl
