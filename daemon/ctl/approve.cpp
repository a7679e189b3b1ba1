#include "daemon/ctl/approve.hpp"

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
#include "daemon/ctl/replies.hpp"
#include "daemon/ctl/statements.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

struct approve_options {
    std::string what;
    std::uint32_t edition = 0;  // 0: the only one that waits
    std::string reason;
    std::string wait = "60s";
    std::string break_glass;
};

// What it says, in the first of its languages, as far as one line goes; "" when that is not known.
std::string quoted(const document& edition)
{
    const auto& texts = member_of(edition, "texts");
    return texts.is_array() && !texts.empty() ? '"' + first_line(texts.front()) + '"' : std::string{};
}

// "edition 2 (update) by dana: "Cards work again.""
std::string in_short(const document& edition)
{
    auto words = quoted(edition);
    return name_of_edition(edition) + " by " + text_of(edition, "by") + (words.empty() ? "" : ": " + words);
}

// Which one is meant where no number was typed: the one that waits; else the newest that was not taken back, which has its word. 0: there
// is none. Words that came after those a person read must not go out by his word for others, so of several none is chosen.
std::uint64_t the_only_one(const document& flag)
{
    std::vector<const document*> waiting;
    std::uint64_t newest = 0;
    for (const auto& one : member_of(flag, "editions")) {
        if (text_of(one, "state") == "waits-for-approval")
            waiting.push_back(&one);
        else if (!flag_of(one, "undone"))
            newest = number_of(one, "number");
    }
    if (waiting.empty())
        return newest;
    if (waiting.size() == 1)
        return number_of(*waiting.front(), "number");
    std::string list;
    for (const auto* one : waiting)
        list += "\n  " + in_short(*one);
    throw command_error{exit_code::usage, "usage",
                        std::to_string(waiting.size()) + " editions of " + text_of(flag, "id") + " wait; say which one: '"
                            + approval_of(flag, *waiting.back()) + "'" + list};
}

// The words that are agreed to, whole.
void print_words(const document& edition)
{
    std::cout << name_of_edition(edition) << " by " << text_of(edition, "by") << " says:\n";
    for (const auto& said : member_of(edition, "texts")) {
        std::cout << "in " << text_of(said, "language") << " on " << count(member_of(said, "accounts").size(), "account") << ":\n";
        print_text(said);
    }
    std::cout << std::flush;
}

// The edition as it is now, and as it was while it waited.
std::string lead_of(const std::string& id, const document& now, const document& before)
{
    auto words = quoted(before);
    return name_of_edition(now) + " of " + id + (words.empty() ? "" : ", " + words + ",") + " is approved";
}

int run_approve(const session& all, const approve_options& given)
{
    std::signal(SIGPIPE, SIG_IGN);
    auto wait = read_duration(given.wait, "--wait");
    if (is_reply(given.what) && given.edition != 0)
        throw command_error{exit_code::usage, "usage", "--edition is of what a flag says; a reply has one text for ever"};
    watch_interrupt();
    if (is_reply(given.what))
        return approve_reply(all, given.what, given.reason, wait);
    client daemon{socket_path(all)};
    auto id = given.what.empty() ? only_open_crisis(daemon, "halfmast say approve") : given.what;
    auto seen = daemon.get(crisis_path(id)).body();
    auto number = given.edition != 0 ? given.edition : the_only_one(member_of(seen, "crisis"));
    if (number == 0) {  // nobody asked for anything: what comes now was read by nobody
        followed nothing;
        nothing.message = std::move(seen);
        return say_end(all, std::move(nothing), "halfmast.say-approve/1", {}, tell_summary);
    }
    auto meant = edition_of(seen, number);
    if (!all.json() && text_of(meant, "state") == "waits-for-approval")
        print_words(meant);
    auto body = document::object();
    body["edition"] = number;
    if (!given.reason.empty())
        body["reason"] = given.reason;
    if (!given.break_glass.empty())
        body["break_glass"] = given.break_glass;
    auto message = daemon.post(crisis_path(id) + "/approve", body).body();
    if (const auto& texts = member_of(meant, "texts"); texts.is_array())
        message["texts"] = texts;
    auto lead = lead_of(id, edition_of(message, number), meant);
    progress drawing{std::cerr, style_of(all)};
    if (number == 1) {
        auto is_out = [](const document& now) { return tell_summary(now).code == exit_code::done; };
        auto end = follow(daemon, std::move(message), wait, is_out, drawing);
        return say_end(all, std::move(end), "halfmast.say-approve/1", lead, tell_summary);
    }
    auto end = follow(
        daemon, std::move(message), wait, [number](const document& now) { return is_said(now, number); }, drawing);
    return say_end(all, std::move(end), "halfmast.say-approve/1", lead,
                   [number](const document& now) { return tell_edition(now, number); });
}

}  // namespace

void add_approve(CLI::App& say, session& all)
{
    auto given = std::make_shared<approve_options>();
    auto* approve = say.add_subcommand("approve", "Let what waits for a second word go out");
    approve->add_option("CRISIS", given->what, "A flag, or a reply like r-1; the only flag that is up when left out")
        ->type_name("");
    approve->add_option("--edition", given->edition, "That one and no other; the only one that waits when left out")
        ->check(CLI::PositiveNumber)
        ->type_name("NUMBER");
    approve->add_option("--reason", given->reason, "Why; goes into the ledger")->type_name("TEXT");
    approve->add_option("--break-glass", given->break_glass, "Why one person is enough where two are needed; recorded and paged")
        ->type_name("TEXT");
    approve->add_option("--wait", given->wait, "How long to wait until it is out and pinned (60s); 0 returns at once")
        ->type_name("DURATION");
    approve->footer(
        R"(For playbooks with publish = "after-approval", and for texts that ask for something nobody gave: what waits goes out as it is. For replies: by another person
than who asked. 'halfmast status' names the editions that wait. Give the number of the one that you read: exit code 9 when it was taken back since,
or overtaken. Without a number exactly one may wait. The words that go out are printed.

Examples:
  halfmast say approve
  halfmast say approve c-1 --edition 2 --wait 2m
  halfmast say approve c-1 --break-glass "nobody else is awake"
  halfmast say approve r-1)");
    approve->callback([&all, given] { all.command = [&all, given] { return run_approve(all, *given); }; });
}

}  // namespace halfmast::ctl
