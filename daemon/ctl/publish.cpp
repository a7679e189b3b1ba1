#include "daemon/ctl/publish.hpp"

#include <csignal>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "daemon/ctl/following.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/times.hpp"
#include "daemon/ctl/truth.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds ask_patience{20'000};  // Ctrl-C has to wait so long at most

struct publish_options {
    std::string crisis;
    statement_words words;
    std::string wait = "60s";
    std::string break_glass;
    bool summary = false;
    bool all_clear = false;
    bool now = false;
};

std::optional<time_point> public_from(const document& edition)
{
    const auto& value = member_of(edition, "undo_until");
    return value.is_string() ? parse_rfc3339(value.get_ref<const std::string&>()) : std::nullopt;
}

// Nothing of it is public before that moment. False: somebody pressed Ctrl-C meanwhile.
bool count_down(const session& all, const document& edition)
{
    auto until = public_from(edition);
    if (!until || *until <= now())
        return true;
    auto style = style_of(all);
    if (style == progress_style::lines)
        std::cerr << name_of_edition(edition) << " goes out at " << moment_of(member_of(edition, "undo_until"), now())
                  << "; Ctrl-C takes it back" << std::endl;
    bool goes_on = true;
    for (auto left = *until - now(); goes_on && left.count() > 0; left = *until - now()) {
        if (style == progress_style::bars)
            std::cerr << "\r\x1b[2K" << name_of_edition(edition) << " goes out in " << std::chrono::ceil<seconds>(left).count()
                      << " s; Ctrl-C takes it back" << std::flush;
        goes_on = wait_for(std::min<milliseconds>(left, look_every));
    }
    if (style == progress_style::bars)
        std::cerr << "\r\x1b[2K" << std::flush;
    return goes_on && !was_interrupted();
}

// After Ctrl-C in time. What the daemon refuses is said by whoever catches it: then it goes out.
int say_taken_back(const session& all, client& daemon, const std::string& id, const document& edition, const char* schema)
{
    forget_interrupt();
    document message;
    try {
        message = take_back(daemon, id, number_of(edition, "number"), "Ctrl-C");
    } catch (const command_error& error) {
        throw command_error{exit_code::interrupted, error.type(), "interrupted, and it could NOT be taken back: " + error.detail()};
    }
    auto sentence = "taken back: nothing of " + name_of_edition(edition) + " became public";
    if (all.json()) {
        message["schema"] = schema;
        message["sentence"] = sentence;
        message["exit_code"] = exit_code::interrupted;
        print_json(message);
    } else {
        std::cout << paint{all, 1}.bad(sentence) << std::endl;
    }
    return exit_code::interrupted;
}

int run_publish(const session& all, const publish_options& given, const char* kind, const char* command, const char* schema)
{
    std::signal(SIGPIPE, SIG_IGN);
    auto wait = read_duration(given.wait, "--wait");
    auto body = statement_request(given.all_clear ? "all_clear" : given.summary ? "summary" : kind, given.words);
    if (given.now)
        body["now"] = true;
    if (!given.break_glass.empty())
        body["break_glass"] = given.break_glass;
    watch_interrupt();
    client daemon{socket_path(all)};
    auto id = given.crisis.empty() ? only_open_crisis(daemon, command) : given.crisis;
    document message;
    {
        // Somebody who presses Ctrl-C now means that it shall not go out: the answer tells which edition is to be taken back.
        interrupt_later answered;
        daemon.answer_within(ask_patience);
        message = daemon.post(crisis_path(id) + "/statements", body).body();
    }
    auto number = number_of(message, "edition");
    auto edition = edition_of(message, number);
    bool waits = text_of(edition, "state") == "waits-for-approval";
    if (!waits && wait.count() > 0 && !count_down(all, edition))
        return say_taken_back(all, daemon, id, edition, schema);
    progress drawing{std::cerr, progress_style::none};  // its bars count holds
    auto end = follow(
        daemon, std::move(message), wait, [number](const document& seen) { return is_said(seen, number); }, drawing);
    end.message["edition"] = number;
    auto lead = end.how == ending::interrupted || end.how == ending::lost
                    ? name_of_edition(edition) + " is asked for and halfmastd goes on"
                    : std::string{};
    return say_end(all, std::move(end), schema, lead, [number](const document& seen) { return tell_edition(seen, number); });
}

