// What is to be said: the words of a flag, of a statement and of a reply, before they go to the loop.
#include "daemon/api/playbooks.hpp"
#include "daemon/app/backend.hpp"
#include "daemon/app/replies.hpp"
#include "daemon/app/statements.hpp"

namespace halfmast::app {

namespace {

constexpr std::size_t most_looks_at_pins = 50;  // one after the other; the rest is not looked at

statement_fields fields_of(const api::raise_request& wanted, const playbook& book, time_point now)
{
    statement_fields fields;
    fields.reason = wanted.why;
    fields.reason_in = wanted.why_in;
    fields.owner = wanted.owner.empty() ? wanted.by.value : wanted.owner;
    fields.level = wanted.level.value_or(book.level);
    fields.raised_at = now;
    fields.next_update_by = now + wanted.next_update.value_or(book.next_update);
    fields.now = now;
    return fields;
}

statement_fields fields_of(const api::say_request& wanted, const crisis& flag, const playbook& book, time_point now)
{
    statement_fields fields;
    auto before = reason_of(flag);
    bool anew = !wanted.reason.empty();
    fields.reason = anew ? wanted.reason : std::move(before.text);
    fields.reason_in = anew ? wanted.reason_in : std::move(before.in);
    fields.owner = flag.owner.value;
    fields.level = flag.level;
    fields.raised_at = flag.raised_at;
    if (wanted.kind != edition_kind::all_clear)
        fields.next_update_by = now + wanted.next_update.value_or(book.next_update);
    fields.about = wanted.about;
    fields.about_in = wanted.about_in;
    fields.now = now;
    return fields;
}

// Which flag and which playbook a request is about; a refusal that says what is missing.
struct spoken_of {
    const crisis* flag = nullptr;
    const playbook* book = nullptr;
    std::optional<refusal> no;
};

spoken_of find_spoken_of(const policy& rules, const state& known, const crisis_id& id)
{
    spoken_of found;
    auto flag = known.crises.find(id);
    if (flag == known.crises.end()) {
        found.no = refusal{refusal::cause::unknown_target, "there is no crisis '" + id.value + "'"};
        return found;
    }
    found.flag = &flag->second;
    auto book = rules.playbooks.find(flag->second.playbook);
    if (book == rules.playbooks.end())
        found.no = refusal{refusal::cause::not_possible, "the words of " + id.value + " are in playbook '" + flag->second.playbook
                                                             + "', which the settings do not have any more"};
    else
        found.book = &book->second;
    return found;
}

// What can be said; a statement that is too long goes in as it is, for the core to deal with. The problem: there are no words at all.
result<std::map<account_id, statement>> words_in(const std::vector<api::statement_preview>& previews, edition_kind kind)
{
    std::map<account_id, statement> words;
    std::string trouble;
    for (const auto& one : previews) {
        if (!one.text.empty())
            words[one.account] = {one.language, one.text, static_cast<std::uint32_t>(one.length), one.hole};
        else if (trouble.empty())
            trouble = one.account.value + ": " + one.trouble;
    }
    if (words.empty() && !previews.empty())
        return problem{
            failure::unsupported, "no account has words for this " + std::string{to_string(kind)} + " (" + trouble + ")", {}};
    return words;
}

// Of what is pinned, what has to go for one more: the last ones, as the core takes them.
std::vector<std::string> making_room(const std::vector<post_id>& pins, int most)
{
    std::vector<std::string> out;
    for (std::size_t left = pins.size(); most > 0 && left >= static_cast<std::size_t>(most); --left)
        out.push_back(pins[left - 1].value);
    return out;
}

}  // namespace

crisis_raised daemon_backend::write_flag(const playbook& book, const api::raise_request& wanted) const
{
    auto fields = fields_of(wanted, book, now());
    crisis_raised what;
    what.by = wanted.by;
    what.playbook = book.name;
    what.level = wanted.level;
    what.over = wanted.over;
    what.drill = wanted.drill;
    what.why = wanted.why;
    what.why_in = wanted.why_in;
    what.owner = actor_id{fields.owner};
    what.next_update_by = fields.next_update_by;
    what.now = wanted.now;
    // A statement that cannot go out as it is does: cut off by nobody, refused by the platform, and shown as failed. Only one that
    // could not be written at all is left out.
    auto words =
        words_in(write_statements(rules(), book, wanted.over, wanted.drill, edition_kind::summary, fields), edition_kind::summary);
    if (words)
        what.statements = std::move(*words);
    return what;
}

result<std::vector<api::statement_preview>> daemon_backend::preview(const api::raise_request& wanted)
{
    auto chosen = api::choose_playbook(rules(), wanted.playbook);
    if (!chosen)
        return chosen.error();
    return write_statements(rules(), **chosen, wanted.over, wanted.drill, edition_kind::summary,
                            fields_of(wanted, **chosen, now()));
}

result<std::vector<api::statement_preview>> daemon_backend::preview(const api::say_request& wanted)
{
    auto about = find_spoken_of(rules(), known(), wanted.crisis);
    if (about.no)
        return problem{failure::not_found, about.no->text, {}};
    if (about.flag->now == phase::lowered)
        return problem{failure::conflict, wanted.crisis.value + " is lowered: nothing more is said in it", {}};
    auto fields = fields_of(wanted, *about.flag, *about.book, now());
    auto previews = write_statements(rules(), *about.book, about.flag->over, about.flag->drill, wanted.kind, fields);
    for (auto& one : previews) {
        const auto& declared = rules().accounts.at(one.account);
        auto where = known().accounts.find(one.account);
        const summary* shown = nullptr;
        if (where != known().accounts.end())
            if (auto found = where->second.summaries.find(wanted.crisis); found != where->second.summaries.end())
                shown = &found->second;
        bool there = shown != nullptr && !shown->remote.empty() && !shown->alone;
        bool edits = there && declared.can_edit && !shown->cannot_edit;
        one.by = !declared.can_publish ? "person" : edits ? "edit" : there && declared.can_reply ? "follow-up" : "post";
        if (there && one.by != "edit" && !shown->pinned.empty())
            one.unpins.push_back(shown->url.empty() ? shown->pinned.value : shown->url);
    }
    return previews;
}

asio::awaitable<void> daemon_backend::look_at_pins(std::vector<api::statement_preview>& statements)
{
    std::size_t looks = 0;
    for (auto& one : statements) {
        const auto& declared = rules().accounts.at(one.account);
        auto where = known().accounts.find(one.account);
        bool answers = where != known().accounts.end() && where->second.reachable;
        if (!declared.can_pin || declared.most_pins == 0 || !answers || ++looks > most_looks_at_pins)
            continue;
        action look{};
        look.account = one.account;
        look.what = read_pins{};
        auto looking = calls_.carry_out(std::move(look));
        auto seen = co_await std::move(looking);
        if (!seen.trouble)
            one.unpins = making_room(seen.pins, declared.most_pins);
    }
}

asio::awaitable<api::answer> daemon_backend::refused(refusal why)
{
    api::answer no;
    no.refused = std::move(why);
    co_return no;
}

asio::awaitable<api::answer> daemon_backend::say(api::say_request wanted)
{
    auto about = find_spoken_of(rules(), known(), wanted.crisis);
    if (about.no)
        co_return co_await refused(std::move(*about.no));
    auto fields = fields_of(wanted, *about.flag, *about.book, now());
    auto words =
        words_in(write_statements(rules(), *about.book, about.flag->over, about.flag->drill, wanted.kind, fields), wanted.kind);
    if (!words) {
        refusal no{refusal::cause::not_possible, words.error().detail};
        co_return co_await refused(std::move(no));
    }
    statement_asked what;
    what.crisis = wanted.crisis;
    what.by = wanted.by;
    what.kind = wanted.kind;
    what.about = wanted.about;
    what.about_in = wanted.about_in;
    what.reason = wanted.reason;
    what.reason_in = wanted.reason_in;
    what.break_glass = wanted.break_glass;
    what.next_update_by = fields.next_update_by;
    what.now = wanted.now;
    what.words = std::move(*words);
    event happened{std::move(what)};
    co_return co_await submit(std::move(happened));
}

asio::awaitable<api::answer> daemon_backend::lower(api::lower_request wanted)
{
    crisis_lowered what;
    what.crisis = wanted.crisis;
    what.by = wanted.by;
    what.why = wanted.why;
    what.break_glass = wanted.break_glass;
    what.now = wanted.now;
    if (wanted.all_clear) {
        auto about = find_spoken_of(rules(), known(), wanted.crisis);
        if (about.no)
            co_return co_await refused(std::move(*about.no));
        api::say_request spoken;
        spoken.kind = edition_kind::all_clear;
        spoken.about = wanted.about;
        spoken.about_in = wanted.about_in;
        what.about = wanted.about;
        what.about_in = wanted.about_in;
        auto fields = fields_of(spoken, *about.flag, *about.book, now());
        auto words =
            words_in(write_statements(rules(), *about.book, about.flag->over, about.flag->drill, spoken.kind, fields), spoken.kind);
        if (!words) {
            refusal no{refusal::cause::not_possible, words.error().detail + "; the flag is still up, lower it without --all-clear"};
            co_return co_await refused(std::move(no));
        }
        what.all_clear = std::move(*words);
    }
    event happened{std::move(what)};
    co_return co_await submit(std::move(happened));
}

asio::awaitable<api::answer> daemon_backend::reply(api::reply_request wanted)
{
    auto about = find_spoken_of(rules(), known(), wanted.crisis);
    if (about.no)
        co_return co_await refused(std::move(*about.no));
    auto declared = rules().accounts.find(wanted.account);
    if (declared == rules().accounts.end()) {
        refusal no{refusal::cause::unknown_target,
                   "there is no account '" + wanted.account.value + "'; 'halfmast status' lists them"};
        co_return co_await refused(std::move(no));
    }
    auto written = write_reply(declared->second, *about.book, wanted.language, wanted.text);
    if (!written) {
        refusal no{refusal::cause::not_possible, written.error().detail};
        co_return co_await refused(std::move(no));
    }
    reply_asked what;
    what.crisis = wanted.crisis;
    what.account = wanted.account;
    what.to = wanted.to;
    what.by = wanted.by;
    what.words = std::move(*written);
    event happened{std::move(what)};
    co_return co_await submit(std::move(happened));
}

}  // namespace halfmast::app
