#include "daemon/app/backend.hpp"

#include <algorithm>

#include "daemon/api/playbooks.hpp"
#include "daemon/app/journal.hpp"
#include "daemon/app/replies.hpp"
#include "daemon/app/statements.hpp"

namespace halfmast::app {

namespace {

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

constexpr std::chrono::minutes look_holds_for{1};
constexpr int most_looked_at_at_once = 25;      // with what they say
constexpr std::size_t most_looks_at_pins = 50;  // one after the other; the rest is not looked at

api::answer to_answer(engine::reply given)
{
    api::answer made;
    made.refused = std::move(given.refused);
    made.crisis = given.crisis;
    made.repeated = given.repeated;
    made.durable = given.durable;
    made.ledger_error = given.ledger_error;
    made.made = std::move(given.made);
    made.waits = std::move(given.waits);
    return made;
}

}  // namespace

void daemon_backend::health(const std::string& name, std::string text)
{
    if (text.empty())
        problems_.erase(name);
    else
        problems_[name] = std::move(text);
}

std::vector<std::string> daemon_backend::degraded() const
{
    std::vector<std::string> all;
    for (const auto& [name, text] : problems_)
        all.push_back(text);
    for (const auto& [id, where] : known().accounts)
        if (where.trouble && rules().accounts.contains(id))
            all.push_back(id.value + ": " + where.trouble->detail);
    for (const auto& [rota, wanted] : rules().pages.calendars)
        if (auto known_of = known().duties.find(rota); known_of != known().duties.end())
            if (auto fault = fault_of(rota, wanted, known_of->second, now()))
                all.push_back(fault->what);
    return all;
}

std::optional<milliseconds> daemon_backend::quiet_in(const account_id& id, std::size_t posts) const
{
    auto budget = budgets_.find(id);
    auto declared = rules().accounts.find(id);
    if (budget == budgets_.end() || declared == rules().accounts.end())
        return std::nullopt;
    auto batch = static_cast<std::size_t>(std::max(declared->second.read_batch, 1));
    return budget->second->time_for(posts + (posts + batch - 1) / batch, now());
}

asio::awaitable<api::answer> daemon_backend::raise(api::raise_request wanted)
{
    auto chosen = api::choose_playbook(rules(), wanted.playbook);
    if (!chosen) {
        api::answer no;
        no.refused = refusal{refusal::cause::unknown_target, chosen.error().detail};
        co_return no;
    }
    event happened{write_flag(**chosen, wanted)};
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
}

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

// What a signal says is for people who look at it: none of it stands in public words, only the reason that a person gives.
asio::awaitable<api::answer> daemon_backend::accept_proposal(std::string proposal, api::raise_request wanted)
{
    proposal_decided what;
    what.proposal = std::move(proposal);
    what.verdict = proposal_verdict::accept;
    what.by = wanted.by;
    what.why = wanted.why;
    if (const auto* said = find_proposal(known().proposals, what.proposal)) {
        auto book = rules().playbooks.find(said->playbook);
        wanted.over = said->over;
        if (!wanted.level)
            wanted.level = said->level;
        if (book != rules().playbooks.end())
            what.flag = write_flag(book->second, wanted);
    }
    event happened{std::move(what)};
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
}

asio::awaitable<api::answer> daemon_backend::hear(heard_signal said)
{
    signal_received what;
    auto book = rules().playbooks.find(said.playbook);
    auto level = said.level.value_or(book == rules().playbooks.end() ? severity::major : book->second.level);
    if (book != rules().playbooks.end() && may_raise_by_itself(known(), rules().signals, said, level, now())) {
        api::raise_request wanted;
        wanted.by = actor_id{said.source};
        wanted.level = level;
        wanted.over = said.over;
        what.flag = write_flag(book->second, wanted);
    }
    what.what = std::move(said);
    event happened{std::move(what)};
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
}

asio::awaitable<api::answer> daemon_backend::submit(event what)
{
    auto given = co_await loop_.ask(std::move(what));
    co_return to_answer(std::move(given));
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
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
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
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
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
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
}

asio::awaitable<result<std::vector<api::history_entry>>> daemon_backend::history(std::string target, std::int64_t before, int limit)
{
    auto found = co_await ledger_.find(std::move(target), before, limit);
    if (!found)
        co_return found.error();
    std::vector<api::history_entry> entries;
    entries.reserve(found->size());
    for (auto& entry : *found)
        entries.push_back({entry.seq, std::move(entry.at), std::move(entry.payload)});
    co_return entries;
}

asio::awaitable<result<std::vector<api::history_entry>>> daemon_backend::records_after(std::int64_t after, int limit)
{
    auto found = co_await ledger_.find("", after + limit + 1, limit);
    if (!found)
        co_return found.error();
    std::vector<api::history_entry> entries;
    for (auto entry = found->rbegin(); entry != found->rend(); ++entry)
        if (entry->seq > after)
            entries.push_back({entry->seq, std::move(entry->at), std::move(entry->payload)});
    co_return entries;
}

asio::awaitable<result<std::vector<post_reading>>> daemon_backend::look(account_id account, std::vector<post_id> posts)
{
    std::vector<post_reading> seen;
    bool many = posts.size() > 1;
    std::erase_if(looked_at_, [&](const auto& one) { return one.second + look_holds_for < now(); });
    auto declared = rules().accounts.find(account);
    auto at_once = declared == rules().accounts.end() ? 1 : std::clamp(declared->second.read_batch, 1, most_looked_at_at_once);
    for (std::size_t next = 0; next < posts.size();) {
        read_posts wanted;
        auto where = known().accounts.find(account);  // it may have moved on while the platform was asked
        for (; next < posts.size() && wanted.wanted.size() < static_cast<std::size_t>(at_once); ++next) {
            const auto* one = where == known().accounts.end() ? nullptr : find_hold(where->second, posts[next]);
            auto last = looked_at_.find(display_id(account, posts[next]));
            bool just_now =
                many && last != looked_at_.end() && last->second + look_holds_for > now();  // for the preview of the same bulk
            if (one != nullptr && !just_now)
                wanted.wanted.push_back({one->id, one->remote, one->by, one->post, true});
        }
        if (wanted.wanted.empty())
            continue;
        std::vector<std::string> asked;
        for (const auto& one : wanted.wanted)
            asked.push_back(display_id(account, one.post));
        action call{0, account, std::move(wanted)};
        auto looking = calls_.carry_out(std::move(call));
        auto came = co_await std::move(looking);
        if (came.trouble)
            co_return *came.trouble;
        for (auto& id : asked)
            looked_at_[std::move(id)] = now();
        seen.insert(seen.end(), std::make_move_iterator(came.readings.begin()), std::make_move_iterator(came.readings.end()));
    }
    co_return seen;
}

asio::awaitable<result<std::shared_ptr<const std::string>>> daemon_backend::blob(std::string sha256)
{
    auto bytes = co_await ledger_.blob(std::move(sha256));
    co_return bytes;
}

asio::awaitable<std::shared_ptr<const std::string>> daemon_backend::original(account_id account, post_id post)
{
    auto where = known().accounts.find(account);
    if (where == known().accounts.end())
        co_return nullptr;
    std::string stored;
    if (const auto* one = find_hold(where->second, post); one != nullptr) {
        if (one->post && one->post->raw)
            co_return one->post->raw;
        for (const auto& item : one->saved)
            if (item.name == "raw")
                stored = item.sha256;
    }
    if (!stored.empty()) {
        auto bytes = co_await ledger_.blob(std::move(stored));
        if (bytes)
            co_return *bytes;
    }
    auto again = known().accounts.find(account);  // the state may have moved on while the disk was read
    if (again == known().accounts.end())
        co_return nullptr;
    auto seen = again->second.queue.find(post);
    co_return seen == again->second.queue.end() ? nullptr : seen->second.post->raw;
}

asio::awaitable<std::vector<api::receiver_report>> daemon_backend::test_pages()
{
    std::vector<api::receiver_report> reports;
    if (pager_ == nullptr)
        co_return reports;
    auto work = pager_->test_all();
    reports = co_await std::move(work);
    co_return reports;
}

asio::awaitable<std::vector<api::link_report>> daemon_backend::check_links(std::vector<std::string> urls)
{
    std::vector<api::link_report> reports;
    if (links_ == nullptr || urls.empty())
        co_return reports;
    auto work = links_->ask(std::move(urls));
    reports = co_await std::move(work);
    co_return reports;
}

void daemon_backend::note_mistake(const std::string& what) { journal::mistake(what); }

void daemon_backend::verify_ledger()
{
    if (auditor_ != nullptr)
        auditor_->verify_whole();
}

asio::awaitable<api::settings_report> daemon_backend::check_settings()
{
    api::settings_report report;
    if (settings_ == nullptr)
        co_return report;
    auto work = settings_->check();
    report = co_await std::move(work);
    co_return report;
}

asio::awaitable<std::vector<api::account_report>> daemon_backend::doctor()
{
    std::vector<api::account_report> reports;
    std::vector<std::pair<account_id, std::string>> accounts;
    for (const auto& [id, declared] : rules().accounts)
        accounts.emplace_back(id, declared.connector);
    for (const auto& [id, connector] : accounts) {
        api::account_report report;
        report.account = id;
        report.connector = connector;
        auto account = id;
        auto checking = check_(std::move(account));
        auto lines = co_await std::move(checking);
        report.lines = std::move(lines);
        for (auto& line : check_statements(rules(), id))
            report.lines.push_back(std::move(line));
        reports.push_back(std::move(report));
    }
    co_return reports;
}

}  // namespace halfmast::app