void add_shared_options(CLI::App& command, publish_options& given)
{
    command.add_option("CRISIS", given.crisis, "Which one; the only one that is up when left out")->type_name("");
    add_statement_words(command, given.words);
    command.add_option("--break-glass", given.break_glass, "Why one person is enough where two are needed; recorded and paged")
        ->type_name("TEXT");
    command.add_flag("--now", given.now, "Without the playbook's undo window");
    command.add_option("--wait", given.wait, "How long to wait until every account shows it (60s); 0 returns at once")
        ->type_name("DURATION");
}

}  // namespace

void add_statement_words(CLI::App& command, statement_words& given)
{
    add_typed(command, given.reason, "reason", "What happened, as the texts say it from now on; as before when left out");
    command.add_option("--next-update", given.next_update, "When people hear the next word; the playbook's when left out")
        ->type_name("DURATION");
}

document statement_request(const char* kind, const statement_words& given)
{
    auto body = document::object();
    body["kind"] = kind;
    put_typed(body, "about", given.about);
    put_typed(body, "reason", given.reason);
    if (!given.next_update.empty()) {
        if (read_duration(given.next_update, "--next-update") == milliseconds{0})
            throw command_error{exit_code::usage, "usage", "--next-update must be more than 0: when people hear the next word"};
        body["next_update"] = given.next_update;
    }
    return body;
}

document take_back(client& daemon, const std::string& crisis, std::uint64_t edition, const std::string& reason)
{
    auto body = document::object();
    if (edition != 0)
        body["edition"] = edition;
    if (!reason.empty())
        body["reason"] = reason;
    return daemon.post(crisis_path(crisis) + "/statements/undo", body).body();
}

void add_publish(CLI::App& say, session& all)
{
    auto given = std::make_shared<publish_options>();
    auto* publish = say.add_subcommand("publish", "Publish an update on every account of the flag");
    add_typed(*publish, given->words.about, "about", "What is new; stands in the text as you write it");
    auto* all_clear =
        publish->add_flag("--all-clear", given->all_clear, "The all-clear instead of an update; it promises no next word");
    publish->add_flag("--summary", given->summary, "The summary, instead of one that waits for a word")->excludes(all_clear);
    add_shared_options(*publish, *given);
    publish->footer(R"(By edit of the pinned post where the platform shows readers that it was edited, else as a follow-up in its
thread that is pinned instead. Ctrl-C before it goes out takes it back; later only 'say correct' helps.
Exit code 0: every account shows it. 8: not every one. 9: somebody else took it back or overtook it.

Examples:
  halfmast say publish --about "Payments by card work again. Bank transfers do not yet."
  halfmast say publish c-1 --next-update 30m --now
  halfmast say publish --about-in en "Cards work again." --about-in hu "A kártyák újra működnek."
  halfmast say publish --summary --reason "checkout is failing"
  halfmast say publish --all-clear)");
    publish->callback([&all, given] {
        all.command = [&all, given] {
            return run_publish(all, *given, "update", "halfmast say publish", "halfmast.say-publish/1");
        };
    });

    auto wrong = std::make_shared<publish_options>();
    auto* correct = say.add_subcommand("correct", "Correct what was said: names what was wrong");
    add_typed(*correct, wrong->words.about, "about", "What was wrong, and what is right; stands in the text");
    add_shared_options(*correct, *wrong);
    correct->footer(R"(A published statement is never deleted. A correction goes out before any update that waits.

Examples:
  halfmast say correct --about "We said that no data was lost. Orders of 14:00 to 14:10 were."
  halfmast say correct c-1 --about "It is the shop in Mill Lane, not in Mill Road." --now)");
    correct->callback([&all, wrong] {
        if (wrong->words.about.empty())
            throw CLI::RequiredError{"--about"};
        all.command = [&all, wrong] {
            return run_publish(all, *wrong, "correction", "halfmast say correct", "halfmast.say-correct/1");
        };
    });
}

}  // namespace halfmast::ctl
