#include "daemon/app/backend.hpp"

#include <algorithm>

#include "daemon/api/playbooks.hpp"
#include "daemon/app/journal.hpp"

namespace halfmast::app {

namespace {

constexpr std::chrono::minutes look_holds_for{1};
constexpr int most_looked_at_at_once = 25;  // with what they say

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
    co_return co_await submit(std::move(happened));
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
    co_return co_await submit(std::move(happened));
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
    co_return co_await submit(std::move(happened));
}

asio::awaitable<api::answer> daemon_backend::submit(event what)
{
    auto given = co_await loop_.ask(std::move(what));
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
