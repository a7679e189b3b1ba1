#include "daemon/ctl/following.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds look_patience{10'000};
constexpr int whole_every = 10;  // looks; those between bring numbers only, where nothing is drawn of the rest

// The newest message, or why there is none: a daemon that is restarted under us is waited for.
std::string look(client& daemon, const std::string& path, document& message)
{
    try {
        daemon.answer_within(look_patience);
        message = daemon.get(path).body();
        return {};
    } catch (const daemon_down& error) {
        return error.detail();
    } catch (const no_answer& error) {
        return error.detail();
    } catch (const command_error& error) {
        if (error.code() != exit_code::interrupted)
            throw;
        return {};  // the loop asks was_interrupted() itself
    }
}

// A brief answer renews the numbers; accounts and posts stand as they were.
void take(document& message, document seen)
{
    for (auto& [name, value] : seen.items())
        message[name] = std::move(value);
}

}  // namespace

followed follow(client& daemon, document first, std::optional<milliseconds> wait,
                const std::function<bool(const document&)>& wanted, progress& drawing, bool numbers_do)
{
    using clock = std::chrono::steady_clock;
    followed end;
    end.message = std::move(first);
    auto path = crisis_path(member_of(member_of(end.message, "crisis"), "id").get<std::string>());
    auto started = clock::now();
    bool whole = true;  // the newest answer is
    for (int looks = 1;; ++looks) {
        drawing.show(end.message);
        auto left = wait ? *wait - std::chrono::duration_cast<milliseconds>(clock::now() - started) : look_every;
        bool there = end.trouble.empty() && wanted(end.message);
        bool over = there || left.count() <= 0;
        bool last_look = over && !whole && end.trouble.empty();  // what is said at the end names accounts and posts
        if (was_interrupted()) {
            end.how = there ? ending::reached : ending::interrupted;
            return end;
        }
        if (over && !last_look) {
            end.how = there ? ending::reached : end.trouble.empty() ? ending::time_over : ending::lost;
            return end;
        }
        if (!last_look)
            wait_for(std::min(left, look_every));
        bool brief = !last_look && numbers_do && !drawing.draws() && looks % whole_every != 0;
        document seen;
        end.trouble = look(daemon, brief ? path + "?brief=1" : path, seen);
        if (!seen.is_object())
            continue;
        whole = !brief;
        take(end.message, std::move(seen));
    }
}

int say_end(const session& all, followed end, const char* schema, const std::string& lead,
            const std::function<truth(const document&)>& tell)
{
    auto told = tell(end.message);
    if (end.how == ending::lost) {
        told.code = exit_code::partly;
        told.sentence = lead + ", but the daemon stopped answering (" + end.trouble + "); seen last: " + told.sentence;
    } else if (end.how == ending::interrupted) {
        told.code = exit_code::interrupted;
        told.sentence = "interrupted: " + lead + "; so far: " + told.sentence;
    } else if (!lead.empty()) {
        told.sentence = lead + "; " + told.sentence;
    }
    if (is_drill(member_of(end.message, "crisis")))
        told.sentence = "DRILL: " + told.sentence;
    if (all.json()) {
        end.message["schema"] = schema;
        end.message["sentence"] = told.sentence;
        end.message["exit_code"] = told.code;
        print_json(end.message);
        return told.code;
    }
    for (const auto& line : told.details)
        std::cout << "  not confirmed: " << line << '\n';
    paint color{all, STDOUT_FILENO};
    std::cout << (told.code == exit_code::done ? color.good(told.sentence) : color.bad(told.sentence)) << std::endl;
    return told.code;
}

std::string crisis_path(const std::string& id) { return "/crises/" + percent_encode(id); }

std::string only_open_crisis(client& daemon, const char* command)
{
    auto status = daemon.get("/status").body();
    std::vector<const document*> open;
    for (const auto& flag : member_of(status, "crises"))
        if (text_of(flag, "phase") == "raised")
            open.push_back(&flag);
    if (open.size() == 1)
        return text_of(*open[0], "id");
    if (open.empty())
        throw command_error{exit_code::failed, "no-crisis", "no flag is up; 'halfmast status --all' lists the old ones"};
    std::string names;
    for (const auto* flag : open)
        names += (names.empty() ? "" : ", ") + text_of(*flag, "id") + (is_drill(*flag) ? " is a DRILL" : "");
    throw command_error{exit_code::usage, "usage",
                        std::to_string(open.size()) + " flags are up (" + names + "); say which one: '" + std::string{command} + " "
                            + text_of(*open[0], "id") + "'"};
}

progress_style style_of(const session& all)
{
    if (all.json())
        return progress_style::none;
    const char* term = std::getenv("TERM");
    bool can_draw = isatty(STDERR_FILENO) != 0 && term != nullptr && std::strcmp(term, "dumb") != 0;
    return can_draw ? progress_style::bars : progress_style::lines;
}

std::string headline(const document& crisis, time_point now)
{
    auto text = (is_drill(crisis) ? "DRILL " : "") + text_of(crisis, "id") + " " + text_of(crisis, "playbook") + " ("
                + text_of(crisis, "severity") + ")";
    text += ", raised " + moment_of(member_of(crisis, "raised_at"), now) + " by " + text_of(crisis, "raised_by");
    if (auto owner = text_of(crisis, "owner"); !owner.empty() && owner != text_of(crisis, "raised_by"))
        text += ", owner " + owner;
    return text + ", next update by " + moment_of(member_of(crisis, "next_update_by"), now);
}

}  // namespace halfmast::ctl
